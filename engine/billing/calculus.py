"""The addition calculus: how a subscription's history becomes agreement additions ("lines").

It follows the specification paragraph by paragraph, from segments to reversal lines, for licence subscriptions; those
that carry amounts are in `whole_periods`. Source of the rules: the guide's chapters Global Sync Rules, Handling
Quantity Changes and Addition Logic via LCM.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

from engine.billing.calendar import eom, fom, fonm
from engine.billing.history import Event, checked_events, known
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms
from engine.billing.segments import Segment, Step, segments
from engine.billing.term import checked, rolled_end
from engine.billing.whole_periods import one_time_lines, usage_lines

_ONE_DAY = timedelta(days=1)
_ROLES = ("base", "delta", "reversal", "usage", "one_time")


def lines(
    subscription: SubscriptionTerms, history: Iterable[Event], agreement: AgreementTerms, rules: Rules, as_of: date
) -> tuple[Line, ...]:
    """The lines that must exist in the PSA, as known on `as_of`, in their order.

    Raises InputError for a subscription or history that cannot be.
    """
    checked(subscription, agreement)
    events = known(history, as_of)
    checked_events(events)
    if not events:
        return ()
    if subscription.kind == "usage":
        found = usage_lines(subscription, events, agreement, as_of)
    elif subscription.kind == "one_time":
        found = one_time_lines(subscription, events, agreement, rules)
    else:
        found = [
            line
            for segment in segments(subscription, events)
            for line in _Licences(subscription, segment, agreement, rules, as_of).lines()
        ]
    return tuple(sorted(found, key=_order))


def _order(line: Line) -> tuple[date, int, int, str]:
    return (line.effective, _ROLES.index(line.role), line.segment, line.period or "")


class _Price(msgspec.Struct, frozen=True):
    effective: date
    unit_price: Decimal
    unit_cost: Decimal


class _Window(msgspec.Struct, frozen=True):
    """A delta line before it is cut at price changes; the last day is inclusive."""

    first: date
    last: date | None
    quantity: int


class _Licences:
    """The lines of one segment of a licence subscription: steps 1 to 8 of the specification."""

    def __init__(
        self,
        subscription: SubscriptionTerms,
        segment: Segment,
        agreement: AgreementTerms,
        rules: Rules,
        as_of: date,
    ) -> None:
        self.segment, self.agreement, self.rules = segment, agreement, rules
        # 1. Ownership start.
        self.own_from = max(segment.start, agreement.start, subscription.effective_date or segment.start)
        # 2. and 3. Term end and segment end.
        self.closed = segment.closed_on
        self.end = _earlier(
            rolled_end(subscription, segment.end, agreement, self.closed or as_of, segment.start), self._closing_end()
        )
        # 4. In place: a change before this day changes the base line itself.
        self.settled_from = segment.start + timedelta(days=rules.in_place_days)
        self.in_place = 0
        self.folded = 0
        self.windows = self._windows()
        self.prices = self._prices()

    def lines(self) -> list[Line]:
        """All lines of the segment, in no particular order."""
        if self.end is not None and self.end < self.own_from:
            return []
        return [*self._base(), *self._deltas(), *self._reversal()]

    def _closing_end(self) -> date | None:
        if self.closed is None:
            return None
        if self._reverses():
            return self.agreement.period_end(self.closed)
        return eom(self.closed)

    def _reverses(self) -> bool:
        rule = self.segment.closing or self.rules.cancellation
        return self.segment.upgraded or rule == "cancellation_date"

    # 5. Delta lines

    def _windows(self) -> tuple[_Window, ...]:
        """Each change's delta line; what goes into the base quantity is added up on the way."""
        by_day: dict[date, int] = defaultdict(int)
        for step in self.segment.steps:
            if step.effective is None and step.on < self.settled_from:
                self.in_place += step.licences
                continue
            effective = step.effective or self._effective(step)
            if self.closed is not None and effective > self.closed:
                continue
            if self.end is not None and effective > self.end:
                continue
            if self.agreement.period_end(effective) < self.own_from:
                self.folded += step.licences
                continue
            by_day[max(effective, self.own_from)] += step.licences
        return tuple(
            _Window(day, _earlier(self.agreement.period_end(day), self.end), licences)
            for day, licences in sorted(by_day.items())
            if licences
        )

    def _effective(self, step: Step) -> date:
        day = step.on
        if step.licences < 0:
            return fonm(day) if self.rules.quantity_decrease == "first_of_next_month" else day
        if self.rules.quantity_increase == "actual_date":
            return day
        first = self.agreement.start if fom(self.agreement.start) == fom(day) else fom(day)
        return max(first, self.segment.start, self.agreement.period_start(day))

    # 6. Price in force

    def _prices(self) -> tuple[_Price, ...]:
        """The prices by the day from which they hold; neighbours differ."""
        segment = self.segment
        found = [_Price(segment.start, segment.unit_price, segment.unit_cost)]
        for announced in segment.prices:
            effective = announced.effective or self._price_effective(announced.on)
            # What an earlier announcement had planned for later is void.
            found = [price for price in found if price.effective < effective]
            price = _Price(effective, announced.unit_price, announced.unit_cost)
            if not found or (found[-1].unit_price, found[-1].unit_cost) != (price.unit_price, price.unit_cost):
                found.append(price)
        return tuple(found)

    def _price_effective(self, day: date) -> date:
        if day < self.settled_from:
            return self.segment.start
        if self.rules.price_change == "actual_date":
            return day
        return self.agreement.period_end(day) + _ONE_DAY

    def _price_on(self, day: date) -> _Price:
        return next((price for price in reversed(self.prices) if price.effective <= day), self.prices[0])

    # 7. Base lines

    def _base(self) -> list[Line]:
        ends = [window.last for window in self.windows if window.last is not None]
        return [
            self._line("base", self._base_quantity(first), first, last)
            for first, last in self._pieces(self.own_from, self.end, [day + _ONE_DAY for day in ends])
        ]

    def _base_quantity(self, day: date) -> int:
        carried = sum(window.quantity for window in self.windows if window.last is not None and window.last < day)
        return self.segment.quantity + self.in_place + self.folded + carried

    def _deltas(self) -> list[Line]:
        """Delta lines, cut at price changes; pieces that begin on one day are one line."""
        by_piece: dict[tuple[date, date | None], int] = defaultdict(int)
        for window in self.windows:
            for piece in self._pieces(window.first, window.last):
                by_piece[piece] += window.quantity
        return [self._line("delta", quantity, *piece) for piece, quantity in by_piece.items() if quantity]

    # 8. Reversal line

    def _reversal(self) -> list[Line]:
        if self.closed is None or not self._reverses():
            return []
        effective = max(self.closed, self.own_from)
        if self.end is not None and self.end < effective:
            return []
        running = sum(
            window.quantity
            for window in self.windows
            if window.first <= effective and (window.last is None or window.last >= effective)
        )
        active = self._base_quantity(effective) + running
        if not active:
            return []
        return [self._line("reversal", -active, *piece) for piece in self._pieces(effective, self.end)]

    def _pieces(self, first: date, last: date | None, cuts: Iterable[date] = ()) -> list[tuple[date, date | None]]:
        """The days from `first` to `last`, cut before each of `cuts` and each price change within them."""
        days = {*cuts, *(price.effective for price in self.prices)}
        begins = [first, *sorted(day for day in days if day > first and (last is None or day <= last))]
        ends: list[date | None] = [*(day - _ONE_DAY for day in begins[1:]), last]
        return list(zip(begins, ends, strict=True))

    def _line(self, role: Literal["base", "delta", "reversal"], quantity: int, first: date, last: date | None) -> Line:
        price = self._price_on(first)
        return Line(
            role=role,
            product=self.segment.product,
            quantity=quantity,
            effective=first,
            cancelled=last,
            unit_price=price.unit_price,
            unit_cost=price.unit_cost,
            segment=self.segment.number,
        )


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)
