"""The lines of a service beside what the PSA has, and what each billing period bills for them."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from engine.billing.proration import NOTHING, billed
from engine.planning.additions import planned_change
from engine.planning.effect import Bills, posted, wanted
from engine.planning.explanation_events import item_named
from engine.planning.explanation_values import (
    Bill,
    ExplainedLine,
    ExplainedPeriod,
    InvoicedLine,
    RetractedLine,
    Status,
)
from engine.planning.fitting import Refused
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.plan import Change, Effect
from engine.planning.posted import Posted
from engine.planning.rows import address_of, rows
from engine.planning.service import Row, Service
from engine.planning.stretches import Stretch
from engine.planning.study import Study
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition
from engine.workspace.model import PsaBehaviour

_ONE_DAY = timedelta(days=1)
_BOTH_SIDES = frozenset({"quantity", "unit_price", "unit_cost", "cancelled"})
"""What a line that is held back shows as it is and as it should be."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the PSA has it and as the rules want it, on an agreement; `known` tells whether the latter is known."""

    line: ExplainedLine
    posted: Bills | None
    wanted: Bills | None
    known: bool


def pairs_of(inputs: Inputs, study: Study, posted_lines: Posted) -> tuple[Pair, ...]:
    """All lines of the service, those to retract included; where none could be reckoned, those that the PSA has."""
    if study.services:
        changes = {change.address: change for change in study.part.changes}
        return tuple(
            _pair(inputs, study, service, row, changes) for service in study.services for row in rows(inputs, service)
        )
    ours = posted_lines.of_subscription(study.mapping.subscription)
    return tuple(_unreckoned(inputs, mark, addition) for mark, addition in ours if stands(addition))


def retracted_lines(study: Study, posted_lines: Posted) -> tuple[RetractedLine, ...]:
    """Our additions that bill nothing any more."""
    return tuple(
        RetractedLine(
            agreement=addition.agreement_id,
            addition=addition.id,
            mark=addition.mark or "",
            role=mark.role,
            effective=addition.effective,
        )
        for mark, addition in posted_lines.of_subscription(study.mapping.subscription)
        if not stands(addition)
    )


def _pair(inputs: Inputs, study: Study, service: Service, row: Row, changes: dict[str, Change]) -> Pair:
    address = address_of(service, row.mark)
    status: Status
    reason: str | None
    if study.refused is None:
        change = changes.get(address)
        status = _status(row, change)
        reason = change.reason if change is not None else None
    else:
        status, change, reason = _held_back(inputs, service, row)
    reason = "; ".join(filter(None, (reason, _by_hand(study, address, change, status)))) or None
    bills = None if row.line is None else wanted(row.line, row.addition, service.mapping.synced)
    standing = None if row.addition is None else posted(row.mark, row.addition, _behaviour(inputs))
    named = row.addition.product_identifier if row.addition is not None else None
    line = ExplainedLine(
        agreement=service.stretch.agreement.id,
        address=address,
        mark=encode(row.mark),
        segment=row.mark.segment,
        role=row.mark.role,
        period=row.mark.month,
        item=named or (item_named(study, row.line.product) if row.line is not None else ""),
        status=status,
        wanted=_bill(bills),
        addition=row.addition.id if row.addition is not None else None,
        posted=_bill(standing),
        fields=change.fields if change is not None else (),
        reason=reason,
        effect=change.effect if change is not None else None,
    )
    return Pair(line=line, posted=standing, wanted=bills, known=True)


def _by_hand(study: Study, address: str, change: Change | None, status: Status) -> str:
    """What was edited of a line and is not written again; what both of its sides show is left out."""
    shown = {one.field for one in change.fields} if change is not None else _BOTH_SIDES if status == "blocked" else ()
    mine = (one for one in study.part.drift if one.address == address and one.remedy == "by_hand")
    edits = [one for one in mine if one.field not in shown]
    told = (f"{one.field.replace('_', ' ')} is {one.has}, not {one.wants}" for one in edits)
    return f"edited by hand: {', '.join(told)}" if edits else ""


def _status(row: Row, change: Change | None) -> Status:
    if change is None:
        return "in_step"
    if row.line is None:
        return "retract"
    return "create" if row.addition is None else "update"


