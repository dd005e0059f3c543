"""The lines depend on what is known on a day, not on which nights ran; and what has begun stands."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import msgspec
from hypothesis import assume
from hypothesis import strategies as st

from engine.billing.calculus import lines
from engine.billing.calendar import fom
from engine.billing.history import Event, PriceChange, QuantityChange
from engine.billing.model import Line
from tests.billing.by_day import Told, in_place, told
from tests.billing.strategies import COSTS, PRICES, Case, cases, cases_seen, checked_on, known_on


@st.composite
def seen_twice(draw: st.DrawFn) -> tuple[Case, date, date]:
    """A case, and two days on which it is looked at, in order."""
    case = draw(cases())
    first, second = sorted((draw(known_on(case)), draw(known_on(case))))
    return case, first, second


@checked_on(seen=cases_seen())
def test_what_is_still_to_come_is_not_known(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    length = sum(event.on <= as_of for event in case.history)
    assert case.lines(as_of) == case.cut(length).lines(as_of)


@checked_on(seen=seen_twice())
def test_a_look_on_another_day_changes_nothing(seen: tuple[Case, date, date]) -> None:
    case, first, second = seen
    undisturbed = case.lines(second)
    case.lines(first)
    assert case.lines(second) == undisturbed


@checked_on(seen=cases_seen(), shuffle=st.randoms(use_true_random=False))
def test_only_the_order_within_a_day_tells_in_a_history(seen: tuple[Case, date], shuffle: Random) -> None:
    case, as_of = seen
    by_day: dict[date, list[Event]] = {}
    for event in case.history:
        by_day.setdefault(event.on, []).append(event)
    days = list(by_day)
    shuffle.shuffle(days)
    arrived = [event for day in days for event in by_day[day]]
    assert lines(case.subscription, arrived, case.agreement, case.rules, as_of) == case.lines(as_of)


@checked_on(case=cases(), which=st.integers(0, 20), part=st.integers(1, 11))
def test_a_change_of_quantity_in_two_steps_on_one_day_is_the_same_change(case: Case, which: int, part: int) -> None:
    changes = [one for one in told(case, date.max) if isinstance(one.event, QuantityChange)]
    assume(changes)
    one = changes[which % len(changes)]
    assert isinstance(one.event, QuantityChange)
    least, most = sorted((one.licences, one.event.quantity))
    halfway = QuantityChange(on=one.event.on, quantity=min(most, least + part))
    _same_with(case, one.event, halfway)


@checked_on(case=cases(), which=st.integers(0, 20), price=st.sampled_from(PRICES), cost=st.sampled_from(COSTS))
def test_a_change_of_price_in_two_steps_on_one_day_is_the_same_change(
    case: Case, which: int, price: Decimal, cost: Decimal
) -> None:
    changes = [one for one in told(case, date.max) if isinstance(one.event, PriceChange) and _is_news(one)]
    assume(changes)
    one = changes[which % len(changes)]
    assert isinstance(one.event, PriceChange)
    # What the second step leaves out keeps what the first one said, so the first one must not say it.
    halfway = PriceChange(
        on=one.event.on,
        unit_price=None if one.event.unit_price is None else price,
        unit_cost=None if one.event.unit_cost is None else cost,
    )
    _same_with(case, one.event, halfway)


def _is_news(one: Told) -> bool:
    event = one.event
    return isinstance(event, PriceChange) and (
        event.unit_price not in {None, one.unit_price} or event.unit_cost not in {None, one.unit_cost}
    )


def _same_with(case: Case, event: Event, halfway: Event) -> None:
    place = next(place for place, other in enumerate(case.history) if other is event)
    split = msgspec.structs.replace(case, history=(*case.history[:place], halfway, *case.history[place:]))
    for as_of in {event.on, case.history[-1].on, event.on + timedelta(days=40)}:
        assert split.lines(as_of) == case.lines(as_of)


@checked_on(seen=seen_twice())
def test_a_line_that_has_begun_keeps_its_quantity_and_price(seen: tuple[Case, date, date]) -> None:
    """Only its end moves, and not into the days that were known; in-place days and replaced delta lines aside."""
    case, first, second = seen
    later = {_key(line): line for line in case.lines(second)}
    news = [one for one in told(case, second) if one.event.on > first]
    for line in case.lines(first):
        if line.effective > first or any(_excepts(case, one, line) for one in news):
            continue
        found = later.get(_key(line))
        assert found is not None, f"{line} has vanished"
        assert msgspec.structs.replace(found, cancelled=line.cancelled) == line
        ended = first if line.cancelled is None else min(first, line.cancelled)
        assert found.cancelled is None or found.cancelled >= ended, f"{line} now ends on {found.cancelled}"


def _key(line: Line) -> tuple[object, ...]:
    return (line.segment, line.role, line.effective, line.period)


def _excepts(case: Case, one: Told, line: Line) -> bool:
    """What the specification lets change a line that has begun: a change in place, and an increase from its month's
    first day that adds to a delta line of that month (one on a later day cannot have the same actual date)."""
    if one.segment == line.segment and in_place(case, one):
        return True
    event = one.event
    increase = isinstance(event, QuantityChange) and event.quantity > one.licences
    by_month = increase and case.rules.quantity_increase == "first_of_month"
    return by_month and line.role == "delta" and fom(line.effective) == fom(event.on) and one.segment == line.segment
