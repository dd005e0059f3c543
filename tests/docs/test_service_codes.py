"""What a plan says of services in circumstances that docs/plan-codes.md describes, with the code that stands there."""

from datetime import date
from decimal import Decimal

from engine.diagnostics import Diagnostic
from engine.planning.plan import Plan
from engine.platform.models import Activity, ActivityLog
from tests.planning.builders import (
    agreement,
    held,
    item,
    observed,
    plan,
    product,
    product_mapping,
    subscription,
    workspace,
)


def said(found: Plan, code: str) -> Diagnostic:
    """The one notice with a code, where nothing is held back."""
    assert found.held == ()
    (one,) = [one for one in found.notices if one.code == code]
    assert one.severity == "notice"
    return one


def test_a_subscription_without_a_part_number() -> None:
    found = plan(seen=observed(subscriptions=[subscription(part_number=None)]))
    assert said(found, "part-number-missing").text.endswith("the platform names no part number for it")


def test_an_agreement_that_begins_later() -> None:
    seen = observed(agreements=[agreement(start=date(2026, 7, 1), next_invoice=date(2026, 7, 1))], additions=[])
    assert "begins on 2026-07-01" in said(plan(seen=seen), "agreement-begins-later").text


def test_an_agreement_that_ends_before_the_subscription() -> None:
    seen = observed(agreements=[agreement(end=date(2026, 12, 31))])
    assert "ends on 2026-12-31" in said(plan(seen=seen), "agreement-ends").text


def test_an_agreement_that_ends_after_the_subscription_is_no_matter() -> None:
    found = plan(seen=observed(agreements=[agreement(end=date(2027, 3, 9))]))
    assert [one for one in found.notices if one.code == "agreement-ends"] == []


def test_a_log_that_is_not_whole() -> None:
    created = Activity(on=date(2026, 3, 10), kind="created", quantity=12)
    seen = observed(logs=[ActivityLog(subscription="9001", items=(created,), whole=False)])
    assert "does not give its whole activity log" in said(plan(seen=seen), "log-incomplete").text


def test_an_item_of_a_log_that_nobody_taught_us_to_read() -> None:
    items = (
        Activity(on=date(2026, 3, 10), kind="created", quantity=12),
        Activity(on=date(2026, 4, 1), kind="unknown", text="Reticulated"),
        Activity(on=date(2026, 6, 2), kind="unknown", text="Defenestrated"),
    )
    found = plan(seen=observed(logs=[ActivityLog(subscription="9001", items=items)]))
    assert said(found, "log-not-understood").text.endswith("its activity log says on 2026-06-02: Defenestrated")


def test_a_subscription_that_came_from_a_mapped_one() -> None:
    parent = subscription(licenses=8)
    child = subscription(id="9002", provider_id="c8f1-made-up", parent="9001", licenses=4, start=date(2026, 6, 10))
    found = plan(seen=observed(subscriptions=[parent, child]))
    assert "follows it onto agreement 41" in said(found, "mapped-automatically").text
    assert "addition:41/9002/1/base/2026-06-10" in {one.address for one in found.changes}


def test_a_period_that_bills_more_than_its_days() -> None:
    whole = workspace(increase="first_of_month", decrease="first_of_next_month", cancellation="end_of_month")
    found = plan(whole, observed(agreements=[agreement(prorates=False)], additions=[]))
    notices = [one for one in found.notices if one.code == "period-overbilled"]
    assert "the period from 2026-03-01 bills 76.65 more than its days" in notices[0].text


def test_rules_that_bill_parts_of_a_period_on_an_agreement_that_does_not_prorate() -> None:
    one = held(plan(seen=observed(agreements=[agreement(prorates=False)])))
    assert one.code == "rules-need-proration"
    assert one.hint is not None
    assert "effective_date_positive_change: first_of_month" in one.hint


def test_an_upgrade_before_the_first_line() -> None:
    """The platform keeps no price of the product before."""
    bigger = product(plan="Bigger", sku="S-2", plan_name="Suite Bigger")
    items = (
        Activity(on=date(2026, 3, 10), kind="created", quantity=12, product="Suite S-1"),
        Activity(on=date(2026, 5, 4), kind="upgraded", product="Suite S-2"),
    )
    seen = observed(
        products=[product(), bigger],
        subscriptions=[subscription(plan="Bigger", sku="S-2", unit_price=Decimal(30))],
        items=[item(), item(id=72, identifier="SUITE-B", description="Suite Bigger")],
        additions=[],
        logs=[ActivityLog(subscription="9001", items=items)],
    )
    found = plan(workspace(products=[product_mapping(), product_mapping(plan="Bigger", catalog_item=72)]), seen)
    assert [one.code for one in found.held] == ["past-price-unknown"]
