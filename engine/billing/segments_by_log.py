"""The segments of a history as the platform's log has them, beside what our posted lines prove."""

from collections.abc import Iterator
from datetime import date

from engine.billing.evidence import SegmentEvidence
from engine.billing.history import Purchase, QuantityChange
from engine.billing.segments_by_lines import FoundSegment, last_count, posted_segment
from engine.billing.told import Logged, Shown, Told


def told_by_log(shown: Shown, log: tuple[Logged, ...], segments: int) -> bool:
    """Whether the log begins with the purchase and, where our lines prove so many segments, adds up.

    It does if it ends at the licences shown, and tells products if our lines prove more than one. An ended subscription
    may show no licences any more.
    """
    if not any(item.kind == "created" and item.quantity is not None for item in log):
        return False
    if segments > 1 and not any(item.sku or item.kind == "upgraded" for item in log):
        return False
    counts = [item.quantity for item in log if item.quantity is not None]
    return not segments or shown.ended or counts[-1] == shown.licences


def by_log(shown: Shown, log: tuple[Logged, ...], proven: dict[int, SegmentEvidence]) -> list[FoundSegment]:
    """The segments as the log has them: an item with another sku tells of an upgrade that was not logged itself."""
    found: list[FoundSegment] = []
    sku = ""
    for item in log:
        if item.kind in {"created", "converted"} and item.quantity is not None and not found:
            purchase = Told(event=Purchase(on=item.on, quantity=item.quantity), source="log")
            found.append(FoundSegment(number=1, product=item.product, source="log", changes=[purchase]))
        if not found:
            continue
        unlogged = item.kind == "quantity" and bool(sku) and bool(item.sku) and item.sku != sku
        if item.kind == "upgraded" or unlogged:
            found.append(_next(found, item, proven, unlogged=unlogged))
        if unlogged:
            found += _upgraded_before(len(found) + 1, item.on, proven)
        sku = item.sku or sku
        if item.kind == "quantity" and item.quantity is not None:
            change = QuantityChange(on=item.on, quantity=item.quantity)
            found[-1].changes.append(Told(event=change, source="log"))
        elif item.kind == "converted":
            count = item.quantity or last_count(found[-1].changes)
            purchase = Told(event=Purchase(on=item.on, quantity=count), source="log")
            found = [FoundSegment(number=1, product=item.product, source="log", changes=[purchase])]
    found = _as_billed(found, shown, proven)
    for number in range(len(found) + 1, max(proven, default=0) + 1):
        if number - 1 in proven:
            found.append(posted_segment(number, proven))
    return found


def _as_billed(found: list[FoundSegment], shown: Shown, proven: dict[int, SegmentEvidence]) -> list[FoundSegment]:
    """Without upgrades before our first line, where that was made without the log and has the first one's number.

    What the log has more than our lines came before them if the last of them bills the product shown; and so did what
    came before the first day of a line that was never taken back.
    """
    last = max(proven, default=0)
    if not last:
        return found
    before = len(found) - last
    upgrades = [segment.day for segment in found if segment.day is not None]
    taken_back = proven[1].reversed_on if 1 in proven else None
    if taken_back is not None:
        # Our first upgrade is the log's of that day: it may have come back to the same product since.
        before = min(before, sum(day < taken_back for day in upgrades))
    if proven[last].product != shown.terms.product:
        unknown = 1 in proven and proven[1].reversed_on is None
        # The last upgrade is not among them: our line does not bill what it led to.
        before = min(before - 1, sum(day < proven[1].first for day in upgrades)) if unknown else 0
    if before <= 0:
        return found
    joined = [change for segment in found[: before + 1] for change in segment.changes]
    first = FoundSegment(number=1, product=found[before].product, source="log", changes=joined)
    later = found[before + 1 :]
    for number, segment in enumerate(later, start=2):
        segment.number = number
    return [first, *later]


def _next(
    found: list[FoundSegment], item: Logged, proven: dict[int, SegmentEvidence], *, unlogged: bool
) -> FoundSegment:
    number = len(found) + 1
    if not unlogged:
        return FoundSegment(number=number, product=item.product, day=item.on, source="log", changes=[])
    if number in proven:
        # By this day it had been upgraded, though our lines may begin later.
        posted = posted_segment(number, proven)
        posted.day = posted.day and min(posted.day, item.on)
        return posted
    why = f"the log has no upgrade, but another product from {item.on} on"
    return FoundSegment(number=number, product=item.product, day=item.on, source="inferred", why=why, changes=[])


def _upgraded_before(number: int, day: date, proven: dict[int, SegmentEvidence]) -> Iterator[FoundSegment]:
    """Further segments that our lines prove before a day: not every one need have an item in the log."""
    while number in proven:
        segment = posted_segment(number, proven)
        if segment.day is None or segment.day >= day:
            return
        yield segment
        number += 1
