"""What the engine knows of the platform: customers, products and subscriptions, in canonical form.

Dates are calendar dates (the UTC date of the platform's instant); money is Decimal, in the currency beside it.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

SubscriptionState = Literal["billing", "suspended", "ended", "pending", "unknown"]


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of the platform; `id` is the last part of its resource name."""

    id: str
    name: str
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    active: bool = True


class ProductPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the guide calls a product: one plan of one product of one provider, with the prices of the catalog."""

    provider: str
    product: str
    plan: str
    sku: str
    product_name: str
    plan_name: str
    description: str = ""
    part_number: str | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Provider, product, plan: the key of a product mapping."""
        return (self.provider, self.product, self.plan)


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as the list of subscriptions shows it.

    `id` is the platform's own record and the key; `provider_id` is the provider's id and may be shared.
    `end` is the last day of the term, inclusive. `end_note` says why an end could not be read as a date. `parent` is
    the subscription that it came from, by the platform's own id or the provider's.
    """

    id: str
    provider_id: str
    customer_id: str
    provider: str
    product: str
    plan: str
    sku: str
    name: str
    product_name: str
    plan_name: str
    licenses: int
    status: str
    state: SubscriptionState
    start: date
    end: date | None = None
    end_note: str | None = None
    term: str | None = None
    cycle: str | None = None
    auto_renew: bool = False
    trial: bool = False
    unit_price: Decimal
    unit_cost: Decimal
    currency: str
    part_number: str | None = None
    parent: str | None = None
    last_updated: str = ""

    @property
    def product_key(self) -> tuple[str, str, str]:
        """Provider, product, plan: the key of a product mapping."""
        return (self.provider, self.product, self.plan)


class UnreadableSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that could not be read: its customer is incomplete, or every customer where that is unknown."""

    id: str | None
    customer_id: str | None
    why: str


class SubscriptionList(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep of the subscriptions found."""

    items: list[Subscription]
    problems: list[UnreadableSubscription]


ActivityKind = Literal["created", "quantity", "upgraded", "cancelled", "renewed", "converted", "unrelated", "unknown"]
"""What an item of an activity log tells; `unrelated` is nothing to bill by, `unknown` is not understood.

A price change is `unrelated`, as its item has no price; and so is an end that is told once more.
"""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a subscription's activity log. `on` is the UTC date of its instant.

    Of an `unknown` item without a readable instant, `on` is the latest day that it can be of. `quantity` is the number
    of licences that it announces, `end` the last day of a new term (inclusive), where it says so. `product` names
    product and sku as the log writes them, and is empty unless it has both. `text` is what the log says, for people,
    without anyone's name or address.
    """

    on: date
    kind: ActivityKind
    quantity: int | None = None
    end: date | None = None
    product: str = ""
    text: str = ""


class ActivityLog(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform logged of a subscription, oldest first.

    `whole` says whether it has as many items as the platform counts, each with its day. `last_updated` is the
    subscription's when it was read.
    """

    subscription: str
    items: tuple[Activity, ...]
    whole: bool = True
    last_updated: str = ""
