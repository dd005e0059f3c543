"""The words for a line of a service."""

from decimal import Decimal
from typing import Any

from engine.reporting.formats import money, shown

Document = dict[str, Any]

_NAMES = {"base": "base line", "delta": "increase", "reversal": "credit", "one_time": "one-time charge"}


def line_name(line: Document, bill: Document | None) -> str:
    """What a line is for; an increase below zero is a credit."""
    role: str = line["role"]
    if role == "usage":
        return f"consumption of {line['period']}" if line["period"] else "consumption"
    if role == "settlement":
        return f"settlement of {line['period']}"
    if role == "delta" and bill is not None and Decimal(bill["quantity"]) < 0:
        return "decrease"
    return _NAMES.get(role, role)


def line_text(bill: Document | None) -> str:
    """`12 × 22.00 (cost 17.60) from 2026-06-01 to 2027-01-09`."""
    if bill is None:
        return ""
    amount = f"{shown('quantity', bill['quantity'])} × {money(bill['unit_price'])} (cost {money(bill['unit_cost'])})"
    return f"{amount} {days_text(bill)}"


def days_text(bill: Document) -> str:
    """`from 2026-06-01 to 2027-01-09`."""
    end = f"to {bill['cancelled']}" if bill["cancelled"] else "without an end"
    return f"from {bill['effective']} {end}"


def place_text(source: Document | None) -> str:
    """` (mappings/services.yaml:9)`, or nothing."""
    return f" ({source['file']}:{source['line']})" if source else ""
