"""The findings of the guards, arranged for reading: what each holds back, its numbers, and how to allow it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.reporting.formats import cents, plain_text

Document = dict[str, Any]

_LEAST = frozenset({"minimum-margin", "negative-line", "price-under-cost"})
"""Guards whose limit is the least that may be."""


def findings_view(plan: Document) -> list[Document]:
    """Those that stop the run first, then by customer."""
    names = {one["customer"]: one["name"] for one in plan["by_customer"]}
    found = [_finding(one, names) for one in plan["findings"]]
    return sorted(found, key=lambda one: one["customer"] is not None)


def _finding(finding: Document, names: dict[str, str]) -> Document:
    customer = finding["customer"]
    name = plain_text(names.get(customer, ""))
    whose = f"{name} (customer {plain_text(customer)})" if name else f"customer {plain_text(customer)}"
    holds = f"holds back {whose}" if customer else "stops the whole run"
    return {
        **finding,
        "holds": holds,
        "value": _number(finding["value"], finding["unit"]),
        "bound": "at least" if finding["guard"] in _LEAST else "at most",
        "limit": _number(finding["limit"], finding["unit"]),
        "allow": f"--allow {plain_text(finding['guard'])}",
    }


def _number(text: str, unit: str) -> str:
    """`12 lines`, `45.0 %`, `3 x`, `1,200.00 USD`."""
    if unit == "%":
        return f"{Decimal(text).quantize(Decimal('0.1'), rounding=ROUND_HALF_UP):,} %"
    if unit in {"changes", "lines", "licences", "x"}:
        return f"{Decimal(text).normalize():,f} {unit}"
    return f"{cents(text)} {plain_text(unit)}"
