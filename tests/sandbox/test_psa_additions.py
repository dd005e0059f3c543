"""Additions: what the PSA computes and what it refuses."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.sandbox.psa.seed import QUARTERLY, YEARLY, add_custom_field
from tests.sandbox.psa_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def body(desk: Desk, **more: Any) -> dict[str, Any]:
    return {
        "product": {"id": desk.item},
        "quantity": 24,
        "unitPrice": 14.95,
        "unitCost": 4,
        "billCustomer": "Billable",
        "effectiveDate": "2026-07-01T00:00:00Z",
        **more,
    }


def reason(refused: Any) -> str:
    assert refused["code"] == "InvalidObject"
    assert refused["message"] == f"Addition object is invalid - {refused['errors'][0]['message']}"
    return str(refused["errors"][0]["message"])


def test_a_new_addition_has_its_computed_members(desk: Desk) -> None:
    made = desk.post(desk.additions, body(desk))
    # 24 × 14.95 = 358.80; 24 × 4 = 96; 358.80 − 96 = 262.80
    expected = {"billedQuantity": 24, "extPrice": "358.8", "extCost": 96, "margin": "262.8", "proratePrice": "0.00"}
    assert {name: made[name] for name in expected} == expected
    assert made["agreementId"] == desk.agreement
    assert made["agreementStatus"] == "Active"
    assert made["product"] == {"id": desk.item, "identifier": "SEAT-M"}
    assert "cancelledDate" not in made
    assert desk.get(f"{desk.additions}/{made['id']}") == made


def test_less_included_lowers_what_is_billed(desk: Desk) -> None:
    made = desk.post(desk.additions, body(desk, lessIncluded=4, unitPrice=10))
    # (24 − 4) × 10 = 200; (24 − 4) × 4 = 80
    assert (made["billedQuantity"], made["extPrice"], made["extCost"], made["margin"]) == (20, 200, 80, 120)


def test_a_start_inside_a_period_is_prorated(desk: Desk) -> None:
    made = desk.post(desk.additions, body(desk, effectiveDate="2026-07-12T00:00:00Z"))
    # July has 31 days, the 12th to the 31st are 20: 14.95 × 20 / 31 = 9.645… and 4 × 20 / 31 = 2.580…
    assert (made["proratePrice"], made["prorateCost"]) == ("9.65", "2.58")
    # 24 × 14.95 × 20 / 31 = 231.483… and 24 × 4 × 20 / 31 = 61.935…
    assert (made["extendedProratePrice"], made["extendedProrateCost"]) == ("231.48", "61.94")


@pytest.mark.parametrize(
    ("cycle", "effective", "price"),
    [
        (YEARLY, "2026-09-14", "187.67"),  # year from 10 March 2026, 365 days; 14 Sep to 9 Mar are 177… see below
        (QUARTERLY, "2026-06-10", "0.00"),  # quarter from 10 June: its first day
        (QUARTERLY, "2026-09-09", "4.21"),  # quarter 10 June to 9 September has 92 days: 387 × 1 / 92 = 4.206…
    ],
)
def test_longer_periods_count_from_the_agreements_start(desk: Desk, cycle: int, effective: str, price: str) -> None:
    start = date(2026, 3, 10)
    agreement = desk.new_agreement(start=start, next_invoice=start, billing_cycle=cycle)
    made = desk.post(
        f"/finance/agreements/{agreement}/additions", body(desk, quantity=1, unitPrice=387, effectiveDate=effective)
    )
    # 14 September 2026 to 9 March 2027: 17 + 31 + 30 + 31 + 31 + 28 + 9 = 177 days; 387 × 177 / 365 = 187.668…
    assert made["proratePrice"] == price


def test_without_proration_nothing_is_prorated(desk: Desk) -> None:
    agreement = desk.new_agreement(prorates=False)
    made = desk.post(f"/finance/agreements/{agreement}/additions", body(desk, effectiveDate="2026-07-12"))
    assert (made["proratePrice"], made["extendedProratePrice"]) == ("0.00", "0.00")
    assert made["effectiveDate"] == "2026-07-12T00:00:00Z"


def test_changes_compute_again_and_move_the_time(desk: Desk) -> None:
    at = f"{desk.additions}/{desk.new_addition()}"
    before = desk.get(at)
    after = desk.patch(at, ("replace", "quantity", 30), ("add", "cancelledDate", "2026-08-31T00:00:00Z"))
    assert (after["billedQuantity"], after["extPrice"]) == (30, "448.5")  # 30 × 14.95
    assert after["cancelledDate"] == "2026-08-31T00:00:00Z"
    assert after["_info"]["lastUpdated"] > before["_info"]["lastUpdated"]
    assert "cancelledDate" not in desk.patch(at, ("remove", "cancelledDate", None))


def test_prices_come_from_the_catalog_unless_switched_off(desk: Desk) -> None:
    bare = {"product": {"identifier": "seat-m"}, "billCustomer": "Billable", "quantity": 2}
    made = desk.post(desk.additions, bare)
    assert (made["unitPrice"], made["unitCost"], made["extPrice"]) == ("14.95", 4, "29.9")
    desk.set("psa.price_default", "none")
    made = desk.post(desk.additions, bare)
    assert {"unitPrice", "unitCost"}.isdisjoint(made)
    assert made["extPrice"] == 0


@pytest.mark.parametrize("missing", ["product", "billCustomer"])
def test_required_members(desk: Desk, missing: str) -> None:
    given = body(desk)
    del given[missing]
    refused = desk.post(desk.additions, given, status=400)
    assert [(e["code"], e["field"]) for e in refused["errors"]] == [("MissingRequiredField", missing)]


def test_limits_and_unknown_products(desk: Desk) -> None:
    assert "maximum length of 50" in reason(desk.post(desk.additions, body(desk, serialNumber="s" * 51), status=400))
    refused = desk.post(desk.additions, body(desk, product={"id": 99}), status=400)
    assert ("NotFound", "product/id") in [(e["code"], e["field"]) for e in refused["errors"]]
    assert desk.post(desk.additions, body(desk, billCustomer="Perhaps"), status=500)["code"] == "ConnectWiseApi"


def test_bundles_cannot_be_additions(desk: Desk) -> None:
    assert "bundle" in reason(desk.post(desk.additions, body(desk, product={"id": desk.bundle}), status=400))


def test_nothing_starts_before_the_agreements_billing(desk: Desk) -> None:
    text = "effectiveDate cannot be less than the agreement billing start date"
    assert reason(desk.post(desk.additions, body(desk, effectiveDate="2025-12-31"), status=400)) == text
    at = f"{desk.additions}/{desk.new_addition()}"
    assert reason(desk.patch(at, ("replace", "effectiveDate", "2025-12-31"), status=400)) == text
    desk.post(desk.additions, body(desk, effectiveDate="2026-01-01"))


def test_an_invoiced_period_is_closed_without_proration(desk: Desk) -> None:
    agreement = desk.new_agreement(prorates=False)
    at = f"/finance/agreements/{agreement}/additions"
    text = reason(desk.post(at, body(desk, effectiveDate="2026-06-30"), status=400))
    assert text == (
        "Since this period has already been invoiced there will not be an invoice generated for additional products "
        "for this period. Please prorate the agreement or update the start date to on or after the Next Invoice Date."
    )
    assert desk.post(at, body(desk, effectiveDate="2026-07-01"))["id"]
    assert desk.post(desk.additions, body(desk, effectiveDate="2026-06-30"))["id"]
    old = desk.new_addition(agreement, effective=date(2026, 3, 1))
    assert desk.patch(f"{at}/{old}", ("replace", "cancelledDate", "2026-07-31"))["cancelledDate"][:10] == "2026-07-31"


def test_in_arrears_the_current_period_is_still_open(desk: Desk) -> None:
    desk.set("psa.arrears_types", f"7,{desk.type}")
    agreement = desk.new_agreement(prorates=False)
    at = f"/finance/agreements/{agreement}/additions"
    assert desk.post(at, body(desk, effectiveDate="2026-06-01"))["id"]
    desk.post(at, body(desk, effectiveDate="2026-05-31"), status=400)


def test_duplicates_are_accepted(desk: Desk) -> None:
    assert desk.post(desk.additions, body(desk))["id"] != desk.post(desk.additions, body(desk))["id"]


@pytest.mark.parametrize(("quantity", "switch"), [(-3, "negative_quantity"), (0, "zero_quantity")])
def test_odd_quantities_are_accepted_unless_a_switch_refuses(desk: Desk, quantity: int, switch: str) -> None:
    made = desk.post(desk.additions, body(desk, quantity=quantity, unitPrice=10))
    assert made["extPrice"] == quantity * 10
    desk.set(f"psa.{switch}", "refuse")
    assert "quantity" in reason(desk.post(desk.additions, body(desk, quantity=quantity), status=400))


def test_credits_into_the_past_can_be_refused(desk: Desk) -> None:
    credit = body(desk, quantity=-1, effectiveDate="2026-06-10")
    desk.post(desk.additions, credit)
    desk.set("psa.past_credit", "refuse")
    assert "credit" in reason(desk.post(desk.additions, credit, status=400))
    desk.post(desk.additions, body(desk, quantity=-1, effectiveDate="2026-07-10"))


def test_billed_additions_can_be_changed_and_deleted_unless_a_switch_refuses(desk: Desk) -> None:
    desk.set("psa.rights.agreements", "add,edit,delete,inquire")
    at = f"{desk.additions}/{desk.new_addition(effective=date(2026, 3, 1))}"
    assert desk.patch(at, ("replace", "quantity", 1))["quantity"] == 1
    assert desk.patch(at, ("replace", "unitPrice", 2))["extPrice"] == 2
    assert desk.patch(at, ("replace", "cancelledDate", "2026-04-30"))["cancelledDate"][:10] == "2026-04-30"
    desk.set("psa.billed_changes", "refuse")
    for operation in (
        ("replace", "quantity", 3),
        ("replace", "unitPrice", 3),
        ("replace", "cancelledDate", "2026-05-31"),
    ):
        assert "invoiced" in reason(desk.patch(at, operation, status=400))
    assert desk.patch(at, ("replace", "cancelledDate", "2026-06-30"))["cancelledDate"][:10] == "2026-06-30"
    assert desk.patch(at, ("replace", "invoiceDescription", "text"))["invoiceDescription"] == "text"
    assert desk.ask("DELETE", at).status_code == 400
    fresh = f"{desk.additions}/{desk.new_addition()}"
    assert desk.patch(fresh, ("replace", "quantity", 3))["quantity"] == 3
    assert desk.ask("DELETE", fresh).status_code == 204
    desk.set("psa.billed_changes", "accept")
    assert desk.ask("DELETE", at).status_code == 204


def test_an_addition_is_reached_through_its_own_agreement_alone(desk: Desk) -> None:
    addition = desk.new_addition()
    other = desk.new_agreement(name="Other")
    wrong = f"/finance/agreements/{other}/additions/{addition}"
    assert [desk.ask(verb, wrong, json=[]).status_code for verb in ("GET", "PATCH", "PUT")] == [404, 404, 404]
    assert desk.get(f"/finance/agreements/{other}/additions") == []
    assert desk.ask("GET", f"/finance/agreements/999/additions/{addition}").status_code == 404
    desk.post("/finance/agreements/999/additions", body(desk), status=404)


def test_custom_fields_are_replaced_as_a_whole(desk: Desk) -> None:
    second = add_custom_field(desk.store, "Note")
    made = desk.post(desk.additions, body(desk, customFields=[{"id": desk.field, "value": "7001"}]))
    at = f"{desk.additions}/{made['id']}"

    def values(record: Any) -> dict[str, Any]:
        return {field["caption"]: field.get("value") for field in record["customFields"]}

    assert values(made) == {"Subscription": "7001", "Note": None}
    after = desk.patch(at, ("replace", "customFields", [{"id": second, "value": "hello"}]))
    assert values(after) == {"Subscription": None, "Note": "hello"}
    refused = desk.patch(at, ("replace", "customFields", [{"id": 99, "value": "x"}]), status=400)
    assert refused["errors"][0]["code"] == "NotFound"
    assert [field["caption"] for field in desk.get("/system/userDefinedFields")] == ["Subscription", "Note"]


def test_a_change_of_the_agreement_shows_in_its_additions(desk: Desk) -> None:
    at = f"{desk.additions}/{desk.new_addition(effective=date(2026, 7, 12), unit_price=Decimal(31))}"
    before = desk.get(at)
    assert before["proratePrice"] == "20.00"  # 31 × 20 / 31
    desk.patch(
        f"/finance/agreements/{desk.agreement}",
        ("replace", "prorateFlag", False),
        ("replace", "agreementStatus", "Inactive"),
    )
    after = desk.get(at)
    assert (after["proratePrice"], after["agreementStatus"]) == ("0.00", "Inactive")
    assert after["_info"] == before["_info"]


def test_an_agreement_takes_its_types_defaults(desk: Desk) -> None:
    given = {
        "name": "Annual",
        "type": {"id": desk.type},
        "company": {"identifier": "ExampleBakery"},
        "contact": {"id": 1},
        "startDate": "2026-08-01",
    }
    made = desk.post("/finance/agreements", given)
    assert made["company"]["id"] == desk.company
    assert (made["billingCycle"]["name"], made["prorateFlag"]) == ("Monthly", True)
    assert (made["billStartDate"], made["nextInvoiceDate"]) == ("2026-08-01T00:00:00Z",) * 2
    assert made["noEndingDateFlag"] is True
    del given["contact"]
    assert desk.post("/finance/agreements", given, status=400)["errors"][0]["field"] == "contact"
