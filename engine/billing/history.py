"""A subscription's history: what happened to it, on which day, and what of it was news.

Each event carries the day on which it became known to have happened. `effective`, on a change of quantity or price, is
the day under which its line was posted already; it then holds whatever the rules say now.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from engine.billing.model import CancellationRule, InputError


class Purchase(msgspec.Struct, frozen=True, kw_only=True, tag="purchase"):
    """Bought; the licences count from the subscription's start. Only the first purchase counts."""

    on: date
    quantity: int


class QuantityChange(msgspec.Struct, frozen=True, kw_only=True, tag="quantity"):
    """From this day it has `quantity` licences."""

    on: date
    quantity: int
    effective: date | None = None


class PriceChange(msgspec.Struct, frozen=True, kw_only=True, tag="price"):
    """From this day it costs this, per unit; None keeps the value last announced."""

    on: date
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    effective: date | None = None


class Upgrade(msgspec.Struct, frozen=True, kw_only=True, tag="upgrade"):
    """A full upgrade: all licences move to another product; a price of None keeps the value last announced."""

    on: date
    product: str
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None


class Cancellation(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Cancelled on this day; what follows in the history is ignored, except usage.

    `rule` is the one under which its lines were ended already; it then holds whatever the rules say now.
    """

    on: date
    rule: CancellationRule | None = None


class Renewal(msgspec.Struct, frozen=True, kw_only=True, tag="renew"):
    """The term now ends on `end` (inclusive); a price in it holds from the day after the old end."""

    on: date
    end: date
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True, tag="usage"):
    """The accepted figures of one month (YYYY-MM); the last ones for a month hold."""

    on: date
    period: str
    price: Decimal
    cost: Decimal


Event = Purchase | QuantityChange | PriceChange | Upgrade | Cancellation | Renewal | Usage


def known(history: Iterable[Event], as_of: date) -> tuple[Event, ...]:
    """What is known on `as_of`, in order: by day, then by arrival; from the first purchase to the cancellation."""
    found: list[Event] = []
    cancelled = False
    for event in sorted((event for event in history if event.on <= as_of), key=lambda event: event.on):
        if not found and not isinstance(event, Purchase):
            continue
        if isinstance(event, Purchase) and found:
            continue
        if cancelled and not isinstance(event, Usage):
            continue
        cancelled = cancelled or isinstance(event, Cancellation)
        found.append(event)
    return tuple(found)


_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def checked_events(events: Iterable[Event]) -> None:
    """Raises InputError for fewer than no licences, an amount that is no number, a month of usage that is none."""
    for event in events:
        if isinstance(event, Purchase | QuantityChange):
            if event.quantity < 0:
                raise InputError(f"it has {event.quantity} licences on {event.on}")
            continue
        if isinstance(event, Cancellation):
            continue
        amounts = (event.price, event.cost) if isinstance(event, Usage) else (event.unit_price, event.unit_cost)
        if not all(amount is None or amount.is_finite() for amount in amounts):
            raise InputError(f"a price of {event.on} is no amount")
        if isinstance(event, Usage) and not _MONTH.fullmatch(event.period):
            raise InputError(f"the usage of {event.on} is for {event.period!r}, which is no month such as 2026-01")
