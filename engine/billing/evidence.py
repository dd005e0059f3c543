"""What our own lines prove of a subscription: licences, prices, upgrades and its end.

PostedLine lines are immutable but for their end, so they say what was known when they were posted.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

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
        licences=_licences([line for line in found if line.role in {"base", "delta"}], base[0]),
        prices=_prices(base, found),
        last=last,
        reversed_on=min(reversals, default=None),
    )


def _licences(found: list[PostedLine], first: PostedLine) -> tuple[LicenceStep, ...]:
    """The first base line's own, then a step wherever a delta line begins.

    Where one ends, the base lines carry it on. A price change in between cuts it: then another piece carries it on, or
    none, where later changes have made up for it.
    """
    deltas = [line for line in found if line.role == "delta"]
    days = {line.effective for line in deltas}
    days |= {line.cancelled + _ONE_DAY for line in deltas if line.cancelled is not None}
    steps = [LicenceStep(first.effective, first.quantity)]
    for day in sorted(day for day in days if day >= first.effective):
        begun = [line.quantity for line in deltas if line.effective == day]
        step = sum(begun)
        if _goes_on(found, day) and (begun or _made_up_for(found, day)):
            step -= sum(line.quantity for line in deltas if line.cancelled == day - _ONE_DAY)
        if step:
            steps.append(LicenceStep(day, max(0, steps[-1].licences + step)))
    return tuple(steps)


def _goes_on(found: list[PostedLine], day: date) -> bool:
    """Whether a base line begins on a day that carries on the one before it and none of the deltas ended."""
    before, now = _base_on(found, day - _ONE_DAY), _base_on(found, day)
    return before is not None and now is not None and before is not now and before.quantity == now.quantity


def _made_up_for(found: list[PostedLine], day: date) -> bool:
    """Whether what ended before a price change has no further piece as another change made up for it.

    Otherwise a run broke off before it had made that piece: the next base line of another quantity carries it on.
    """
    before, running = _base_on(found, day - _ONE_DAY), _base_on(found, day)
    if before is None or running is None:
        return False
    if (before.unit_price, before.unit_cost) == (running.unit_price, running.unit_cost):
        return False
    differing = [
        line for line in found if line.role == "base" and line.effective > day and line.quantity != running.quantity
    ]
    following = min(differing, key=lambda line: line.effective, default=None)
    if following is None:
        return True
    eve = following.effective - _ONE_DAY
    return sum(line.quantity for line in found if _bills(line, eve)) == following.quantity


def _base_on(found: list[PostedLine], day: date) -> PostedLine | None:
    return next((line for line in found if line.role == "base" and _bills(line, day)), None)


def _bills(line: PostedLine, day: date) -> bool:
    return line.effective <= day <= (line.cancelled or day)


def _prices(base: list[PostedLine], found: list[PostedLine]) -> tuple[PriceStep, ...]:
    """A price from each day on which one begins; days that a broken-off run left bare were cut out for it.

    A single bare day without licences was not: its line, of no licences from a day to that day, looks retracted.
    """
    steps = [PriceStep(base[0].effective, base[0].unit_price, base[0].unit_cost)]
    for before, line in pairwise(base):
        if (line.unit_price, line.unit_cost) == (before.unit_price, before.unit_cost):
            continue
        first = line.effective if before.cancelled is None else min(before.cancelled + _ONE_DAY, line.effective)
        had = sum(one.quantity for one in found if one.role != "reversal" and _bills(one, first - _ONE_DAY))
        if not had and first + _ONE_DAY == line.effective:
            first = line.effective
        steps.append(PriceStep(first, line.unit_price, line.unit_cost))
    return tuple(steps)
