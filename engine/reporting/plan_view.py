"""A plan's dict form arranged for reading: groups of changes, each with its lines."""

from decimal import Decimal
from itertools import groupby
from typing import Any

from engine.reporting.formats import KINDS, LABELS, SIGNS, cents, counted, money, plain_text, shown, signed

Document = dict[str, Any]

_TOLD = frozenset(
    {"quantity", "unit_price", "unit_cost", "effective", "cancelled", "product_id", "bill_customer", "taxable", "mark"}
)
"""Fields of a new addition that its first line tells already, or that say nothing to a reader."""


SHOWN_UNMAPPED = 10
"""So many unmapped subscriptions are shown, those worth most; the JSON form has all of them."""


def plan_view(plan: Document) -> Document:
    """What the templates show of a plan."""
    names = {one["customer"]: one["name"] for one in plan["by_customer"]}
    groups = [_group(customer, names, list(changes)) for customer, changes in groupby(_sorted(plan, names), _customer)]
    effects = {one["customer"]: effect_text(one["effect"]) for one in plan["by_customer"]}
    for group in groups:
        group["effect"] = effects.get(group["customer"])
    return {
        "plan": plan,
        "groups": groups,
        "summary": summary(plan),
        "total": effect_text(plan["total"]),
        "selection": selection_text(plan["selection"]),
        "rounding": signed(plan["rounding"]) if Decimal(plan["rounding"]) else None,
        "unmapped": [{**one, "worth": _worth(one)} for one in plan["unmapped"][:SHOWN_UNMAPPED]],
        "more_unmapped": max(0, len(plan["unmapped"]) - SHOWN_UNMAPPED),
        "held": [_held(one) for one in plan["held"]],
    }


def summary(plan: Document) -> str:
    """`Plan: 3 to create, 1 to change, 12 in step.`"""
    counts = plan["counts"]
    held = "".join(f", {counts[kind]:,} {kind}" for kind in ("blocked", "incomplete") if counts[kind])
    if not plan["changes"]:
        return f"No changes. {counted(counts['unchanged'], 'object is', 'objects are')} in step{held}."
    changes = f"{counts['create']:,} to create, {counts['update']:,} to change"
    return f"Plan: {changes}, {counts['unchanged']:,} in step{held}."


def effect_text(effect: Document) -> str | None:
    """`+264.00 a month, +1,200.00 a year`, or None for no effect."""
    parts = [
        f"{signed(effect[name])} {words}"
        for name, words in (("month", "a month"), ("year", "a year"), ("once", "once"))
        if Decimal(effect[name])
    ]
    return ", ".join(parts) or None


def selection_text(selection: Document) -> str:
    """What the plan was limited to, in words."""
    parts = [
        f"{kind if len(selection[kind]) > 1 else kind.removesuffix('s')} {', '.join(selection[kind])}"
        for kind in ("customers", "products", "services")
        if selection[kind]
    ]
    return "; ".join(parts) or "everything"


def _customer(change: Document) -> str | None:
    customer: str | None = change["customer"]
    return customer


def _sorted(plan: Document, names: dict[str, str]) -> list[Document]:
    return sorted(
        plan["changes"],
        key=lambda one: (one["customer"] is not None, names.get(one["customer"], "").casefold(), one["customer"] or ""),
    )


def _group(customer: str | None, names: dict[str, str], changes: list[Document]) -> Document:
    return {
        "customer": customer,
        "title": plain_text(names.get(customer, customer)) if customer else "Catalog",
        "changes": [_change(change) for change in changes],
    }


def _change(change: Document) -> Document:
    label = KINDS[change["kind"]]
    number = f" {change['object_id']}" if change["object_id"] is not None else ""
    place = change["source"]
    new_line = change["kind"] == "addition" and change["action"] == "create"
    fields = [one for one in change["fields"] if not (new_line and one["field"] in _TOLD)]
    width = max((len(str(LABELS.get(one["field"], one["field"]))) for one in fields), default=0)
    return {
        "address": change["address"],
        "action": change["action"],
        "sign": SIGNS[change["action"]],
        "label": f"{label}{number}",
        "name": plain_text(change["name"]),
        "where": f"agreement {change['agreement']}" if change["agreement"] is not None else "",
        "line": _new_line(change) if new_line else None,
        "fields": [_field(one, width, change["action"]) for one in fields],
        "reason": plain_text(change["reason"]),
        "effect": effect_text(change["effect"]) if change["effect"] else None,
        "source": f"{place['file']}:{place['line']}" if place else "",
        "notes": [plain_text(note) for note in change["notes"]],
    }


def _new_line(change: Document) -> str:
    """`12 × 22.00 (cost 17.60) from 2026-06-01 to 2027-01-09, Billable, taxable`."""
    value = {one["field"]: one["after"] for one in change["fields"]}
    end = f"to {value['cancelled']}" if value.get("cancelled") else "without an end"
    price, cost = money(value["unit_price"]), money(value["unit_cost"])
    days = f"from {value['effective']} {end}"
    terms = f"{value.get('bill_customer', '')}, {'taxable' if value.get('taxable') else 'not taxable'}"
    return f"{shown('quantity', value['quantity'])} × {price} (cost {cost}) {days}, {terms}"


def _field(field: Document, width: int, action: str) -> Document:
    name: str = field["field"]
    return {
        "label": LABELS.get(name, name),
        "padded": LABELS.get(name, name).ljust(width),
        "before": None if action == "create" else shown(name, field["before"]),
        "after": shown(name, field["after"]),
        "rule": field["rule"],
    }


def _held(held: Document) -> Document:
    name, place = plain_text(held["name"]), held["source"]
    named = "" if held["subject"].endswith(f":{held['name']}") else f" {name}"
    return {
        **held,
        "label": f"{plain_text(held['subject'])}{named}",
        "where": f" ({place['file']}:{place['line']})" if place else "",
    }


def _worth(unmapped: Document) -> str:
    cycle = {"monthly": "a month", "annual": "a year"}.get(unmapped["cycle"], "a cycle")
    return f"{cents(unmapped['amount'])} {plain_text(unmapped['currency'])} {cycle}"
