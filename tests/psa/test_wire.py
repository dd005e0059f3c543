"""From the PSA's JSON to the engine's values, exact and forgiving."""

from datetime import date
from decimal import Decimal

import httpx
import pytest
import respx

from engine.http.errors import BadReply
from engine.psa.client import PsaClient
from engine.psa.models import Addition, Agreement, BillingCycle, CatalogItem, Company, Country
from engine.psa.text import canonical
from engine.workspace.model import MarkKeeping
from tests.psa.conftest import BASE, Make

ADDITIONS = f"{BASE}/finance/agreements/7/additions"

FULL = b"""[{"id": 12, "product": {"id": 3, "identifier": "M365-BP", "serializedFlag": false, "_info": {"x": 1}},
  "quantity": 24, "lessIncluded": 0, "unitPrice": 14.95, "unitCost": 0.10000000000000000001, "billedQuantity": 24,
  "extPrice": 358.8, "effectiveDate": "2025-11-01T00:00:00Z", "taxableFlag": true, "serialNumber": " a\\u200bb ",
  "invoiceDescription": "Line one\\r\\nline two", "billCustomer": "Billable", "agreementId": 7,
  "additionStatus": "Active", "newMember": [1, {"a": null}], "_info": {"lastUpdated": "2026-01-02T03:04:05Z"}}]"""


def test_an_addition_with_members_that_nobody_knows(psa: respx.Router, client: PsaClient) -> None:
    psa.get(ADDITIONS).respond(content=FULL)
    assert client.additions(7) == [
        Addition(
            id=12,
            agreement_id=7,
            product_id=3,
            product_identifier="M365-BP",
            quantity=Decimal(24),
            unit_price=Decimal("14.95"),
            unit_cost=Decimal("0.10000000000000000001"),
            effective=date(2025, 11, 1),
            bill_customer="Billable",
            taxable=True,
            invoice_description="Line one line two",
            mark="ab",
            last_updated="2026-01-02T03:04:05Z",
        )
    ]


def test_an_addition_of_nulls(psa: respx.Router, client: PsaClient) -> None:
    names = "quantity,lessIncluded,unitPrice,unitCost,effectiveDate,cancelledDate,taxableFlag,serialNumber,description"
    nulls = dict.fromkeys(names.split(","))
    psa.get(ADDITIONS).respond(json=[{"id": 1, "product": {"id": 2}, "_info": None, "customFields": None, **nulls}])
    assert client.additions(7) == [Addition(id=1, agreement_id=7, product_id=2)]


@pytest.mark.parametrize("text", ["2027-01-09T00:00:00Z", "2027-01-09", "2027-01-09T05:30:00Z", "2027-01-09T23:59:59"])
def test_a_date_is_its_first_ten_characters(psa: respx.Router, client: PsaClient, text: str) -> None:
    psa.get(ADDITIONS).respond(json=[{"id": 1, "product": {"id": 2}, "cancelledDate": text}])
    assert client.additions(7)[0].cancelled == date(2027, 1, 9)


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "product": {"id": 2}, "effectiveDate": "9 January"},
        {"id": 1, "product": {"identifier": "X"}},
        {"id": 1, "product": None},
        {"product": {"id": 2}},
        {"id": 1, "product": {"id": 2}, "quantity": "many"},
    ],
)
def test_a_record_that_cannot_be_understood_stops_the_list(
    psa: respx.Router, client: PsaClient, record: dict[str, object]
) -> None:
    psa.get(ADDITIONS).respond(json=[{"id": 5, "product": {"id": 2}}, record])
    with pytest.raises(BadReply, match=r"additions.*expected form"):
        client.additions(7)


def test_one_request_per_agreement_and_a_sweep_from_a_thousand_on(psa: respx.Router, client: PsaClient) -> None:
    lines = [{"id": number, "product": {"id": 2}} for number in range(1, 1201)]
    route = psa.get(ADDITIONS)
    route.respond(json=lines[:999])
    assert len(client.additions(7)) == 999
    assert route.call_count == 1
    assert dict(route.calls[0].request.url.params) == {"pageSize": "1000"}

    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params.get("pageId", "0"))
        link = "" if after else f"<{ADDITIONS}?pageId=1000>"
        return httpx.Response(200, json=lines[after : after + 1000], headers={"Link": link})

    route.mock(side_effect=answer)
    assert [line.id for line in client.additions(7)] == list(range(1, 1201))


def test_the_mark_in_a_custom_field(psa: respx.Router, make: Make) -> None:
    client = make(keeping=MarkKeeping(keep_in="custom_field", caption="cwctl mark"))
    fields = [{"id": 3, "caption": "Note", "value": 5}, {"id": 8, "caption": "CWCTL  Mark", "value": "cw1.x\u200b"}]
    psa.get(ADDITIONS).respond(
        json=[
            {"id": 1, "product": {"id": 2}, "serialNumber": "SN-1", "customFields": fields},
            {"id": 2, "product": {"id": 2}, "serialNumber": "SN-1", "customFields": []},
        ]
    )
    assert [line.mark for line in client.additions(7)] == ["cw1.x", None]
    assert client.check_mark_keeping() == "custom field 'cwctl mark' (number 8)"


