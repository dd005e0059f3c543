"""The PSA of a world: set-up tables, catalog items, companies with their agreements, and lines made by hand."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from engine.sandbox.example.catalog import MANUFACTURER_OF, MANUFACTURERS, OFFERS, Item
from engine.sandbox.platform.documents import Offer
from engine.sandbox.store import Store

Document = dict[str, Any]

COUNTRIES = {1: ("United States", "US"), 2: ("Canada", "CA"), 3: ("United Kingdom", "GB")}
CLOUD_TYPE, YEARLY_TYPE = 21, 22
MONTHLY, YEARLY = 2, 5
"""Ids of the billing cycles."""
SUBCATEGORY, PRODUCT_TYPE, UNIT, CURRENCY = 31, 41, 51, 61


class PsaAgreement(NamedTuple):
    """An agreement that prorates, billed from its start; `next_invoice` is the first day not yet invoiced."""

    id: int
    name: str
    start: date
    yearly: bool = False
    next_invoice: date = date(2026, 7, 1)


class Company(NamedTuple):
    """A company of the PSA. Its account number is the platform's customer id."""

    id: int
    identifier: str
    customer: int
    name: str
    street: str
    city: str
    state: str
    zip: str
    agreements: tuple[PsaAgreement, ...]


def write_tables(store: Store) -> None:
    """Writes the PSA's set-up tables."""
    plain = {
        "company_status": {1: "Active", 2: "Inactive"},
        "company_type": {1: "Client", 2: "Prospect", 3: "Vendor"},
        "territory": {1: "Main"},
        "category": {30: "Software"},
        "subcategory": {SUBCATEGORY: "Cloud subscriptions", 32: "Hardware"},
        "product_type": {PRODUCT_TYPE: "Software", 42: "Appliance"},
        "unit_of_measure": {UNIT: "Each", 52: "Hour"},
        "manufacturer": MANUFACTURERS,
    }
    for kind, rows in plain.items():
        for id, name in rows.items():
            _put(store, kind, {"id": id, "name": name, **_flags(kind, id)})
    for id, (name, code) in COUNTRIES.items():
        _put(store, "country", {"id": id, "name": name, "identifier": code, "countryCode": code})
    _put(store, "currency", {"id": CURRENCY, "name": "US Dollars", "currencyCode": "USD", "symbol": "$"})
    for id, name, options in (
        (1, "Quarterly", "Quarterly"),
        (MONTHLY, "Monthly", "Monthly"),
        (YEARLY, "Annual", "Yearly"),
    ):
        _put(store, "billing_cycle", {"id": id, "identifier": name[:5], "name": name, "billingOptions": options})
    for id, name, cycle in ((CLOUD_TYPE, "Cloud services", MONTHLY), (YEARLY_TYPE, "Cloud services, yearly", YEARLY)):
        _put(
            store,
            "agreement_type",
            {
                "id": id,
                "name": name,
                "billingCycle": _cycle(cycle),
                "prorateFlag": True,
                "invoicingCycle": "ContractYear" if cycle == YEARLY else "CalendarYear",
                "inactiveFlag": False,
            },
        )


def write_items(store: Store, items: Iterable[Item]) -> None:
    """Writes catalog items: as their offers say, but for what an item itself says. The vendor sku names the offer."""
    for item in items:
        offer = OFFERS[item.offer]
        _put(store, "catalog_item", _item(item, offer))


def write_companies(store: Store, companies: Iterable[Company]) -> None:
    """Writes companies and their agreements."""
    rows = list(companies)
    store.put_many("company", ((one.id, _company(one), None) for one in rows))
    store.put_many(
        "agreement",
        ((agreement.id, _agreement(one, agreement), None) for one in rows for agreement in one.agreements),
    )


