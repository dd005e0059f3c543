"""The segments of a history while it is put together: as our posted lines prove them."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from engine.billing.evidence import LicenceStep, SegmentEvidence
from engine.billing.history import Purchase, QuantityChange
from engine.billing.told import Shown, Source, Told

_ONE_DAY, _A_YEAR = timedelta(days=1), timedelta(days=366)


class FoundSegment(msgspec.Struct, kw_only=True):
    """A segment while it is put together. `day` is that of its upgrade; None for the first."""

    number: int
    product: str
    day: date | None = None
    source: Source
    why: str = ""
    changes: list[Told]


def posted_segment(number: int, proven: dict[int, SegmentEvidence]) -> FoundSegment:
    """A segment that our lines prove; its upgrade was on the day of the reversal before it, or of its first line."""
    own = proven.get(number) or proven[min(other for other in proven if other > number)]
    before = proven.get(number - 1)
    day = before.reversed_on if before is not None and before.reversed_on is not None else own.first
    return FoundSegment(number=number, product=own.product, day=day, source="posted", changes=[])


def by_lines(shown: Shown, proven: dict[int, SegmentEvidence], as_of: date) -> list[FoundSegment]:
    """The segments that our lines prove; without any, the purchase as the platform shows the subscription today."""
    if not proven:
        purchase = Told(event=Purchase(on=shown.terms.start, quantity=shown.licences), source="listing")
        return [FoundSegment(number=1, product=shown.terms.product, source="listing", changes=[purchase])]
    found: list[FoundSegment] = []
    count = 0
    for number in range(min(proven), max(proven) + 1):
        known = proven.get(number)
        segment = posted_segment(number, proven)
        steps = known.licences if known is not None else ()
        if not found:
            bought = min(shown.terms.start, steps[0].effective, as_of)
            segment = FoundSegment(
                number=number,
                product=segment.product,
                source="posted",
                changes=[Told(event=event, source="posted") for event in _bought(bought, steps[0])],
            )
        elif steps and steps[0].licences != count and segment.day is not None:
            # A decrease that was still to come when it was upgraded: it counts, and has no line of its own.
            later = QuantityChange(on=segment.day, quantity=steps[0].licences, effective=segment.day + _ONE_DAY)
            found[-1].changes.append(Told(event=later, source="posted"))
        over = shown.ended or number < max(proven) or segment.product != shown.terms.product
        for step in steps[1:]:
            # What was known before the takeover day bills from it, even if all has ended before.
            taken_over = over and known is not None and step.effective == known.first
            on = min(step.effective, as_of)
            effective = on if taken_over else step.effective
            change = QuantityChange(on=on, quantity=step.licences, effective=effective)
            segment.changes.append(Told(event=change, source="posted"))
        count = steps[-1].licences if steps else count
        found.append(segment)
    return found


def _bought(on: date, first: LicenceStep) -> Iterator[Purchase | QuantityChange]:
    """The licences of the first base line, as bought on a day.

    They are fewer than none where some were given up before the year of the agreement, and had been taken just before,
    but bill from its start.
    """
    yield Purchase(on=on, quantity=max(0, first.licences))
    if first.licences < 0:
        yield QuantityChange(on=on, quantity=-first.licences, effective=first.effective)
        yield QuantityChange(on=on, quantity=0, effective=first.effective - _A_YEAR)


def last_count(told: list[Told], before: int = 0) -> int:
    """The licences last announced."""
    counts = [one.event.quantity for one in told if isinstance(one.event, Purchase | QuantityChange)]
    return counts[-1] if counts else before
