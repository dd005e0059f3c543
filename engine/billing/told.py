"""What a history is completed from, and the completed one: each event with where it was taken from."""

from datetime import date
from typing import Literal

import msgspec

from engine.billing.history import Event
from engine.billing.model import SubscriptionTerms

Source = Literal["listing", "log", "posted", "inferred", "pinned"]
LoggedKind = Literal["created", "quantity", "upgraded", "cancelled", "converted"]


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the platform's log that tells of billing.

    `sku` is what it names as product, `product` the mapped one where that is known.
    """

    on: date
    kind: LoggedKind
    quantity: int | None = None
    sku: str = ""
    product: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as the platform shows it today; `terms` has today's product, and the prices that should hold.

    `expired` tells of an `ended` one that it ran out.
    """

    terms: SubscriptionTerms
    licences: int
    ended: bool = False
    expired: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event and where it was taken from; `why` explains one that had to be inferred."""

    event: Event
    source: Source
    why: str = ""


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """What the calculus takes. `unpriced` are segments without a known price: no line can be made for them."""

    terms: SubscriptionTerms
    told: tuple[Told, ...]
    unpriced: frozenset[int] = frozenset()

    @property
    def history(self) -> tuple[Event, ...]:
        """The events alone."""
        return tuple(one.event for one in self.told)
