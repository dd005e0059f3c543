"""Invoiced days are closed: what was charged is neither retracted nor cut off, as nothing would credit it."""

from datetime import date
from decimal import Decimal

import pytest

from engine.planning.observed import Observed
from engine.platform.models import Activity, ActivityLog
from engine.workspace.choices import BillingRules
from engine.workspace.model import Workspace
from tests.planning.builders import (
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
    product_mapping,
    subscription,
)
from tests.planning.builders import workspace as a_workspace

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
INVOICED_IN_MARCH: dict[int, date | None] = {41: date(2026, 3, 25)}


def _changed(following: date, **more: object) -> Observed:
    """A subscription whose licences rose from 12 to 15 on 14 April, seen that day."""
    items = (
        Activity(on=date(2026, 3, 10), kind="created", quantity=12),
        Activity(on=date(2026, 4, 14), kind="quantity", quantity=15),
    )
    return observed(
        subscriptions=[subscription(licenses=15, last_updated="2026-04-14T12:00:00Z")],
        agreements=[agreement(next_invoice=following)],
        logs=[ActivityLog(subscription="9001", items=items)],
        **more,  # type: ignore[arg-type] # members of `observed`
    )


def _priced() -> Workspace:
    return a_workspace(billing=BillingRules(price_change="actual_date"))


def test_a_line_may_end_with_the_last_invoiced_day() -> None:
    found = plan(seen=_changed(MAY, invoiced_on=INVOICED_IN_MARCH))

    assert found.held == ()
    assert set(by_address(found)) == {"1/base/2026-03-10", "1/delta/2026-04-14", "1/base/2026-05-01"}


def test_a_line_does_not_end_before_days_that_were_invoiced_early() -> None:
    found = plan(seen=_changed(JUNE, invoiced_on={41: date(2026, 4, 10)}))
    (one,) = found.held

    assert one.code == "late-change"
    assert "66.00 USD of 2026-05-01 to 2026-05-31" in one.why
    assert "invoiced through 2026-05-31" in one.why
    ends = moves(by_address(found)["1/base/2026-03-10"])
    assert ends == {"cancelled": (date(2027, 3, 9), date(2026, 5, 31))}


def test_as_long_as_nobody_asked_when_invoices_were_made_the_service_is_held() -> None:
    one = held(plan(seen=_changed(JUNE)))

    assert one.code == "line-invoiced"
    assert "addition 801" in one.why
    assert "end on 2026-04-30" in one.why
    assert "invoiced through 2026-05-31" in one.why


def test_a_line_that_was_made_after_the_invoice_may_end_before_its_last_day() -> None:
    made = date(2026, 3, 1)

    assert plan(seen=_changed(JUNE, invoiced_on={41: made})).held == ()


def test_a_new_price_in_an_invoiced_month_does_not_bill_the_rest_of_it_again() -> None:
    seen = observed(
        subscriptions=[subscription(unit_price=Decimal(30))],
        agreements=[agreement(next_invoice=JULY)],
        invoiced_on={41: date(2026, 5, 25)},
    )
    found = plan(_priced(), seen)

    assert [one.code for one in found.held] == ["late-change"]
    changes = by_address(found)
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    assert after(changes["1/base/2026-06-15/1"])["effective"] == JULY


@pytest.mark.parametrize(("quantity", "price"), [(0, "22.00"), (12, "0.00")])
def test_a_line_that_bills_nothing_may_end_on_any_day(quantity: int, price: str) -> None:
    seen = observed(
        subscriptions=[subscription(licenses=quantity, unit_price=Decimal(30))],
        agreements=[agreement(next_invoice=JULY)],
        additions=[addition(quantity=Decimal(quantity), unit_price=Decimal(price))],
        invoiced_on={41: date(2026, 5, 25)},
    )

    assert plan(_priced(), seen).held == ()


def test_a_line_that_was_invoiced_is_not_retracted_for_a_history_that_denies_it() -> None:
    later = subscription(start=MAY, end=date(2027, 4, 30))
    seen = observed(subscriptions=[later], agreements=[agreement(next_invoice=MAY)], invoiced_on=INVOICED_IN_MARCH)
    one = held(plan(seen=seen))

    assert one.code == "line-invoiced"
    assert "would have to change" in one.why


def test_a_month_of_consumption_that_was_invoiced_is_not_retracted() -> None:
    of_june = mark(role="usage", on=None, month="2026-06")
    june = addition(mark=of_june, effective=JUNE, cancelled=date(2026, 6, 30), quantity=Decimal(1))
    seen = observed(
        subscriptions=[subscription(start=JULY, end=None, unit_price=Decimal(0), part_number=None)],
        agreements=[agreement(next_invoice=JULY)],
        additions=[june],
        invoiced_on={41: date(2026, 6, 5)},
    )
    wanted = a_workspace(products=[product_mapping(kind="usage")])

    assert held(plan(wanted, seen)).code == "line-invoiced"


def test_a_line_that_began_after_the_last_invoice_is_retracted() -> None:
    later = subscription(start=MAY, end=date(2027, 4, 30))
    seen = observed(subscriptions=[later], agreements=[agreement(next_invoice=MAY)], invoiced_on={41: date(2026, 3, 1)})

    assert set(by_address(plan(seen=seen))) == {"1/base/2026-03-10", "1/base/2026-05-01"}


def test_an_end_that_a_person_has_put_right_is_in_step() -> None:
    seen = _changed(JUNE, invoiced_on={41: date(2026, 4, 10)}, additions=[addition(cancelled=date(2026, 4, 30))])

    assert set(by_address(plan(seen=seen))) == {"1/delta/2026-04-14", "1/base/2026-05-01"}


def test_a_later_end_is_open_to_any_line() -> None:
    seen = observed(
        agreements=[agreement(next_invoice=MAY)],
        additions=[addition(cancelled=date(2026, 4, 9))],
        invoiced_on=INVOICED_IN_MARCH,
    )

    assert only(plan(seen=seen)).object_id == 801


def test_a_line_that_is_over_ends_with_the_last_invoiced_day_and_what_is_too_much_is_told_each_night() -> None:
    over = subscription(end=date(2026, 6, 9), auto_renew=False)
    invoiced: dict[int, date | None] = {41: date(2026, 5, 25)}
    found = plan(seen=observed(subscriptions=[over], agreements=[agreement(next_invoice=JULY)], invoiced_on=invoiced))
    (change,) = found.changes

    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    assert "over on 2026-06-09, and has been invoiced through 2026-06-30" in change.reason

    standing = addition(cancelled=date(2026, 6, 30))
    again = observed(
        subscriptions=[over], agreements=[agreement(next_invoice=JULY)], additions=[standing], invoiced_on=invoiced
    )
    # 12 × 22.00 on 21 of 30 days.
    assert "-184.80 USD of 2026-06-01 to 2026-06-30" in held(plan(seen=again)).why
