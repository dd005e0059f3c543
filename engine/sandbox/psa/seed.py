"""Writing a world into the simulated PSA without going through its API: no check, no rights, and fast.

Each function returns the new record's id; `id` chooses it. Wrap many calls in `store.transaction()`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from engine.sandbox.psa.additions import agreement_billing, compute
from engine.sandbox.psa.charged import CHARGED
from engine.sandbox.psa.clock import new_info
from engine.sandbox.psa.custom_fields import ADDITION_POD, filled
from engine.sandbox.psa.periods import wire_day
from engine.sandbox.psa.records import BY_KIND
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Document, Store

MONTHLY, YEARLY, QUARTERLY = 1, 2, 3
"""Ids of the billing cycles that `add_setup_tables` makes."""

_SETUP: Mapping[str, tuple[dict[str, Any], ...]] = {
    "company_status": (
        {"id": 1, "name": "Active", "defaultFlag": True},
        {"id": 2, "name": "Inactive", "defaultFlag": False},
    ),
    "company_type": (
        {"id": 1, "name": "Customer", "defaultFlag": True, "vendorFlag": False},
        {"id": 2, "name": "Vendor", "defaultFlag": False, "vendorFlag": True},
    ),
    "country": tuple(
        {"id": number, "name": name, "countryCode": code}
        for number, (code, name) in enumerate(
            (
                ("US", "United States"),
                ("CA", "Canada"),
                ("GB", "United Kingdom"),
                ("DE", "Germany"),
                ("FR", "France"),
                ("NL", "Netherlands"),
                ("AU", "Australia"),
                ("NZ", "New Zealand"),
            ),
            start=1,
        )
    ),
    "territory": ({"id": 1, "name": "Main Office"},),
    "currency": (
        {"id": 1, "name": "US Dollars", "currencyCode": "USD", "symbol": "$"},
        {"id": 2, "name": "Euro", "currencyCode": "EUR", "symbol": "€"},
        {"id": 3, "name": "Pound Sterling", "currencyCode": "GBP", "symbol": "£"},
    ),
    "billing_cycle": (
        {"id": MONTHLY, "identifier": "M", "name": "Monthly", "billingOptions": "Monthly", "defaultFlag": True},
        {"id": YEARLY, "identifier": "Y", "name": "Yearly", "billingOptions": "Yearly", "defaultFlag": False},
        {"id": QUARTERLY, "identifier": "Q", "name": "Quarterly", "billingOptions": "Quarterly", "defaultFlag": False},
    ),
    "category": ({"id": 1, "name": "Software", "defaultFlag": True, "inactiveFlag": False},),
    "subcategory": ({"id": 1, "name": "Cloud Services", "category": {"id": 1, "name": "Software"}},),
    "product_type": ({"id": 1, "name": "Software", "defaultFlag": True, "inactiveFlag": False},),
    "unit_of_measure": (
        {"id": 1, "name": "Each", "defaultFlag": True, "inactiveFlag": False},
        {"id": 2, "name": "Seat", "defaultFlag": False, "inactiveFlag": False},
    ),
}


class NewAddition(msgspec.Struct, frozen=True, kw_only=True):
    """An addition to write; `product` is the catalog item's id, `custom_fields` holds values by caption."""

    product: int
    quantity: Decimal | int
    unit_price: Decimal | int
    unit_cost: Decimal | int
    effective: date
    cancelled: date | None = None
    bill_customer: str = "Billable"
    taxable: bool = False
    description: str | None = None
    invoice_description: str | None = None
    serial_number: str | None = None
    less_included: Decimal | int = 0
    custom_fields: Mapping[str, str] = {}
    id: int | None = None


def add_setup_tables(store: Store) -> None:
    """The set-up tables that every tenant has: statuses, types, cycles, countries, currencies, catalog categories."""
    for kind, records in _SETUP.items():
        store.put_many(kind, ((record["id"], {**record, "_info": new_info(store)}, None) for record in records))


