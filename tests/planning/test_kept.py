"""What is held because of invoiced days bills on as it was; what looks like ours without a mark stops a second line."""

from datetime import date
from decimal import Decimal

from engine.planning.plan import Effect
from tests.planning.builders import (
    addition,
    agreement,
    ended,
    mark,
    moves,
    observed,
    plan,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import changed, created, log

NOTHING = Effect()
RENEWING = {"term": "P1M", "auto_renew": True, "end": date(2026, 4, 9)}
INVOICED = agreement(next_invoice=date(2026, 8, 1))
TOLD = log(created(12), changed(3, on=date(2026, 6, 12)))


def test_a_held_service_whose_line_runs_out_bills_on_as_it_did() -> None:
    shown = subscription(licenses=3, **RENEWING)
    line = addition(cancelled=date(2026, 7, 9))
    found = plan(seen=observed(subscriptions=[shown], additions=[line], agreements=[INVOICED], logs=[TOLD]))
    assert [one.code for one in found.held] == ["line-invoiced"]
    (change,) = found.changes
    assert moves(change) == {"cancelled": (date(2026, 7, 9), date(2026, 8, 9))}
    assert change.line is not None
    # The term renews by itself, so what it brings each month is no news.
    assert (change.line.quantity, change.effect) == (Decimal(12), NOTHING)


def test_a_held_service_whose_line_goes_on_long_enough_is_left_alone() -> None:
    shown = subscription(licenses=3, **RENEWING)
    line = addition(cancelled=date(2026, 8, 9))
    found = plan(seen=observed(subscriptions=[shown], additions=[line], agreements=[INVOICED], logs=[TOLD]))
    assert ([one.code for one in found.held], found.changes) == (["line-invoiced"], ())


def test_a_line_like_ours_without_its_mark_stops_a_second_one() -> None:
    first = addition(cancelled=date(2026, 6, 30))
    cleared = addition(id=802, mark=None, quantity=Decimal(15), effective=date(2026, 7, 1))
    delta = addition(
        id=803,
        mark=mark(role="delta", on=date(2026, 6, 12)),
        quantity=Decimal(3),
        effective=date(2026, 6, 12),
        cancelled=date(2026, 6, 30),
    )
    seen = observed(
        subscriptions=[subscription(licenses=15)],
        additions=[first, delta, cleared],
        logs=[log(created(12), changed(15, on=date(2026, 6, 12)))],
    )
    (one,) = plan(seen=seen).held
    assert (one.code, "802" in one.why) == ("addition-exists", True)
    beside = workspace(services=[service_mapping(addition="new")])
    assert [change.action for change in plan(beside, seen).changes] == ["create"]


def test_a_cancellation_takes_the_month_away_wherever_its_rolled_term_ended() -> None:
    shown = ended(**{**RENEWING, "auto_renew": False, "end": date(2026, 7, 31)})
    for rolled in (date(2026, 7, 31), date(2026, 8, 9)):
        found = plan(seen=observed(subscriptions=[shown], additions=[addition(cancelled=rolled)]))
        effects = [one.effect for one in found.changes if one.effect is not None]
        assert sum((one.month for one in effects), Decimal(0)) == Decimal("-264.00"), rolled
