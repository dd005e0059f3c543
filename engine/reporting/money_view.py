"""The effect of a plan in money, arranged for reading: of a service, of a customer, and in all."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.reporting.formats import cents, plain_text, signed

Document = dict[str, Any]

_PERIODS = (("month", "a month"), ("year", "a year"))


def service_effect(changes: Iterable[Document]) -> str | None:
    """`+264.00 USD a month from 2026-07-01, +140.80 in all before that`, or None for no effect."""
    effects, line = [], None
    for change in changes:
        effects.append(change["effect"])
        line = change["line"]
    if line is None:
        return None
    whole = {name: sum(Decimal(one[name]) for one in effects if one) for name in ("month", "year", "once")}
    currency = f" {plain_text(line['currency'])}" if line["currency"] else ""
    steady = line["steady_from"]
    begins = f" from {steady}" if steady else ""
    parts = [f"{signed(str(whole[name]))}{currency} {words}{begins}" for name, words in _PERIODS if whole[name]]
    if whole["once"]:
        when = "in all before that" if parts else f"in all before {steady}" if steady else "in all"
        parts.append(f"{signed(str(whole['once']))}{'' if parts else currency} {when}")
    return ", ".join(parts) or None


def money_rows(entry: Document, invoices: str) -> list[Document]:
    """What a customer, or all of them, bill in a currency: each month, each year, and on what comes `invoices`."""
    currency = plain_text(entry["currency"])
    rows = [
        {"label": words, "text": _recurring(entry, name, currency)}
        for name, words in _PERIODS
        if any(Decimal(entry[side][f"{name}{cost}"]) for side in ("before", "after") for cost in ("", "_cost"))
    ]
    effect = entry["effect"]
    price, cost = Decimal(effect["next_invoice"]), Decimal(effect["next_invoice_cost"])
    if price or cost:
        rows.append({"label": invoices, "text": f"{signed(str(price))} {currency}; margin {signed(str(price - cost))}"})
    width = max((len(row["label"]) for row in rows), default=0)
    return [{**row, "padded": row["label"].ljust(width)} for row in rows]


def totals_text(totals: Iterable[Document]) -> str | None:
    """`+264.00 USD a month, next invoices +404.80 USD`, for each currency, as a sentence; None for no effect."""
    parts = []
    for one in totals:
        currency = plain_text(one["currency"])
        for name, words in _PERIODS:
            if Decimal(one["effect"][name]):
                parts.append(f"{signed(one['effect'][name])} {currency} {words}")
        if Decimal(one["effect"]["next_invoice"]):
            parts.append(f"{'next' if parts else 'Next'} invoices {signed(one['effect']['next_invoice'])} {currency}")
    return ", ".join(parts) or None


def _recurring(entry: Document, name: str, currency: str) -> str:
    before, after = entry["before"], entry["after"]
    price = (Decimal(before[name]), Decimal(after[name]))
    cost = (Decimal(before[f"{name}_cost"]), Decimal(after[f"{name}_cost"]))
    margin = (price[0] - cost[0], price[1] - cost[1])
    if price[0] == price[1] and cost[0] == cost[1]:
        return (
            f"{cents(str(price[0]))} {currency} as before; margin {cents(str(margin[0]))}{_share(margin[0], price[0])}"
        )
    change = f" ({signed(str(price[1] - price[0]))})"
    return (
        f"{_moved(price)} {currency}{change}; cost {_moved(cost)}; margin {_moved(margin)}{_share(margin[1], price[1])}"
    )


def _moved(pair: tuple[Decimal, Decimal]) -> str:
    """Before and after; once where they are the same."""
    before, after = cents(str(pair[0])), cents(str(pair[1]))
    return after if before == after else f"{before} → {after}"


def _share(margin: Decimal, price: Decimal) -> str:
    """A margin in % of its price."""
    if price <= 0:
        return ""
    return f" ({(margin * 100 / price).quantize(Decimal('0.1'), rounding=ROUND_HALF_UP)} %)"
