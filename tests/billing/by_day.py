"""What a customer has and pays on one day, read off the history one event after another.

It knows nothing of lines, windows, segments' quantities or billing periods' pieces: that is what it is a check on.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from engine.billing.calendar import eom, fom, fonm
from engine.billing.history import Cancellation, Event, PriceChange, Purchase, QuantityChange, Renewal, Upgrade
from engine.billing.model import Line
from tests.billing.strategies import Case


class Told(msgspec.Struct, frozen=True):
    """An event, and what was known when it arrived: what was last announced, and where the segment began."""

    event: Event
    segment: int
    segment_start: date
    licences: int
    end: date | None
    unit_price: Decimal
    unit_cost: Decimal


def told(case: Case, as_of: date) -> Iterator[Told]:
    """The events that count, as known on `as_of`."""
    subscription = case.subscription
    segment, start, licences, end = 1, subscription.start, 0, subscription.end
    price, cost = subscription.unit_price, subscription.unit_cost
    for event in case.history:
        if event.on > as_of:
            return
        one = Told(event, segment, start, licences, end, price, cost)
        yield one
        price, cost = announced(one)
        if isinstance(event, Purchase | QuantityChange):
            licences = event.quantity
        if isinstance(event, Renewal):
            end = event.end
        if isinstance(event, Upgrade):
            segment, start = segment + 1, max(event.on, subscription.start)
        if isinstance(event, Cancellation):
            return


def in_place(case: Case, one: Told) -> bool:
    """Within the days after the segment's start in which a change holds from that start."""
    return one.event.on < one.segment_start + timedelta(days=case.rules.in_place_days)


def licences_on(case: Case, history: Sequence[Told], day: date) -> int:
    """The licences that bill on `day`: with actual_date and cancellation_date those that the customer has.

    After a term's end, as last known before a cancellation or upgrade, there are none; a term that renews by itself
    has no end.
    """
    count, end, last = 0, case.subscription.end, day
    changes: list[tuple[date, int]] = []
    for one in history:
        event = one.event
        if isinstance(event, Purchase):
            count = event.quantity
        elif isinstance(event, QuantityChange):
            if in_place(case, one):
                count += event.quantity - one.licences
            else:
                changes.append((counts_from(case, one, event), event.quantity - one.licences))
        elif isinstance(event, Renewal):
            end = event.end
        elif isinstance(event, Upgrade):
            if day < max(event.on, case.subscription.start):
                break
            count, changes = one.licences, []
        elif isinstance(event, Cancellation):
            if day > eom(event.on) or (day >= event.on and case.rules.cancellation == "cancellation_date"):
                return 0
            # What had not begun by then never does.
            last = min(day, event.on)
    if end is not None and day > end and not case.subscription.auto_renew:
        return 0
    return count + sum(change for begins, change in changes if begins <= last)


def counts_from(case: Case, one: Told, event: QuantityChange) -> date:
    """The day from which a change bills by the rules, the start of its segment aside."""
    if event.quantity < one.licences:
        return event.on if case.rules.quantity_decrease == "actual_date" else fonm(event.on)
    if case.rules.quantity_increase == "actual_date":
        return event.on
    agreed = case.agreement.start
    first = agreed if fom(agreed) == fom(event.on) else fom(event.on)
    return max(first, case.agreement.period_start(event.on))


def price_on(case: Case, history: Sequence[Told], segment: int, day: date) -> tuple[Decimal, Decimal]:
    """What a licence of a segment costs on `day`: the last announcement that has taken effect by then."""
    found = (case.subscription.unit_price, case.subscription.unit_cost)
    for one in history:
        event = one.event
        begins = isinstance(event, Upgrade) and one.segment + 1 == segment
        changes = isinstance(event, PriceChange | Renewal) and one.segment == segment
        if begins or (changes and holds_from(case, one) <= day):
            found = announced(one)
    return found


def announced(one: Told) -> tuple[Decimal, Decimal]:
    """The price and cost last announced, this event's with them."""
    price, cost = getattr(one.event, "unit_price", None), getattr(one.event, "unit_cost", None)
    return (one.unit_price if price is None else price, one.unit_cost if cost is None else cost)


def holds_from(case: Case, one: Told) -> date:
    """The day from which an announcement holds: ever, if in place; never, if it repeats the last one."""
    event = one.event
    if isinstance(event, Renewal):
        if event.unit_price is None and event.unit_cost is None:
            return date.max
        if one.end is not None and one.end + timedelta(days=1) >= event.on:
            return one.end + timedelta(days=1)
    elif announced(one) == (one.unit_price, one.unit_cost):
        return date.max
    if in_place(case, one):
        return date.min
    if case.rules.price_change == "actual_date":
        return event.on
    return case.agreement.period_end(event.on) + timedelta(days=1)


def billed_on(lines: tuple[Line, ...], day: date) -> tuple[Line, ...]:
    """The lines that bill on `day`."""
    return tuple(line for line in lines if line.effective <= day and (line.cancelled is None or day <= line.cancelled))


def turning_days(*results: tuple[Line, ...]) -> list[date]:
    """The days on which a line begins or has just ended: between them nothing changes."""
    one = timedelta(days=1)
    found = {line.effective for lines in results for line in lines}
    found |= {line.cancelled + one for lines in results for line in lines if line.cancelled}
    return sorted(found)
