"""Custom fields: which a record has, and their values in a body."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.psa.errors import conversion_failed, invalid, problem
from engine.sandbox.store import Store

COMPANY_POD, AGREEMENT_POD, CATALOG_POD, ADDITION_POD = 1, 2, 3, 4
"""The screens that custom fields belong to."""

_PODS = {"company": COMPANY_POD, "agreement": AGREEMENT_POD, "catalog_item": CATALOG_POD, "addition": ADDITION_POD}


def defined(store: Store, kind: str) -> list[dict[str, Any]]:
    """The custom fields of a kind of record, as the set-up table has them."""
    return [field for field in store.rows("user_defined_field") if field.get("podId") == _PODS.get(kind)]


def filled(store: Store, kind: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All custom fields of a record, with the values given by caption."""
    return [_entry(field, values.get(field["caption"])) for field in defined(store, kind)]


def replaced(store: Store, kind: str, name: str, given: object) -> list[dict[str, Any]]:
    """All custom fields of a record after a body's array took the place of the old one: what it leaves out is emptied.

    Raises ApiError for an id that the kind does not have.
    """
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise conversion_failed(given, "CustomFieldValue[]", "customFields")
    fields = {field["id"]: field for field in defined(store, kind)}
    unknown = [id for entry in given if type(id := entry.get("id")) is not int or id not in fields]
    if unknown:
        details = [problem("NotFound", f"Custom field {id} not found", name, "customFields/id") for id in unknown]
        raise invalid(name, details)
    values = {entry["id"]: entry.get("value") for entry in given}
    return [_entry(field, values.get(id)) for id, field in fields.items()]


def _entry(field: Mapping[str, Any], value: object) -> dict[str, Any]:
    entry = {
        "id": field["id"],
        "caption": field["caption"],
        "type": field["fieldTypeIdentifier"],
        "entryMethod": field["entryTypeIdentifier"],
        "numberOfDecimals": 0,
    }
    return entry if value is None else {**entry, "value": value}
