"""Runs of generated lives, taken back: what was billed before bills again, and closed days stay as they are."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.planning.inverse import inverse
from engine.planning.inverse_run import Made, TakenRun
from engine.planning.make import make
from engine.planning.plan import Plan
from tests.planning.lives import checked_on, worlds
from tests.planning.nights import Psa, World, days


def journalled(plan: Plan, before: Psa) -> TakenRun:
    """The journal's account of a run that carried the plan out."""
    number, writes = len(before.additions) + 800, []
    for change in plan.changes:
        if change.object_id is None:
            number += 1
        writes.append(Made(change=change, object_id=change.object_id or number))
    return TakenRun(id="20260101-000000-aaaaaa", on=plan.as_of, writes=tuple(writes))


def last_of(world: World, nights: list[date]) -> tuple[Psa, Plan]:
    """What stands before the last of these nights, and its plan. What a plan holds back does not matter here."""
    psa = Psa()
    for night in nights[:-1]:
        psa = psa.applied(make(world.inputs(night, psa)))
    return psa, make(world.inputs(nights[-1], psa))


def taken_back(world: World, written: TakenRun, psa: Psa, day: date, through: date | None = None) -> Plan:
    """The inverse, planned on a day; the agreement was invoiced through another one on that day, or never."""
    found = world.inputs(day, psa)
    seen = replace(found.observed, invoiced_on={41: day if through is not None else None})
    if through is not None:
        agreements = {id: replace(one, next_invoice=through + timedelta(days=1)) for id, one in seen.agreements.items()}
        seen = replace(seen, agreements=agreements)
    return inverse(replace(found, observed=seen), written)


def amount(psa: Psa, day: date) -> Decimal:
    """What is billed for a day, at the price of a whole period."""
    return sum(
        (
            one.quantity * one.unit_price
            for one in psa.additions
            if one.effective is not None and one.effective <= day <= (one.cancelled or date.max)
        ),
        Decimal(0),
    )


@checked_on(world=worlds(), gaps=st.lists(st.integers(1, 120), min_size=1, max_size=4))
def test_taking_a_run_back_restores_what_was_billed(world: World, gaps: list[int]) -> None:
    nights = [world.life.start + timedelta(days=sum(gaps[: number + 1])) for number in range(len(gaps))]
    before, plan = last_of(world, nights)
    assume(plan.changes)
    after = before.applied(plan)
    written = journalled(plan, before)
    back = taken_back(world, written, after, nights[-1])
    assert back.held == ()
    restored = after.applied(back)
    assert restored.standing() == before.standing()
    again = taken_back(world, written, restored, nights[-1])
    assert (again.changes, again.held) == ((), ())
    # … and taken back in its turn, all is as the run had left it.
    forward = taken_back(world, replace(journalled(back, after), id="20260101-000001-bbbbbb"), restored, nights[-1])
    assert restored.applied(forward).standing() == after.standing()


@checked_on(world=worlds(), gaps=st.lists(st.integers(1, 120), min_size=1, max_size=3), invoiced=st.integers(-90, 90))
def test_days_invoiced_since_bill_on_as_they_were_invoiced(world: World, gaps: list[int], invoiced: int) -> None:
    nights = [world.life.start + timedelta(days=sum(gaps[: number + 1])) for number in range(len(gaps))]
    before, plan = last_of(world, nights)
    assume(plan.changes)
    after = before.applied(plan)
    through = nights[-1] + timedelta(days=invoiced)
    back = taken_back(world, journalled(plan, before), after, nights[-1], through)
    restored = after.applied(back)
    for day in days(world.life.start - timedelta(days=40), through):
        assert amount(restored, day) == amount(after, day), day
    # Credits and charges of the service stay together: all of it is taken back, or nothing.
    meant = after if back.held else before
    assert restored.standing() == meant.standing()
    assert not (back.held and back.changes)
