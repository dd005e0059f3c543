"""What closed billing periods lack or bill too much: what the lines as wanted bill there, less what stands."""

from collections.abc import Collection, Iterator
from datetime import date

from msgspec.structs import replace

from engine.billing.model import Line
from engine.billing.proration import NOTHING, Amount, invoice_total, periods
from engine.planning.effect import Bills, wanted
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.service import Late, Row, Service
from engine.psa.mark import Mark

BY_DAYS = frozenset({"base", "delta", "reversal"})
"""Roles of lines that bill licences by the day; the others carry amounts."""


def differences(
    inputs: Inputs,
    service: Service,
    plain: tuple[Row, ...],
    rows: tuple[Row, ...],
    apart: Collection[tuple[object, ...]],
) -> Iterator[Late]:
    """The difference of each closed period that has one, in their order; before any settlement.

    `plain` are the rows as if nothing had been invoiced, `rows` those that may be written. What is `apart` has no
    difference: several lines bill together what is wanted of one, each rounded by itself.
    """
    agreement, through = service.stretch.agreement, service.stretch.invoiced_through
    terms, rounding = service.stretch.terms, inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    if through is None:
        return
    meant = [bills for row in plain if (bills := _meant(service, row, apart)) is not None]
    stood = [
        wanted(row.line, row.addition, service.mapping.synced)
        for row in rows
        if row.line is not None and row.line.role in BY_DAYS and key(row.mark) not in apart
    ]
    found = _of_amounts(service, rows)
    first = min((one.effective for one in (*meant, *stood)), default=through)
    for period in periods((*meant, *stood), terms, first, through):
        more, less = (
            invoice_total(lines, terms, period, prorates=agreement.prorates, rounding=rounding.rounding)
            for lines in (meant, stood)
        )
        found[period] = found.get(period, NOTHING) + (more - less)
    for period, amount in sorted(found.items()):
        if amount:
            yield Late(period, terms.period_end(period), amount)


def _meant(service: Service, row: Row, apart: Collection[tuple[object, ...]]) -> Bills | None:
    line = row.line
    if line is None or line.role not in BY_DAYS or (line.segment, line.role, line.effective) in apart:
        return None
    addition = row.addition if row.addition is not None and stands(row.addition) else None
    bills = wanted(line, addition, service.mapping.synced)
    return replace(bills, effective=min(bills.effective, line.effective))


def _of_amounts(service: Service, rows: tuple[Row, ...]) -> dict[date, Amount]:
    """The differences of months of consumption and one-time charges, by the period that bills them."""
    meant: dict[tuple[object, ...], Line] = {
        (line.segment, line.role, line.period): line for line in service.lines if line.role not in BY_DAYS
    }
    found: dict[date, Amount] = {}
    for row in rows:
        line = meant.get((row.mark.segment, row.mark.role, row.mark.month))
        if line is None or row.line is None or row.line.role in BY_DAYS:
            continue
        bills = wanted(line, row.addition, service.mapping.synced)
        price = bills.quantity * bills.unit_price - row.line.quantity * row.line.unit_price
        cost = bills.quantity * bills.unit_cost - row.line.quantity * row.line.unit_cost
        period = service.stretch.terms.period_start(row.line.effective)
        found[period] = found.get(period, NOTHING) + Amount(price, cost)
    return found


def key(mark: Mark) -> tuple[object, ...]:
    """What a mark stands for, whichever line of several it is."""
    if mark.role in {"usage", "one_time"}:
        return (mark.segment, mark.role, mark.month)
    return (mark.segment, mark.role, mark.on)
