"""What happened to a subscription, and what each event did to its lines.

The effect of an event is the difference between the lines that follow from what was known before it, and with it, by
the same calculus as the plan's and for the same day: all effects together make the lines of the plan.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.calendar import fonm
from engine.billing.history import Cancellation, Event, PriceChange, Purchase, QuantityChange, Upgrade, known
from engine.billing.model import Line
from engine.billing.segments import segments
from engine.billing.told import Completed, Told
from engine.planning.desired import lines_on
from engine.planning.explanation_values import (
    Bill,
    ExplainedEvent,
    ExplainedRule,
    LineEffect,
    Outcome,
)
from engine.planning.observed import Inputs
from engine.planning.service import Service
from engine.planning.stretches import Stretch
from engine.planning.study import Study
from engine.psa.models import CatalogItem
from engine.workspace.choices import AdditionChoices

_CHOICE = {
    "effective_date_positive_change": "quantity_increase",
    "effective_date_negative_change": "quantity_decrease",
    "service_cancellation": "cancellation",
    "price_change": "price_change",
    "in_place_days": "in_place_days",
}


def explained_rule(choices: AdditionChoices, key: str) -> ExplainedRule:
    """The choice that holds for a key of the files, with its place."""
    choice = str(getattr(choices, _CHOICE[key]))
    return ExplainedRule(rule=key, choice=choice, source=choices.decided_by.get(key))


def explained_rules(choices: AdditionChoices) -> tuple[ExplainedRule, ...]:
    """All choices, in the order of the files."""
    return tuple(explained_rule(choices, key) for key in _CHOICE)


def explained_events(inputs: Inputs, study: Study) -> tuple[ExplainedEvent, ...]:
    """The events in their order, with what each did to the lines of each agreement."""
    if study.desired is None:
        return ()
    ordered = sorted(study.desired.completed.told, key=lambda told: told.event.on)
    heard = known([told.event for told in ordered], inputs.as_of)
    found: list[ExplainedEvent] = []
    before: list[Told] = []
    for told in ordered:
        if not any(told.event is one for one in heard):
            found.append(_unheard(inputs, told, before))
            continue
        found.append(_explained(inputs, study, before, told))
        before.append(told)
    log = inputs.observed.activity.get(study.mapping.subscription)
    converted = {item.on for item in log.items if item.kind == "converted"} if log is not None else set()
    return tuple(_of_trial(one) if one.source == "log" and one.event.on in converted else one for one in found)


def _of_trial(one: ExplainedEvent) -> ExplainedEvent:
    return replace(one, why="converted from a trial") if isinstance(one.event, Purchase) else one


def _unheard(inputs: Inputs, told: Told, before: list[Told]) -> ExplainedEvent:
    over = any(isinstance(one.event, Cancellation) for one in before)
    late: Outcome = "after_cancellation" if over else "repeated"
    return ExplainedEvent(
        event=told.event,
        source=told.source,
        why=told.why,
        was=_licences(before),
        outcome="not_yet" if told.event.on > inputs.as_of else late,
        effective=None,
        settled=False,
        rule=None,
        effects=(),
    )


def _explained(inputs: Inputs, study: Study, before: list[Told], told: Told) -> ExplainedEvent:
    seen = _seen(inputs, study, before, told.event)
    settled, rule = _settled(told.event) and bool(seen.changes), None
    if not _settled(told.event):
        rule = seen.rule()
    elif settled:
        # The rule still decides where it would give the same day.
        anew = _seen(inputs, study, before, _unsettled(told.event))
        rule = anew.rule() if anew.effective() == seen.effective() else None
    return ExplainedEvent(
        event=told.event,
        source=told.source,
        why=told.why,
        was=_licences(before),
        outcome=seen.outcome() if study.services else "nothing",
        effective=seen.effective(),
        settled=settled,
        rule=rule,
        effects=tuple(_effect(study, change) for change in seen.changes),
    )


def _seen(inputs: Inputs, study: Study, before: list[Told], event: Event) -> "_Seen":
    assert study.desired is not None
    earlier = replace(study.desired.completed, told=tuple(before))
    later = replace(earlier, told=(*before, Told(event=event, source="inferred")))
    changes: list[_Changed] = []
    lines: list[Line] = []
    for service in study.services:
        old = lines_on(earlier, service.stretch, service.owned_from, inputs.as_of)
        new = lines_on(later, service.stretch, service.owned_from, inputs.as_of)
        changes += _differences(service.stretch, old, new)
        lines += new
    return _Seen(later, event, _licences(before), changes, lines, _stretch(study.services, event, changes))


def _licences(before: list[Told]) -> int | None:
    """The licences last announced."""
    counts = [one.event.quantity for one in before if isinstance(one.event, Purchase | QuantityChange)]
    return counts[-1] if counts else None


class _Changed(msgspec.Struct, frozen=True):
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


def _differences(stretch: Stretch, before: tuple[Line, ...], after: tuple[Line, ...]) -> list[_Changed]:
    """What differs, line by line: those that changed or went first, then those that came."""
    old, new = ({_key(line): line for line in lines} for lines in (before, after))
    changed = [(line, new.get(key)) for key, line in old.items() if new.get(key) != line]
    made = [(None, line) for key, line in new.items() if key not in old]
    return [_Changed(stretch.agreement.id, one, other) for one, other in [*changed, *made]]


def _key(line: Line) -> tuple[object, ...]:
    return (line.segment, line.role, None if line.role == "one_time" else line.effective, line.period)


def _effect(study: Study, changed: _Changed) -> LineEffect:
    line = changed.line
    return LineEffect(
        agreement=changed.agreement,
        segment=line.segment,
        role=line.role,
        period=line.period,
        item=item_named(study, line.product),
        before=_bill(changed.before),
        after=_bill(changed.after),
    )


def item_named(study: Study, product: str) -> str:
    """The identifier of a product's catalog item; the product itself where the PSA has told none."""
    for service in study.services[:1]:
        item = service.items.get(product)
        if isinstance(item, CatalogItem):
            return item.identifier
    kind, _, number = product.partition(":")
    alike = (
        one.product_identifier for _, one in study.ours if kind == "catalog_item" and str(one.product_id) == number
    )
    return next(alike, product)


