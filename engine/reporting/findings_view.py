"""The findings of the guards, arranged for reading: what each holds back, its numbers, and how to allow it."""

from collections.abc import Collection, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.reporting.formats import cents, plain_text

Document = dict[str, Any]

_LEAST = frozenset({"minimum-margin", "negative-line", "price-under-cost"})
"""Guards whose limit is the least that may be."""


def findings_view(plan: Document, allowed: Collection[str] = (), file: str | None = None) -> list[Document]:
    """Those that stop the run first, then by customer. `allowed` are guards; `file` is where the plan is saved."""
    names = {one["customer"]: one["name"] for one in plan["by_customer"]}
    found = [{**_finding(one, names), "hint": _hint(one, allowed, file)} for one in plan["findings"]]
    return sorted(found, key=lambda one: one["customer"] is not None)


def guarded_text(plan: Document, allowed: Collection[str] = ()) -> str:
    """How many of the changes guards hold back: a sentence, or nothing."""
    found = [one for one in plan["findings"] if one["guard"] not in allowed]
    if any(one["customer"] is None for one in found):
        return "Guards stop the whole run."
    customers = {one["customer"] for one in found}
    held, of = sum(one["customer"] in customers for one in plan["changes"]), len(plan["changes"])
    if not held:
        return ""
    return f"Guards hold back {f'{held:,} of the {of:,}' if held < of else f'all {of:,}'} changes."


def let_through(guards: Iterable[str], file: str | None) -> str:
    """How the same plan is applied in spite of these guards."""
    names = " ".join(f"--allow {plain_text(guard)}" for guard in guards)
    return f"`cwctl apply {plain_text(file)} {names}`" if file else f"`cwctl apply` with the same options and {names}"


def _hint(finding: Document, allowed: Collection[str], file: str | None) -> str:
    if finding["guard"] in allowed:
        return "allowed for this run"
    return f"{let_through([finding['guard']], file)} lets it through"


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
