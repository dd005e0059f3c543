"""A posted line that is no longer wanted is retracted, its mark kept; where a day of it was invoiced, it is left."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.observed import Observed
from engine.platform.models import ActivityLog
from engine.psa.models import Addition
from engine.workspace.choices import BillingRules
from engine.workspace.model import Workspace
from tests.planning.builders import (
    AS_OF,
    addition,
    after,
    agreement,
    by_address,
    held,
    mark,
    moves,
    observed,
    only,
    plan,
    service_mapping,
    subscription,
    total,
    workspace,
)
from tests.planning.logs import changed, created, log

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def delta(**more: Any) -> Addition:
    """Three licences more from 12 June on, which carried on from July."""
    values: dict[str, Any] = {
        "id": 802,
        "quantity": Decimal(3),
        "effective": date(2026, 6, 12),
        "cancelled": date(2026, 6, 30),
        "mark": mark(role="delta", on=date(2026, 6, 12)),
    }
    return addition(**{**values, **more})


BASE = addition(cancelled=date(2026, 6, 30))
CARRIED = addition(id=803, quantity=Decimal(15), effective=JULY, mark=mark(on=JULY))
POSTED = [BASE, delta(), CARRIED]
REVOKED = log(created(12))
"""The platform took the change of 12 June out of its log, and shows 12 licences."""


def seen(
    *additions: Addition, following: date | None = JUNE, told: ActivityLog = REVOKED, licences: int = 12, **more: Any
) -> Observed:
    return observed(
        subscriptions=[subscription(licenses=licences)],
        agreements=[agreement(next_invoice=following)],
        additions=additions or POSTED,
        logs=[told],
        **more,
    )


def test_a_line_that_was_not_invoiced_is_retracted_and_keeps_its_mark() -> None:
    changes = by_address(plan(seen=seen()))
    assert list(changes) == ["1/delta/2026-06-12", "1/base/2026-07-01", "1/base/2026-03-10"]
    retracted = changes["1/delta/2026-06-12"]
    assert (retracted.action, retracted.object_id) == ("update", 802)
    # Quantity and end, and nothing else: not the mark.
    assert moves(retracted) == {
        "quantity": (Decimal(3), Decimal(0)),
        "cancelled": (date(2026, 6, 30), date(2026, 6, 12)),
    }
    assert "retracted" in retracted.reason
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (date(2026, 6, 30), date(2027, 3, 9))}


def test_what_a_retraction_brings_is_what_the_line_brought() -> None:
    found = plan(seen=seen())
    effects = {one.address.removeprefix("addition:41/9001/"): one.effect for one in found.changes}
    # Three licences on 19 of June's 30 days, and from July on.
    assert [effect.once for effect in effects.values() if effect] == [Decimal("-41.80"), 0, 0]
    assert total(found).month == Decimal("-66.00")


def test_the_retracted_lines_are_in_step() -> None:
    gone = [delta(quantity=Decimal(0), cancelled=date(2026, 6, 12))]
    gone += [addition(id=803, quantity=Decimal(0), effective=JULY, cancelled=JULY, mark=mark(on=JULY))]
    for day in (AS_OF, date(2026, 7, 1), date(2026, 11, 30)):
        found = plan(seen=seen(addition(), *gone), as_of=day)
        assert (found.changes, found.held) == ((), ())


@pytest.mark.parametrize("behaviour", ["billed", "not_billed"])
def test_a_retracted_line_is_known_as_such_however_the_psa_bills_its_last_day(behaviour: Any) -> None:
    wanted = workspace(cancelled_day=behaviour)
    until = date(2027, 3, 9) if behaviour == "billed" else date(2027, 3, 10)
    gone = delta(quantity=Decimal(0), cancelled=date(2026, 6, 12))
    assert plan(wanted, seen(addition(cancelled=until), gone)).changes == ()


def test_a_retracted_line_that_is_wanted_again_is_the_one_that_is_used() -> None:
    gone = delta(quantity=Decimal(0), cancelled=date(2026, 6, 12))
    told = log(created(12), changed(15, on=date(2026, 6, 12)))
    changes = by_address(plan(seen=seen(BASE, gone, CARRIED, told=told, licences=15)))
    again = only(plan(seen=seen(BASE, gone, CARRIED, told=told, licences=15)))
    assert list(changes) == ["1/delta/2026-06-12"]
    assert (again.action, again.object_id) == ("update", 802)
    assert moves(again) == {
        "quantity": (Decimal(0), Decimal(3)),
        "cancelled": (date(2026, 6, 12), date(2026, 6, 30)),
    }
    assert "wanted again" in again.reason


def test_credits_are_retracted_before_charges_and_both_before_anything_else() -> None:
    credit = delta(quantity=Decimal(-3))
    changes = list(by_address(plan(seen=seen(BASE, addition(id=810, mark=mark(on=JULY), effective=JULY), credit))))
    assert changes == ["1/delta/2026-06-12", "1/base/2026-07-01", "1/base/2026-03-10"]
    found = plan(seen=seen(BASE, credit, CARRIED))
    assert [one.needs for one in found.changes[1:]] == [(one.address,) for one in found.changes[:-1]]


def test_an_update_of_a_revived_line_gives_it_the_price_that_holds_now() -> None:
    gone = delta(quantity=Decimal(0), cancelled=date(2026, 6, 12), unit_price=Decimal("99.00"))
    told = log(created(12), changed(15, on=date(2026, 6, 12)))
    change = only(plan(seen=seen(BASE, gone, CARRIED, told=told, licences=15)))
    assert after(change)["unit_price"] == Decimal("22.00")


# -- invoiced


@pytest.mark.parametrize("following", [JULY, date(2026, 6, 13), None])
def test_of_a_service_with_an_invoiced_line_that_is_not_wanted_nothing_is_changed(following: date | None) -> None:
    one = held(plan(seen=seen(following=following)))
    assert one.code == "line-invoiced"
    assert "addition 802" in one.why
    assert "66.00 a cycle" in one.why
    told = "does not say how far" if following is None else "invoiced through"
    assert told in one.why


def test_the_days_before_the_next_invoice_are_invoiced_and_that_day_is_not() -> None:
    assert plan(seen=seen(following=date(2026, 6, 12))).held == ()
    assert held(plan(seen=seen(following=date(2026, 6, 13)))).code == "line-invoiced"


ARREARS = workspace(billing=BillingRules(arrears=frozenset({"Managed Services"})))


@pytest.mark.parametrize(
    ("wanted", "type_name", "blocked"),
    [(workspace(), "Managed services", True), (ARREARS, "managed services", False), (ARREARS, "Other", True)],
)
def test_an_agreement_that_is_invoiced_in_arrears_has_its_current_month_open(
    wanted: Workspace, type_name: str, blocked: bool
) -> None:
    """Its next invoice, on 1 July, is that of June."""
    shown = observed(
        subscriptions=[subscription()],
        agreements=[agreement(next_invoice=JULY, type_name=type_name)],
        additions=POSTED,
        logs=[REVOKED],
    )
    assert [one.code for one in plan(wanted, shown).held] == (["line-invoiced"] if blocked else [])


def test_a_line_that_came_after_the_invoice_of_its_days_is_open() -> None:
    """June was invoiced on 25 May; the change of 12 June was not known then, and what is on its line neither."""
    told = log(created(12), changed(16, on=date(2026, 6, 12)))
    shown = seen(following=JULY, told=told, licences=16, invoiced_on={41: date(2026, 5, 25)})
    changes = by_address(plan(seen=shown))
    assert moves(changes["1/delta/2026-06-12"])["quantity"] == (Decimal(3), Decimal(4))
    blocked = held(plan(seen=seen(following=JULY, told=told, licences=16, invoiced_on={41: date(2026, 6, 13)})))
    assert blocked.code == "line-invoiced"


def test_an_agreement_that_was_never_invoiced_has_every_day_open() -> None:
    assert plan(seen=seen(following=JULY, invoiced_on={41: None})).held == ()


def test_a_retracted_line_that_is_wanted_again_is_not_asked_how_far_was_invoiced() -> None:
    """It billed nothing: like a new line, it is charged with the next invoice."""
    gone = delta(quantity=Decimal(0), cancelled=date(2026, 6, 12))
    told = log(created(12), changed(15, on=date(2026, 6, 12)))
    found = plan(seen=seen(BASE, gone, CARRIED, told=told, licences=15, following=JULY))
    assert found.held == ()
    assert only(found).object_id == 802


def test_a_line_to_come_may_change_whatever_was_invoiced() -> None:
    told = log(created(12), changed(15, on=date(2026, 6, 12)))
    wrong = addition(id=803, quantity=Decimal(14), effective=JULY, mark=mark(on=JULY))
    change = only(plan(seen=seen(BASE, delta(), wrong, told=told, licences=15, following=JULY)))
    assert moves(change) == {"quantity": (Decimal(14), Decimal(15))}
    assert "the PSA has 14, the history gives 15" in change.reason


def test_what_is_held_holds_its_own_service_alone() -> None:
    other = addition(id=900, mark=mark(subscription="9002"), cancelled=date(2026, 12, 31))
    shown = observed(
        subscriptions=[subscription(), subscription(id="9002")],
        agreements=[agreement(next_invoice=JULY)],
        additions=[*POSTED, other],
        logs=[REVOKED],
    )
    found = plan(workspace(services=[service_mapping(), service_mapping(subscription="9002")]), shown)
    assert [one.subject for one in found.held] == ["service:9001"]
    assert [one.object_id for one in found.changes] == [900]
