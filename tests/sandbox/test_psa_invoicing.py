"""Agreement invoices, the recap, and taking an invoice back."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.sandbox.psa.charged import LINES
from engine.sandbox.psa.periods import Span, period_of
from engine.sandbox.psa.seed import YEARLY
from tests.sandbox.psa_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def invoice(desk: Desk, agreement: int | None = None) -> Any:
    id = desk.post(f"/finance/agreements/{agreement or desk.agreement}/invoice", {}, status=200)
    return desk.get(f"/finance/invoices/{id}")


def post(desk: Desk, effective: str, agreement: int | None = None, **more: Any) -> int:
    body = {"product": {"id": desk.item}, "unitCost": 1, "billCustomer": "Billable", "effectiveDate": effective, **more}
    return int(desk.post(f"/finance/agreements/{agreement or desk.agreement}/additions", body)["id"])


def next_invoice(desk: Desk, agreement: int | None = None) -> str:
    return str(desk.get(f"/finance/agreements/{agreement or desk.agreement}")["nextInvoiceDate"])[:10]


def test_an_invoice_covers_the_next_period(desk: Desk) -> None:
    post(desk, "2026-07-01", quantity=24, unitPrice=14.95)
    made = invoice(desk)
    # 24 × 14.95 = 358.80
    assert (made["total"], made["agreementAmount"], made["type"]) == ("358.80", "358.80", "Agreement")
    assert (made["date"], made["applyToType"], made["applyToId"]) == (
        "2026-06-15T00:00:00Z",
        "Agreement",
        desk.agreement,
    )
    assert made["agreement"] == {"id": desk.agreement, "name": "Cloud"}
    assert next_invoice(desk) == "2026-08-01"
    assert desk.get("/finance/invoices", conditions="type = 'Agreement' and agreement/id = 1", fields="id") == [
        {"id": 1}
    ]
    assert invoice(desk)["total"] == "358.80"
    assert next_invoice(desk) == "2026-09-01"


def test_days_count_by_their_share_where_the_agreement_prorates(desk: Desk) -> None:
    post(desk, "2026-07-12", quantity=3, unitPrice=10)  # 3 × 10 × 20/31 = 19.354… → 19.35
    post(desk, "2026-07-01", quantity=3, unitPrice=10, cancelledDate="2026-07-11")  # 30 × 11/31 = 10.645… → 10.65
    post(desk, "2026-07-20", quantity=-2, unitPrice=10, cancelledDate="2026-07-31")  # −20 × 12/31 = −7.741… → −7.74
    assert invoice(desk)["total"] == "22.26"  # 19.35 + 10.65 − 7.74
    assert invoice(desk)["total"] == "30.00"  # the first alone goes on: 3 × 10


def test_the_cancelled_day_can_be_unbilled(desk: Desk) -> None:
    desk.set("psa.cancelled_day", "unbilled")
    post(desk, "2026-07-01", quantity=3, unitPrice=10, cancelledDate="2026-07-11")
    assert invoice(desk)["total"] == "9.68"  # 30 × 10/31 = 9.677…


def test_without_proration_every_active_addition_is_charged_in_full(desk: Desk) -> None:
    agreement = desk.new_agreement(prorates=False)
    post(desk, "2026-07-12", agreement, quantity=3, unitPrice=10)
    post(desk, "2026-07-01", agreement, quantity=1, unitPrice=10, cancelledDate="2026-07-01")
    post(desk, "2026-08-01", agreement, quantity=7, unitPrice=10)
    assert invoice(desk, agreement)["total"] == "40.00"  # 30 + 10; the third begins later
    assert invoice(desk, agreement)["total"] == "100.00"  # 30 + 70


def test_what_began_in_an_invoiced_period_is_caught_up_once(desk: Desk) -> None:
    desk.new_addition(effective=date(2026, 3, 1), quantity=1, unit_price=5)  # charged through June before the test
    post(desk, "2026-05-22", quantity=1, unitPrice=31)
    # 22 to 31 May: 31 × 10/31 = 10; June in full: 31; July in full: 31; and 5 for July
    assert invoice(desk)["total"] == "77.00"
    assert invoice(desk)["total"] == "36.00"  # 31 + 5


def test_a_retracted_addition_costs_nothing(desk: Desk) -> None:
    post(desk, "2026-07-01", quantity=0, unitPrice=10, cancelledDate="2026-07-01")
    assert invoice(desk)["total"] == "0.00"


def test_only_billable_additions_are_charged(desk: Desk) -> None:
    for bill in ("DoNotBill", "NoCharge"):
        post(desk, "2026-07-01", quantity=1, unitPrice=10, billCustomer=bill)
    assert invoice(desk)["total"] == "0.00"


def test_in_arrears_the_period_before_is_covered(desk: Desk) -> None:
    desk.set("psa.arrears_types", str(desk.type))
    post(desk, "2026-06-16", quantity=1, unitPrice=10)
    post(desk, "2026-07-01", quantity=1, unitPrice=100)
    assert invoice(desk)["total"] == "5.00"  # 16 to 30 June: 10 × 15/30
    assert next_invoice(desk) == "2026-08-01"
    assert invoice(desk)["total"] == "110.00"


def test_a_yearly_agreement(desk: Desk) -> None:
    start = date(2026, 3, 10)
    agreement = desk.new_agreement(start=start, next_invoice=start, billing_cycle=YEARLY)
    post(desk, "2026-03-10", agreement, quantity=2, unitPrice=365)
    post(desk, "2026-09-14", agreement, quantity=1, unitPrice=365)
    # 2 × 365 = 730; 14 September to 9 March are 177 of 365 days: 177
    assert invoice(desk, agreement)["total"] == "907.00"
    assert next_invoice(desk, agreement) == "2027-03-10"


def test_the_end_of_an_agreement_ends_its_invoices(desk: Desk) -> None:
    agreement = desk.new_agreement(end=date(2026, 7, 10))
    post(desk, "2026-07-01", agreement, quantity=1, unitPrice=31)
    assert invoice(desk, agreement)["total"] == "10.00"  # 31 × 10/31
    refused = desk.post(f"/finance/agreements/{agreement}/invoice", {}, status=400)
    assert "ended on 2026-07-10" in refused["errors"][0]["message"]


def test_the_recap_says_up_to_where(desk: Desk) -> None:
    post(desk, "2026-07-01", quantity=2, unitPrice=10)
    row = desk.get("/finance/agreementrecap")[0]
    assert (row["nextInvoiceDate"][:10], row["nextInvoiceAmount"], row["unbilledPeriods"]) == ("2026-07-01", "20.00", 0)
    assert (row["name"], row["companyName"], row["agreementStatus"]) == ("Cloud", "Example Bakery", "Active")
    assert {"lastInvoiceDate", "lastInvoiceNumber", "lastInvoiceAmount"}.isdisjoint(row)
    made = invoice(desk)
    desk.set("today", "2026-09-15")
    row = desk.get(f"/finance/agreementrecap/{desk.agreement}")
    assert (row["lastInvoiceNumber"], row["lastInvoiceAmount"]) == (made["invoiceNumber"], "20.00")
    assert (row["lastInvoiceDate"][:10], row["nextInvoiceDate"][:10]) == ("2026-06-15", "2026-08-01")
    assert row["unbilledPeriods"] == 2  # August and September
    wanted = {"conditions": "nextInvoiceDate < [2026-09-01] and companyName = 'example bakery'"}
    assert desk.get("/finance/agreementrecap/count", **wanted) == {"count": 1}
    assert desk.get("/finance/agreementrecap", conditions="id > 1") == []


def test_taking_an_invoice_back_makes_its_period_due_again(desk: Desk) -> None:
    post(desk, "2026-05-22", quantity=1, unitPrice=31)
    before = desk.get(f"/finance/agreements/{desk.agreement}")
    first, second = invoice(desk), invoice(desk)
    assert desk.ask("DELETE", f"/finance/invoices/{first['id']}").status_code == 409
    assert desk.ask("DELETE", f"/finance/invoices/{second['id']}").status_code == 204
    assert next_invoice(desk) == "2026-08-01"
    assert desk.ask("DELETE", f"/finance/invoices/{first['id']}").status_code == 204
    after = desk.get(f"/finance/agreements/{desk.agreement}")
    assert {**after, "_info": 0} == {**before, "_info": 0}
    assert desk.get("/finance/invoices") == []
    assert desk.store.count(LINES) == 0
    again = invoice(desk)
    assert (again["total"], again["invoiceNumber"]) == (first["total"], "A000003")


def test_an_invoice_closes_its_period_for_new_additions_without_proration(desk: Desk) -> None:
    agreement = desk.new_agreement(prorates=False)
    post(desk, "2026-07-10", agreement, quantity=1, unitPrice=1)
    made = invoice(desk, agreement)
    body = {"product": {"id": desk.item}, "billCustomer": "Billable", "effectiveDate": "2026-07-10"}
    desk.post(f"/finance/agreements/{agreement}/additions", body, status=400)
    desk.ask("DELETE", f"/finance/invoices/{made['id']}")
    desk.post(f"/finance/agreements/{agreement}/additions", body)


def test_an_invoices_lines_are_kept_for_comparison(desk: Desk) -> None:
    addition = post(desk, "2026-07-12", quantity=3, unitPrice=10)
    made = invoice(desk)
    assert (desk.store.get(LINES, made["id"]) or {})["lines"] == [
        {
            "addition": addition,
            "from": "2026-07-12",
            "to": "2026-07-31",
            "quantity": 3,
            "unitPrice": 10,
            "amount": Decimal("19.35"),
        }
    ]


@pytest.mark.parametrize(
    ("day", "frequency", "start", "first", "last"),
    [
        ("2028-02-29", "Monthly", "2026-01-15", "2028-02-01", "2028-02-29"),
        ("2026-03-09", "Yearly", "2026-03-10", "2025-03-10", "2026-03-09"),
        ("2026-03-10", "Yearly", "2026-03-10", "2026-03-10", "2027-03-09"),
        ("2026-02-28", "Yearly", "2024-02-29", "2026-02-28", "2027-02-27"),
        ("2028-02-28", "Yearly", "2024-02-29", "2027-02-28", "2028-02-28"),
        ("2026-05-31", "Quarterly", "2025-11-30", "2026-05-30", "2026-08-29"),
        ("2026-05-01", "SemiAnnual", "2026-01-01", "2026-01-01", "2026-06-30"),
        ("2026-04-01", "BiMonthly", "2026-01-01", "2026-03-01", "2026-04-30"),
        ("2026-01-20", "Weekly", "2026-01-05", "2026-01-19", "2026-01-25"),
        ("2026-01-04", "BiWeekly", "2026-01-05", "2025-12-22", "2026-01-04"),
        ("2026-01-04", "NotRecurring", "2026-01-01", "2026-01-01", "9999-12-31"),
    ],
)
def test_billing_periods(day: str, frequency: str, start: str, first: str, last: str) -> None:
    found = period_of(date.fromisoformat(day), frequency, date.fromisoformat(start))
    assert found == Span(date.fromisoformat(first), date.fromisoformat(last))
