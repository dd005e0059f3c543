"""An explanation's dict form arranged for reading."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any

from engine.reporting.explanation_events_view import event_view
from engine.reporting.formats import cents, counted, money, plain_text, shown
from engine.reporting.line_words import line_name, line_text, place_text

Document = dict[str, Any]

_SIGNS = {"in_step": "=", "create": "+", "update": "~", "retract": "-", "blocked": "!"}
_STATES = {
    "in_step": "Every line is in step with the PSA.",
    "held": "It is held back: nothing is planned for it.",
    "unmapped": "It is not mapped: cwctl bills nothing for it.",
}
SHOWN_LOG = 12
"""So many items of the log that became no event are shown, the latest; the JSON form has all of them."""


def explanation_view(found: Document) -> Document:
    """What the template shows of an explanation."""
    several = len({one["agreement"] for one in found["lines"]}) > 1
    usage = bool(found["product"]) and found["product"]["kind"] == "usage"
    unused = _unused(found["log"]["items"])
    return {
        "found": found,
        "title": f"{plain_text(found['name'])}, subscription {plain_text(found['id'])}",
        "facts": _facts(found),
        "agreements": [_agreement(one) for one in found["agreements"]],
        "log_note": plain_text(found["log"]["note"]),
        "events": [event_view(one, several=several, usage=usage) for one in found["events"]],
        "unused": unused[-SHOWN_LOG:],
        "more_unused": len(unused[:-SHOWN_LOG]),
        "lines": [_line(one, several=several) for one in found["lines"]],
        "retracted": _retracted(found["retracted"]),
        "others": [_other(one) for one in found["others"]],
        "periods": [_period(one, several=several) for one in found["periods"]],
        "held": [_held(one) for one in found["held"]],
        "summary": _summary(found),
        "hint": _hint(found),
    }


def _unused(items: list[Document]) -> list[Document]:
    """What became no event, several alike of one day as one."""
    found = []
    for (day, text, note), alike in groupby(
        (one for one in items if not one["used"]), lambda one: (one["on"], plain_text(one["text"]), one["note"])
    ):
        times = len(list(alike))
        found.append({"on": day, "text": f"{text}{f' ×{times}' if times > 1 else ''}{f' ({note})' if note else ''}"})
    return found


def _facts(found: Document) -> list[tuple[str, str]]:
    """The head: labels and their texts."""
    shown_, mapping, customer, product = (found[name] for name in ("subscription", "mapping", "customer", "product"))
    facts = [("customer", _customer(customer))] if customer else []
    if product:
        item = f"catalog item {product['catalog_item']} {plain_text(product['identifier'] or '')}"
        told = item if product["catalog_item"] is not None else "not mapped" if not product["source"] else "no item yet"
        kind = f", {product['kind']}" if product["kind"] else ""
        facts.append(("product", f"{plain_text(product['key'])} → {told}{kind}{place_text(product['source'])}"))
    if shown_:
        trial = ", a trial" if shown_["trial"] else ""
        facts.append(("status", f"{plain_text(shown_['status'])}{trial}"))
        usage = product and product["kind"] == "usage"
        facts.append(("price", "by consumption") if usage else ("licences", _worth(shown_)))
        facts.append(("term", _term(shown_, found["lines"])))
        facts.append(("provider's id", plain_text(shown_["provider_id"])))
    if mapping:
        how = "automatically, as the one that it came from is, in " if mapping["automatic"] else "in "
        facts.append(("mapped", f"{how}{mapping['source']['file']}:{mapping['source']['line']}"))
    return facts


def _customer(customer: Document) -> str:
    company = f", company {customer['company']}" if customer["company"] is not None else ""
    named = customer["company_name"]
    other = f" {plain_text(named)}" if named and named != customer["name"] else ""
    unmapped = "" if customer["source"] else ", not mapped"
    name = plain_text(customer["name"])
    return f"{name} ({plain_text(customer['id'])}){company}{other}{unmapped}{place_text(customer['source'])}"


def _worth(shown_: Document) -> str:
    cycle = {"monthly": "a month", "annual": "a year", "one_time": "once"}.get(shown_["cycle"], "a cycle")
    price, currency = money(shown_["unit_price"]), plain_text(shown_["currency"])
    amount = f"{shown_['licenses']} × {price} = {cents(shown_['amount'])} {currency} {cycle}"
    return f"{amount}, cost {money(shown_['unit_cost'])} each"


def _term(shown_: Document, lines: Iterable[Document]) -> str:
    """The term as the platform shows it, and how far its lines reach where it renews by itself."""
    term = f"{plain_text(shown_['term'])} " if shown_["term"] else ""
    # Consumption may show an end before its start, which tells nothing.
    ends_at = shown_["end"] if shown_["end"] and shown_["end"] >= shown_["start"] else None
    end = f"to {ends_at}" if ends_at else "without an end"
    text = f"{term}from {shown_['start']} {end}"
    if not shown_["auto_renew"]:
        return f"{text}, does not renew by itself" if ends_at else text
    ends = [one["wanted"]["cancelled"] for one in lines if one["wanted"] and one["role"] == "base"]
    rolled = max((end for end in ends if end), default=None)
    if rolled is None or None in ends or shown_["state"] == "ended" or rolled <= (ends_at or rolled):
        return f"{text}, renews by itself"
    return f"{text}, renews by itself: rolled on to {rolled}"


def _agreement(one: Document) -> Document:
    terms = [
        one["frequency"].lower(),
        "prorates" if one["prorates"] else "does not prorate",
        f"invoiced in {'arrears' if one['arrears'] else 'advance'}",
        plain_text(one["currency"] or ""),
    ]
    facts = [("days", f"from {one['start'] or 'an unknown day'} {_until(one['end'])}")]
    if one["starts"] or one["until"]:
        since = f"from {one['starts']} " if one["starts"] else ""
        facts.append(("bills this", f"{since}{_until(one['until'])}"))
    through = f"through {one['invoiced_through']}" if one["invoiced_through"] else "the PSA does not say how far"
    following = f", next invoice on {one['next_invoice']}" if one["next_invoice"] else ""
    facts.append(("invoiced", f"{through}{following}"))
    if one["first_billed"]:
        why = f": {one['first_billed_because']}" if one["first_billed_because"] else ""
        facts.append(("first billed", f"{one['first_billed']}{why}{place_text(one['first_billed_source'])}"))
    width = max(len(rule["rule"]) for rule in one["rules"])
    across = max(len(rule["choice"]) for rule in one["rules"])
    rules = [
        f"{rule['rule']:<{width}}  {rule['choice']:<{across}}  {_where(rule['source'])}".rstrip()
        for rule in one["rules"]
    ]
    kind = f" ({plain_text(one['type'])})" if one["type"] and one["type"] != one["name"] else ""
    return {
        "title": f"Agreement {one['id']} {plain_text(one['name'])}{kind}",
        "terms": ", ".join(term for term in terms if term),
        "facts": facts,
        "rules": rules,
    }


def _until(day: str | None) -> str:
    return f"to {day}" if day else "without an end"


def _where(source: Document | None) -> str:
    return f"{source['file']}:{source['line']}" if source else "default"


def _line(one: Document, *, several: bool) -> Document:
    bill = one["wanted"] or one["posted"]
    on = f", agreement {one['agreement']}" if several else ""
    number = f", addition {one['addition']}" if one["addition"] is not None else ""
    done = {
        "in_step": "edited by hand" if one["reason"] else "in step",
        "create": "to create",
        "update": "to change",
        "retract": "to retract",
        "blocked": "held back" if one["wanted"] else "not wanted, held back" if one["reason"] else "not compared",
    }[one["status"]]
    return {
        "sign": _SIGNS[one["status"]],
        "status": one["status"],
        "name": line_name(one, bill) + f", {plain_text(one['item'])}{on}{number}",
        "done": done,
        "text": line_text(bill),
        "moves": _moves(one),
        "reason": plain_text(one["reason"]) if one["reason"] else None,
        "mark": plain_text(one["mark"]),
    }


def _moves(one: Document) -> list[str]:
    """What the PSA has → what is wanted, of a line that stands and differs."""
    before, after = one["posted"], one["wanted"]
    if one["status"] in {"in_step", "create"} or before is None or after is None:
        return []
    words = {"quantity": "quantity", "unit_price": "unit price", "unit_cost": "unit cost", "cancelled": "ends"}
    asked = {field["field"] for field in one["fields"]} or set(words)
    return [
        f"{word} {shown(name, before[name])} → {shown(name, after[name])}"
        for name, word in words.items()
        if name in asked and before[name] != after[name]
    ]


def _retracted(found: list[Document]) -> str:
    return ", ".join(f"{one['addition']} ({one['role']} of {one['effective']})" for one in found)


def _other(one: Document) -> str:
    end = f"to {one['cancelled']}" if one["cancelled"] else "without an end"
    amount = f"{shown('quantity', one['quantity'])} × {money(one['unit_price'])}"
    days = f"from {one['effective'] or 'the beginning'} {end}"
    return (
        f"addition {one['addition']} on agreement {one['agreement']}: {plain_text(one['product'])}, {amount} {days}; "
        f"{plain_text(one['why'])}"
    )


def _period(one: Document, *, several: bool) -> Document:
    on = f", agreement {one['agreement']}" if several else ""
    same = all(line["wanted"] is None or Decimal(line["wanted"]) == Decimal(line["posted"]) for line in one["lines"])
    rows = [_row(line, one) for line in one["lines"]]
    total = {"cells": ("in all", "", "", cents(one["wanted"] or one["posted"])), "posted": cents(one["posted"])}
    names = max(len(row["cells"][0]) for row in [*rows, total])
    widths = [max(len(row["cells"][index]) for row in [*rows, total]) for index in range(1, 4)]
    across = max(len(row["posted"]) for row in [*rows, total])
    texts = []
    for row in [*rows, total]:
        name, count, days, amount = row["cells"]
        text = f"{name:<{names}}  {count:>{widths[0]}}  {days:>{widths[1]}}  {amount:>{widths[2]}}"
        texts.append(text if same else f"{text}  {row['posted']:>{across}}")
    ahead = names + widths[0] + widths[1] + 6
    return {
        "title": f"{one['first']} to {one['last']}{on}",
        "note": "invoiced" if one["invoiced"] else "not invoiced yet",
        "heads": None if same else f"{'':<{ahead}}{'wanted':>{widths[2]}}  {'posted':>{across}}",
        "rows": texts[:-1],
        "total": texts[-1],
    }


def _row(line: Document, period: Document) -> Document:
    part = f"{line['days']}/{period['days']} days" if period["prorates"] else "whole period"
    amount = f"{shown('quantity', line['quantity'])} × {money(line['unit_price'])}"
    name = line_name({"period": None, **line}, line)
    wanted = line["posted"] if line["wanted"] is None else line["wanted"]
    return {
        "cells": (f"{name} from {line['first']}", amount, part, cents(wanted)),
        "posted": cents(line["posted"]),
    }


def _held(one: Document) -> Document:
    return {**one, "text": f"{plain_text(one['why'])}{place_text(one['source'])} [{one['code']}]"}


def _hint(found: Document) -> str | None:
    """How an unmapped subscription gets billed."""
    shown_, customer, product = found["subscription"], found["customer"], found["product"]
    if found["state"] != "unmapped" or shown_ is None or shown_["state"] == "ended":
        return None
    missing = [
        f"its {kind} in mappings/{kind}s.yaml"
        for kind, one in (("customer", customer), ("product", product))
        if one and not one["source"]
    ]
    first = f"map {' and '.join(missing)}, then " if missing else ""
    entry = f"{{subscription: {plain_text(found['id'])}, customer: {plain_text(customer['id'])}}}"
    text = f"{first}write `{entry}` into mappings/services.yaml."
    return f"To bill it, {text}"


def _summary(found: Document) -> str:
    if found["state"] != "changes":
        if found["state"] == "in_step" and not found["lines"]:
            return "It has no line, and needs none."
        text = _STATES[found["state"]]
        if found["state"] == "in_step" and any(one["reason"] for one in found["lines"]):
            text = "Nothing is planned for it, but it was edited by hand; `cwctl drift` tells what to do."
        shown_ = found["subscription"]
        bills = shown_ and not shown_["trial"] and shown_["state"] != "ended" and Decimal(shown_["amount"])
        return f"{text} It is worth {_worth(shown_)}." if found["state"] == "unmapped" and bills else text
    differ = sum(one["status"] != "in_step" for one in found["lines"])
    return f"{counted(differ, 'line differs', 'lines differ')} from the PSA; `cwctl plan` shows what would change."
