"""What somebody edited by hand of our lines, told from what has a cause on the platform."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Drift, Plan
from engine.psa.models import Addition
from engine.workspace.owners import Pin
from tests.planning.builders import (
    addition,
    agreement,
    by_address,
    item,
    mark,
    observed,
    place,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import changed, created, log
from tests.planning.test_amounts import USAGE, usage, usage_line

FIRST = "addition:41/9001/1/base/2026-03-10"
MADE = date(2026, 3, 11)
QUIET = "2026-03-10T08:00:00Z"
"""The platform touched the subscription last on the day of its purchase, before its line was made."""


def edited(found: Plan) -> list[tuple[str, object, object, str]]:
    return [(one.field, one.has, one.wants, one.remedy) for one in found.drift]


def only(found: Plan) -> Drift:
    (one,) = found.drift
    return one


def seen(*lines: Addition, touched: str = QUIET, **more: Any) -> Plan:
    shown = subscription(last_updated=touched, **{name: more.pop(name) for name in ("licenses", "end") if name in more})
    return plan(more.pop("wanted", None), observed(subscriptions=[shown], additions=lines, **more))


def ours(**by_hand: Any) -> Addition:
    return addition(**{"entered": MADE, **by_hand})


def test_what_is_in_step_has_no_drift() -> None:
    assert seen(ours()).drift == ()


# -- what the plan puts back


def test_another_end_is_put_back() -> None:
    found = seen(ours(cancelled=date(2026, 6, 20)))
    assert edited(found) == [("cancelled", "2026-06-20", "2027-03-09", "apply")]
    (change,) = found.changes
    assert change.drift == ("cancelled",)
    assert only(found).address == change.address == FIRST
    assert only(found).advice == "`cwctl apply` puts it back"


def test_a_missing_end_is_put_back() -> None:
    assert edited(seen(ours(cancelled=None))) == [("cancelled", None, "2027-03-09", "apply")]


def test_an_end_that_the_platform_may_have_moved_is_no_drift() -> None:
    found = seen(ours(), end=date(2026, 12, 31), touched="2026-06-01T08:00:00Z")
    assert (len(found.changes), found.drift) == (1, ())
    assert found.changes[0].drift == ()


def test_without_the_day_on_which_a_line_was_made_its_last_end_may_be_the_platforms() -> None:
    assert seen(addition(cancelled=date(2026, 6, 20))).drift == ()


def test_a_quantity_that_the_log_never_had_is_put_back() -> None:
    items = [log(created(12), changed(15, date(2026, 5, 5)))]
    lines = [
        ours(cancelled=date(2026, 5, 31)),
        ours(
            id=802,
            mark=mark(role="delta", on=date(2026, 5, 5)),
            effective=date(2026, 5, 5),
            cancelled=date(2026, 5, 31),
            quantity=Decimal(2),
        ),
        ours(id=803, mark=mark(on=date(2026, 6, 1)), effective=date(2026, 6, 1), quantity=Decimal(15)),
    ]
    found = seen(*lines, logs=items, licenses=15, touched="2026-05-05T08:00:00Z")
    assert edited(found) == [("quantity", "2", "3", "apply")]


def test_a_change_on_the_platform_is_no_drift() -> None:
    items = [log(created(12), changed(15, date(2026, 6, 5)))]
    found = seen(ours(), logs=items, licenses=15, touched="2026-06-05T08:00:00Z")
    assert len(found.changes) == 3
    assert (found.drift, {one.drift for one in found.changes}) == ((), {()})


def test_a_price_that_changed_while_its_line_had_not_begun_is_no_drift() -> None:
    lines = [
        ours(cancelled=date(2026, 6, 30)),
        ours(
            id=802,
            mark=mark(on=date(2026, 7, 1)),
            effective=date(2026, 7, 1),
            unit_price=Decimal("25.00"),
            entered=date(2026, 6, 2),
        ),
    ]
    assert seen(*lines, touched="2026-06-10T08:00:00Z").drift == ()


# -- what the history takes for what was so


def test_a_price_of_the_last_line_is_right_from_the_next_period_on() -> None:
    found = seen(ours(unit_price=Decimal("19.50")))
    one = only(found)
    assert edited(found) == [("unit_price", "19.50", "22.00", "carry_on")]
    assert one.advice.startswith("`cwctl apply` leaves this line and bills 22.00 from 2026-07-01 on; to keep it, write")
    assert "1/base/2026-07-01" in by_address(found)


def test_a_price_that_may_have_changed_on_the_platform_is_no_drift() -> None:
    assert seen(ours(unit_price=Decimal("19.50")), touched="2026-03-11T00:00:00Z").drift == ()
    assert seen(addition(unit_price=Decimal("19.50"))).drift == ()
    assert seen(ours(unit_price=Decimal("19.50")), touched="").drift == ()


def test_a_cost_is_told_as_a_price_is() -> None:
    found = seen(ours(unit_cost=Decimal("1.00")))
    assert edited(found) == [("unit_cost", "1.00", "17.60", "carry_on")]
    assert "owners: {unit_cost: psa}" in only(found).advice


def test_a_quantity_that_nothing_explains_is_right_from_today_on() -> None:
    found = seen(ours(quantity=Decimal(10)))
    assert edited(found) == [("quantity", "10", "12", "carry_on")]
    assert "from 2026-06-15 on" in only(found).advice


def test_an_owned_or_pinned_price_is_no_drift() -> None:
    pin = Pin(field="unit_price", value="19.50", reason="Agreed", until=date(2027, 3, 9), place=place())
    for mapping in (service_mapping(owned=frozenset({"unit_price"})), service_mapping(pins=(pin,))):
        found = seen(ours(unit_price=Decimal("19.50")), wanted=workspace(services=[mapping]))
        assert (found.drift, found.held) == ((), ())


# -- what is never written again


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        ({"less_included": Decimal(2)}, ("less_included", "2", "0")),
        ({"bill_customer": "DoNotBill"}, ("bill_customer", "DoNotBill", "Billable")),
        ({"taxable": False}, ("taxable", False, True)),
    ],
)
def test_a_field_that_is_never_written_again_is_for_a_person(by_hand: Any, told: Any) -> None:
    found = seen(ours(**by_hand))
    assert edited(found) == [(*told, "by_hand")]
    assert "put it back in the PSA" in only(found).advice
    assert found.changes == ()


def test_what_is_included_without_charge_stays_so_in_the_effect_of_another_change() -> None:
    found = seen(ours(less_included=Decimal(2)), end=date(2027, 2, 28))
    (change,) = found.changes
    assert change.effect is not None
    # The two were never charged: another end of the term does not begin to charge them.
    assert (change.effect.month, change.effect.once) == (Decimal(0), Decimal(0))
    assert change.line is not None
    assert change.line.quantity == 10


@pytest.mark.parametrize("billed", ["DoNotBill", "NoCharge"])
def test_a_line_that_bills_nothing_by_hand_counts_as_nothing_before_and_after(billed: str) -> None:
    found = seen(ours(bill_customer=billed))
    (effect,) = found.by_customer
    assert (effect.before.month, effect.after.month) == (Decimal(0), Decimal(0))
    # What the platform charges for it stays.
    assert effect.before.month_cost == effect.after.month_cost == Decimal("211.20")


def test_what_is_included_by_hand_counts_before_and_after() -> None:
    found = seen(ours(less_included=Decimal(2)))
    (effect,) = found.by_customer
    assert (effect.before.month, effect.after.month, found.changes) == (Decimal("220.00"), Decimal("220.00"), ())


def test_a_line_of_another_product_than_the_others_of_its_segment_is_drift() -> None:
    items = [log(created(12), changed(15, date(2026, 6, 5)))]
    lines = [
        ours(cancelled=date(2026, 6, 30)),
        ours(
            id=802,
            mark=mark(role="delta", on=date(2026, 6, 5)),
            effective=date(2026, 6, 5),
            cancelled=date(2026, 6, 30),
            quantity=Decimal(3),
            product_id=72,
            product_identifier="SUITE-L",
        ),
        ours(id=803, mark=mark(on=date(2026, 7, 1)), effective=date(2026, 7, 1), quantity=Decimal(15)),
    ]
    found = seen(*lines, logs=items, items=[item(), item(id=72)], licenses=15, touched="2026-06-05T08:00:00Z")
    assert edited(found) == [("product_id", "SUITE-L", "SUITE-M", "by_hand")]


DETAILS = "Product: Suite; Plan: Suite Monthly; Part number: MPN-1; Subscription: b7e0-made-up; Licenses: 12"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"Office licences. {DETAILS}",
        f"  Office   licences. {DETAILS}",
        "Office licences",
        "Office licences. Plan: Suite of last year; Subscription: b7e0-made-up; Licenses: +3",
        DETAILS,
    ],
)
def test_a_text_that_we_may_have_written_is_no_drift(text: str) -> None:
    wanted = workspace(services=[service_mapping(description="Office licences.")])
    assert seen(ours(invoice_description=text), wanted=wanted).drift == ()


@pytest.mark.parametrize(
    "text",
    [f"As agreed. {DETAILS}", f"Office licences. {DETAILS}, see order 7", "Licences", DETAILS.replace("b7", "c7")],
)
def test_a_text_that_we_would_not_write_is_drift_unless_it_is_the_psas(text: str) -> None:
    mapping = {"description": "Office licences."}
    found = seen(ours(invoice_description=text), wanted=workspace(services=[service_mapping(**mapping)]))
    assert edited(found) == [("invoice_description", text, f"Office licences. {DETAILS}", "by_hand")]
    assert "owners: {description: psa}" in only(found).advice
    owned = workspace(services=[service_mapping(**mapping, owned=frozenset({"description"}))])
    assert seen(ours(invoice_description=text), wanted=owned).drift == ()


def test_what_was_taken_over_may_be_billed_otherwise() -> None:
    own_way = {"taxable": False, "bill_customer": "NoCharge", "invoice_description": "By hand"}
    named = workspace(services=[service_mapping(addition=801)])
    assert seen(ours(**own_way), wanted=named).drift == ()
    assert seen(ours(**own_way, effective=date(2025, 11, 1))).drift == ()


def test_a_line_that_is_taken_over_now_is_no_drift() -> None:
    named = workspace(services=[service_mapping(addition=801)])
    found = seen(ours(mark=None, quantity=Decimal(3), unit_price=Decimal(1)), wanted=named)
    assert (len(found.changes), found.drift) == (1, ())


def test_a_retracted_line_is_no_drift() -> None:
    day = date(2026, 7, 1)
    gone = ours(id=802, mark=mark(on=day), effective=day, cancelled=day, quantity=Decimal(0), taxable=False)
    assert seen(ours(), gone).drift == ()


# -- what is held back


def test_another_first_day_holds_the_service_and_is_drift() -> None:
    found = seen(ours(effective=date(2026, 4, 10)))
    assert [one.code for one in found.held] == ["line-moved"]
    assert edited(found) == [("effective", "2026-04-10", "2026-03-10", "by_hand")]
    assert (only(found).address, only(found).addition) == (FIRST, 801)


def test_consumption_by_hand_is_drift() -> None:
    for by_hand, told in (
        ({"quantity": Decimal(3)}, ("quantity", "3", "1", "apply")),
        ({"effective": date(2026, 5, 9)}, ("effective", "2026-05-09", "2026-05-01", "by_hand")),
    ):
        lines = [usage_line(1, 4), usage_line(2, 5, **by_hand), usage_line(3, 6)]
        assert edited(plan(USAGE, observed(subscriptions=[usage()], additions=lines))) == [told]


def test_a_line_of_invoiced_days_is_for_a_person() -> None:
    invoiced = [agreement(next_invoice=date(2026, 7, 1))]
    found = seen(ours(effective=date(2026, 3, 10), quantity=Decimal(11)), agreements=invoiced)
    assert edited(found) == [("quantity", "11", "12", "carry_on")]
    ends = seen(ours(cancelled=date(2026, 5, 31)), agreements=invoiced)
    assert [one[:3] for one in edited(ends)] == [("cancelled", "2026-05-31", "2027-03-09")]


def test_a_line_of_a_product_that_is_not_mapped_any_more_is_not_told() -> None:
    assert seen(ours(taxable=False), wanted=workspace(products=[product_mapping(plan="Other")])).drift == ()
