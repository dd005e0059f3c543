"""Changes of a quantity on invoiced days: what stands stays, and a further line brings the rest where it may."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol

from msgspec.structs import replace

from engine.billing.model import Line
from engine.planning.histories import stands
from engine.planning.service import Row, Service
from engine.psa.mark import Mark
from engine.psa.models import Addition

_ONE_DAY = timedelta(days=1)


class Closed(Protocol):
    """What is asked of a service beside its invoiced days; see `engine.planning.closed`."""

    service: Service
    through: date
    prorates: bool
    ours: list[tuple[Mark, Addition]]

    def mark_of(self, line: Line) -> Mark: ...
    def fixed(self, mark: Mark, addition: Addition) -> bool: ...
    def differs(self, line: Line, addition: Addition) -> bool: ...
    def closed_end(self, addition: Addition) -> date: ...
    def as_it_stands(self, mark: Mark, addition: Addition) -> Row: ...
    def standing_row(self, line: Line, mark: Mark, addition: Addition) -> Row: ...
    def beginning(self, line: Line, begins: date, sequence: int = 0) -> Row: ...
    def known_together(self, found: list[tuple[Mark, Addition]]) -> bool: ...
    def refused(self, row: Row) -> Exception: ...
    def apart(self, line: Line) -> None: ...


class Deltas:
    """The delta lines of a service, and how far those that were invoiced bill on after their end."""

    def __init__(self, closed: Closed) -> None:
        self._closed = closed
        self._kept: set[tuple[str, int, date]] = set()

    def rows(self, line: Line) -> Iterator[Row]:
        """What stands of a delta line; what of it may still be written."""
        closed = self._closed
        own = self._standing(closed.mark_of(line))
        fixed = [(mark, one) for mark, one in own if closed.fixed(mark, one)]
        if not fixed:
            if not closed.prorates and line.effective <= closed.through:
                return
            if not self.continues_one_kept(line):
                yield closed.beginning(line, line.effective)
            return
        if len(fixed) == 1 and not closed.differs(line, fixed[0][1]):
            yield self.standing(line, *fixed[0])
            return
        yield from self._further(line, fixed)

    def unwanted(self, mark: Mark) -> Iterator[Row]:
        """Invoiced delta lines that are wanted no more: a further line takes them back where it may begin there."""
        fixed = [(other, one) for other, one in self._standing(mark) if self._closed.fixed(other, one)]
        if not fixed:
            return
        stood = self._closed.as_it_stands(*fixed[0]).line
        assert stood is not None
        yield from self._further(replace(stood, quantity=0, effective=mark.on or stood.effective), fixed)

    def standing(self, line: Line, mark: Mark, addition: Addition) -> Row:
        """A line that was invoiced and is still wanted; what bills on after its end is told by `continues_one_kept`."""
        row = self._closed.standing_row(line, mark, addition)
        if row.why and line.cancelled is not None:
            self._kept.add((line.role, line.segment, line.cancelled + _ONE_DAY))
        return row

    def continues_one_kept(self, line: Line) -> bool:
        """Whether it continues a line that could not end before it, as its days had been invoiced."""
        return (line.role, line.segment, line.effective) in self._kept

    def _further(self, line: Line, fixed: list[tuple[Mark, Addition]]) -> Iterator[Row]:
        closed = self._closed
        prices = {(one.unit_price, one.unit_cost) for _, one in fixed}
        for mark, one in fixed:
            yield closed.as_it_stands(mark, one)
        rest = line.quantity - sum(int(one.quantity) for _, one in fixed)
        same = prices == {(line.unit_price, line.unit_cost)}
        if rest and not closed.known_together(fixed):
            raise closed.refused(Row(mark=fixed[0][0], line=line, addition=fixed[0][1]))
        if same and (not rest or closed.prorates):
            closed.apart(line)
            if rest:
                more = max(mark.sequence for mark, _ in fixed) + 1
                yield closed.beginning(replace(line, quantity=rest), line.effective, more)

    def _standing(self, mark: Mark) -> list[tuple[Mark, Addition]]:
        wanted = (mark.segment, mark.role, mark.on)
        return [
            (other, one)
            for other, one in self._closed.ours
            if (other.segment, other.role, other.on) == wanted and stands(one)
        ]
