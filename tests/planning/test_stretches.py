"""A service that moves to another agreement on a day: the old lines end the day before, the new ones begin on it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.observed import Observed
from engine.planning.plan import Effect, Plan
from engine.psa.mark import decode
from engine.psa.models import Addition, Agreement
from engine.workspace.choices import BillingRules, RuleOverride
from engine.workspace.model import ServiceAgreement, Workspace
from tests.planning.builders import (
    addition,
    after,
    agreement,
    agreement_ref,
    customer_mapping,
    ended,
    mark,
    moves,
    observed,
    place,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    total,
    workspace,
)
from tests.planning.logs import cancelled, changed, created, log
from tests.planning.nights import Psa

MOVE = date(2026, 6, 15)


def moved(on: date = MOVE, **more: Any) -> Workspace:
    """The service is billed on agreement 41, and from a day on 42."""
    both = (ServiceAgreement(agreement=41, place=place()), ServiceAgreement(agreement=42, starts=on, place=place()))
    return workspace(
        [customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))],
        services=[service_mapping(agreements=both)],
        **more,
    )


def seen(additions: Iterable[Addition] = (), agreements: list[Agreement] | None = None, **more: Any) -> Observed:
    return observed(additions=additions, agreements=agreements or [agreement(), agreement(id=42)], **more)


def lines(found: Plan) -> dict[str, tuple[object, object, object]]:
    """Quantity, first and last day of each line that is made, by agreement and key."""
    assert found.held == ()
    return {
        one.address.removeprefix("addition:"): tuple(
            after(one)[name] for name in ("quantity", "effective", "cancelled")
        )  # type: ignore[misc] # three names
        for one in found.changes
        if one.action == "create"
    }


def in_step(wanted: Workspace, found: Plan, standing: Iterable[Addition] = (), **more: Any) -> None:
    """Once applied, nothing is left to plan, on that day and months later."""
    psa = Psa(tuple(standing)).applied(found)
    for day in (found.as_of, date(2026, 9, 30)):
        again = plan(wanted, seen(psa.additions, **more), as_of=day)
        assert (again.changes, again.held) == ((), ())


@pytest.mark.parametrize("as_of", [date(2026, 5, 31), date(2026, 6, 14), MOVE, date(2026, 8, 1)])
def test_the_old_line_ends_the_day_before_and_a_new_one_begins_on_the_day_whenever_the_mapping_says_so(
    as_of: date,
) -> None:
    found = plan(moved(), seen([addition()]), as_of=as_of)
    old, new = found.changes
    assert (old.object_id, moves(old)) == (801, {"cancelled": (date(2027, 3, 9), date(2026, 6, 14))})
    assert old.reason == "the mapping moves it to another agreement"
    assert lines(found) == {"42/9001/1/base/2026-06-15": (Decimal(12), MOVE, date(2027, 3, 9))}
    assert (new.agreement, after(new)["mark"]) == (42, mark(on=MOVE, agreement=42))
    in_step(moved(), found, [addition()])


def test_a_move_changes_what_each_agreement_is_invoiced_and_nothing_in_sum() -> None:
    found = plan(moved(), seen([addition()]), as_of=date(2026, 6, 1))
    old, new = [one.effect for one in found.changes]
    assert old is not None
    assert new is not None
    assert (old.month, new.month) == (Decimal("-264.00"), Decimal("264.00"))
    # 14 of June's 30 days stay where they were; 16 go over.
    assert (old.once, new.once) == (Decimal("-140.80"), Decimal("140.80"))
    assert total(found) == Effect()


def test_a_service_without_lines_gets_those_of_both_agreements() -> None:
    found = plan(moved(), seen(), as_of=date(2026, 8, 1))
    assert lines(found) == {
        "41/9001/1/base/2026-03-10": (Decimal(12), date(2026, 3, 10), date(2026, 6, 14)),
        "42/9001/1/base/2026-06-15": (Decimal(12), MOVE, date(2027, 3, 9)),
    }
    in_step(moved(), found)


def test_a_change_before_the_move_is_billed_on_both_sides_of_it() -> None:
    told = log(created(12), changed(15, on=date(2026, 6, 10)))
    more: dict[str, Any] = {"subscriptions": [subscription(licenses=15)], "logs": [told]}
    found = plan(moved(), seen(**more), as_of=date(2026, 6, 20))
    assert lines(found) == {
        "41/9001/1/base/2026-03-10": (Decimal(12), date(2026, 3, 10), date(2026, 6, 14)),
        "41/9001/1/delta/2026-06-10": (Decimal(3), date(2026, 6, 10), date(2026, 6, 14)),
        "42/9001/1/base/2026-06-15": (Decimal(12), MOVE, date(2026, 6, 30)),
        "42/9001/1/delta/2026-06-15": (Decimal(3), MOVE, date(2026, 6, 30)),
        "42/9001/1/base/2026-07-01": (Decimal(15), date(2026, 7, 1), date(2027, 3, 9)),
    }
    in_step(moved(), found, **more)
    # Also where the platform's log is not to be had any more.
    in_step(moved(), found, subscriptions=[subscription(licenses=15)])


def test_a_change_after_the_move_is_billed_on_the_new_agreement_alone() -> None:
    told = log(created(12), changed(15, on=date(2026, 6, 20)))
    more: dict[str, Any] = {"subscriptions": [subscription(licenses=15)], "logs": [told]}
    standing = [addition(cancelled=date(2026, 6, 14)), addition(id=802, agreement_id=42, **on_new())]
    found = plan(moved(), seen(standing, **more), as_of=date(2026, 6, 20))
    assert lines(found) == {
        "42/9001/1/delta/2026-06-20": (Decimal(3), date(2026, 6, 20), date(2026, 6, 30)),
        "42/9001/1/base/2026-07-01": (Decimal(15), date(2026, 7, 1), date(2027, 3, 9)),
    }
    assert {one.agreement for one in found.changes} == {42}
    in_step(moved(), found, standing, **more)


def on_new() -> dict[str, Any]:
    """Key and first day of the line on the new agreement."""
    return {"mark": mark(on=MOVE, agreement=42), "effective": MOVE}


def test_an_end_after_the_move_is_taken_back_on_the_new_agreement_alone() -> None:
    more: dict[str, Any] = {"subscriptions": [ended()], "logs": [log(created(12), cancelled(on=date(2026, 6, 20)))]}
    standing = [addition(cancelled=date(2026, 6, 14)), addition(id=802, agreement_id=42, **on_new())]
    found = plan(moved(), seen(standing, **more), as_of=date(2026, 6, 25))
    assert lines(found) == {
        "42/9001/1/reversal/2026-06-20": (Decimal(-12), date(2026, 6, 20), date(2026, 6, 30)),
    }
    assert {one.agreement for one in found.changes} == {42}
    in_step(moved(), found, standing, **more)


def test_an_end_before_the_move_leaves_the_new_agreement_without_a_line() -> None:
    more: dict[str, Any] = {"subscriptions": [ended()], "logs": [log(created(12), cancelled(on=date(2026, 5, 20)))]}
    found = plan(moved(), seen([addition()], **more), as_of=date(2026, 5, 25))
    assert {one.agreement for one in found.changes} == {41}
    in_step(moved(), found, [addition()], **more)


def test_a_move_that_is_taken_back_uses_the_old_line_again_and_retracts_the_new_one() -> None:
    standing = [addition(cancelled=date(2026, 6, 14)), addition(id=802, agreement_id=42, **on_new())]
    later = moved(on=date(2026, 8, 1))
    found = plan(later, seen(standing), as_of=date(2026, 6, 10))
    assert lines(found) == {"42/9001/1/base/2026-08-01": (Decimal(12), date(2026, 8, 1), date(2027, 3, 9))}
    by_id = {one.object_id: moves(one) for one in found.changes if one.action == "update"}
    assert by_id == {
        801: {"cancelled": (date(2026, 6, 14), date(2026, 7, 31))},
        802: {"quantity": (Decimal(12), Decimal(0)), "cancelled": (date(2027, 3, 9), MOVE)},
    }
    in_step(later, found, standing)


def test_the_old_agreement_may_be_over_once_the_move_is() -> None:
    standing = [addition(cancelled=date(2026, 6, 14)), addition(id=802, agreement_id=42, **on_new())]
    for closed in (agreement(cancelled=True), agreement(end=date(2026, 6, 14))):
        found = plan(moved(), seen(standing, [closed, agreement(id=42)]), as_of=MOVE)
        assert (found.changes, found.held) == ((), ())
        before = plan(moved(), seen(standing, [agreement(cancelled=True), agreement(id=42)]), as_of=date(2026, 6, 14))
        assert [one.code for one in before.held] == ["agreement-ended"]


def test_the_new_agreement_must_fit_as_the_old_one_does() -> None:
    wrong = agreement(id=42, billing_cycle_id=2)
    found = plan(moved(), seen([addition()], [agreement(), wrong]))
    assert [one.code for one in found.held] == ["cycle-differs"]
    assert found.changes == ()


def test_an_agreement_that_begins_after_the_move_bills_from_its_own_start() -> None:
    late = agreement(id=42, start=date(2026, 7, 1), next_invoice=date(2026, 7, 1))
    found = plan(moved(), seen([addition()], [agreement(), late]), as_of=date(2026, 6, 1))
    assert lines(found) == {"42/9001/1/base/2026-07-01": (Decimal(12), date(2026, 7, 1), date(2027, 3, 9))}
    assert "agreement-begins-later" in [one.code for one in found.notices]


def test_each_agreement_has_its_own_rules() -> None:
    by_month = RuleOverride(agreement=42, service_cancellation="end_of_month", place=place())
    wanted = moved(billing=BillingRules(overrides=(by_month,)))
    more: dict[str, Any] = {"subscriptions": [ended()], "logs": [log(created(12), cancelled(on=date(2026, 6, 20)))]}
    standing = [addition(cancelled=date(2026, 6, 14)), addition(id=802, agreement_id=42, **on_new())]
    found = plan(wanted, seen(standing, **more), as_of=date(2026, 6, 25))
    (change,) = found.changes
    assert (change.object_id, moves(change)) == (802, {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))})


# -- what carries amounts belongs to one side


def test_a_month_of_consumption_belongs_to_one_agreement_that_of_the_day_of_the_move() -> None:
    usage = subscription(start=date(2026, 4, 20), end=date(2026, 4, 20), auto_renew=True, part_number=None)
    wanted = moved(products=[product_mapping(kind="usage")])
    found = plan(wanted, seen(subscriptions=[usage]), as_of=date(2026, 7, 3))
    assert list(lines(found)) == [
        "41/9001/1/usage/2026-04",
        "41/9001/1/usage/2026-05",
        "42/9001/1/usage/2026-06",
        "42/9001/1/usage/2026-07",
    ]
    psa = Psa().applied(found)
    assert plan(wanted, seen(psa.additions, subscriptions=[usage]), as_of=date(2026, 7, 31)).changes == ()


@pytest.mark.parametrize(
    ("start", "agreement_id"),
    [(date(2026, 3, 10), 41), (date(2026, 6, 14), 41), (MOVE, 42), (date(2026, 6, 20), 42), (date(2026, 7, 2), 42)],
)
def test_what_is_bought_once_belongs_to_the_agreement_of_its_day(start: date, agreement_id: int) -> None:
    once = subscription(cycle="one_time", start=start, end=None)
    wanted = moved(products=[product_mapping(kind="one_time")])
    found = plan(wanted, seen(subscriptions=[once]), as_of=date(2026, 7, 3))
    assert [decode(str(after(one)["mark"])).agreement for one in found.changes] == [agreement_id]  # type: ignore[union-attr] # a mark of ours
    assert [one.agreement for one in found.changes] == [agreement_id]
    in_step(wanted, found, subscriptions=[once])
