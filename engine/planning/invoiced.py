"""Whether a day of a line has been invoiced. Source: decision 8 of the architecture, "Invoiced days are closed"."""

from datetime import date, timedelta

from engine.billing.model import InputError, Line
from engine.billing.money import plain
from engine.planning.desired import lines_on
from engine.planning.ends import last_billed
from engine.planning.fitting import Refused
from engine.planning.observed import Inputs
from engine.planning.service import Row, Service
from engine.psa.mark import Mark
from engine.psa.models import Addition

LINE_INVOICED = "line-invoiced"


def check_open(inputs: Inputs, service: Service, mark: Mark, addition: Addition) -> None:
    """Raises Refused where a day of the line has been invoiced, or nobody can tell: then only its end may move."""
    if is_invoiced(inputs, service, mark, addition):
        raise refusal(inputs, service, Row(mark=mark, line=None, addition=addition))


def refusal(inputs: Inputs, service: Service, row: Row) -> Refused:
    """Why nothing is planned for a service of which this row would have to change, and what a person can do."""
    agreement, through = service.stretch.agreement, service.stretch.invoiced_through
    until = f"has been invoiced through {through}" if through is not None else "does not say how far it was invoiced"
    addition, line = row.addition, row.line
    if addition is None:
        why = f"a line would have to begin on {line.effective if line is not None else row.mark.on}, but"
        return Refused(LINE_INVOICED, f"{why} agreement {agreement.id} {until}", "bill those days by hand")
    amount = plain(addition.quantity * addition.unit_price)
    label = f"addition {addition.id} (effective {addition.effective}, {amount} a cycle)"
    ends = line.cancelled if line is not None and line.quantity == addition.quantity else None
    if line is not None and ends is not None and line.unit_price == addition.unit_price:
        why = (
            f"{label} would have to end on {ends}, but agreement {agreement.id} {until}, and nothing credits "
            "the days between"
        )
        return Refused(LINE_INVOICED, why, f"credit them by hand, then let it end on {ends} in the PSA")
    why = f"{label} would have to change, but agreement {agreement.id} {until}"
    hint = "settle the difference by hand, then correct the addition in the PSA; `cwctl explain` shows both sides"
    return Refused(LINE_INVOICED, why, hint)


def check_end(inputs: Inputs, service: Service, mark: Mark, addition: Addition, line: Line) -> None:
    """Raises Refused where a line would end before a later day that has been invoiced: nothing credits that day."""
    through = service.stretch.invoiced_through or inputs.as_of
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    closed = min(through, last_billed(addition.cancelled, behaviour) or date.max)
    cut = line.cancelled is not None and line.cancelled < closed and bool(addition.quantity * addition.unit_price)
    if cut and is_invoiced(inputs, service, mark, addition):
        raise refusal(inputs, service, Row(mark=mark, line=line, addition=addition))


def is_invoiced(inputs: Inputs, service: Service, mark: Mark, addition: Addition) -> bool:
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
    return made is not None and _was_there(service, mark, addition, begins, made)


def _was_there(service: Service, mark: Mark, addition: Addition, begins: date, made: date) -> bool:
    """Whether a line was there when an invoice was made: by the day on which it was entered, or was known."""
    if addition.entered is not None:
        # The one is a day of UTC, the other one of the PSA: a day apart, they may be of the same evening.
        return addition.entered <= made + timedelta(days=1)
    if mark.role == "settlement" or mark.sequence:
        return True
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
