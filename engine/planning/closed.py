"""What invoiced days leave open of a service's lines, and what remains of those days. Rules: docs/closed-periods.md."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec.structs import replace

from engine.billing.model import InputError, Line
from engine.planning.closed_deltas import Deltas
from engine.planning.desired import lines_on
from engine.planning.differences import BY_DAYS, differences, key
from engine.planning.effect import wanted
from engine.planning.ends import last_billed
from engine.planning.fitting import Refused
from engine.planning.histories import stands
from engine.planning.invoiced import is_invoiced, refusal
from engine.planning.observed import Inputs
from engine.planning.rows import mark_of, wanted_rows
from engine.planning.service import Opened, Row, Service
from engine.psa.mark import Mark
from engine.psa.models import Addition

_ONE_DAY = timedelta(days=1)


def opened(inputs: Inputs, service: Service) -> Opened | None:
    """The rows that may be written and the difference that remains; None where no invoiced day is in their way.

    Raises Refused where it has not been asked yet when invoices were made, and where what stands cannot be told from
    what somebody changed by hand.
    """
    through = service.stretch.invoiced_through
    if through is None:
        return None
    closed = _Closed(inputs, service, through)
    first = closed.in_the_way()
    if first is None:
        return None
    if inputs.observed.invoiced_on is None or service.stretch.terms.period_end(through) != through:
        raise refusal(inputs, service, first)
    found = tuple(closed.rows())
    return Opened(rows=found, late=tuple(differences(inputs, service, closed.plain, found, closed.set_apart)))


class _Closed:
    """A service beside the days that have been invoiced, through the last of them."""

    def __init__(self, inputs: Inputs, service: Service, through: date) -> None:
        self.inputs, self.service, self.through = inputs, service, through
        self.prorates = service.stretch.agreement.prorates
        self.behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
        self.plain = wanted_rows(inputs, service)
        self.ours = [(mark, one) for mark, one in service.ours if mark.role != "settlement"]
        self._fixed: dict[int, bool] = {}
        self.set_apart: set[tuple[object, ...]] = set()

    # -- what is in the way

    def in_the_way(self) -> Row | None:
        """A row of which an invoiced day hinders something, or that was posted because of one."""
        return next((row for row in self.plain if self._hindered(row)), None)

    def _hindered(self, row: Row) -> bool:
        line, addition = row.line, row.addition
        if addition is not None and addition is self.service.adopted:
            return False
        if row.mark.sequence or row.mark.role == "settlement":
            return True
        if line is None:
            return addition is not None and self.fixed(row.mark, addition)
        if addition is None or not stands(addition):
            return not self.prorates and line.effective <= self.through
        hindered = self.differs(line, addition) or self._cut(line, addition)
        return hindered and self.fixed(row.mark, addition)

    def fixed(self, mark: Mark, addition: Addition) -> bool:
        """Whether a day of the line has been invoiced."""
        if addition.id not in self._fixed:
            self._fixed[addition.id] = is_invoiced(self.inputs, self.service, mark, addition)
        return self._fixed[addition.id]

    def differs(self, line: Line, addition: Addition) -> bool:
        """Whether quantity, price or cost of what stands is another."""
        meant = wanted(line, addition, self.service.mapping.synced)
        stood = (addition.quantity, addition.unit_price, addition.unit_cost)
        return stood != (meant.quantity, meant.unit_price, meant.unit_cost)

    def closed_end(self, addition: Addition) -> date:
        """The last day that a line which has been invoiced keeps in any case."""
        return min(self.through, last_billed(addition.cancelled, self.behaviour) or date.max)

    def _cut(self, line: Line, addition: Addition) -> bool:
        amount = addition.quantity * addition.unit_price
        return bool(amount) and line.cancelled is not None and line.cancelled < self.closed_end(addition)

    # -- the rows

    def rows(self) -> Iterator[Row]:
        """All rows: lines in their order, each as far as it may be written; then what is unwanted."""
        done: set[int] = set()
        deltas = Deltas(self)
        for row in self.plain:
            if row.line is None or (row.addition is not None and row.addition is self.service.adopted):
                found = [row] if row.line is not None else []
            elif row.line.role == "base":
                found = list(self._base(row.line))
            elif row.line.role == "delta":
                found = list(deltas.rows(row.line))
            elif row.line.role == "reversal":
                found = self._reversal(row, deltas)
            else:
                found = [self._whole(row)]
            done |= {one.addition.id for one in found if one.addition is not None}
            yield from found
        for mark, addition in self.ours:
            if addition.id in done or not stands(addition):
                continue
            row = Row(mark=mark, line=None, addition=addition)
            if not self.fixed(mark, addition):
                yield row
            elif mark.role == "delta":
                yield from (one for one in deltas.unwanted(mark) if one.addition is None or one.addition.id not in done)
                done |= {one.id for other, one in self.ours if (other.segment, other.role, other.on) == key(mark)}
            elif mark.role == "base" and self.known_once(mark, addition):
                yield self.as_it_stands(mark, addition)
            else:
                raise self.refused(row)

    def _base(self, line: Line) -> Iterator[Row]:
        """A base line: what stands of it, and what carries on from the first day that nothing else bills."""
        own = [(mark, one) for mark, one in self.ours if key(mark) == (line.segment, "base", line.effective)]
        own = [(mark, one) for mark, one in own if stands(one)]
        fixed = [(mark, one) for mark, one in own if self.fixed(mark, one)]
        right = [(mark, one) for mark, one in fixed if not self.differs(line, one)]
        for mark, addition in fixed:
            if self.differs(line, addition):
                if not self.known_once(mark, addition):
                    raise self.refused(Row(mark=mark, line=line, addition=addition))
                yield self.as_it_stands(mark, addition)
        begins = line.effective
        if right:
            mark, addition = max(right, key=lambda pair: pair[1].effective or date.min)
            ends = self.closed_end(addition)
            after = self._billed_through(line.segment, addition, ends)
            if after is None:
                yield self.standing_row(line, mark, addition)
                return
            yield self.as_it_stands(mark, addition)
            begins = after + _ONE_DAY
        else:
            last = line.cancelled or date.max
            covers = [end for first, end in self._kept(line) if first <= last and end >= begins]
            begins = max([begins, *(end + _ONE_DAY for end in covers)])
        if not self.prorates:
            begins = max(begins, self.through + _ONE_DAY) if begins <= self.through else begins
        if line.cancelled is None or begins <= line.cancelled:
            yield self.beginning(line, begins)

    def _billed_through(self, segment: int, addition: Addition, ends: date) -> date | None:
        """The last invoiced day that another base line of the segment bills after this one's own last."""
        later = [
            self.closed_end(one)
            for mark, one in self.ours
            if (mark.role, mark.segment) == ("base", segment)
            and one.id != addition.id
            and stands(one)
            and self.fixed(mark, one)
            and (one.effective or date.min) > ends
        ]
        return max(later, default=None)

    def _kept(self, line: Line) -> Iterator[tuple[date, date]]:
        """The days on which base lines of the segment bill that have been invoiced."""
        meant = {one.effective: one for one in self.service.lines if (one.role, one.segment) == ("base", line.segment)}
        for mark, addition in self.ours:
            if (mark.role, mark.segment) != ("base", line.segment) or not stands(addition):
                continue
            if not self.fixed(mark, addition) or not addition.quantity * addition.unit_price:
                continue
            own, ends = meant.get(mark.on or date.min), self.closed_end(addition)
            if own is not None and not self.differs(own, addition):
                ends = max(ends, own.cancelled or date.max)
            yield addition.effective or mark.on or date.min, ends

    def standing_row(self, line: Line, mark: Mark, addition: Addition) -> Row:
        """A line that bills on as it did: to its end, but not before the last day invoiced."""
        begins = addition.effective or line.effective
        if line.cancelled is None or line.cancelled >= self.closed_end(addition):
            return Row(mark=mark, line=replace(line, effective=begins), addition=addition)
        if not self._cut(line, addition):
            return Row(mark=mark, line=replace(line, effective=begins), addition=addition)
        ends = self.closed_end(addition)
        why = f"it was over on {line.cancelled}, and has been invoiced through {self.through}"
        return Row(mark=mark, line=replace(line, effective=begins, cancelled=ends), addition=addition, why=why)

    def as_it_stands(self, mark: Mark, addition: Addition) -> Row:
        """A line that was invoiced and is wanted otherwise now: it ends with the last day invoiced."""
        if addition.quantity != int(addition.quantity) or mark.role not in BY_DAYS:
            raise self.refused(Row(mark=mark, line=None, addition=addition))
        like = next((one for one in self.service.lines if one.segment == mark.segment), None)
        line = Line(
            role="base" if mark.role == "base" else "delta",
            product=like.product if like is not None else "",
            quantity=int(addition.quantity),
            effective=addition.effective or mark.on or date.min,
            cancelled=self.closed_end(addition),
            unit_price=addition.unit_price,
            unit_cost=addition.unit_cost,
            segment=mark.segment,
        )
        why = f"it has been invoiced through {line.cancelled}, {self._what_follows(line)}"
        return Row(mark=mark, line=line, addition=addition, why=why)

    def _what_follows(self, line: Line) -> str:
        """What is billed after a line that was kept to the last day invoiced."""
        after = self.through + _ONE_DAY
        follows = any(
            one.segment == line.segment and one.effective <= after <= (one.cancelled or date.max)
            for one in self.service.lines
            if one.role == "base"
        )
        if line.role == "base" and line.cancelled == self.through and follows:
            return f"and another line carries it on from {after}"
        return "and those days stay as they were billed"

    def beginning(self, line: Line, begins: date, sequence: int = 0) -> Row:
        """A line that begins on a day, with an addition that was made for it, or a mark of its own."""
        first = self.mark_of(line)
        taken = {mark.sequence: one for mark, one in self.service.ours if key(mark) == key(first)}
        sequence = max(sequence, 0 if begins == line.effective else 1)
        while sequence in taken and not self._reusable(replace(first, sequence=sequence), taken[sequence], begins):
            sequence += 1
        mark = replace(first, sequence=sequence)
        why = (
            ""
            if begins == line.effective
            else f"the days before have been invoiced: it was to bill {line.effective} on"
        )
        return Row(mark=mark, line=replace(line, effective=begins), addition=taken.get(sequence), why=why)

    def _reusable(self, mark: Mark, addition: Addition, begins: date) -> bool:
        if addition.effective != begins and not (mark.sequence == 0 and stands(addition) and mark.on == begins):
            return False
        return not stands(addition) or not self.fixed(mark, addition)

    def _reversal(self, row: Row, deltas: Deltas) -> list[Row]:
        assert row.line is not None
        if row.addition is not None and stands(row.addition) and self.fixed(row.mark, row.addition):
            if self.differs(row.line, row.addition):
                raise self.refused(row)
            return [deltas.standing(row.line, row.mark, row.addition)]
        late = not self.prorates and row.line.effective <= self.through
        return [] if late or deltas.continues_one_kept(row.line) else [row]

    def _whole(self, row: Row) -> Row:
        """A month of consumption or a one-time charge: on the first open period where its own is closed."""
        line, terms = row.line, self.service.stretch.terms
        assert line is not None
        own = next(((mark, one) for mark, one in self.ours if key(mark) == key(row.mark) and stands(one)), None)
        if own is None:
            if self.prorates or line.effective > self.through:
                return row
            begins = self.through + _ONE_DAY
            made = self.beginning(line, begins)
            return replace(made, line=replace(line, effective=begins, cancelled=terms.period_end(begins)))
        mark, addition = own
        billed = line
        if mark.sequence and addition.effective is not None:
            billed = replace(line, effective=addition.effective, cancelled=terms.period_end(addition.effective))
        if self.fixed(mark, addition) and self.differs(line, addition):
            if not self.known_once(mark, addition) or addition.quantity != int(addition.quantity):
                raise self.refused(row)
            stood = (int(addition.quantity), addition.unit_price, addition.unit_cost)
            billed = replace(billed, quantity=stood[0], unit_price=stood[1], unit_cost=stood[2])
        return Row(mark=mark, line=billed, addition=addition)

    def known_once(self, mark: Mark, addition: Addition) -> bool:
        """Whether the line is just what was wanted on some earlier day; otherwise somebody may have changed it."""
        return self.known_together([(mark, addition)])

    def known_together(self, found: list[tuple[Mark, Addition]]) -> bool:
        """Whether lines of one day add up to what was wanted on some earlier day."""
        service, (mark, addition) = self.service, found[0]
        stood = (sum(one.quantity for _, one in found), addition.unit_price, addition.unit_cost)
        days = {event.on for event in service.completed.history}
        days |= {day - _ONE_DAY for day in days}
        for day in days:
            try:
                known = lines_on(service.completed, service.stretch, service.owned_from, day)
            except (InputError, ValueError, OverflowError):
                continue
            for line in known:
                same = (line.segment, line.role, line.effective if line.role in BY_DAYS else line.period)
                if same != (mark.segment, mark.role, mark.on if line.role in BY_DAYS else mark.month):
                    continue
                if (line.quantity, line.unit_price, line.unit_cost) == stood:
                    return True
        return False

    def mark_of(self, line: Line) -> Mark:
        """The mark under which a line is first posted."""
        return mark_of(self.inputs, self.service, line)

    def refused(self, row: Row) -> Refused:
        """Why nothing can be planned, as a row would have to change."""
        return refusal(self.inputs, self.service, row)

    def apart(self, line: Line) -> None:
        """The amounts of the line's additions are those of the line, each rounded by itself."""
        self.set_apart.add((line.segment, line.role, line.effective))
