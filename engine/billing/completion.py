"""Completing a history: the platform's log where it adds up, then what our posted lines prove, then the present day.

Source: the specification's section "Completing a history". The platform keeps quantities in an activity log, but no
past price, and not reliably the day of a cancellation.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.calendar import add_terms, terms_between
from engine.billing.ending import ending, upgraded_end
from engine.billing.evidence import PostedLine, SegmentEvidence, evidence
from engine.billing.history import PriceChange, Purchase, QuantityChange, Renewal, Upgrade
from engine.billing.known_amounts import amounts_completed
from engine.billing.model import SubscriptionTerms
from engine.billing.settled import settled
from engine.billing.told import Completed, Logged, Shown, Source, Told

_ONE_DAY = timedelta(days=1)
_RENEWAL_SEEN_WITHIN = timedelta(days=31)
"""A price first seen so soon after a term of a year or more began is that term's: the platform does not date prices."""


def complete(shown: Shown, log: Iterable[Logged] | None, posted: Iterable[PostedLine], as_of: date) -> Completed:
    """The history of a subscription as known on `as_of`. `log`, oldest first, is None where it was not read."""
    items = tuple(log or ())
    if shown.terms.kind != "license":
        return amounts_completed(shown, items, tuple(posted), as_of)
    proven = {segment.number: segment for segment in evidence(posted)}
    trusted = _begins(items) and (not proven or _adds_up(shown, items, max(proven)))
    found = _logged(shown, items, proven) if trusted else []
    begins_with = min(proven, default=1)
    if len(found) < begins_with or found[begins_with - 1].source != "log":
        # Not even the upgrade before our first line is in it.
        found = _unlogged(shown, proven, as_of)
    return _told(shown, items, found, proven, as_of)


def _begins(log: tuple[Logged, ...]) -> bool:
    return any(item.kind == "created" and item.quantity is not None for item in log)


def _adds_up(shown: Shown, log: tuple[Logged, ...], segments: int) -> bool:
    """Whether the log ends at the licences shown, and tells products if our lines prove more than one.

    An ended subscription may show no licences any more.
    """
    if segments > 1 and not any(item.sku or item.kind == "upgraded" for item in log):
        return False
    counts = [item.quantity for item in log if item.quantity is not None]
    return shown.ended or counts[-1] == shown.licences


class _Segment(msgspec.Struct, kw_only=True):
    """A segment while it is put together. `day` is that of its upgrade; None for the first."""

    number: int
    product: str
    day: date | None = None
    source: Source
    why: str = ""
    changes: list[Told]


def _logged(shown: Shown, log: tuple[Logged, ...], proven: dict[int, SegmentEvidence]) -> list[_Segment]:
    """The segments as the log has them: an item with another sku tells of an upgrade that was not logged itself."""
    found: list[_Segment] = []
    sku = ""
    for item in log:
        if item.kind in {"created", "converted"} and item.quantity is not None and not found:
            purchase = Told(event=Purchase(on=item.on, quantity=item.quantity), source="log")
            found.append(_Segment(number=1, product=item.product, source="log", changes=[purchase]))
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
            count = item.quantity or _last_count(found[-1].changes)
            purchase = Told(event=Purchase(on=item.on, quantity=count), source="log")
            found = [_Segment(number=1, product=item.product, source="log", changes=[purchase])]
    found = _as_billed(found, shown, proven)
    for number in range(len(found) + 1, max(proven, default=0) + 1):
        if number - 1 in proven:
            found.append(_posted_segment(number, proven))
    return found


def _as_billed(found: list[_Segment], shown: Shown, proven: dict[int, SegmentEvidence]) -> list[_Segment]:
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
    first = _Segment(number=1, product=found[before].product, source="log", changes=joined)
    later = found[before + 1 :]
    for number, segment in enumerate(later, start=2):
        segment.number = number
    return [first, *later]


def _next(found: list[_Segment], item: Logged, proven: dict[int, SegmentEvidence], *, unlogged: bool) -> _Segment:
    number = len(found) + 1
    if not unlogged:
        return _Segment(number=number, product=item.product, day=item.on, source="log", changes=[])
    if number in proven:
        # By this day it had been upgraded, though our lines may begin later.
        posted = _posted_segment(number, proven)
        posted.day = posted.day and min(posted.day, item.on)
        return posted
    why = f"the log has no upgrade, but another product from {item.on} on"
    return _Segment(number=number, product=item.product, day=item.on, source="inferred", why=why, changes=[])


