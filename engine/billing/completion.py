"""Completing a history: the platform's log where it adds up, then what our posted lines prove, then the present day.

Source: the specification's section "Completing a history". The platform keeps quantities in an activity log, but no
past price, and not reliably the day of a cancellation.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from engine.billing.calendar import add_terms, terms_between
from engine.billing.ending import ending, upgraded_end
from engine.billing.evidence import PostedLine, SegmentEvidence, evidence
from engine.billing.history import PriceChange, QuantityChange, Renewal, Upgrade
from engine.billing.known_amounts import amounts_completed
from engine.billing.model import SubscriptionTerms
from engine.billing.segments_by_lines import FoundSegment, by_lines, last_count
from engine.billing.segments_by_log import by_log, told_by_log
from engine.billing.settled import settled
from engine.billing.told import Completed, Logged, Shown, Told

_ONE_DAY = timedelta(days=1)
_RENEWAL_SEEN_WITHIN = timedelta(days=31)
"""A price first seen so soon after a term of a year or more began is that term's: the platform does not date prices."""


def complete(shown: Shown, log: Iterable[Logged] | None, posted: Iterable[PostedLine], as_of: date) -> Completed:
    """The history of a subscription as known on `as_of`. `log`, oldest first, is None where it was not read."""
    items = tuple(log or ())
    if shown.terms.kind != "license":
        return amounts_completed(shown, items, tuple(posted), as_of)
    proven = {segment.number: segment for segment in evidence(posted)}
    found = by_log(shown, items, proven) if told_by_log(shown, items, max(proven, default=0)) else []
    begins_with = min(proven, default=1)
    if len(found) < begins_with or found[begins_with - 1].source != "log":
        # Not even the upgrade before our first line is in it.
        found = by_lines(shown, proven, as_of)
    return _told(shown, items, found, proven, as_of)


def _told(
    shown: Shown,
    log: tuple[Logged, ...],
    found: list[FoundSegment],
    proven: dict[int, SegmentEvidence],
    as_of: date,
) -> Completed:
    """All of it in order: upgrades, prices from our lines, changes, the end; then what is still unexplained."""
    posted_last = proven.get(found[-1].number)
    if posted_last is not None and posted_last.product != shown.terms.product and not shown.ended:
        why = "the platform shows another product; when it was upgraded is not known"
        found.append(
            FoundSegment(
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


def _settle(found: list[FoundSegment], proven: dict[int, SegmentEvidence], closed: date) -> None:
    """What the log tells keeps the days of its posted lines."""
    count = 0
    for segment, following in zip(found, [*found[1:], None], strict=True):
        if segment.number in proven and found[0].source == "log":
            over = following.day if following is not None else None
            segment.changes = settled(segment.changes, count, proven[segment.number], over or closed)
        count = last_count(segment.changes, count)


def _start(shown: Shown, first: FoundSegment) -> date:
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
    count = last_count(told)
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
