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


def open_end(inputs: Inputs, service: Service, mark: Mark, addition: Addition, line: Line) -> date | None:
    """The last day to give a line that stands: its own, but none before a later day that has been invoiced.

    Nothing credits such a day. A line that is merely over ends with the last of them. Raises Refused where another
    line bills the same days, or where it ends there already: then a person has to credit what is too much.
    """
    last, through = line.cancelled, service.stretch.invoiced_through or inputs.as_of
    stands_until = (
        last_billed(addition.cancelled, inputs.workspace.connections.by_name[inputs.connection].psa_behaviour)
        or date.max
    )
    closed = min(through, stands_until)
    amount = addition.quantity * addition.unit_price
    if last is None or last >= closed or not amount or not _invoiced(inputs, service, mark, addition):
        return last
    if closed < stands_until and not _billed_besides(service, line, last, closed):
        return closed
    why = (
        f"addition {addition.id} (effective {addition.effective}, {plain(amount)} a cycle) would have to end on "
        f"{last}, but agreement {service.stretch.agreement.id} has been invoiced through {through}, and nothing "
        "credits the days between"
    )
    hint = f"credit them by hand, then let the addition end on {last} in the PSA"
    raise Refused(LINE_INVOICED, why, hint)


def _billed_besides(service: Service, line: Line, last: date, closed: date) -> bool:
    """Whether something else bills for the service after `last` and not after `closed`: there, or elsewhere."""
    if service.stretch.until == last:
        return True
    return any(
        other.quantity > 0 and other.effective <= closed and last < (other.cancelled or date.max)
        for other in service.lines
        if other is not line
    )


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
    # A history that gives no such line cannot tell since when it was known.
    denied = begins <= made and not any(_is(line, mark) for line in service.lines)
    days = {made, *(event.on for event in service.completed.history if event.on < made)}
    return denied or any(_was_known(service, day, mark) for day in days)


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
