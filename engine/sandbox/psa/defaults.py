"""What a new record has where a body says nothing."""

from typing import Any

from engine.sandbox.psa.additions import agreement_billing
from engine.sandbox.psa.custom_fields import filled
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.periods import wire_day
from engine.sandbox.psa.records import ADDITION, AGREEMENT, CATALOG_ITEM, COMPANY, TABLES
from engine.sandbox.psa.references import shown
from engine.sandbox.psa.request import Request
from engine.sandbox.store import Document, Store

_TABLES = {table.kind: table for table in TABLES}


def with_defaults(store: Store, resource: Resource, request: Request, record: Document) -> Document:
    """The record with the defaults of its resource for members that it lacks."""
    defaults = flags_off(resource, request.version)
    if resource is COMPANY:
        defaults |= {"status": _default(store, "company_status"), "site": {"id": 1, "name": "Main"}}
    elif resource is CATALOG_ITEM:
        defaults |= {"productClass": "NonInventory", "unitOfMeasure": _default(store, "unit_of_measure")}
    elif resource is AGREEMENT:
        defaults |= _of_agreement(store, request, record)
    elif resource is ADDITION:
        defaults |= _of_addition(store, request, record)
    if "customFields" in resource.members:
        defaults["customFields"] = filled(store, resource.kind, {}) or None
    return {**{name: value for name, value in defaults.items() if value is not None}, **record}


def flags_off(resource: Resource, version: str) -> Document:
    """Every flag that a version of the resource has, set to no."""
    return {
        name: False for name, member in resource.members.items() if member.type == "flag" and member.known_in(version)
    }


def _of_agreement(store: Store, request: Request, record: Document) -> Document:
    type_of: dict[str, Any] = store.get("agreement_type", (record.get("type") or {}).get("id", 0)) or {}
    start = record.get("billStartDate") or record.get("startDate")
    defaults = {
        "billingCycle": type_of.get("billingCycle"),
        "prorateFlag": type_of.get("prorateFlag", False),
        "invoicingCycle": type_of.get("invoicingCycle", "CalendarYear"),
        "noEndingDateFlag": record.get("endDate") is None,
        "agreementStatus": "Active",
        "billStartDate": start,
        "currency": _default(store, "currency"),
    }
    first = agreement_billing(store, request.settings, {**defaults, **record}).next_invoice
    return {**defaults, "nextInvoiceDate": wire_day(first) if start else None}


def _of_addition(store: Store, request: Request, record: Document) -> Document:
    defaults: Document = {"lessIncluded": 0}
    item = store.get("catalog_item", (record.get("product") or {}).get("id", 0)) or {}
    if request.settings["psa.price_default"] == "catalog":
        defaults |= {"unitPrice": item.get("price"), "unitCost": item.get("cost")}
    return defaults | {
        "uom": (item.get("unitOfMeasure") or {}).get("name"),
        "description": item.get("description"),
        "invoiceDescription": item.get("customerDescription"),
    }


def _default(store: Store, kind: str) -> Document | None:
    """A reference to the table's record that is marked as the default, else to its first one."""
    records = list(store.rows(kind))
    chosen = next((record for record in records if record.get("defaultFlag")), records[0] if records else None)
    return None if chosen is None else shown(_TABLES[kind], chosen)
