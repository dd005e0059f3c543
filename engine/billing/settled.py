"""Changes of the log whose lines are posted keep the days of those lines, whatever the rules say now.

Source: the specification's section "Identity": the days in a key are those under which the line was first posted.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product

import msgspec
from msgspec.structs import replace

from engine.billing.calendar import fom, fonm
from engine.billing.evidence import SegmentEvidence
from engine.billing.history import Purchase, QuantityChange
from engine.billing.told import Told


def settled(changes: Sequence[Told], start: int, proven: SegmentEvidence, closed: date) -> list[Told]:
    """The changes of a segment, with the day of the posted line that each one is part of.

    `start` is the count of licences before the first of them, `closed` the day of the upgrade or cancellation that ends
    the segment. Each choice of the rules gives the changes their days; the one holds under which they add up to what is
    posted. Where the rules have changed since, none may do so: then each change in turn is part of a posted step that
    is large enough. What is in the first base line itself has no such day; nor has what came last, where it adds
    nothing to what is posted: it is for the rules of today. So is all of what was over before its first line begins, as
    that is taken back whole.
    """
    if closed < proven.first:
        return list(changes)
    steps, count = [], start
    for number, told in enumerate(changes):
        if isinstance(told.event, Purchase):
            start = count = told.event.quantity
        elif isinstance(told.event, QuantityChange):
            steps.append(_Step(number=number, on=told.event.on, licences=told.event.quantity - count))
            count = told.event.quantity
    reading = min(_by_rules(steps, start, proven, closed), key=lambda one: one.unlike, default=None)
    if reading is None or reading.unlike[0]:
        reading = min(_one_by_one(steps, start, proven), key=lambda one: one.unlike)
    found = list(changes)
    for step, day in zip(steps, reading.days, strict=False):
        event = found[step.number].event
        if day is not None and isinstance(event, QuantityChange):
            found[step.number] = replace(found[step.number], event=replace(event, effective=day))
    return found


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """A change by so many licences; `number` is its place among the changes."""

    number: int
    on: date
    licences: int


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The days of the first steps; None is in the base line, or newer than what is posted.

    `unlike` is by how many licences it misses what is posted; then how much else speaks against it.
    """

    unlike: tuple[int, int, int]
    days: tuple[date | None, ...]


def _posted_steps(proven: SegmentEvidence) -> dict[date, int]:
    return {
        later.effective: later.licences - earlier.licences
        for earlier, later in zip(proven.licences, proven.licences[1:], strict=False)
    }


# -- under one choice of the rules


def _by_rules(steps: Sequence[_Step], start: int, proven: SegmentEvidence, closed: date) -> Iterator[_Reading]:
    """The readings under each choice of the rules.

    The base line holds the first changes, made in place, and those whose billing period was over when it began.
    """
    posted = _posted_steps(proven)
    for increase, decrease in product((_own_day, _first_begun, _last_begun), (_own_day, _next_month)):
        days = [(increase if step.licences > 0 else decrease)(step.on, posted) for step in steps]
        periods = sorted({proven.first, *(day for day in days if day < proven.first)})
        # Most of these choices come to the same.
        choices = dict.fromkeys(
            tuple(number < in_place or day < period for number, day in enumerate(days))
            for in_place, period in product(range(len(steps) + 1), periods)
        )
        for in_base in choices:
            yield from _of_first(steps, days, in_base, start, proven, closed)


def _of_first(
    steps: Sequence[_Step],
    days: Sequence[date],
    in_base: Sequence[bool],
    start: int,
    proven: SegmentEvidence,
    closed: date,
) -> Iterator[_Reading]:
    """What the first steps come to, if the base line has its licences by then.

    The fewest left out from before that line are the best, as they should be in it; then the fewest settled days.
    """
    base, missing, found = start, _posted_steps(proven), list[date | None]()
    over = min(closed, proven.last or closed)
    while True:
        if base == proven.licences[0].licences:
            late = sum(day < proven.first for day in days[len(found) :])
            unlike = sum(abs(licences) for licences in missing.values())
            yield _Reading(unlike=(unlike, late, len(found) - found.count(None)), days=tuple(found))
        if len(found) == len(steps):
            return
        step, day = steps[len(found)], days[len(found)]
        if in_base[len(found)]:
            base += step.licences
            found.append(None)
            continue
        begins = max(day, proven.first)
        if day <= over:
            missing[begins] = missing.get(begins, 0) - step.licences
        found.append(begins)


def _own_day(day: date, _posted: dict[date, int]) -> date:
    return day


def _next_month(day: date, _posted: dict[date, int]) -> date:
    return fonm(day)


def _first_begun(day: date, posted: dict[date, int]) -> date:
    """The first of the month; or of the segment, the agreement or its year, if a line shows that it began later."""
    return min((begun for begun in posted if fom(day) <= begun <= day), default=fom(day))


def _last_begun(day: date, posted: dict[date, int]) -> date:
    """The same, where the lines begin on more than one day of that month."""
    return max((begun for begun in posted if fom(day) <= begun < day), default=fom(day))


# -- whatever the rules were


def _one_by_one(steps: Sequence[_Step], start: int, proven: SegmentEvidence) -> Iterator[_Reading]:
    """Each change in turn on a day that some rule gives it; the most on days of their own are the best."""
    counts = [start]
    for step in steps:
        counts.append(counts[-1] + step.licences)
    candidates = [number for number, count in enumerate(counts) if count == proven.licences[0].licences]
    for in_base in reversed(candidates or [0]):
        missing, days = _posted_steps(proven), list[date | None]([None] * in_base)
        for step in steps[in_base:]:
            day = _posted_on(step, missing)
            if day is not None:
                missing[day] -= step.licences
            days.append(day)
        own_days = sum(day == step.on for step, day in zip(steps, days, strict=True))
        unlike = sum(abs(licences) for licences in missing.values())
        yield _Reading(unlike=(unlike, 0, -own_days), days=tuple(days))


def _posted_on(step: _Step, missing: dict[date, int]) -> date | None:
    if step.licences > 0:
        days = sorted((posted for posted in missing if fom(step.on) <= posted <= step.on), reverse=True)
    else:
        days = [posted for posted in (step.on, fonm(step.on)) if posted in missing]
    licences = step.licences
    return next((day for day in days if licences and missing[day] * licences >= licences * licences), None)
