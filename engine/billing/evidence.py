"""What our own lines prove of a subscription: licences, prices, upgrades and its end.

PostedLine lines are immutable but for their end, so they say what was known when they were posted.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from engine.billing.model import Role

_ONE_DAY = timedelta(days=1)


class PostedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One of our lines that stands in the PSA. `effective` is the day of its key, `cancelled` its last billed day."""

    segment: int
    role: Role
    product: str
    quantity: int
    effective: date
    cancelled: date | None
    unit_price: Decimal
    unit_cost: Decimal
    period: str | None = None


class PriceStep(msgspec.Struct, frozen=True):
    """The price per unit that holds from a day on."""

    effective: date
    unit_price: Decimal
    unit_cost: Decimal


class LicenceStep(msgspec.Struct, frozen=True):
    """The number of licences that bill from a day on."""

    effective: date
    licences: int


class SegmentEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of one segment prove. Steps are in the order of their days, the first at its first base line.

    `last` is the last day of its base lines (None is open-ended); `reversed_on` the day of its reversal line.
    """

    number: int
    product: str
    licences: tuple[LicenceStep, ...]
    prices: tuple[PriceStep, ...]
    last: date | None
    reversed_on: date | None

    @property
    def first(self) -> date:
        """The first day of its base lines."""
        return self.prices[0].effective


def evidence(posted: Iterable[PostedLine]) -> tuple[SegmentEvidence, ...]:
    """What standing licence lines prove, segment by segment; a segment without a base line proves nothing."""
    by_segment: dict[int, list[PostedLine]] = {}
    for line in posted:
        by_segment.setdefault(line.segment, []).append(line)
    return tuple(
        _segment(number, found)
        for number, found in sorted(by_segment.items())
        if any(line.role == "base" for line in found)
    )


def _segment(number: int, found: list[PostedLine]) -> SegmentEvidence:
    base = sorted((line for line in found if line.role == "base"), key=lambda line: line.effective)
    ends = [line.cancelled for line in base]
    last = None if None in ends else max(end for end in ends if end is not None)
    reversals = [line.effective for line in found if line.role == "reversal" and line.quantity]
    return SegmentEvidence(
        number=number,
        product=base[-1].product,
        licences=_licences([line for line in found if line.role in {"base", "delta"}], base[0], last),
        prices=_prices(base),
        last=last,
        reversed_on=min(reversals, default=None),
    )


def _licences(found: list[PostedLine], first: PostedLine, last: date | None) -> tuple[LicenceStep, ...]:
    """The first base line's own, then the sum of what is active, from each day on which it changes.

    Base and delta lines carry one another on, so where one window ends and the next base line begins nothing changes.
    A day without a base line proves nothing, nor does a delta that ends without another on a day: a run that was cut
    short has not made it yet, unless the base lines carry on that it is gone.
    """
    days = {line.effective for line in found}
    days |= {line.cancelled + _ONE_DAY for line in found if line.cancelled is not None}
    steps = [LicenceStep(first.effective, first.quantity)]
    for day in sorted(day for day in days if day >= first.effective and (last is None or day <= last)):
        active = _active(found, day)
        if active is None or active == steps[-1].licences:
            continue
        if any(line.role == "delta" and line.effective == day for line in found) or _carried_on(found, day):
            steps.append(LicenceStep(day, active))
    return tuple(steps)


def _active(found: list[PostedLine], day: date) -> int | None:
    """The licences that bill on a day; None without a base line."""
    running = [line for line in found if line.effective <= day <= (line.cancelled or day)]
    return sum(line.quantity for line in running) if any(line.role == "base" for line in running) else None


def _carried_on(found: list[PostedLine], day: date) -> bool:
    """Whether the next base line of another quantity is what the lines before it add up to."""
    base = sorted((line for line in found if line.role == "base"), key=lambda line: line.effective)
    running = next(line.quantity for line in reversed(base) if line.effective <= day)
    following = next((line for line in base if line.effective > day and line.quantity != running), None)
    return following is None or _active(found, following.effective - _ONE_DAY) == following.quantity


def _prices(base: list[PostedLine]) -> tuple[PriceStep, ...]:
    steps: list[PriceStep] = []
    for line in base:
        step = PriceStep(line.effective, line.unit_price, line.unit_cost)
        if not steps or (steps[-1].unit_price, steps[-1].unit_cost) != (step.unit_price, step.unit_cost):
            steps.append(step)
    return tuple(steps)
