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
    the first of the next month for a decrease.
    """
    open_steps = {
        later.effective: later.licences - earlier.licences
        for earlier, later in zip(proven.licences, proven.licences[1:], strict=False)
    }
    found: list[Told] = []
    count = start
    for told in changes:
        event = told.event
        if isinstance(event, Purchase):
            count = event.quantity
        elif isinstance(event, QuantityChange):
            step, count = event.quantity - count, event.quantity
            day = _posted_on(event.on, step, open_steps)
            if day is not None:
                open_steps[day] -= step
                found.append(replace(told, event=replace(event, effective=day)))
                continue
        found.append(told)
    return found


def _posted_on(day: date, step: int, open_steps: dict[date, int]) -> date | None:
    if step > 0:
        days = sorted((posted for posted in open_steps if fom(day) <= posted <= day), reverse=True)
    else:
        days = [posted for posted in (day, fonm(day)) if posted in open_steps]
    return next((posted for posted in days if step and open_steps[posted] * step >= step * step), None)
