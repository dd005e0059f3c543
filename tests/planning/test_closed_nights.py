"""Generated years with invoices: what is charged stays as it is, and every cent that is wanted is billed or named."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.planning.plan import Plan
from engine.workspace.choices import LateChange
from tests.planning.closed_nights import Books, Closed, amounts, applied, blocked, left_alone
from tests.planning.lives import checked_on, worlds
from tests.planning.nights import Logs, Psa, World, days

_NIGHTS = 130
_WHOLE: dict[str, Any] = {
    "increase": "first_of_month",
    "decrease": "first_of_next_month",
    "cancellation": "end_of_month",
    "price_change": "next_period",
}


def _checked(world: World, chance: Random, late_change: LateChange, *, prorates: bool) -> None:
    """Runs a few months of nights beside a world in which nothing is invoiced, which has what is wanted."""
    if not prorates:
        world = replace(world, **_WHOLE)
    closed = Closed(world=world, prorates=prorates, late_change=late_change)
    books = Books(world, chance)
    psa = free = Psa()
    apart = False
    for night in days(world.life.start, world.life.start + timedelta(days=_NIGHTS)):
        books.day(night, psa)
        found = again = closed.plan(night, psa, books)
        left_alone(found, psa, books)
        free = applied(free, closed.plan(night, free, None), night)
        if found.changes:
            psa = applied(psa, found, night)
            again = closed.plan(night, psa, books)
            assert again.changes == (), (night, books.through, found.changes, found.held)
            assert said(again) == said(found), night
        # What nobody could post is not known any more later on: a price, say, of what has ended since.
        apart = apart or any(one.code == "line-invoiced" for one in again.held)
        if apart:
            continue
        until = books.terms.period_end(max(night, books.through)) + timedelta(days=40)
        wanted = amounts(free, books.terms, until, prorates=prorates)
        has = amounts(psa, books.terms, until, prorates=prorates)
        left = {first: wanted.get(first, 0) - has.get(first, 0) for first in {*wanted, *has}}
        assert {first: amount for first, amount in left.items() if amount} == blocked(again), (night, books.through)


def said(plan: Plan) -> list[tuple[str, str]]:
    """Codes and amounts of what is held; the cause beside an amount may be told in other words once it is posted."""
    return [(one.code, one.why.partition(" may not")[0]) for one in plan.held]


@pytest.mark.parametrize("late_change", ["next_period", "settle"])
@pytest.mark.parametrize("prorates", [True, False])
@pytest.mark.parametrize(
    ("logs", "examples"),
    [
        (("complete",), 1),
        pytest.param(("complete",), 60, marks=pytest.mark.long),
        # Without a complete log amounts are known to go astray further on: a price in place on a yearly agreement.
        (("thin", "none"), 1),
    ],
)
def test_every_cent_is_billed_or_named(
    late_change: LateChange, prorates: bool, logs: tuple[Logs, ...], examples: int
) -> None:
    @checked_on(world=worlds(logs=logs, latest=100), chance=st.randoms(use_true_random=False))
    def check(world: World, chance: Random) -> None:
        _checked(world, chance, late_change, prorates=prorates)

    check(examples)
