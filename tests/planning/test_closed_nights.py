"""Generated years with invoices: what is charged stays as it is, and every cent that is wanted is billed or named."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.workspace.choices import LateChange
from tests.planning.closed_nights import Books, Closed, amounts, applied, blocked, left_alone
from tests.planning.lives import checked_on, worlds
from tests.planning.nights import Psa, World, days

_WHOLE = {
    "increase": "first_of_month",
    "decrease": "first_of_next_month",
    "cancellation": "end_of_month",
    "price_change": "next_period",
}


def _checked(world: World, chance: Random, late_change: LateChange, *, prorates: bool) -> list[str]:
    """Runs a year of nights, some missed; gives the codes of what is held at its end."""
    if not prorates:
        world = replace(world, **_WHOLE)
    closed = Closed(world=world, prorates=prorates, late_change=late_change)
    books = Books(world, chance)
    psa = free = Psa()
    last = world.life.start + timedelta(days=365)
    held: list[str] = []
    for night in days(world.life.start, last):
        books.day(night, psa)
        found = closed.plan(night, psa, books)
        left_alone(found, psa, books)
        free = applied(free, closed.plan(night, free, None), night)
        psa = applied(psa, found, night)
        again = closed.plan(night, psa, books)
        held = [one.code for one in found.held]
        assert again.changes == (), (night, books.through, found.changes, found.held)
        assert {one.code for one in again.held} == set(held), (night, found.held, again.held)
        if "line-invoiced" in held:
            continue
        until = books.terms.period_end(max(night, books.through)) + timedelta(days=40)
        wanted = amounts(free, books.terms, until, prorates=prorates)
        has = amounts(psa, books.terms, until, prorates=prorates)
        left = {first: wanted.get(first, 0) - has.get(first, 0) for first in {*wanted, *has}}
        assert {first: amount for first, amount in left.items() if amount} == blocked(again), (night, books.through)
    return held


@pytest.mark.parametrize("late_change", ["next_period", "settle"])
@pytest.mark.parametrize("prorates", [True, False])
def test_every_cent_is_billed_or_named(late_change: LateChange, prorates: bool) -> None:
    @checked_on(world=worlds(logs=("complete",)), chance=st.randoms(use_true_random=False))
    def check(world: World, chance: Random) -> None:
        _checked(world, chance, late_change, prorates=prorates)

    check(5)
