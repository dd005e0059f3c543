"""Whether a day of a line has been invoiced. Source: decision 8 of the architecture, "Invoiced days are closed"."""

from datetime import date, timedelta

from engine.billing.model import InputError, Line
from engine.billing.money import plain
from engine.planning.desired import lines_on
from engine.planning.ends import last_billed
from engine.planning.fitting import Refused
from engine.planning.observed import Inputs
from engine.planning.service import Service
from engine.psa.mark import Mark
from engine.psa.models import Addition

LINE_INVOICED = "line-invoiced"


def check_open(inputs: Inputs, service: Service, mark: Mark, addition: Addition) -> None:
    """Raises Refused where a day of the line has been invoiced, or nobody can tell: then only its end may move."""
    if not _invoiced(inputs, service, mark, addition):
        return
    through = service.stretch.invoiced_through
    until = f"has been invoiced through {through}" if through is not None else "does not say how far it was invoiced"
    amount = plain(addition.quantity * addition.unit_price)
    why = (
        f"addition {addition.id} (effective {addition.effective}, {amount} a cycle) would have to change, but "
        f"agreement {service.stretch.agreement.id} {until}"
    )
    hint = "settle the difference by hand, then correct the addition in the PSA; `cwctl explain` shows both sides"
    raise Refused(LINE_INVOICED, why, hint)


def check_end(inputs: Inputs, service: Service, mark: Mark, addition: Addition, last: date | None) -> None:
    """Raises Refused where a line would end on `last`, before a later day of it that has been invoiced.

    Nothing credits such a day, and the line that carries on would bill it again.
    """
    through = service.stretch.invoiced_through or inputs.as_of
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    charged = min(through, last_billed(addition.cancelled, behaviour) or through)
    if last is None or last >= charged or not addition.quantity * addition.unit_price:
        return
    if not _invoiced(inputs, service, mark, addition):
        return
    why = (
        f"addition {addition.id} (effective {addition.effective}, {plain(addition.quantity * addition.unit_price)} a "
        f"cycle) would have to end on {last}, but agreement {service.stretch.agreement.id} has been invoiced through "
        f"{through}, and nothing credits the days between"
    )
    hint = f"credit them by hand, then let the addition end on {last} in the PSA"
    raise Refused(LINE_INVOICED, why, hint)


def _invoiced(inputs: Inputs, service: Service, mark: Mark, addition: Addition) -> bool:
    """An invoice covers a line that lies in its period, and that was known when it was made."""
    agreement, through = service.stretch.agreement, service.stretch.invoiced_through
    begins = addition.effective or mark.on
    if begins is None or (through is None and begins <= inputs.as_of):
        return True
    if begins > (through or inputs.as_of):
        return False
    if inputs.observed.invoiced_on is None or agreement.id not in inputs.observed.invoiced_on:
        return True
    made = inputs.observed.invoiced_on[agreement.id]
    if made is None:
        return False
    if addition.entered is not None:
        # The one is a day of UTC, the other one of the PSA: a day apart, they may be of the same evening.
        return addition.entered <= made + timedelta(days=1)
    if begins <= made and not any(_is(line, mark) for line in service.lines):
        # A history that gives no such line cannot tell since when it was known.
        return True
    days = {made, *(event.on for event in service.completed.history if event.on < made)}
    return any(_was_known(service, day, mark) for day in days)


def _was_known(service: Service, day: date, mark: Mark) -> bool:
    """Whether the line was wanted on a day already; it counts as such where that cannot be told."""
    try:
        known = lines_on(service.completed, service.stretch, service.owned_from, day)
    except (InputError, ValueError, OverflowError):
        return True
    return any(_is(line, mark) for line in known)


def _is(line: Line, mark: Mark) -> bool:
    if (line.segment, line.role, line.period) != (mark.segment, mark.role, mark.month):
        return False
    return line.effective == mark.on or line.role in {"usage", "one_time"}