def _upgraded_before(number: int, day: date, proven: dict[int, SegmentEvidence]) -> Iterator[_Segment]:
    """Further segments that our lines prove before a day: not every one need have an item in the log."""
    while number in proven:
        segment = _posted_segment(number, proven)
        if segment.day is None or segment.day >= day:
            return
        yield segment
        number += 1


def _posted_segment(number: int, proven: dict[int, SegmentEvidence]) -> _Segment:
    """A segment that our lines prove; its upgrade was on the day of the reversal before it, or of its first line."""
    own = proven.get(number) or proven[min(other for other in proven if other > number)]
    before = proven.get(number - 1)
    day = before.reversed_on if before is not None and before.reversed_on is not None else own.first
    return _Segment(number=number, product=own.product, day=day, source="posted", changes=[])


def _unlogged(shown: Shown, proven: dict[int, SegmentEvidence], as_of: date) -> list[_Segment]:
    """The segments that our lines prove; without any, the purchase as the platform shows the subscription today."""
    if not proven:
        purchase = Told(event=Purchase(on=shown.terms.start, quantity=shown.licences), source="listing")
        return [_Segment(number=1, product=shown.terms.product, source="listing", changes=[purchase])]
    found: list[_Segment] = []
    count = 0
    for number in range(min(proven), max(proven) + 1):
        known = proven.get(number)
        segment = _posted_segment(number, proven)
        steps = known.licences if known is not None else ()
        if not found:
            bought = min(shown.terms.start, steps[0].effective, as_of)
            start = Purchase(on=bought, quantity=steps[0].licences)
            segment = _Segment(
                number=number,
                product=segment.product,
                source="posted",
                changes=[Told(event=start, source="posted")],
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


def _told(
    shown: Shown,
    log: tuple[Logged, ...],
    found: list[_Segment],
    proven: dict[int, SegmentEvidence],
    as_of: date,
) -> Completed:
    """All of it in order: upgrades, prices from our lines, changes, the end; then what is still unexplained."""
    posted_last = proven.get(found[-1].number)
    if posted_last is not None and posted_last.product != shown.terms.product and not shown.ended:
        why = "the platform shows another product; when it was upgraded is not known"
        found.append(
            _Segment(
                number=found[-1].number + 1,
                product=shown.terms.product,
                day=as_of,
                source="inferred",
                why=why,
                changes=[],
            )
        )
    for segment in found:
        # The first day of a reversal may be a takeover day to come.
        segment.day = segment.day and min(segment.day, as_of)
    first, last = found[0], found[-1]
    # An end before the purchase ends nothing: with it, the history would have no end at all.
    since = tuple(item for item in log if item.on >= first.changes[0].event.on)
    terms, cancelled = ending(shown, since, proven.get(last.number), as_of)
    if cancelled is not None and cancelled.source == "inferred" and not proven:
        # Nothing stands that it would end, and a line made now would bill up to a guess.
        return Completed(terms=terms, told=(cancelled,))
    _settle(found, proven, cancelled.event.on if cancelled is not None else date.max)
    told: list[Told] = []
    unpriced: set[int] = set()
    prices: dict[int, tuple[Decimal, Decimal]] = {}
    ends: list[date | None] = []
    for segment, following in zip(found, [*found[1:], None], strict=True):
        known = proven.get(segment.number)
        closed = following.day if following is not None else None
        end = terms.end if following is None else upgraded_end(terms, known)
        price = (shown.terms.unit_price, shown.terms.unit_cost)
        if known is not None:
            price = (known.prices[0].unit_price, known.prices[0].unit_cost)
        elif following is not None:
            unpriced.add(segment.number)
        prices[segment.number] = price
        if segment.day is not None:
            # The log names no product; our lines do.
            product = segment.product if known is None else known.product
            upgrade = Upgrade(on=segment.day, product=product, unit_price=price[0], unit_cost=price[1])
            if known is None and following is None:
                upgrade = replace(upgrade, product=shown.terms.product)
            told.append(Told(event=upgrade, source=segment.source, why=segment.why))
            if end is not None and end != ends[-1]:
                told.append(Told(event=Renewal(on=segment.day, end=end), source="posted"))
        ends.append(end)
        told += [_within(one, closed) for one in segment.changes]
        if known is not None:
            over = cancelled.event.on if cancelled is not None else as_of
            told += _prices(known, min(as_of, closed or over))
    product = shown.terms.product if first is last and first.number not in proven else first.product
    terms = replace(
        terms,
        first_segment=first.number,
        start=_start(shown, first),
        end=ends[0],
        product=proven[first.number].product if first.number in proven else product,
        unit_price=prices[first.number][0],
        unit_cost=prices[first.number][1],
    )
    if cancelled is not None:
        told.append(cancelled)
    elif not shown.ended:
        told += _unexplained(shown, told, proven.get(last.number), as_of)
    return Completed(terms=terms, told=tuple(told), unpriced=frozenset(unpriced))


def _settle(found: list[_Segment], proven: dict[int, SegmentEvidence], closed: date) -> None:
    """What the log tells keeps the days of its posted lines."""
    count = 0
    for segment, following in zip(found, [*found[1:], None], strict=True):
        if segment.number in proven and found[0].source == "log":
            over = following.day if following is not None else None
            segment.changes = settled(segment.changes, count, proven[segment.number], over or closed)
        count = _last_count(segment.changes, count)


def _start(shown: Shown, first: _Segment) -> date:
    """The day from which its licences count; a converted trial bills from its conversion.

    A first known segment after an upgrade began before our first line, as none was made for the product before it.
    """
    if first.number > 1:
        return shown.terms.start
    bought = first.changes[0].event
    return max(shown.terms.start, bought.on) if first.source == "log" else shown.terms.start


def _prices(known: SegmentEvidence, latest: date) -> Iterator[Told]:
    for step in known.prices[1:]:
        change = PriceChange(
            on=min(step.effective, latest),
            unit_price=step.unit_price,
            unit_cost=step.unit_cost,
            effective=step.effective,
        )
        yield Told(event=change, source="posted")


def _within(told: Told, closed: date | None) -> Told:
    """Evidence of a segment that an upgrade has closed comes before that upgrade."""
    if closed is None or told.event.on <= closed:
        return told
    return replace(told, event=replace(told.event, on=closed))


def _unexplained(shown: Shown, told: list[Told], last: SegmentEvidence | None, as_of: date) -> Iterator[Told]:
    """What neither log nor lines explain is an event of today; once posted, it is evidence for the next run."""
    count = _last_count(told)
    if count != shown.licences:
        why = f"the platform shows {shown.licences} licences, what is known gives {count}"
        yield Told(event=QuantityChange(on=as_of, quantity=shown.licences), source="inferred", why=why)
    if last is None:
        return
    price, terms = last.prices[-1], shown.terms
    if (price.unit_price, price.unit_cost) == (terms.unit_price, terms.unit_cost):
        return
    renewed = _renewed_on(terms, as_of)
    if renewed is not None and renewed < as_of and any(renewed <= step.effective <= as_of for step in last.prices):
        # One that is still to come was announced before: a price seen since it renewed bills from that day.
        renewed = None
    since = f"taken from its renewal on {renewed}" if renewed else "when it changed is not known"
    why = f"the platform shows a price of {terms.unit_price} and a cost of {terms.unit_cost}; {since}"
    change = PriceChange(on=as_of, unit_price=terms.unit_price, unit_cost=terms.unit_cost, effective=renewed)
    yield Told(event=change, source="inferred", why=why)


def _renewed_on(terms: SubscriptionTerms, as_of: date) -> date | None:
    """The first day of the running term, if it renewed a little while ago and for a year or more."""
    if terms.end is None or not terms.term:
        return None
    following = terms.end + _ONE_DAY
    length = add_terms(following, terms.term, 1) - following
    if length < timedelta(days=365):
        return None
    # One that renews by itself may still show the end of its first term.
    count = terms_between(following, as_of, terms.term) if following <= as_of else -1
    while add_terms(following, terms.term, count + 1) <= as_of:
        count += 1
    begun = add_terms(following, terms.term, count)
    return begun if begun > terms.start and timedelta(0) <= as_of - begun < _RENEWAL_SEEN_WITHIN else None


def _last_count(told: list[Told], before: int = 0) -> int:
    """The licences last announced."""
    counts = [one.event.quantity for one in told if isinstance(one.event, Purchase | QuantityChange)]
    return counts[-1] if counts else before