def _bill(line: Line | None) -> Bill | None:
    if line is None:
        return None
    return Bill(
        quantity=Decimal(line.quantity),
        unit_price=line.unit_price,
        unit_cost=line.unit_cost,
        effective=line.effective,
        cancelled=line.cancelled,
    )


def _stretch(services: Sequence[Service], event: Event, changes: list[_Changed]) -> Stretch | None:
    """The stretch whose rules decided: the first that the event concerns, else the one of its day."""
    for service in services:
        if any(one.agreement == service.stretch.agreement.id for one in changes):
            return service.stretch
    of_day = [one.stretch for one in services if one.stretch.starts is None or one.stretch.starts <= event.on]
    return of_day[-1] if of_day else None


class _Seen:
    """What can be seen of an event from the lines that it made and changed."""

    def __init__(
        self,
        completed: Completed,
        event: Event,
        was: int | None,
        changes: list[_Changed],
        lines: list[Line],
        stretch: Stretch | None,
    ) -> None:
        self._completed, self._event, self._was = completed, event, was
        self.changes, self._lines, self._stretch = changes, lines, stretch
        self._days = [one.line.effective for one in changes if not one.only_ends]

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
        if first is None or day != first or any(one.line.role == "delta" for one in self.changes):
            return None
        segment = segments(self._completed.terms, self._completed.history)[-1]
        days = self._stretch.choices.in_place_days if self._stretch is not None else 0
        if not _settled(self._event) and self._event.on < segment.start + timedelta(days=days):
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


def _settled(event: Event) -> bool:
    """Whether a posted line has settled the day of the event already."""
    return (isinstance(event, QuantityChange | PriceChange) and event.effective is not None) or (
        isinstance(event, Cancellation) and event.rule is not None
    )


def _unsettled(event: Event) -> Event:
    if isinstance(event, QuantityChange | PriceChange):
        return replace(event, effective=None)
    return replace(event, rule=None) if isinstance(event, Cancellation) else event