def add_agreement_type(
    store: Store, name: str, *, billing_cycle: int = MONTHLY, prorates: bool = True, id: int | None = None
) -> int:
    """An agreement type."""
    values = {
        "name": name,
        "billingCycle": link(store, "billing_cycle", billing_cycle),
        "prorateFlag": prorates,
        "invoicingCycle": "CalendarYear",
        "employeeCompRate": "Actual",
        "employeeCompNotExceed": "Billing",
        "billTime": "NoDefault",
        "billExpenses": "NoDefault",
        "billProducts": "NoDefault",
        "inactiveFlag": False,
    }
    return add_record(store, "agreement_type", values, id=id)


def add_custom_field(store: Store, caption: str, *, pod: int = ADDITION_POD, id: int | None = None) -> int:
    """A text custom field, by default on additions. Make it before the records that carry it."""
    values = {
        "podId": pod,
        "caption": caption,
        "sequenceNumber": store.count("user_defined_field") + 1,
        "fieldTypeIdentifier": "Text",
        "entryTypeIdentifier": "EntryField",
        "requiredFlag": False,
    }
    return add_record(store, "user_defined_field", values, id=id)


def add_company(
    store: Store,
    *,
    identifier: str,
    name: str,
    address_line1: str | None = None,
    city: str | None = None,
    state: str | None = None,
    zip: str | None = None,
    country: int | None = 1,
    deleted: bool = False,
    id: int | None = None,
    **more: Any,
) -> int:
    """A company; `country` is an id, `more` holds further members in the API's own names."""
    values = {
        "identifier": identifier,
        "name": name,
        "status": link(store, "company_status", 1),
        "types": [link(store, "company_type", 1)],
        "addressLine1": address_line1,
        "city": city,
        "state": state,
        "zip": zip,
        "country": link(store, "country", country),
        "site": {"id": 1, "name": "Main"},
        "deletedFlag": deleted,
        **more,
    }
    return add_record(store, "company", values, id=id)


def add_manufacturer(store: Store, name: str, *, inactive: bool = False, id: int | None = None) -> int:
    """A manufacturer."""
    return add_record(store, "manufacturer", {"name": name, "inactiveFlag": inactive}, id=id)


def add_catalog_item(
    store: Store,
    *,
    identifier: str,
    description: str,
    customer_description: str | None = None,
    price: Decimal | int,
    cost: Decimal | int,
    manufacturer: int | None = None,
    manufacturer_part_number: str | None = None,
    product_class: str = "Agreement",
    inactive: bool = False,
    id: int | None = None,
    **more: Any,
) -> int:
    """A catalog item; `manufacturer` is an id, `more` holds further members in the API's own names."""
    values = {
        "identifier": identifier,
        "description": description,
        "customerDescription": customer_description or description,
        "category": link(store, "category", 1),
        "subcategory": link(store, "subcategory", 1),
        "type": link(store, "product_type", 1),
        "productClass": product_class,
        "price": price,
        "cost": cost,
        "taxableFlag": False,
        "inactiveFlag": inactive,
        "unitOfMeasure": link(store, "unit_of_measure", 1),
        "manufacturer": link(store, "manufacturer", manufacturer),
        "manufacturerPartNumber": manufacturer_part_number,
        "autoUpdateUnitCostFlag": False,
        "autoUpdateUnitPriceFlag": False,
        **more,
    }
    return add_record(store, "catalog_item", values, id=id)


