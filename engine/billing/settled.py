"""Changes of the log whose lines are posted keep the days of those lines, whatever the rules say now.

Source: the specification's section "Identity": the days in a key are those under which the line was first posted.
"""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from engine.billing.calendar import fom, fonm
from engine.billing.evidence import SegmentEvidence
from engine.billing.history import Purchase, QuantityChange
from engine.billing.told import Told


def settled(changes: Sequence[Told], start: int, proven: SegmentEvidence) -> list[Told]:
    """The changes of a segment, with the day of the posted line that each one is part of.

    `start` is the count of licences before the first of them. A change matches a posted step of the same sign that is
    large enough, on a day that some choice of the rules gives it: its own, an earlier one of its month for an increase,
    the first of the next month for a decrease. The first ones may be in the base line itself: as many as leave the
    fewest steps unmatched, and then the most of the others on days of their own.
    """
    counts, count = [start], start
    for told in changes:
        count = told.event.quantity if isinstance(told.event, Purchase | QuantityChange) else count
        counts.append(count)
    first = proven.licences[0].licences
    candidates = [number for number, count in enumerate(counts) if count == first]
    tried = [
        _matched(changes, counts, number, proven, by_days=by_days)
        for number in reversed(candidates or [0])
        for by_days in (True, False)
    ]
    return min(tried, key=lambda one: one[0])[1]


def _matched(
    changes: Sequence[Told], counts: Sequence[int], in_base: int, proven: SegmentEvidence, *, by_days: bool
) -> tuple[tuple[int, int], list[Told]]:
    """The changes, of which the first so many are in the base line, and how badly the others match: less is better.

    That is how many licences stay unmatched, then how many changes have their own day, less than nothing.
    """
    open_steps = {
        later.effective: later.licences - earlier.licences
        for earlier, later in zip(proven.licences, proven.licences[1:], strict=False)
    }
    found, own_days = list(changes[:in_base]), 0
    whole = _whole_days(changes[in_base:], counts[in_base:], open_steps) if by_days else set()
    for told, before in zip(changes[in_base:], counts[in_base:], strict=False):
        event = told.event
        if isinstance(event, QuantityChange):
            step = event.quantity - before
            day = event.on if event.on in whole else _posted_on(event.on, step, open_steps)
            if day is not None:
                open_steps[day] -= step
                own_days += day == event.on
                event = replace(event, effective=day)
        found.append(replace(told, event=event))
    return (sum(abs(step) for step in open_steps.values()), -own_days), found


def _whole_days(changes: Sequence[Told], counts: Sequence[int], open_steps: dict[date, int]) -> set[date]:
    """The days on which what changed, up and down together, is just what was posted for that day."""
    net: dict[date, int] = {}
    for told, before in zip(changes, counts, strict=False):
        if isinstance(told.event, QuantityChange):
            net[told.event.on] = net.get(told.event.on, 0) + told.event.quantity - before
    return {day for day, step in net.items() if step and open_steps.get(day) == step}


def _posted_on(day: date, step: int, open_steps: dict[date, int]) -> date | None:
    if step > 0:
        days = sorted((posted for posted in open_steps if fom(day) <= posted <= day), reverse=True)
    else:
        days = [posted for posted in (day, fonm(day)) if posted in open_steps]
    return next((posted for posted in days if step and open_steps[posted] * step >= step * step), None)
