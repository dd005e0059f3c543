"""What can happen to a subscription of the simulated platform, as a value, and what comes of it."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.sandbox.platform.documents import OfferKey

Document = dict[str, Any]
Action = Literal[
    "purchase",
    "seats",
    "upgrade",
    "partial_upgrade",
    "cancel",
    "suspend",
    "resume",
    "convert",
    "price",
    "auto_renew",
    "renew",
    "usage",
    "term",
    "users",
    "status",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happens on a day. Which of the members count depends on the action.

    seats: `quantity`, the licences from now on. price, renew: `price` and `cost` per unit; None keeps what it was.
    upgrade: `offer`, and its `price` and `cost` (None: the offer's). partial_upgrade: `quantity` licences go from the
    subscription to a new one of `offer`, with the next free id. purchase: `subscription` is the new id; `customer`,
    `offer`, `quantity`. convert: `price`, `cost`. auto_renew: `auto_renew`. usage: the figures of `month` (YYYY-MM) of
    a consumption subscription, `price` and `cost` for the whole month (None: the price). term (the end of a term),
    users (no licence change) and status are the simulator's own.
    """

    on: date
    action: Action
    subscription: int
    quantity: int | None = None
    offer: OfferKey | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    customer: int | None = None
    auto_renew: bool = True
    trial: bool = False
    name: str | None = None
    status: str | None = None
    month: str | None = None
    parent: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The record and the new items of its log (newest first) after an event, and one sentence about it."""

    document: Document
    items: list[Document]
    said: str
