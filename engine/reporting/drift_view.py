"""What of our lines was edited by hand, arranged for reading: by customer, with what to do about each."""

from itertools import groupby
from typing import Any

from engine.reporting.formats import LABELS, counted, plain_text, shown

Document = dict[str, Any]


def drift_rows(drift: list[Document]) -> list[Document]:
    """Each edit as text, for a plan."""
    return [_row(one) for one in drift]


def drift_view(found: Document) -> Document:
    """What the template shows of `cwctl drift`."""
    drift = sorted(found["drift"], key=_customer)
    return {
        "found": found,
        "groups": [
            {"name": plain_text(name), "customer": plain_text(customer), "rows": drift_rows(list(edits))}
            for (name, customer), edits in groupby(drift, _customer)
        ],
        "summary": _summary(found),
    }


def _customer(one: Document) -> tuple[str, str]:
    return one["customer_name"], one["customer"]


def _row(one: Document) -> Document:
    name, field = plain_text(one["name"]), str(one["field"])
    item = f", {plain_text(one['item'])}" if one["item"] else ""
    return {
        **one,
        "line": f"addition {one['addition']} on agreement {one['agreement']}: {name}{item}",
        "label": LABELS.get(field, field.replace("_", " ")),
        "has": shown(field, one["has"]),
        "wants": shown(field, one["wants"]),
        "advice": plain_text(one["advice"]),
    }


def _summary(found: Document) -> str:
    edits, held = len(found["drift"]), len(found["held"])
    said = f"Drift: {counted(edits, 'field was', 'fields were')} edited by hand." if edits else "No drift."
    return said + (f" {counted(held, 'object', 'objects')} could not be compared." if held else "")