def test_a_company(psa: respx.Router, client: PsaClient) -> None:
    record = {
        "id": 5,
        "identifier": "MadeUp",
        "name": "Made \u200bUp\nLtd",
        "addressLine1": "1 Nowhere Road",
        "city": None,
        "country": {"id": 1, "name": "United States", "_info": {}},
        "deletedFlag": True,
        "_info": {"lastUpdated": "2026-01-02T03:04:05Z"},
    }
    psa.get(f"{BASE}/company/companies").respond(json=[record])
    assert client.companies(ids=[5]) == [
        Company(
            id=5,
            identifier="MadeUp",
            name="Made Up Ltd",
            address_line1="1 Nowhere Road",
            country="United States",
            deleted=True,
            last_updated="2026-01-02T03:04:05Z",
        )
    ]


def test_a_catalog_item(psa: respx.Router, client: PsaClient) -> None:
    record = {
        "id": 5,
        "identifier": "X",
        "description": "Short",
        "price": 1.1,
        "cost": None,
        "manufacturer": {"id": 2, "name": "Made Up"},
        "productClass": "Agreement",
        "inactiveFlag": True,
        "autoUpdateUnitPriceFlag": True,
    }
    psa.get(f"{BASE}/procurement/catalog").respond(json=[record])
    assert client.catalog_items(ids=[5]) == [
        CatalogItem(
            id=5,
            identifier="X",
            description="Short",
            price=Decimal("1.1"),
            manufacturer_id=2,
            manufacturer="Made Up",
            product_class="Agreement",
            inactive=True,
            auto_update_price=True,
        )
    ]


def test_an_agreement(psa: respx.Router, client: PsaClient) -> None:
    record = {
        "id": 5,
        "name": "Cloud",
        "company": {"id": 9, "identifier": "MadeUp", "name": "Made Up Ltd"},
        "type": {"id": 1, "name": "Managed"},
        "billingCycle": {"id": 2, "name": "Monthly"},
        "startDate": "2026-01-01T00:00:00Z",
        "endDate": "2026-12-31T00:00:00Z",
        "noEndingDateFlag": True,
        "billStartDate": "2026-02-01T00:00:00Z",
        "nextInvoiceDate": "2026-12-01",
        "cancelledFlag": False,
        "agreementStatus": "Active",
        "prorateFlag": True,
        "currency": {"id": 7, "currencyCode": "USD", "name": "US Dollars"},
    }
    route = psa.get(f"{BASE}/finance/agreements").respond(json=[record])
    expected = Agreement(
        id=5,
        name="Cloud",
        company_id=9,
        company="Made Up Ltd",
        type_id=1,
        type_name="Managed",
        billing_cycle_id=2,
        start=date(2026, 1, 1),
        bill_start=date(2026, 2, 1),
        next_invoice=date(2026, 12, 1),
        status="Active",
        prorates=True,
        currency="USD",
    )
    assert client.agreements(ids=[5]) == [expected]
    route.respond(json=[{**record, "nextInvoiceDate": "next month", "noEndingDateFlag": False}])
    again = client.agreements(ids=[5])[0]
    assert (again.next_invoice, again.end) == (None, date(2026, 12, 31))
    route.respond(json=[{**record, "nextInvoiceDate": "0001-01-01T00:00:00Z"}])
    assert client.agreements(ids=[5])[0].next_invoice is None
    route.respond(json=[{**record, "startDate": "soon"}])
    with pytest.raises(BadReply, match="'soon' is not a date"):
        client.agreements(ids=[5])


def test_set_up_tables(psa: respx.Router, client: PsaClient) -> None:
    psa.get(f"{BASE}/company/countries").respond(json=[{"id": 1, "name": "United States"}], headers={"Link": ""})
    cycle = {"id": 2, "identifier": "M", "name": "Monthly", "billingOptions": "Monthly"}
    psa.get(f"{BASE}/finance/billingCycles").respond(json=[cycle], headers={"Link": ""})
    assert client.countries() == [Country(id=1, name="United States")]
    assert client.billing_cycles() == [BillingCycle(id=2, name="Monthly", frequency="Monthly")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("", ""),
        (" a \t b ", "a b"),
        ("a\r\nb\nc", "a b c"),
        ("\ufeffa\u200bb\u00ad", "ab"),
        ("a\u00a0b", "a b"),
    ],
)
def test_canonical_text(text: str | None, expected: str) -> None:
    assert canonical(text) == expected