def write_addition(store: Store, agreement: int, id: int, item: int, quantity: int, price: str, text: str) -> None:
    """Writes a line as a person would have made it: without any mark."""
    product = store.get("catalog_item", item) or {}
    cost = product.get("cost", Decimal(0))
    doc = {
        "id": id,
        "product": {"id": item, "identifier": product.get("identifier")},
        "quantity": quantity,
        "lessIncluded": 0,
        "unitPrice": Decimal(price),
        "unitCost": cost,
        "billCustomer": "Billable",
        "effectiveDate": "2026-05-11T00:00:00Z",
        "taxableFlag": True,
        "description": text,
        "invoiceDescription": text,
        "agreementId": agreement,
        "agreementStatus": "Active",
    }
    _put(store, "addition", doc, agreement)


def _item(item: Item, offer: Offer) -> Document:
    price = _money(offer.price) if item.price is None else Decimal(item.price)
    cost = _money(offer.cost) if item.cost is None else Decimal(item.cost)
    doc: Document = {
        "id": item.id,
        "identifier": item.identifier,
        "description": item.name or offer.name,
        "customerDescription": item.text or offer.description,
        "subcategory": {"id": SUBCATEGORY, "name": "Cloud subscriptions"},
        "type": {"id": PRODUCT_TYPE, "name": "Software"},
        "unitOfMeasure": {"id": UNIT, "name": "Each"},
        "productClass": "Agreement",
        "price": price,
        "cost": cost,
        "taxableFlag": True,
        "inactiveFlag": False,
        "manufacturerPartNumber": (offer.mpn or "") if item.part is None else item.part,
        "vendorSku": "/".join(offer.key),
        "autoUpdateUnitPriceFlag": item.auto_price,
        "autoUpdateUnitCostFlag": False,
    }
    manufacturer = MANUFACTURER_OF.get(offer.provider)
    if manufacturer is not None:
        doc["manufacturer"] = {"id": manufacturer, "name": MANUFACTURERS[manufacturer]}
    return doc


def _company(company: Company) -> Document:
    return {
        "id": company.id,
        "identifier": company.identifier,
        "name": company.name,
        "status": {"id": 1, "name": "Active"},
        "types": [{"id": 1, "name": "Client"}],
        "addressLine1": company.street,
        "city": company.city,
        "state": company.state,
        "zip": company.zip,
        "country": {"id": 1, "name": "United States"},
        "accountNumber": str(company.customer),
        "deletedFlag": False,
        **_INFO,
    }


def _agreement(company: Company, agreement: PsaAgreement) -> Document:
    day = f"{agreement.start}T00:00:00Z"
    return {
        "id": agreement.id,
        "name": agreement.name,
        "type": {"id": YEARLY_TYPE, "name": "Cloud services, yearly"}
        if agreement.yearly
        else {"id": CLOUD_TYPE, "name": "Cloud services"},
        "company": {"id": company.id, "identifier": company.identifier, "name": company.name},
        "startDate": day,
        "noEndingDateFlag": True,
        "cancelledFlag": False,
        "agreementStatus": "Active",
        "billingCycle": _cycle(YEARLY if agreement.yearly else MONTHLY),
        "invoicingCycle": "ContractYear" if agreement.yearly else "CalendarYear",
        "billStartDate": day,
        "prorateFlag": True,
        "nextInvoiceDate": f"{agreement.next_invoice}T00:00:00Z",
        "currency": {"id": CURRENCY, "name": "US Dollars"},
        **_INFO,
    }


_INFO: Document = {"_info": {"lastUpdated": "2026-05-04T09:00:00Z", "updatedBy": "Admin"}}


def _cycle(id: int) -> Document:
    return {"id": id, "name": "Annual" if id == YEARLY else "Monthly"}


def _flags(kind: str, id: int) -> Document:
    if kind in ("territory",):
        return {}
    if kind == "manufacturer":
        return {"inactiveFlag": False}
    if kind == "subcategory":
        return {"category": {"id": 30, "name": "Software"}, "defaultFlag": False, "inactiveFlag": False}
    return {"defaultFlag": id == 1, "inactiveFlag": False}


def _money(amount: Decimal) -> Decimal:
    """Rounded half up to cents, as this PSA's catalog keeps its prices."""
    return Decimal(int(amount * 100 + Decimal("0.5"))) / 100


def _put(store: Store, kind: str, doc: Document, parent: int | None = None) -> None:
    store.put(kind, doc["id"], {**doc, **_INFO}, parent)
