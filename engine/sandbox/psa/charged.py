"""Up to which day invoices charge an addition: the lines of those that stand, and what a world began with."""

from datetime import date
from decimal import Decimal

from engine.sandbox.store import Store

LINES = "invoice_lines"
"""The kind under which an invoice's lines are kept; the API does not show them."""

CHARGED = "charged_before"
"""The kind that says of an addition which was written into a world up to which day it counts as charged."""


def charged_through(store: Store, agreement: int, *, something: bool = False) -> dict[int, date]:
    """The last charged day of each addition of an agreement that has one; with `something`, charged more than 0.00."""
    found = {row["id"]: date.fromisoformat(row["through"]) for row in store.rows(CHARGED, agreement)}
    for past in store.rows(LINES, agreement):
        for line in past["lines"]:
            last = date.fromisoformat(line["to"])
            if not something or Decimal(line["amount"]):
                found[line["addition"]] = max(found.get(line["addition"], last), last)
    return found
