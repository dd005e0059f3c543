"""Whether a day of a line has been invoiced. Source: decision 8 of the architecture, "Invoiced days are closed"."""

from engine.billing.model import InputError
from engine.billing.money import plain
from engine.planning.desired import lines_on
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


def _invoiced(inputs: Inputs, service: Service, mark: Mark, addition: Addition) -> bool:
    """An invoice covers a line that lies in its period, and that was known when it was made."""
    agreement, through = service.stretch.agreement, service.stretch.invoiced_through
    begins = addition.effective or mark.on
    if begins is None or (through is None and begins <= inputs.as_of):
        return True
    if begins > (through or inputs.as_of):
        return False
    if inputs.observed.invoiced_on is None:
        return True
    made = inputs.observed.invoiced_on.get(agreement.id)
    if made is None:
        return agreement.id not in inputs.observed.invoiced_on
    try:
        known = lines_on(service.completed, service.stretch, service.owned_from, made)
    except (InputError, ValueError, OverflowError):
        return True
    return any((line.segment, line.role, line.effective) == (mark.segment, mark.role, mark.on) for line in known)
