"""The end under which days were settled: neither another choice of the rules nor a line that billed on moves it.

Lines that end before invoiced days leave no trace of their own, as they bill on to the last of those days; what
settles the rest does.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from engine.billing.calendar import eom
from engine.billing.history import Cancellation, Upgrade
from engine.billing.told import Completed, Shown, Told
from engine.planning.histories import stands
from engine.planning.stretches import Stretch
from engine.psa.mark import Mark
from engine.psa.models import Addition

_ONE_DAY = timedelta(days=1)


def as_settled(
    completed: Completed, shown: Shown, stretches: tuple[Stretch, ...], ours: tuple[tuple[Mark, Addition], ...]
) -> Completed:
    """The history with the end under which its last days were settled.

    For a cancellation whose days after its month were settled, and not reversed, that is `end_of_month`; for a term
    that ran out within a settled period, the end that the platform shows, not that of the line.
    """
    settled = tuple(_settlements(stretches, ours))
    if not settled:
        return completed
    standing = [mark for mark, one in ours if stands(one)]
    segment = max((mark.segment for mark in standing if mark.role == "base"), default=1)
    if not any((mark.role, mark.segment) == ("reversal", segment) for mark in standing):
        completed = replace(completed, told=tuple(_ruled(one, settled) for one in completed.told))
    end, upto = shown.terms.end, completed.terms.end
    closes = any(isinstance(one.event, Cancellation | Upgrade) for one in completed.told)
    if not shown.expired or closes or end is None or upto is None or end >= upto:
        return completed
    if any(one.first <= end + _ONE_DAY <= one.last for one in settled):
        return replace(completed, terms=replace(completed.terms, end=end))
    return completed


class _Settlement(msgspec.Struct, frozen=True):
    """The period that a line settles, and the day on which it was entered."""

    first: date
    last: date
    entered: date


def _settlements(stretches: tuple[Stretch, ...], ours: tuple[tuple[Mark, Addition], ...]) -> Iterator[_Settlement]:
    of_agreement = {stretch.agreement.id: stretch for stretch in stretches}
    for mark, one in ours:
        if mark.role == "settlement" and stands(one) and one.entered and one.agreement_id in of_agreement:
            terms = of_agreement[one.agreement_id].terms
            day = eom(date.fromisoformat(f"{mark.month}-01"))
            yield _Settlement(terms.period_start(day), terms.period_end(day), one.entered)


def _ruled(told: Told, settled: tuple[_Settlement, ...]) -> Told:
    event = told.event
    if not isinstance(event, Cancellation) or event.rule is not None or told.source != "log":
        return told
    if any(one.entered >= event.on and one.last > eom(event.on) for one in settled):
        return replace(told, event=replace(event, rule="end_of_month"))
    return told
