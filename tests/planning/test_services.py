"""Services become additions: what is created, what is kept in step, and what a line says."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.planning.plan import Effect
from engine.workspace.choices import BillingRules
from tests.planning.builders import (
    ADDITION_FIELDS,
    after,
    agreement,
    by_address,
    item,
    mark,
    moves,
    observed,
    only,
    plan,
    product_mapping,
    said,
    service_mapping,
    subscription,
    total,
    workspace,
)
from tests.planning.builders import addition as line
from tests.planning.logs import changed, created, log

TEXT = "Product: Suite; Plan: Suite Monthly; Part number: MPN-1; Subscription: b7e0-made-up; Licenses: 12"


def test_a_service_without_a_line_gets_one_with_exactly_these_fields() -> None:
    change = only(plan(seen=observed(additions=[])))
    assert (change.kind, change.action, change.agreement, change.customer) == ("addition", "create", 41, "100")
    assert change.address == "addition:41/9001/1/base/2026-03-10"
    assert change.source == service_mapping().place
    assert after(change) == {
        "product_id": 71,
        "quantity": Decimal(12),
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 3, 10),
        "cancelled": date(2027, 3, 9),
        "invoice_description": TEXT,
        "bill_customer": "Billable",
        "taxable": True,
        "mark": mark(),
    }
    assert all(one.before is None for one in change.fields)
    # From 10 March: 22 of 31 days, then three whole months; from July on, when nothing changes any more, each month.
    once, once_cost = Decimal("187.35") + 3 * Decimal("264.00"), Decimal("149.88") + 3 * Decimal("211.20")
    assert change.effect == Effect(
        month=Decimal("264.00"), month_cost=Decimal("211.20"), once=once, once_cost=once_cost
    )


def test_a_line_begins_no_earlier_than_a_person_wrote() -> None:
    nothing_yet = observed(additions=[])
    by_connection = workspace(manage_from=date(2026, 5, 1))
    assert after(only(plan(by_connection, nothing_yet)))["effective"] == date(2026, 5, 1)
    by_service = workspace(services=[service_mapping(effective_date=date(2026, 6, 1))])
    assert after(only(plan(by_service, nothing_yet)))["effective"] == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("posted", "wanted"),
    [
        ({"cancelled": date(2026, 12, 31)}, {"cancelled": (date(2026, 12, 31), date(2027, 3, 9))}),
        ({"cancelled": None}, {"cancelled": (None, date(2027, 3, 9))}),
        ({"quantity": Decimal("12.00"), "unit_price": Decimal("22.00000")}, {}),
        # What a person may have changed with good reason is not compared.
        ({"effective": date(2026, 3, 1)}, {}),
        ({"invoice_description": "by hand", "bill_customer": "NoCharge", "taxable": False}, {}),
        ({"less_included": Decimal(2)}, {}),
    ],
)
def test_of_a_begun_line_only_the_end_is_kept_in_step(
    posted: dict[str, Any], wanted: dict[str, tuple[object, object]]
) -> None:
    found = plan(seen=observed(additions=[line(**posted)]))
    assert found.held == ()
    assert {name: pair for change in found.changes for name, pair in moves(change).items()} == wanted
    assert {(change.action, change.object_id) for change in found.changes} <= {("update", 801)}


def test_another_number_of_licences_begins_today_beside_the_begun_line_and_carries_on_from_the_next_month() -> None:
    found = plan(seen=observed(additions=[line(quantity=Decimal(10))]))
    assert found.held == ()
    changes = by_address(found)
    assert list(changes) == ["1/base/2026-03-10", "1/delta/2026-06-15", "1/base/2026-07-01"]
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    delta, carried = after(changes["1/delta/2026-06-15"]), after(changes["1/base/2026-07-01"])
    assert (delta["quantity"], delta["cancelled"], delta["unit_price"]) == (2, date(2026, 6, 30), Decimal("22.00"))
    assert (carried["quantity"], carried["cancelled"]) == (12, date(2027, 3, 9))
    # Two licences on 16 of June's 30 days, then each month.
    assert total(found) == Effect(
        month=Decimal("44.00"), month_cost=Decimal("35.20"), once=Decimal("23.47"), once_cost=Decimal("18.77")
    )
    assert "12 licences" in said(found, "event-inferred")


def test_another_price_begins_with_the_next_month_and_ends_the_begun_line_before() -> None:
    found = plan(seen=observed(additions=[line(unit_price=Decimal("21.50"), unit_cost=Decimal("17.00"))]))
    changes = by_address(found)
    assert list(changes) == ["1/base/2026-03-10", "1/base/2026-07-01"]
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    carried = after(changes["1/base/2026-07-01"])
    assert (carried["unit_price"], carried["unit_cost"]) == (Decimal("22.00"), Decimal("17.60"))
    assert total(found) == Effect(month=Decimal("6.00"), month_cost=Decimal("7.20"))


@pytest.mark.parametrize("price_change", ["actual_date", "next_period"])
def test_a_price_that_a_person_changed_in_the_psa_is_not_a_day_older_than_the_line_that_has_it(
    price_change: Any,
) -> None:
    """Nobody can tell since when: the line that stands says what was billed, and the present says what is due."""
    wanted = workspace(billing=BillingRules(price_change=price_change))
    found = plan(wanted, observed(additions=[line(unit_price=Decimal("21.50"))]))
    (carried,) = [one for one in found.changes if one.action == "create"]
    first = date(2026, 6, 15) if price_change == "actual_date" else date(2026, 7, 1)
    assert (after(carried)["effective"], after(carried)["unit_price"]) == (first, Decimal("22.00"))


def test_in_the_first_days_the_line_itself_is_corrected() -> None:
    seen = observed(additions=[line(quantity=Decimal(10), unit_price=Decimal("21.50"))])
    change = only(plan(seen=seen, as_of=date(2026, 3, 11)))
    assert moves(change).keys() == {"quantity", "unit_price"}
    assert after(change)["quantity"] == 12
    later = plan(seen=seen, as_of=date(2026, 3, 12))
    assert {one.action for one in later.changes} == {"create", "update"}


def test_a_line_to_come_names_a_cause_only_where_the_log_tells_of_one() -> None:
    made = date(2026, 6, 1)
    told = [log(created(12), changed(15, on=date(2026, 6, 12)))]
    ahead = line(id=803, effective=date(2026, 7, 1), mark=mark(on=date(2026, 7, 1)), entered=made)
    first = line(cancelled=date(2026, 6, 30), entered=made)
    shown = [subscription(licenses=15)]
    found = plan(seen=observed(subscriptions=shown, additions=[first, ahead], logs=told))
    (change,) = [one for one in found.changes if one.object_id == 803]
    assert change.reason == "the number of licences changed before this line begins on 2026-07-01"
    edited = replace(ahead, quantity=Decimal(100))
    found = plan(seen=observed(subscriptions=shown, additions=[first, edited], logs=told))
    (change,) = [one for one in found.changes if one.object_id == 803]
    assert change.reason == "the PSA has 100, the history gives 15: it may have been changed by hand"


def test_where_the_log_adds_up_a_line_that_was_changed_by_hand_is_put_right() -> None:
    told = log(created(12))
    change = only(plan(seen=observed(additions=[line(quantity=Decimal(10))], logs=[told])))
    assert moves(change) == {"quantity": (Decimal(10), Decimal(12))}
    assert change.reason == "the PSA has 10, the history gives 12: it may have been changed by hand"


def test_a_narrowed_price_is_the_catalog_items_on_creation_and_left_alone_afterwards() -> None:
    narrowed = workspace(
        products=[product_mapping(fields=frozenset())],
        services=[service_mapping(fields=frozenset({"partner_unit_cost"}))],
    )
    dear = [item(price=Decimal("30.00"), cost=Decimal("1.00"))]
    created = only(plan(narrowed, observed(items=dear, additions=[])))
    assert (after(created)["unit_price"], after(created)["unit_cost"]) == (Decimal("30.00"), Decimal("17.60"))
    assert plan(narrowed, observed(items=dear, additions=[line(unit_price=Decimal(5))])).changes == ()


@pytest.mark.parametrize(
    ("fields", "written", "wanted"),
    [
        (ADDITION_FIELDS, None, TEXT),
        (ADDITION_FIELDS, "Your office suite.", f"Your office suite. {TEXT}"),
        (frozenset(), "Your office suite", "Your office suite"),
        (frozenset(), None, None),
    ],
)
def test_the_text_of_a_line_is_the_mappings_and_where_the_rules_say_so_the_subscriptions(
    fields: Any, written: str | None, wanted: str | None
) -> None:
    found = plan(workspace(services=[service_mapping(fields=fields, description=written)]), observed(additions=[]))
    assert after(only(found)).get("invoice_description") == wanted


def test_prices_are_rounded_half_up_and_the_difference_is_shown() -> None:
    odd = subscription(unit_price=Decimal("2.005"), unit_cost=Decimal("1.0049"))
    found = plan(seen=observed(subscriptions=[odd], additions=[]))
    assert (after(only(found))["unit_price"], after(only(found))["unit_cost"]) == (Decimal("2.01"), Decimal("1.00"))
    assert found.rounding == Decimal("0.060")
    assert plan(workspace(price_decimals=4), observed(subscriptions=[odd], additions=[])).rounding == 0


def test_a_price_that_the_rules_leave_alone_rounds_nothing() -> None:
    odd = subscription(unit_price=Decimal("2.005"))
    narrowed = workspace(services=[service_mapping(fields=frozenset())])
    assert plan(narrowed, observed(subscriptions=[odd], additions=[])).rounding == 0


def test_an_annual_subscription_counts_by_the_year() -> None:
    annual = subscription(cycle="annual", auto_renew=True)
    yearly = agreement(billing_cycle_id=2, start=date(2026, 3, 1))
    change = only(plan(seen=observed(subscriptions=[annual], agreements=[yearly], additions=[])))
    # The first year from 10 March on: 356 of its 365 days.
    assert change.effect == Effect(
        year=Decimal("264.00"), year_cost=Decimal("211.20"), once=Decimal("257.49"), once_cost=Decimal("205.99")
    )
    assert after(change)["cancelled"] == date(2028, 3, 9)


def test_reviving_a_line_that_had_lapsed_counts_as_money() -> None:
    renewing = subscription(auto_renew=True)
    lapsed = plan(seen=observed(subscriptions=[renewing], additions=[line(cancelled=date(2026, 4, 30))]))
    assert total(lapsed).month == Decimal("264.00")
    rolled = plan(seen=observed(subscriptions=[renewing], additions=[line(cancelled=date(2026, 6, 30))]))
    assert (len(rolled.changes), total(rolled).month) == (1, Decimal(0))
