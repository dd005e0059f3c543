"""What is seen without a log is news of that day: lines change as the calculus says, and then stay where they are."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.billing.calendar import add_terms
from engine.billing.history import Cancellation, Event, PriceChange, QuantityChange, Upgrade
from engine.billing.model import Line
from tests.billing.by_day import told
from tests.billing.completing import again, shown
from tests.billing.strategies import COSTS, PRICES, Case, cases_seen
from tests.billing.test_completion_round_trip import known_by, untellable

NEWS = ("quantity", "price", "upgrade", "cancel")


def event_of(kind: str, on: date, licences: int, price: Decimal, cost: Decimal) -> Event:
    if kind == "quantity":
        return QuantityChange(on=on, quantity=licences)
    if kind == "price":
        return PriceChange(on=on, unit_price=price, unit_cost=cost)
    return (
        Upgrade(on=on, product="PLAN-99", unit_price=price, unit_cost=cost)
        if kind == "upgrade"
        else Cancellation(on=on)
    )


def dated(case: Case, event: Event, standing: list[Line]) -> Event:
    """A price first seen within a month after a yearly renewal holds from that renewal, if no later one has since."""
    terms = shown(case, event.on).terms
    if not isinstance(event, PriceChange) or terms.end is None or terms.term not in {"P1Y", "P3Y"}:
        return event
    first = terms.end + timedelta(days=1)
    renewals = [add_terms(first, terms.term, count) for count in range(-1, 6)]
    begun = max((day for day in renewals if terms.start < day <= event.on), default=date.min)
    segment = max(line.segment for line in standing)
    base = [line for line in standing if line.segment == segment and line.role == "base"]
    since = [base[0].effective]
    for earlier, later in pairwise(base):
        if (earlier.unit_price, earlier.unit_cost) != (later.unit_price, later.unit_cost):
            since.append(later.effective)
    repriced = begun < event.on and any(begun <= day <= event.on for day in since)
    return replace(event, effective=begun) if (event.on - begun).days < 31 and not repriced else event


def goes_on(case: Case, standing: list[Line], day: date) -> bool:
    """Whether it is live on a day, no later than its lines reach, and with a line for all that is known."""
    seen = shown(case, day)
    upgrades = [one.event.on for one in told(case, day) if isinstance(one.event, Upgrade)]
    last = max(line.cancelled or date.max for line in standing)
    if seen.ended or last < day or max(line.segment for line in standing) != len(upgrades) + 1:
        return False
    # A decrease that is to come after the end of the term has no line.
    if sum(line.quantity for line in standing if (line.cancelled or date.max) == last) != seen.licences:
        return False
    # Lines that begin with the takeover do not tell the day of an upgrade before it, nor always that of a change.
    told_by_day = case.agreement.billing == "monthly" and case.rules.quantity_increase == "actual_date"
    return min([day, *upgrades[-1:]]) >= case.own_from or (not upgrades and told_by_day)


def checked_on(kind: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(
        seen=cases_seen(),
        after=st.sampled_from((1, 2, 3, 10, 20, 40, 370)),
        licences=st.integers(0, 12),
        price=st.sampled_from(PRICES),
        cost=st.sampled_from(COSTS),
        later=st.sampled_from((1, 2, 20, 40)),
    )
    def check(seen: tuple[Case, date], after: int, licences: int, price: Decimal, cost: Decimal, later: int) -> None:
        case, day = known_by(*seen), seen[1]
        standing = list(case.lines(day))
        assume(not list(untellable(case, day, standing, "none")))
        day += timedelta(days=after)
        assume(goes_on(case, standing, day))
        event = dated(case, event_of(kind, day, licences, price, cost), standing)
        case = replace(case, history=(*case.history, event))
        assume(not list(untellable(case, day, standing, "none")))
        found = again(case, shown(case, day), None, standing, day)
        assert found == list(case.lines(day))
        assume(found)
        day += timedelta(days=later)
        assert again(case, shown(case, day), None, found, day) == list(case.lines(day))

    check()


@pytest.mark.parametrize("kind", NEWS)
def test_news_without_a_log_holds_from_the_day_on_which_it_is_seen(kind: str) -> None:
    checked_on(kind, 250)


@pytest.mark.long
@pytest.mark.parametrize("kind", NEWS)
def test_many_news_without_a_log_hold_from_the_day_on_which_they_are_seen(kind: str) -> None:
    checked_on(kind, 1000)