def add_agreement(
    store: Store,
    *,
    company: int,
    name: str,
    type: int,
    start: date,
    billing_cycle: int = MONTHLY,
    bill_start: date | None = None,
    next_invoice: date | None = None,
    end: date | None = None,
    prorates: bool = True,
    cancelled: bool = False,
    status: str = "Active",
    currency: int = 1,
    id: int | None = None,
    **more: Any,
) -> int:
    """An agreement; company, type, billing cycle and currency are ids. `end` is its last day.

    Without `next_invoice` nothing has been invoiced: it is the first day that bills, or, in arrears, the first day
    after the first period.
    """
    values = {
        "name": name,
        "type": link(store, "agreement_type", type),
        "company": link(store, "company", company),
        "contact": {"id": 1, "name": "Main contact"},
        "startDate": wire_day(start),
        "endDate": wire_day(end) if end else None,
        "noEndingDateFlag": end is None,
        "cancelledFlag": cancelled,
        "agreementStatus": status,
        "billingCycle": link(store, "billing_cycle", billing_cycle),
        "invoicingCycle": "CalendarYear",
        "billStartDate": wire_day(bill_start or start),
        "prorateFlag": prorates,
        "nextInvoiceDate": wire_day(next_invoice) if next_invoice else None,
        "currency": link(store, "currency", currency),
        "employeeCompRate": "Actual",
        "billTime": "NoDefault",
        "billExpenses": "NoDefault",
        "billProducts": "NoDefault",
        **more,
    }
    if next_invoice is None:
        values["nextInvoiceDate"] = wire_day(agreement_billing(store, PsaSettings(store), values).next_invoice)
    return add_record(store, "agreement", values, id=id)


def add_addition(store: Store, agreement: int, addition: NewAddition) -> int:
    """An addition of an agreement."""
    return add_additions(store, agreement, (addition,))[0]


def add_additions(store: Store, agreement: int, additions: Iterable[NewAddition]) -> list[int]:
    """Many additions of one agreement at once; their ids in the given order."""
    owner = store.get("agreement", agreement)
    if owner is None:
        raise ValueError(f"there is no agreement {agreement}")
    billing = agreement_billing(store, PsaSettings(store), owner)
    rows: list[tuple[int, Document, int | None]] = []
    with store.transaction():
        for new in additions:
            id = store.next_id("addition") if new.id is None else new.id
            doc = _kept({"id": id, **_addition_members(store, new), "_info": new_info(store)})
            compute(doc, owner, billing)
            rows.append((id, doc, agreement))
        store.put_many("addition", rows)
        through = billing.invoiced_through.isoformat()
        store.put_many(CHARGED, ((id, {"id": id, "through": through}, agreement) for id, _, _ in rows))
    return [row[0] for row in rows]


def add_record(store: Store, kind: str, values: Document, id: int | None = None) -> int:
    """Any record with these members; what is None is left out."""
    id = store.next_id(kind) if id is None else id
    store.put(kind, id, _kept({"id": id, **values, "_info": new_info(store)}))
    return id


def link(store: Store, kind: str, id: int | None) -> Document | None:
    """A reference to a record as the PSA shows it. Raises ValueError if there is no such record."""
    if id is None:
        return None
    found = store.get(kind, id)
    if found is None:
        raise ValueError(f"there is no {kind.replace('_', ' ')} {id}")
    return {"id": id, **{member: found.get(member) for member in BY_KIND[kind].shown}}


def _addition_members(store: Store, new: NewAddition) -> Document:
    return {
        "product": link(store, "catalog_item", new.product),
        "quantity": new.quantity,
        "lessIncluded": new.less_included,
        "unitPrice": new.unit_price,
        "unitCost": new.unit_cost,
        "billCustomer": new.bill_customer,
        "effectiveDate": wire_day(new.effective),
        "cancelledDate": wire_day(new.cancelled) if new.cancelled else None,
        "taxableFlag": new.taxable,
        "serialNumber": new.serial_number,
        "invoiceDescription": new.invoice_description,
        "description": new.description,
        "purchaseItemFlag": False,
        "specialOrderFlag": False,
        "prorateCurrentPeriodFlag": False,
        "customFields": filled(store, "addition", new.custom_fields) or None,
    }


def _kept(values: Document) -> Document:
    return {name: value for name, value in values.items() if value is not None}
