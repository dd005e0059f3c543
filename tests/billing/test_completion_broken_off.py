"""A run that broke off is finished by the next one of that day: what it has posted so far misleads nobody.

Writes come in the order of a plan: lines are retracted, credits first, then brought in step, then made.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.billing.history import Event, PriceChange, QuantityChange, Renewal, Upgrade
from engine.billing.model import Line
from tests.billing.by_day import holds_from, told
from tests.billing.completing import again, shown
from tests.billing.strategies import COSTS, PRICES, Case, cases_seen
from tests.billing.test_completion_of_news import NEWS, dated, event_of, goes_on
from tests.billing.test_completion_round_trip import known_by, untellable


def states(before: list[Line], wanted: list[Line]) -> list[list[Line]]:
    """What stands after each write but the last, from the lines before to those wanted."""
    now = {_key(line): line for line in before}
    target = {_key(line): line for line in wanted}
    unwanted = sorted((key for key in now if key not in target), key=lambda key: now[key].quantity >= 0)
    changed = [key for key in target if key in now and now[key] != target[key]]
    found = [list(now.values())]
    for key in [*unwanted, *changed, *(key for key in target if key not in now)]:
        now.pop(key, None)
        if key in target:
            now[key] = target[key]
        found.append(list(now.values()))
    return found[:-1]


def misleading(state: list[Line], wanted: list[Line]) -> bool:
    """Whether a piece of a delta stands, its next piece and all that follows do not: as if it had been made up for."""
    standing = {_key(line) for line in state}
    following = {line.effective for line in wanted if line.role == "delta" and _key(line) not in standing}
    ended = {
        line.cancelled + timedelta(days=1)
        for line in state
        if line.role == "delta" and line.cancelled is not None and line in wanted
    }
    first = min(following & ended, default=None)
    return first is not None and not any(line.role == "base" and line.effective > first for line in state)


def _key(line: Line) -> tuple[int, str, date]:
    return (line.segment, line.role, line.effective)


def undecided(case: Case, event: Event, wanted: list[Line]) -> Iterator[str]:
    """Why pieces of the lines wanted can stand for other changes too."""
    renewed = any(_prices_a_renewal(one.event) for one in told(case, event.on))
    if isinstance(event, PriceChange) and (event.effective is not None or renewed):
        yield "a renewal first seen after it cuts lines that have long begun, each in pieces"
    if isinstance(event, Upgrade) and not case.rules.in_place_days:
        yield "licences seen with an upgrade may have changed before or after it"
    if any(_prices_a_renewal(one.event) and holds_from(case, one) > event.on for one in told(case, event.on)):
        yield "prices are known ahead for the next period only"
    changed = {later.effective for earlier, later in pairwise(_base(wanted)) if earlier.quantity == later.quantity}
    pieces = {line.cancelled + timedelta(days=1) for line in wanted if line.role == "delta" and line.cancelled}
    if isinstance(event, QuantityChange) and changed & pieces:
        yield "an increase from before a price change in its month is made in pieces"


def _base(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.role == "base"]


def _prices_a_renewal(event: Event) -> bool:
    return isinstance(event, Renewal) and not (event.unit_price is None and event.unit_cost is None)


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
        after=st.sampled_from((1, 2, 3, 10, 20, 40)),
        licences=st.integers(0, 12),
        price=st.sampled_from(PRICES),
        cost=st.sampled_from(COSTS),
    )
    def check(seen: tuple[Case, date], after: int, licences: int, price: Decimal, cost: Decimal) -> None:
        case, day = known_by(*seen), seen[1]
        before = list(case.lines(day))
        assume(not list(untellable(case, day, before, "none")))
        day += timedelta(days=after)
        assume(goes_on(case, before, day))
        event = dated(case, event_of(kind, day, licences, price, cost), before)
        case = replace(case, history=(*case.history, event))
        assume(not list(untellable(case, day, before, "none")))
        wanted = list(case.lines(day))
        assume(not list(undecided(case, event, wanted)))
        for state in states(before, wanted):
            if not state or misleading(state, wanted):
                continue
            assert again(case, shown(case, day), None, state, day) == wanted

    check()


@pytest.mark.parametrize("kind", NEWS)
def test_a_run_that_broke_off_anywhere_is_finished_by_the_next_of_that_day(kind: str) -> None:
    checked_on(kind, 150)


@pytest.mark.long
@pytest.mark.parametrize("kind", NEWS)
def test_many_runs_that_broke_off_are_finished_by_the_next_of_that_day(kind: str) -> None:
    checked_on(kind, 800)
