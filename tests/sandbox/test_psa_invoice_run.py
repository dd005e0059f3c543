"""Invoices of many agreements for one period: all kinds of agreements to the cent, early, late, again, and skipped."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.sandbox.bookkeeping import EVERY_KIND, AgreementKind
from engine.sandbox.psa.invoice_run import Invoice, make_invoices, take_back
from engine.sandbox.psa.seed import MONTHLY, YEARLY, add_agreement, add_agreement_type
from tests.sandbox.psa_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def agreement_of(desk: Desk, kind: AgreementKind, start: date = date(2026, 6, 1), **more: Any) -> int:
    """A new agreement of a kind, of which nothing has been invoiced."""
    cycle = YEARLY if kind.yearly else MONTHLY
    type_id = add_agreement_type(desk.store, kind.type_name, billing_cycle=cycle, prorates=kind.prorates)
    if kind.arrears:
        desk.set("psa.arrears_types", str(type_id))
    return add_agreement(
        desk.store,
        company=desk.company,
        name=kind.type_name,
        type=type_id,
        billing_cycle=cycle,
        prorates=kind.prorates,
        start=start,
        **more,
    )


def put(desk: Desk, agreement: int, quantity: int, price: str, first: str, last: str | None = None) -> int:
    body: dict[str, Any] = {
        "product": {"id": desk.item},
        "quantity": quantity,
        "unitPrice": float(price),
        "billCustomer": "Billable",
        "effectiveDate": first,
    }
    if last is not None:
        body["cancelledDate"] = last
    return int(desk.post(f"/finance/agreements/{agreement}/additions", body)["id"])


def made(desk: Desk, period: str, agreement: int) -> Invoice:
    run = make_invoices(desk.store, period, [agreement])
    assert run.skipped == ()
    (invoice,) = run.invoices
    assert invoice.total == sum((line.amount for line in invoice.lines), Decimal(0))
    return invoice


def skipped(desk: Desk, period: str, agreement: int) -> str:
    run = make_invoices(desk.store, period, [agreement])
    assert run.invoices == ()
    (one,) = run.skipped
    assert one.agreement == agreement
    return one.reason


def amounts(invoice: Invoice) -> list[str]:
    return [str(line.amount) for line in invoice.lines]


def test_there_are_eight_kinds() -> None:
    assert len({kind.type_id for kind in EVERY_KIND}) == len({kind.type_name for kind in EVERY_KIND}) == 8
    assert EVERY_KIND[0] == AgreementKind()


@pytest.mark.parametrize("arrears", [False, True], ids=["advance", "arrears"])
@pytest.mark.parametrize(
    ("prorates", "june", "july", "august"),
    [
        # June has 30 days, July 31. 7 × 12.50 = 87.50 a month, from 10 July on; −2 × 12.50 = −25.00 from 20 to 31 July;
        # 3 × 4.99 = 14.97 from 16 June to 9 July.
        # June: 14.97 × 15/30 = 7.485 → 7.49
        # July: 87.50 × 22/31 = 62.096… → 62.10; −25.00 × 12/31 = −9.677… → −9.68; 14.97 × 9/31 = 4.346… → 4.35
        (True, ["7.49"], ["62.10", "-9.68", "4.35"], ["87.50"]),
        (False, ["14.97"], ["87.50", "-25.00", "14.97"], ["87.50"]),
    ],
    ids=["prorating", "whole"],
)
def test_monthly_agreements(
    desk: Desk, arrears: bool, prorates: bool, june: list[str], july: list[str], august: list[str]
) -> None:
    agreement = agreement_of(desk, AgreementKind(prorates=prorates, arrears=arrears))
    put(desk, agreement, 7, "12.50", "2026-07-10")
    put(desk, agreement, -2, "12.50", "2026-07-20", "2026-07-31")
    put(desk, agreement, 3, "4.99", "2026-06-16", "2026-07-09")
    invoices = [made(desk, period, agreement) for period in ("2026-06", "2026-07", "2026-08")]
    assert [amounts(invoice) for invoice in invoices] == [june, july, august]
    assert [(str(invoice.first), str(invoice.last)) for invoice in invoices] == [
        ("2026-06-01", "2026-06-30"),
        ("2026-07-01", "2026-07-31"),
        ("2026-08-01", "2026-08-31"),
    ]
    next_ones = ["2026-08-01", "2026-09-01", "2026-10-01"] if arrears else ["2026-07-01", "2026-08-01", "2026-09-01"]
    assert [str(invoice.next_invoice) for invoice in invoices] == next_ones


@pytest.mark.parametrize("arrears", [False, True], ids=["advance", "arrears"])
@pytest.mark.parametrize(
    ("prorates", "first", "second"),
    [
        # The first year has 365 days, the second, with 29 February 2028, 366.
        # 3 × 365.00 from 10 July 2026 to 31 May 2027, 326 days: 3 × 326 = 978.00; then 3 × 365.00 = 1095.00 a year.
        # −1 × 365.00 from 1 January to 31 May 2027, 151 days: −151.00.
        # 1 × 732.00 from 1 March to 31 May 2028, 92 of 366 days: 184.00.
        (True, ["978.00", "-151.00"], ["1095.00", "184.00"]),
        (False, ["1095.00", "-365.00"], ["1095.00", "732.00"]),
    ],
    ids=["prorating", "whole"],
)
def test_yearly_agreements(desk: Desk, arrears: bool, prorates: bool, first: list[str], second: list[str]) -> None:
    agreement = agreement_of(desk, AgreementKind(yearly=True, prorates=prorates, arrears=arrears))
    put(desk, agreement, 3, "365.00", "2026-07-10")
    put(desk, agreement, -1, "365.00", "2027-01-01", "2027-05-31")
    put(desk, agreement, 1, "732.00", "2028-03-01", "2028-05-31")
    one, two = made(desk, "2026-06", agreement), made(desk, "2027-06", agreement)
    assert (amounts(one), amounts(two)) == (first, second)
    assert (str(one.first), str(one.last)) == ("2026-06-01", "2027-05-31")
    assert str(one.next_invoice) == ("2028-06-01" if arrears else "2027-06-01")


def test_a_half_cent_is_rounded_up_exactly_and_per_addition(desk: Desk) -> None:
    agreement = agreement_of(desk, AgreementKind())
    put(desk, agreement, 1, "30.015", "2026-06-21", "2026-06-30")  # × 10/30 = 10.005, of which 10/30 is no decimal
    put(desk, agreement, -1, "30.015", "2026-06-21", "2026-06-30")  # a credit takes back what was charged
    put(desk, agreement, 1, "0.01", "2026-06-16", "2026-06-30")  # × 15/30 = 0.005
    put(desk, agreement, 1, "0.01", "2026-06-16", "2026-06-30")
    invoice = made(desk, "2026-06", agreement)
    assert amounts(invoice) == ["10.01", "-10.01", "0.01", "0.01"]
    assert invoice.total == Decimal("0.02")


def test_a_line_says_what_it_charges(desk: Desk) -> None:
    agreement = agreement_of(desk, AgreementKind())
    addition = put(desk, agreement, 7, "12.50", "2026-06-10")
    (line,) = made(desk, "2026-06", agreement).lines
    assert (line.addition, line.product, str(line.first), str(line.last)) == (
        addition,
        "SEAT-M",
        "2026-06-10",
        "2026-06-30",
    )
    assert (line.quantity, line.unit_price, line.amount) == (Decimal(7), Decimal("12.5"), Decimal("61.25"))  # × 21/30


def test_an_invoice_may_be_months_early_or_late(desk: Desk) -> None:
    put(desk, desk.agreement, 2, "10.00", "2026-07-01")
    for period in ("2026-07", "2026-08", "2026-09"):
        assert made(desk, period, desk.agreement).total == Decimal("20.00")
    desk.set("today", "2027-02-20")
    assert made(desk, "2026-10", desk.agreement).total == Decimal("20.00")
    assert [invoice["date"][:10] for invoice in desk.get("/finance/invoices")] == [*["2026-06-15"] * 3, "2027-02-20"]


def test_an_invoice_made_again_charges_what_the_additions_say_then(desk: Desk) -> None:
    addition = put(desk, desk.agreement, 2, "31.00", "2026-07-01")
    assert made(desk, "2026-07", desk.agreement).total == Decimal("62.00")
    (taken,) = take_back(desk.store, "2026-07", [desk.agreement]).invoices
    assert (taken.total, str(taken.next_invoice)) == (Decimal("62.00"), "2026-07-01")
    assert desk.get("/finance/invoices") == []
    desk.patch(f"{desk.additions}/{addition}", ("add", "cancelledDate", "2026-07-10T00:00:00Z"))
    put(desk, desk.agreement, 3, "31.00", "2026-07-11")
    again = made(desk, "2026-07", desk.agreement)
    assert amounts(again) == ["20.00", "63.00"]  # 62 × 10/31, 93 × 21/31
    assert made(desk, "2026-08", desk.agreement).total == Decimal("93.00")


def test_a_yearly_invoice_in_arrears_can_be_taken_back(desk: Desk) -> None:
    agreement = agreement_of(desk, AgreementKind(yearly=True, arrears=True))
    before = desk.get(f"/finance/agreements/{agreement}")["nextInvoiceDate"]
    made(desk, "2026-06", agreement)
    assert len(take_back(desk.store, "2026-06", [agreement]).invoices) == 1
    assert desk.get(f"/finance/agreements/{agreement}")["nextInvoiceDate"] == before == "2027-06-01T00:00:00Z"
    assert made(desk, "2026-06", agreement).number == "A000002"


def test_an_agreement_made_through_the_api_in_arrears_owes_its_first_period_first(desk: Desk) -> None:
    desk.set("psa.arrears_types", str(desk.type))
    body = {
        "name": "New",
        "type": {"id": desk.type},
        "company": {"id": desk.company},
        "contact": {"id": 1},
        "startDate": "2026-08-15T00:00:00Z",
    }
    agreement = desk.post("/finance/agreements", body)["id"]
    assert str(made(desk, "2026-08", agreement).first) == "2026-08-01"


def test_who_is_skipped_and_why(desk: Desk) -> None:
    assert skipped(desk, "2026-06", desk.agreement) == (
        "that period is invoiced already; the next one due begins on 2026-07-01"
    )
    assert skipped(desk, "2026-09", desk.agreement) == (
        "an earlier period is due first: the one from 2026-07-01 to 2026-07-31"
    )
    yearly = agreement_of(desk, AgreementKind(yearly=True), start=date(2026, 3, 10))
    assert skipped(desk, "2026-07", yearly) == (
        "no billing period of it begins in 2026-07; the next one due begins on 2026-03-10"
    )
    later = agreement_of(desk, AgreementKind(), start=date(2026, 9, 15))
    assert skipped(desk, "2026-08", later) == "its billing only begins on 2026-09-15"
    ended = agreement_of(desk, AgreementKind(), end=date(2026, 6, 20))
    made(desk, "2026-06", ended)
    assert skipped(desk, "2026-07", ended) == "it ended on 2026-06-20: nothing is left to invoice"


def test_all_agreements_are_taken_if_none_is_named(desk: Desk) -> None:
    other = desk.new_agreement(name="Other")
    behind = desk.new_agreement(name="Behind", next_invoice=date(2026, 6, 1))
    run = make_invoices(desk.store, "2026-07")
    assert [invoice.agreement for invoice in run.invoices] == [desk.agreement, other]
    assert [(one.agreement, one.name) for one in run.skipped] == [(behind, "Behind")]


def test_an_unknown_agreement_stops_everything(desk: Desk) -> None:
    for run in (make_invoices, take_back):
        with pytest.raises(ValueError, match="there is no agreement 999"):
            run(desk.store, "2026-07", [desk.agreement, 999])
    assert desk.get("/finance/invoices") == []
    assert desk.get(f"/finance/agreements/{desk.agreement}")["nextInvoiceDate"] == "2026-07-01T00:00:00Z"


def test_only_the_newest_invoice_can_be_taken_back(desk: Desk) -> None:
    def reason(period: str) -> str:
        (one,) = take_back(desk.store, period, [desk.agreement]).skipped
        return one.reason

    assert reason("2026-06") == "it was invoiced before this world began"
    assert reason("2026-07") == "it has no invoice of 2026-07"
    made(desk, "2026-07", desk.agreement)
    made(desk, "2026-08", desk.agreement)
    assert reason("2026-07") == "invoice A000002 is newer and has to be taken back first"
    for period in ("2026-08", "2026-07"):
        assert len(take_back(desk.store, period).invoices) == 1
    assert desk.get("/finance/invoices") == []
