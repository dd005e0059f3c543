"""A plan's dict form arranged for reading: a customer's objects, and the lines of each of its services."""

from collections.abc import Collection
from decimal import Decimal
from itertools import groupby
from typing import Any

from engine.reporting.drift_view import drift_rows
from engine.reporting.findings_view import findings_view, guarded_text
from engine.reporting.formats import KINDS, LABELS, SIGNS, cents, counted, money, plain_text, shown, signed
from engine.reporting.money_view import money_rows, service_effect, totals_text

Document = dict[str, Any]

_TOLD = frozenset(
    {"quantity", "unit_price", "unit_cost", "effective", "cancelled", "product_id", "bill_customer", "taxable", "mark"}
)
"""Fields of a new addition that the text of its line tells already, or that say nothing to a reader."""

_ROLES = {"base": "base line", "delta": "increase", "reversal": "credit", "one_time": "one-time charge"}

SHOWN_UNMAPPED = 10
"""So many unmapped subscriptions are shown, those worth most; the JSON form has all of them."""


def plan_view(plan: Document, allowed: Collection[str] = (), file: str | None = None) -> Document:
    """What the templates show of a plan. `allowed` are guards that hold nothing; `file` is where it is saved."""
    names = {one["customer"]: one["name"] for one in plan["by_customer"]}
    made = {f"@{one['address']}": _identifier(one) for one in plan["changes"] if one["kind"] == "catalog_item"}
    groups = [
        _group(customer, names, list(changes), made) for customer, changes in groupby(_sorted(plan, names), _customer)
    ]
    for group in groups:
        group["money"] = _money_of(plan, group["customer"])
    return {
        "plan": plan,
        "groups": groups,
        "summary": summary(plan),
        "total": totals_text(plan["totals"]),
        "totals": [row for one in plan["totals"] for row in money_rows(one, "next invoices")],
        "explained": any(group["money"] for group in groups),
        "findings": findings_view(plan, allowed, file),
        "guarded": guarded_text(plan, allowed),
        "selection": selection_text(plan["selection"]),
        "rounding": signed(plan["rounding"]) if Decimal(plan["rounding"]) else None,
        "unmapped": [{**one, "worth": _worth(one)} for one in plan["unmapped"][:SHOWN_UNMAPPED]],
        "more_unmapped": max(0, len(plan["unmapped"]) - SHOWN_UNMAPPED),
        "held": [held_row(one) for one in plan["held"]],
        "late": any(one["code"] == "late-change" for one in plan["held"]),
        "drift": drift_rows(plan["drift"]),
    }


def summary(plan: Document) -> str:
    """`Plan: 3 to create, 1 to change, 12 in step.`"""
    counts = plan["counts"]
    held = "".join(f", {counts[kind]:,} {kind}" for kind in ("blocked", "incomplete") if counts[kind])
    if not plan["changes"]:
        return f"No changes. {counted(counts['unchanged'], 'object is', 'objects are')} in step{held}."
    changes = f"{counts['create']:,} to create, {counts['update']:,} to change"
    return f"Plan: {changes}, {counts['unchanged']:,} in step{held}."


def selection_text(selection: Document) -> str:
    """What the plan was limited to, in words."""
    parts = [
        f"{kind if len(selection[kind]) > 1 else kind.removesuffix('s')} {', '.join(selection[kind])}"
        for kind in ("customers", "products", "services")
        if selection[kind]
    ]
    return "; ".join(parts) or "everything"


def _money_of(plan: Document, customer: str | None) -> list[Document]:
    """What a customer bills, in each currency in which something of it changes."""
    entries = [one for one in plan["by_customer"] if one["customer"] == customer and one["currency"] and one["changes"]]
    agreements = {one["agreement"] for one in plan["changes"] if one["customer"] == customer and one["line"]}
    invoices = "next invoice" if len(agreements) == 1 else "next invoices"
    return [row for one in entries for row in money_rows(one, invoices)]


def _customer(change: Document) -> str | None:
    customer: str | None = change["customer"]
    return customer


def _sorted(plan: Document, names: dict[str, str]) -> list[Document]:
    return sorted(
        plan["changes"],
        key=lambda one: (one["customer"] is not None, names.get(one["customer"], "").casefold(), one["customer"] or ""),
    )


