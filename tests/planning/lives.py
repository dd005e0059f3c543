"""Generated worlds: a year of a subscription's life, with rules and an agreement under which it is billed."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.planning.nights import Happening, Kind, Life, Logs, World

STARTS = (date(2026, 1, 1), date(2026, 1, 10), date(2026, 1, 31), date(2026, 2, 28), date(2027, 12, 31))
QUICK, LONG = 25, 300
"""Examples a check, in every run and with the long tests."""

_QUANTITY: Kind = "quantity"
_KINDS: st.SearchStrategy[Kind] = st.sampled_from(
    (_QUANTITY, _QUANTITY, _QUANTITY, _QUANTITY, "price", "price", "upgrade", "renew", "cancel")
)
_NUMBERS: dict[Kind, st.SearchStrategy[int]] = {
    "quantity": st.integers(0, 12),
    "price": st.integers(20, 24),
    "upgrade": st.integers(30, 32),
    "renew": st.sampled_from([30, 31, 365]),
    "cancel": st.just(0),
}


def checked_on(**given_by: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Makes a test of a check: on the same few worlds in every run, on many more with the long tests."""

    def decorate(check: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [QUICK, pytest.param(LONG, marks=pytest.mark.long)])
        def test(examples: int) -> None:
            profile = settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            profile(given(**given_by)(check))()

        test.__doc__ = check.__doc__
        return test

    return decorate


@st.composite
def happenings(draw: st.DrawFn, start: date, latest: int) -> tuple[Happening, ...]:
    """What happens in a life, in the order of its days: at most two upgrades, and nothing after a cancellation.

    No night sees two upgrades at once, nor the purchase and one: the platform keeps no price of the product between.
    """
    near = st.integers(0, 4) | st.integers(0, min(70, latest))
    on = sorted(draw(st.lists(near | st.integers(0, latest), max_size=7)))
    found: list[Happening] = []
    late, upgraded = False, [start]
    for before, after in pairwise([-1, *on]):
        kind: Kind = draw(_KINDS)
        late = (late and after == before) or draw(st.booleans())
        happening = Happening(on=start + timedelta(days=after), kind=kind, number=draw(_NUMBERS[kind]), late=late)
        if kind == "upgrade":
            if happening.seen in upgraded or len(upgraded) > 2:
                continue
            upgraded.append(happening.seen)
        found.append(happening)
        if kind == "cancel":
            break
    return tuple(found)


@st.composite
def worlds(draw: st.DrawFn, logs: tuple[Logs, ...] = ("complete", "thin", "none"), latest: int = 330) -> World:
    """A life under rules and an agreement."""
    start = draw(st.sampled_from(STARTS))
    cycle = draw(st.sampled_from(["monthly", "monthly", "annual"]))
    term = draw(st.sampled_from(["P1M", "P1Y", "P1Y", "P30D"]))
    length = draw(st.sampled_from([None, 29, 30, 364, 364, 99]))
    life = Life(
        start=start,
        licences=draw(st.integers(1, 12)),
        end=None if length is None else start + timedelta(days=length),
        term=term,
        auto_renew=draw(st.booleans()),
        cycle=cycle,
        happenings=draw(happenings(start, latest)),
        logs=draw(st.sampled_from(logs)),
        ends_on_cancel=draw(st.booleans()),
        empties_on_cancel=draw(st.booleans()),
    )
    first = start.replace(day=1)
    begun = st.sampled_from([first, first.replace(year=first.year - 1)])
    if cycle == "monthly":
        begun |= st.sampled_from([start - timedelta(days=3), start, start + timedelta(days=20)])
    return World(
        life=life,
        agreement_start=draw(begun),
        manage_from=draw(st.sampled_from([date(2025, 1, 1), date(2025, 1, 1), start + timedelta(days=40)])),
        increase=draw(st.sampled_from(["actual_date", "actual_date", "first_of_month"])),
        decrease=draw(st.sampled_from(["actual_date", "actual_date", "first_of_next_month"])),
        cancellation=draw(st.sampled_from(["cancellation_date", "cancellation_date", "end_of_month"])),
        price_change=draw(st.sampled_from(["next_period", "next_period", "actual_date"])),
        in_place_days=draw(st.sampled_from([2, 2, 1, 5])),
    )
