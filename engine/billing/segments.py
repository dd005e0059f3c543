"""A licence subscription's history split at each full upgrade, with what repeats the last announcement left out."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from engine.billing.history import (
    Cancellation,
    Event,
    PriceChange,
    Purchase,
    QuantityChange,
    Renewal,
    Upgrade,
)
from engine.billing.model import CancellationRule, SubscriptionTerms


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A change by so many licences; `effective` where the day of its line is settled already."""

    on: date
    licences: int
    effective: date | None


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """A price per unit, as announced on a day; `effective` where the day from which it holds is settled already."""

    on: date
    unit_price: Decimal
    unit_cost: Decimal
    effective: date | None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """The time between two upgrades. `number` counts from 1.

    `end` is the end of the term as last known in the segment, not rolled. `closed_on` is the day of the cancellation
    or, where `upgraded`, of the upgrade that ends it; `closing` is the rule that is settled for a cancellation.
    """

    number: int
    product: str
    start: date
    quantity: int
    unit_price: Decimal
    unit_cost: Decimal
    steps: tuple[Step, ...]
    prices: tuple[Announcement, ...]
    end: date | None
    closed_on: date | None = None
    upgraded: bool = False
    closing: CancellationRule | None = None


def segments(subscription: SubscriptionTerms, events: Iterable[Event]) -> tuple[Segment, ...]:
    """The segments, of events that are known and in order, the purchase first."""
    reader = _Reader(subscription)
    for event in events:
        reader.read(event)
    reader.close(None)
    return tuple(reader.found)


class _Reader:
    """Goes through a history and keeps what was last announced."""

    def __init__(self, subscription: SubscriptionTerms) -> None:
        self.found: list[Segment] = []
        self._first = subscription.first_segment
        self._licences = 0
        self._price, self._cost = subscription.unit_price, subscription.unit_cost
        self._end = subscription.end
        self._bought_from = subscription.start
        self._closed = False
        self._open(subscription.product, subscription.start)

    def read(self, event: Event) -> None:
        if isinstance(event, Purchase):
            self._licences = self._quantity = event.quantity
        elif isinstance(event, QuantityChange):
            if event.quantity != self._licences:
                step = event.quantity - self._licences
                self._steps.append(Step(on=event.on, licences=step, effective=event.effective))
                self._licences = event.quantity
        elif isinstance(event, PriceChange):
            if event.unit_price not in {None, self._price} or event.unit_cost not in {None, self._cost}:
                self._announce(event.on, event.unit_price, event.unit_cost, event.effective)
        elif isinstance(event, Renewal):
            self._renew(event)
        elif isinstance(event, Upgrade):
            self._upgrade(event)
        elif isinstance(event, Cancellation):
            self.close(event.on, rule=event.rule)

    def close(self, day: date | None, *, upgraded: bool = False, rule: CancellationRule | None = None) -> None:
        """Ends the segment, once."""
        if self._closed:
            return
        self._closed = True
        self.found.append(
            Segment(
                number=self._first + len(self.found),
                product=self._product,
                start=self._start,
                quantity=self._quantity,
                unit_price=self._first_price[0],
                unit_cost=self._first_price[1],
                steps=tuple(self._steps),
                prices=tuple(self._prices),
                end=self._end,
                closed_on=day,
                upgraded=upgraded,
                closing=rule,
            )
        )

    def _open(self, product: str, start: date) -> None:
        self._product, self._start = product, start
        self._quantity = self._licences
        self._first_price = (self._price, self._cost)
        self._steps: list[Step] = []
        self._prices: list[Announcement] = []
        self._closed = False

    def _announce(self, day: date, price: Decimal | None, cost: Decimal | None, effective: date | None) -> None:
        self._price = self._price if price is None else price
        self._cost = self._cost if cost is None else cost
        self._prices.append(Announcement(on=day, unit_price=self._price, unit_cost=self._cost, effective=effective))

    def _renew(self, event: Renewal) -> None:
        """A price in it holds from the day after the old end, if that is not past already."""
        following = None if self._end is None else self._end + timedelta(days=1)
        self._end = event.end
        if event.unit_price is not None or event.unit_cost is not None:
            in_time = following is not None and following >= event.on
            self._announce(event.on, event.unit_price, event.unit_cost, following if in_time else None)

    def _upgrade(self, event: Upgrade) -> None:
        self.close(event.on, upgraded=True)
        self._price = self._price if event.unit_price is None else event.unit_price
        self._cost = self._cost if event.unit_cost is None else event.unit_cost
        self._open(event.product, max(event.on, self._bought_from))
