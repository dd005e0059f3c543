"""What a run did with the lines of one service, taken back together, unless that touches days that are closed.

Closed are the days that have been invoiced since the run. Before that an invoice can only have seen the lines as they
were before the run, which is what taking it back restores. Rule: docs/closed-periods.md, docs/rollback.md.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.money import plain
from engine.billing.proration import billed_before, ending
from engine.planning.effect import Bills
from engine.planning.inverse_billing import behaviour, both, mark_of, stretch_on
from engine.planning.inverse_objects import Found, held, label
from engine.planning.inverse_run import TakenRun
from engine.planning.invoiced import LINE_INVOICED
from engine.planning.observed import Inputs
from engine.planning.plan import Held
from engine.planning.stretches import Stretch
from engine.psa.models import Addition

_ONE_DAY = timedelta(days=1)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What takes the lines of a service back, in the order in which it is to be written, or why nothing does."""

    found: tuple[Found, ...] = ()
    held: tuple[Held, ...] = ()


def lines_taken_back(inputs: Inputs, run: TakenRun, found: Sequence[Found]) -> Taken:
    """The changes of one service, in the order of `found`: all of them, or none.

    Credits and charges belong together: where one of them has to stay, the others would bill a day twice or not at all.
    """
    checked = [_checked(inputs, run, one) for one in found]
    if not any(one.held for one in checked):
        return Taken(found=_chained(checked))
    why = "it stays, as what the run did with another line of this service stays"
    hint = "settle the service as a whole; what hinders it is said beside it"
    rest = [
        held(run, one.made, code="held-with-its-lines", why=why, hint=hint) for one in checked if one.change is not None
    ]
    return Taken(held=(*(one.held for one in checked if one.held is not None), *rest))


def _checked(inputs: Inputs, run: TakenRun, found: Found) -> Found:
    """Held where a day of the line is closed, or where its mark cannot be read."""
    change, record = found.change, found.record
    if change is None or not isinstance(record, Addition):
        return found
    mark = mark_of(found)
    if mark is None:
        why, hint = "its mark can no longer be read", "put its mark right first"
        return replace(found, change=None, held=held(run, found.made, code="moved-since-run", why=why, hint=hint))
    agreement = inputs.observed.agreements.get(record.agreement_id)
    stretch = stretch_on(inputs, change.customer or "", agreement) if agreement is not None else None
    if stretch is None or stretch.invoiced_through is None:
        why = f"agreement {record.agreement_id} does not say how far it was invoiced"
        hint = "see to its next invoice date in the PSA, then make this plan again"
        return replace(found, change=None, held=held(run, found.made, code=LINE_INVOICED, why=why, hint=hint))
    through = stretch.invoiced_through
    if not _invoiced_since(inputs, run, record.agreement_id):
        return found
    before, after = both(inputs, mark, record, change)
    first = _first_that_differs(before, after)
    if first is None or first > through:
        return found
    amount = _billed(inputs, stretch, before) - _billed(inputs, stretch, after)
    what = f"{label(found.made, record)} from {first} on"
    said = f"{plain(abs(amount))} too {'much' if amount > 0 else 'little'} stays billed for {what}"
    if not amount:
        said = f"{what} stays as it is"
    why = f"agreement {record.agreement_id} has been invoiced through {through} since: {said}"
    hint = f"{'credit' if amount > 0 else 'settle'} it by hand, then put the addition right in the PSA"
    return replace(found, change=None, held=held(run, found.made, code=LINE_INVOICED, why=why, hint=hint))


def _invoiced_since(inputs: Inputs, run: TakenRun, agreement: int) -> bool:
    """Whether an invoice was made since the run, or nobody can tell."""
    invoiced = inputs.observed.invoiced_on
    if invoiced is None or agreement not in invoiced:
        return True
    made = invoiced[agreement]
    # The one is a day of the connection, the other one of the PSA: a day apart, they may be of the same evening.
    return made is not None and run.on <= made + _ONE_DAY


def _first_that_differs(before: Bills, after: Bills) -> date | None:
    """The first day on which the two bill otherwise; None if there is none."""
    if _worth(before) == _worth(after) and before.effective == after.effective:
        ends = {before.cancelled or date.max, after.cancelled or date.max}
        return None if len(ends) == 1 or not before.quantity else min(ends) + _ONE_DAY
    return min((one.effective for one in (before, after) if one.quantity), default=None)


def _worth(bills: Bills) -> tuple[Decimal, Decimal, Decimal]:
    return (bills.quantity, bills.unit_price, bills.unit_cost)


def _billed(inputs: Inputs, stretch: Stretch, bills: Bills) -> Decimal:
    """What a line bills through the last invoiced day."""
    until = (stretch.invoiced_through or date.min) + _ONE_DAY
    return billed_before(
        ending(bills, bills.cancelled),
        stretch.terms,
        until,
        prorates=stretch.agreement.prorates,
        rounding=behaviour(inputs).rounding,
    ).price


def _chained(found: Sequence[Found]) -> tuple[Found, ...]:
    """Each change after the one before it: a line taken back without the one that carried it on is a leak."""
    chained: list[Found] = []
    before: tuple[str, ...] = ()
    for one in found:
        if one.change is not None:
            chained.append(replace(one, change=replace(one.change, needs=before)))
            before = (one.change.address,)
    return tuple(chained)
