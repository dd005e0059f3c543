"""Night after night of generated years: a plan, once applied, leaves nothing to plan; a missed night is made good."""

from datetime import date, timedelta
from random import Random

from hypothesis import strategies as st

from engine.planning.make import make
from engine.planning.plan import Change
from tests.planning.lives import checked_on, worlds
from tests.planning.nights import Happening, Kind, Life, Psa, World, days, differences, run


def _year(world: World) -> list[date]:
    return list(days(world.life.start, world.life.start + timedelta(days=365)))


@checked_on(world=worlds())
def test_on_every_night_a_plan_once_applied_leaves_nothing_to_plan(world: World) -> None:
    psa = Psa()
    for night in _year(world):
        found = world.plan(night, psa)
        assert found.held == (), f"{night}: {found.held}"
        if not found.changes:
            continue
        psa = psa.applied(found)
        again = world.plan(night, psa)
        assert (again.changes, again.held) == ((), ()), f"{night}, after {found.changes}"


def _needed(world: World) -> set[date]:
    """Nights that cannot be missed: the first, and those that first see a price or another product.

    Nor that of a cancellation on the last day of a term: on later days it merely ran out.
    """
    told = {one.seen for one in world.life.happenings if one.kind in {"price", "upgrade"}}
    for one in world.life.happenings:
        if one.kind == "cancel" and one.on == world.life.term_end:
            told.add(one.seen)
    return {world.life.start, *told}


@checked_on(world=worlds(logs=("complete",)), missed=st.randoms(use_true_random=False))
def test_nights_that_are_missed_leave_the_same_lines_in_the_end(world: World, missed: Random) -> None:
    nights = _year(world)
    needed = _needed(world)
    some = [night for night in nights if night in needed or night == nights[-1] or missed.random() < 0.1]
    assert differences(run(world, nights).standing(), run(world, some).standing()) == {}


def test_a_line_made_ahead_for_what_was_cancelled_before_it_begins_is_taken_back_whenever_that_is_seen() -> None:
    cancelled = Happening(on=date(2026, 1, 31), kind="cancel", late=True)
    life = Life(
        start=date(2026, 1, 31),
        licences=1,
        end=None,
        term="P1M",
        auto_renew=False,
        cycle="monthly",
        happenings=(cancelled,),
        ends_on_cancel=True,
        empties_on_cancel=True,
    )
    world = World(life=life, agreement_start=date(2026, 2, 20))
    made = Psa().applied(make(world.inputs(date(2026, 1, 31), Psa())))
    assert made.standing()
    late = made.applied(make(world.inputs(date(2026, 2, 25), made)))
    assert late.standing() == {}


def test_what_is_taken_back_before_it_begins_is_taken_back_once() -> None:
    """Given up and taken again on the day of its cancellation, with a decrease that counts from the next month."""
    told: tuple[tuple[Kind, int, bool], ...] = (("quantity", 0, False), ("quantity", 1, True), ("cancel", 0, True))
    life = Life(
        start=date(2026, 1, 1),
        licences=1,
        end=None,
        term="P1M",
        auto_renew=False,
        cycle="annual",
        happenings=tuple(
            Happening(on=date(2026, 1, 3), kind=kind, number=number, late=late) for kind, number, late in told
        ),
    )
    taken_over = date(2026, 2, 10)
    world = World(life=life, agreement_start=date(2026, 1, 1), manage_from=taken_over, decrease="first_of_next_month")
    psa = Psa()
    for night in (date(2026, 1, 1), date(2026, 1, 3), date(2026, 1, 4), date(2026, 1, 5), taken_over):
        found = make(world.inputs(night, psa))
        assert (night < date(2026, 1, 5) or not found.changes, found.drift) == (True, ())
        psa = psa.applied(found)
    billed = [line.quantity for line in psa.additions if line.effective == taken_over]
    assert sum(billed) == 0


def _may_move(world: World, change: Change, psa: Psa, night: date) -> bool:
    """Whether quantity or price of a line may change: before it begins, in place, or of one effective day.

    What happened after a night's run is seen a day later.
    """
    line = next(one for one in psa.additions if one.id == change.object_id)
    assert line.effective is not None
    if line.effective > night or (line.quantity == 0 and line.cancelled == line.effective):
        return True
    yesterday = night - timedelta(days=1)
    if "/delta/" not in change.address:
        return (yesterday - line.effective).days < world.in_place_days
    if world.increase == "first_of_month":
        return (line.effective.year, line.effective.month) == (yesterday.year, yesterday.month) or (
            line.effective >= yesterday
        )
    return line.effective >= yesterday


@checked_on(world=worlds(logs=("thin", "none")))
def test_what_was_posted_once_stays_put_where_the_log_tells_little(world: World) -> None:
    psa = Psa()
    for night in _year(world):
        found = world.plan(night, psa)
        for change in found.changes:
            moved = {one.field for one in change.fields} - {"cancelled", "invoice_description"}
            if change.action == "update" and moved:
                assert _may_move(world, change, psa, night), f"{night}: {change}"
        psa = psa.applied(found)
