"""The rule under which a cancellation was settled: another choice of the rules moves nothing that was settled.

Lines that end before invoiced days leave no trace of their own, as they bill on to the last of those days; what
settles the rest does.
"""

from datetime import date

from msgspec.structs import replace

from engine.billing.calendar import eom
from engine.billing.history import Cancellation
from engine.billing.told import Completed, Told
from engine.planning.histories import stands
from engine.planning.stretches import Stretch
from engine.psa.mark import Mark
from engine.psa.models import Addition


def as_settled(
    completed: Completed, stretches: tuple[Stretch, ...], ours: tuple[tuple[Mark, Addition], ...]
) -> Completed:
    """The history with `end_of_month` for a cancellation whose days after that month were settled, and not reversed."""
    standing = [(mark, one) for mark, one in ours if stands(one)]
    segment = max((mark.segment for mark, _ in standing if mark.role == "base"), default=1)
    if any((mark.role, mark.segment) == ("reversal", segment) for mark, _ in standing):
        return completed
    of_agreement = {stretch.agreement.id: stretch for stretch in stretches}
    settled = [
        (one.entered, of_agreement[one.agreement_id].terms.period_end(eom(date.fromisoformat(f"{mark.month}-01"))))
        for mark, one in standing
        if mark.role == "settlement" and one.entered is not None and one.agreement_id in of_agreement
    ]
    if not settled:
        return completed
    return replace(completed, told=tuple(_ruled(one, settled) for one in completed.told))


def _ruled(told: Told, settled: list[tuple[date, date]]) -> Told:
    event = told.event
    if not isinstance(event, Cancellation) or event.rule is not None or told.source != "log":
        return told
    if any(entered >= event.on and last > eom(event.on) for entered, last in settled):
        return replace(told, event=replace(event, rule="end_of_month"))
    return told