def _held_back(inputs: Inputs, service: Service, row: Row) -> tuple[Status, Change | None, str | None]:
    """What would be done about a row if its service were not held: each is looked at by itself."""
    try:
        change = planned_change(inputs, service, row)
    except Refused as refused:
        return "blocked", None, refused.why
    except (ArithmeticError, ValueError) as error:
        return "blocked", None, str(error)
    return ("in_step", None, None) if change is None else ("blocked", change, change.reason)


def _unreckoned(inputs: Inputs, mark: Mark, addition: Addition) -> Pair:
    standing = posted(mark, addition, _behaviour(inputs))
    line = ExplainedLine(
        agreement=addition.agreement_id,
        address=f"addition:{addition.agreement_id}/{mark.subscription}/{mark.segment}/{mark.role}",
        mark=addition.mark or "",
        segment=mark.segment,
        role=mark.role,
        period=mark.month,
        item=addition.product_identifier,
        status="blocked",
        wanted=None,
        addition=addition.id,
        posted=_bill(standing),
        fields=(),
        reason=None,
        effect=None,
    )
    return Pair(line=line, posted=standing, wanted=None, known=False)


def _bill(bills: Bills | None) -> Bill | None:
    if bills is None:
        return None
    return Bill(
        quantity=bills.quantity,
        unit_price=bills.unit_price,
        unit_cost=bills.unit_cost,
        effective=bills.effective,
        cancelled=bills.cancelled,
    )


def periods_of(inputs: Inputs, stretch: Stretch, pairs: Iterable[Pair]) -> tuple[ExplainedPeriod, ...]:
    """What the periods before, of and after `as_of` bill on an agreement; without those that bill nothing."""
    terms = stretch.terms
    this = terms.period_start(inputs.as_of)
    mine = [pair for pair in pairs if pair.line.agreement == stretch.agreement.id]
    days = (terms.period_start(this - _ONE_DAY), this, terms.period_end(this) + _ONE_DAY)
    return tuple(period for day in days if (period := _period(inputs, stretch, day, mine)).lines)


def through(stretch: Stretch) -> date | None:
    """The last invoiced day; None where the PSA does not tell, or tells one before all days."""
    try:
        return stretch.invoiced_through
    except OverflowError:
        return None


def _period(inputs: Inputs, stretch: Stretch, first: date, pairs: list[Pair]) -> ExplainedPeriod:
    last, invoiced = stretch.terms.period_end(first), through(stretch)
    found = (_invoiced(inputs, stretch, first, last, pair) for pair in pairs)
    lines = tuple(line for line in found if line is not None)
    known = all(pair.known for pair in pairs)
    return ExplainedPeriod(
        agreement=stretch.agreement.id,
        first=first,
        last=last,
        days=(last - first).days + 1,
        prorates=stretch.agreement.prorates,
        invoiced=invoiced is not None and last <= invoiced,
        lines=lines,
        posted=sum((line.posted for line in lines), Decimal(0)),
        wanted=sum((line.wanted or Decimal(0) for line in lines), Decimal(0)) if known else None,
    )


def _invoiced(inputs: Inputs, stretch: Stretch, first: date, last: date, pair: Pair) -> InvoicedLine | None:
    """What a line bills in a period; None where neither as it is nor as it should be has a day in it."""
    found = [one for one in (pair.wanted, pair.posted) if one is not None and _overlaps(one, first, last)]
    if not found:
        return None
    shown = found[0]
    begins, ends = max(first, shown.effective), min(last, shown.cancelled or last)

    def price(bills: Bills | None) -> Decimal:
        if bills is None:
            return NOTHING.price
        rounding = _behaviour(inputs).rounding
        charged = bills.as_charged
        return billed(charged, stretch.terms, first, prorates=stretch.agreement.prorates, rounding=rounding).price

    return InvoicedLine(
        address=pair.line.address,
        role=pair.line.role,
        addition=pair.line.addition,
        first=begins,
        last=ends,
        days=(ends - begins).days + 1,
        quantity=shown.quantity,
        unit_price=shown.unit_price,
        posted=price(pair.posted),
        wanted=price(pair.wanted) if pair.known else None,
    )


def _overlaps(bills: Bills, first: date, last: date) -> bool:
    return bills.effective <= last and (bills.cancelled is None or bills.cancelled >= first)


def total_effect(pairs: Iterable[Pair]) -> Effect:
    """What bringing all lines in step changes."""
    return sum((pair.line.effect for pair in pairs if pair.line.effect is not None), Effect())


def _behaviour(inputs: Inputs) -> PsaBehaviour:
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