def _group(customer: str | None, names: dict[str, str], changes: list[Document], made: dict[str, str]) -> Document:
    lines = [change for change in changes if change.get("line")]
    return {
        "customer": customer,
        "title": plain_text(names.get(customer, customer)) if customer else "Catalog",
        "changes": [_change(change) for change in changes if not change.get("line")],
        "services": [_service(list(of_one), made) for _, of_one in groupby(lines, _service_of)],
    }


def _service_of(change: Document) -> tuple[str, int]:
    return (change["line"]["subscription"], change["agreement"])


def _service(changes: list[Document], made: dict[str, str]) -> Document:
    """The lines of a service on an agreement, in the order in which they are written."""
    first = changes[0]
    subscription, agreement = _service_of(first)
    return {
        "name": plain_text(first["name"]),
        "where": f", agreement {agreement}, subscription {plain_text(subscription)}",
        "effect": service_effect(changes),
        "source": _source(first),
        "changes": [_line_change(change, made) for change in changes],
    }


def _change(change: Document) -> Document:
    number = f" {change['object_id']}" if change["object_id"] is not None else ""
    return {
        "action": change["action"],
        "sign": SIGNS[change["action"]],
        "label": f"{KINDS[change['kind']]}{number}",
        "name": plain_text(change["name"]),
        "fields": _fields(change["fields"], change["action"], change["drift"]),
        "reason": plain_text(change["reason"]),
        "source": _source(change),
        "notes": [plain_text(note) for note in change["notes"]],
    }


def _line_change(change: Document, made: dict[str, str]) -> Document:
    line = change["line"]
    new = change["action"] == "create"
    fields = [one for one in change["fields"] if not (new and one["field"] in _TOLD)]
    item = line["item"] or next(
        (_item(one["after"], made) for one in change["fields"] if one["field"] == "product_id"), ""
    )
    return {
        **_change(change),
        "name": f"{_role(line)}{f', {plain_text(item)}' if item else ''}",
        "line": _line_text(line) + (_terms(change) if new else ""),
        "fields": _fields(fields, change["action"], change["drift"]),
    }


def _role(line: Document) -> str:
    """What a line is for; one below zero is called a credit."""
    role: str = line["role"]
    name = _ROLES.get(role, role)
    if role == "usage":
        name = f"consumption of {line['month']}"
    elif role == "settlement":
        name = f"settlement of {line['month']}"
    elif role == "delta" and Decimal(line["quantity"]) < 0:
        name = "credit for a decrease"
    return f"retracted {name}" if line["retracted"] else name


def _line_text(line: Document) -> str:
    """`12 × 22.00 (cost 17.60) from 2026-06-01 to 2027-01-09`."""
    amount = f"{shown('quantity', line['quantity'])} × {money(line['unit_price'])} (cost {money(line['unit_cost'])})"
    end = f"to {line['cancelled']}" if line["cancelled"] else "without an end"
    return f"{amount} from {line['effective']} {end}"


def _terms(change: Document) -> str:
    """`, Billable, taxable`."""
    value = {one["field"]: one["after"] for one in change["fields"]}
    return f", {plain_text(value.get('bill_customer', ''))}, {'taxable' if value.get('taxable') else 'not taxable'}"


def _item(product: object, made: dict[str, str]) -> str:
    return made.get(str(product), f"catalog item {product}")


def _identifier(change: Document) -> str:
    return str(next((one["after"] for one in change["fields"] if one["field"] == "identifier"), change["name"]))


def _source(change: Document) -> str:
    place = change["source"]
    return f"{place['file']}:{place['line']}" if place else ""


def _fields(fields: list[Document], action: str, by_hand: list[str]) -> list[Document]:
    width = max((len(str(LABELS.get(one["field"], one["field"]))) for one in fields), default=0)
    return [_field(one, width, action, by_hand=one["field"] in by_hand) for one in fields]


def _field(field: Document, width: int, action: str, *, by_hand: bool) -> Document:
    name: str = field["field"]
    return {
        "label": LABELS.get(name, name),
        "padded": LABELS.get(name, name).ljust(width),
        "before": None if action == "create" else shown(name, field["before"]),
        "after": shown(name, field["after"]) + (" (edited by hand)" if by_hand else ""),
        "rule": field["rule"],
    }


def held_row(held: Document) -> Document:
    """What is held back, as text."""
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
