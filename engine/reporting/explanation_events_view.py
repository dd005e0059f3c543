"""The events of an explanation, in words."""

from typing import Any

from engine.reporting.formats import counted, money, plain_text, shown
from engine.reporting.line_words import days_text, line_name

Document = dict[str, Any]

_SOURCES = {
    "log": "the platform's log",
    "posted": "our posted lines",
    "listing": "the platform's list",
    "inferred": "inferred",
    "pinned": "a pin of the mapping",
}
_FIXED = {
    "before_takeover": "before the first day billed here: part of the first line",
    "repeated": "nothing new",
    "after_cancellation": "left out: it comes after the cancellation",
    "after_end": "left out: no line reaches that day",
    "not_yet": "left out: not known yet on the day of this explanation",
    "nothing": "it changes no line",
}


def event_view(one: Document, *, several: bool, usage: bool) -> Document:
    """An event: its day, what it was, what was made of it, and each line that it touched."""
    told = plain_text(one["why"])
    return {
        "on": one["event"]["on"],
        "text": f"{_text(one, usage=usage)} · {_SOURCES[one['source']]}",
        "why": told,
        "decided": _decided(one),
        "effects": [_effect(each, several=several) for each in one["effects"]],
    }


def _text(one: Document, *, usage: bool) -> str:
    event, was = one["event"], one["was"]
    count = event["quantity"]
    if event["kind"] == "quantity":
        return f"{was} → {count} licences ({count - was:+d})" if was is not None else counted(count, "licence")
    if event["kind"] == "usage":
        return f"the figures of {event['period']}: {money(event['price'])} (cost {money(event['cost'])})"
    words = {
        "purchase": "begun" if usage else f"bought, {counted(count or 0, 'licence')}",
        "price": f"the price becomes {_price(event)}",
        "upgrade": f"upgraded to {plain_text(event['product'] or 'another product')}",
        "cancel": "cancelled",
        "renew": f"renewed until {event['end']}",
    }
    return words[str(event["kind"])]


def _price(event: Document) -> str:
    price = money(event["unit_price"]) if event["unit_price"] is not None else "what it was"
    return f"{price} (cost {money(event['unit_cost'])})" if event["unit_cost"] is not None else price


def _decided(one: Document) -> str:
    """`effective 2026-03-15 (effective_date_positive_change: actual_date, rules/sync.yaml:24)`."""
    outcome, rule = one["outcome"], one["rule"]
    by = ""
    if rule is not None:
        place = f"{rule['source']['file']}:{rule['source']['line']}" if rule["source"] else "the default"
        by = f" ({rule['rule']}: {rule['choice']}, {place})"
    if outcome == "in_place":
        return f"in the line's first days: the line itself changes{by}"
    if outcome in _FIXED:
        return _FIXED[outcome]
    day = f"effective {one['effective']}" if one["effective"] else ""
    if outcome == "at_takeover":
        return f"{day}: moved to the first day billed here"
    if one["settled"] and rule is None:
        why = "the day after the pin" if one["source"] == "pinned" else "the day under which its line was posted"
        return f"{day}, {why}"
    return f"{day}{by}"


def _effect(one: Document, *, several: bool) -> Document:
    before, after = one["before"], one["after"]
    on = f", agreement {one['agreement']}" if several else ""
    label = f"{line_name(one, after or before)}, {plain_text(one['item'])}{on}"
    if before is None:
        return {"sign": "+", "text": f"{label}: {_amount(after)} {days_text(after)}"}
    if after is None:
        return {"sign": "-", "text": f"{label}: {_amount(before)} {days_text(before)}"}
    words = {"quantity": "quantity", "unit_price": "price", "unit_cost": "cost", "cancelled": "ends"}
    moved = [
        f"{word} {shown(name, before[name])} → {shown(name, after[name])}"
        for name, word in words.items()
        if before[name] != after[name]
    ]
    return {"sign": "~", "text": f"{label} from {after['effective']}: {', '.join(moved)}"}


def _amount(bill: Document) -> str:
    return f"{shown('quantity', bill['quantity'])} × {money(bill['unit_price'])}"
