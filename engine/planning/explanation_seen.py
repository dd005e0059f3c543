"""What an event does to the lines of a service, seen from the lines without it and with it."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from engine.billing.calendar import fonm
from engine.billing.history import Cancellation, Event, PriceChange, Purchase, QuantityChange, Upgrade
from engine.billing.model import Line
from engine.billing.segments import segments
from engine.billing.told import Completed, Told
from engine.planning.desired import lines_on
from engine.planning.explanation_rules import explained_rule
from engine.planning.explanation_values import ExplainedRule, Outcome
from engine.planning.observed import Inputs
from engine.planning.service import Service
from engine.planning.stretches import Stretch
from engine.planning.study import Study


class Changed(msgspec.Struct, frozen=True):
    """A line before and after an event, on an agreement."""

    agreement: int
    before: Line | None
    after: Line | None

    @property
    def line(self) -> Line:
        """The line as it became, or as it was."""
        line = self.after or self.before
        assert line is not None
        return line

    @property
    def only_ends(self) -> bool:
        """Whether nothing but its end changed."""
        if self.before is None or self.after is None:
            return False
        return replace(self.before, cancelled=self.after.cancelled) == self.after


class Seen:
    """What can be seen of an event from the lines that it made and changed."""

    def __init__(
        self,
        completed: Completed,
        event: Event,
        was: int | None,
        changes: list[Changed],
        lines: list[Line],
        stretch: Stretch | None,
    ) -> None:
        self._completed, self._event, self._was = completed, event, was
        self.changes, self._lines, self._stretch = changes, lines, stretch
        moved = [one for one in changes if not one.only_ends]
        # A line of no licences bills nothing: its day tells something only where there is no other.
        telling = [one for one in moved if one.line.quantity or (one.before and one.after)] or moved
        self._days = [one.line.effective for one in telling]

    def effective(self) -> date | None:
        """The day from which the event bills, or no longer bills."""
        if self._days:
            return min(self._days)
        ends = [one.after.cancelled for one in self.changes if one.after is not None and one.after.cancelled]
        return max(ends) + timedelta(days=1) if ends and isinstance(self._event, Cancellation) else None

    def outcome(self) -> Outcome:
        """What became of it."""
        event = self._event
        if isinstance(event, QuantityChange) and event.quantity == self._was:
            return "repeated"
        if not self.changes:
            late = isinstance(event, QuantityChange | PriceChange | Cancellation)
            return "after_end" if late and self._lines else "nothing"
        absorbed = self._absorbed() if isinstance(event, QuantityChange | PriceChange) else None
        return absorbed or ("at_takeover" if self._moved() else "line")

    def rule(self) -> ExplainedRule | None:
        """The rule that gives the day."""
        outcome = self.outcome()
        if self._stretch is None or outcome not in {"line", "in_place"}:
            return None
        key = None
        if isinstance(self._event, QuantityChange):
            key = "effective_date_negative_change" if self._decreases() else "effective_date_positive_change"
        elif isinstance(self._event, PriceChange):
            key = "price_change"
        elif isinstance(self._event, Cancellation):
            key = "service_cancellation"
        if key is None:
            return None
        return explained_rule(self._stretch.choices, "in_place_days" if outcome == "in_place" else key)

    def _absorbed(self) -> Outcome | None:
        """Whether it changed the base line itself: in the first days of its segment, or before this program begins."""
        first, day = self._first(), self.effective()
        own = isinstance(self._event, QuantityChange) and any(one.line.role == "delta" for one in self.changes)
        if first is None or day != first or own:
            return None
        segment = segments(self._completed.terms, self._completed.history)[-1]
        days = self._stretch.choices.in_place_days if self._stretch is not None else 0
        if not settled(self._event) and self._event.on < segment.start + timedelta(days=days):
            return "in_place"
        return "before_takeover" if self._event.on < first else None

    def _moved(self) -> bool:
        """Whether its day is before the first one that this program bills."""
        day = self.effective()
        if day is None or day != self._first():
            return False
        if isinstance(self._event, Purchase):
            return day > self._completed.terms.start
        if isinstance(self._event, QuantityChange):
            return day > self._latest(self._event)
        return isinstance(self._event, Upgrade | Cancellation) and day > self._event.on

    def _first(self) -> date | None:
        """The first day of the last segment's lines, with those that the event took away."""
        gone = [one.before for one in self.changes if one.before is not None and one.after is None]
        lines = [*self._lines, *gone]
        last = max((line.segment for line in lines), default=None)
        return min((line.effective for line in lines if line.segment == last), default=None)

    def _latest(self, event: QuantityChange) -> date:
        """The last day that a rule gives a change of licences."""
        if event.effective is not None:
            return max(event.effective, event.on)
        later = self._stretch is not None and self._stretch.choices.quantity_decrease == "first_of_next_month"
        return fonm(event.on) if later and self._decreases() else event.on

    def _decreases(self) -> bool:
        event = self._event
        return isinstance(event, QuantityChange) and self._was is not None and event.quantity < self._was


def settled(event: Event) -> bool:
    """Whether a posted line has settled the day of the event already."""
    return (isinstance(event, QuantityChange | PriceChange) and event.effective is not None) or (
        isinstance(event, Cancellation) and event.rule is not None
    )


def unsettled(event: Event) -> Event:
    """The event as if none of its lines were posted."""
    if isinstance(event, QuantityChange | PriceChange):
        return replace(event, effective=None)
    return replace(event, rule=None) if isinstance(event, Cancellation) else event


def seen(inputs: Inputs, study: Study, before: Sequence[Told], event: Event) -> Seen:
    """What an event does after those before it, as known on the day of the explanation."""
    assert study.desired is not None
    earlier = replace(study.desired.completed, told=tuple(before))
    later = replace(earlier, told=(*before, Told(event=event, source="inferred")))
    changes: list[Changed] = []
    lines: list[Line] = []
    for service in study.services:
        old = lines_on(earlier, service.stretch, service.owned_from, inputs.as_of)
        new = lines_on(later, service.stretch, service.owned_from, inputs.as_of)
        changes += _differences(service.stretch, old, new)
        lines += new
    return Seen(later, event, licences(before), changes, lines, _stretch(study.services, event, changes))


def _differences(stretch: Stretch, before: tuple[Line, ...], after: tuple[Line, ...]) -> list[Changed]:
    """What differs, line by line: those that changed or went first, then those that came."""
    old, new = ({_key(line): line for line in lines} for lines in (before, after))
    changed = [(line, new.get(key)) for key, line in old.items() if new.get(key) != line]
    made = [(None, line) for key, line in new.items() if key not in old]
    return [Changed(stretch.agreement.id, one, other) for one, other in [*changed, *made]]


def _key(line: Line) -> tuple[object, ...]:
    return (line.segment, line.role, None if line.role == "one_time" else line.effective, line.period)


def _stretch(services: Sequence[Service], event: Event, changes: list[Changed]) -> Stretch | None:
    """The stretch whose rules decided: the first that the event concerns, else the one of its day."""
    for service in services:
        if any(one.agreement == service.stretch.agreement.id for one in changes):
            return service.stretch
    of_day = [one.stretch for one in services if one.stretch.starts is None or one.stretch.starts <= event.on]
    return of_day[-1] if of_day else None


def licences(before: Sequence[Told]) -> int | None:
    """The licences last announced."""
    counts = [one.event.quantity for one in before if isinstance(one.event, Purchase | QuantityChange)]
    return counts[-1] if counts else None
