"""What remains of closed periods: settled by lines of their own, or blocked with its amount.

Source: decision 8 of the architecture; the rules are in docs/closed-periods.md.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from engine.billing.calendar import eom
from engine.billing.history import Cancellation, PriceChange, Purchase, QuantityChange, Renewal, Upgrade
from engine.billing.model import Line
from engine.billing.money import plain
from engine.billing.proration import NOTHING, Amount
from engine.billing.told import Told
from engine.planning.ends import last_billed
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.plan import Held
from engine.planning.service import Late, Row, Service
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition

LATE_CHANGE = "late-change"
_ONE_DAY = timedelta(days=1)
_Posted = tuple[Mark, Addition]


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that no line settles; `mark` is that of the line which would."""

    late: Late
    mark: Mark
    why_not: str


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of settlement lines, and what remains without one."""

    rows: tuple[Row, ...] = ()
    remaining: tuple[Remaining, ...] = ()


def settled(inputs: Inputs, service: Service, late: tuple[Late, ...]) -> Settled:
    """What settles the differences of closed periods, as `late_change` says.

    A settlement that is no longer due is retracted or, once invoiced, settled back.
    """
    rows: list[Row] = []
    remaining: list[Remaining] = []
    standing = [(mark, one) for mark, one in service.ours if mark.role == "settlement"]
    by_month = {f"{one.first:%Y-%m}": one for one in late}
    why_not = _why_not(inputs, service)
    for month in sorted({*by_month, *(mark.month or "" for mark, one in standing if stands(one))}):
        found = [(mark, one) for mark, one in standing if mark.month == month]
        one = by_month.get(month) or _period_of(service, month)
        made, left = _of_period(inputs, service, one, found, why_not)
        rows += made
        remaining += left
    return Settled(rows=tuple(rows), remaining=tuple(remaining))


def _of_period(
    inputs: Inputs, service: Service, late: Late, found: list[_Posted], why_not: str
) -> tuple[list[Row], list[Remaining]]:
    through = service.stretch.invoiced_through or date.min
    fixed = [pair for pair in found if stands(pair[1]) and (pair[1].effective or date.min) <= through]
    free = [pair for pair in found if stands(pair[1]) and pair not in fixed]
    due = late.amount - _sum(fixed)
    rest = due - _sum(free)
    kept = [_standing(inputs, service, pair) for pair in (*fixed, *free)]
    if not rest:
        return kept, []
    if not due and not why_not.startswith(_UNTOLD):
        # What was to be settled is no longer due, and no invoice has it.
        gone = [Row(mark=mark, line=None, addition=one) for mark, one in free]
        return [*(_standing(inputs, service, pair) for pair in fixed), *gone], []
    mark = _mark(inputs, service, late, found)
    left = Late(late.first, late.last, rest)
    if why_not:
        return kept, [Remaining(late=left, mark=mark, why_not=why_not)]
    return [*kept, _line(service, left, mark)], []


_UNTOLD = "the history"


def _why_not(inputs: Inputs, service: Service) -> str:
    """Why nothing is settled by a line; empty if it is."""
    if not _told(service):
        return f"{_UNTOLD} does not tell for sure since when it holds"
    if service.stretch.choices.late_change != "settle":
        return "late_change: next_period leaves it to a person"
    agreement, begins = service.stretch.agreement, (service.stretch.invoiced_through or inputs.as_of) + _ONE_DAY
    if agreement.cancelled or (agreement.end is not None and agreement.end < begins):
        return f"agreement {agreement.id} has no open period any more"
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    return "the PSA takes no credits" if behaviour.negative_quantity == "refused" else ""


def _told(service: Service) -> bool:
    """Whether the platform dates what happened: by its log, or its list. Prices it never dates; our lines do."""
    dated = all(
        one.source in {"log", "listing"}
        for one in service.completed.told
        if isinstance(one.event, QuantityChange | Upgrade | Cancellation)
    )
    over = service.subscription.state == "ended"
    ends = any(isinstance(one.event, Cancellation) for one in service.completed.told)
    return dated and (ends or not over or service.completed.terms.end is not None)


def _sum(found: list[_Posted]) -> Amount:
    return sum((Amount(one.quantity * one.unit_price, one.quantity * one.unit_cost) for _, one in found), NOTHING)


def _standing(inputs: Inputs, service: Service, pair: _Posted) -> Row:
    """A settlement as it stands: nobody changes it."""
    mark, addition = pair
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    line = Line(
        role="settlement",
        product="",
        quantity=int(addition.quantity),
        effective=addition.effective or date.min,
        cancelled=last_billed(addition.cancelled, behaviour),
        unit_price=addition.unit_price,
        unit_cost=addition.unit_cost,
        period=mark.month,
    )
    return Row(mark=mark, line=line, addition=addition)


def _line(service: Service, late: Late, mark: Mark) -> Row:
    """The line of a difference, on the first open billing period: 1 or -1 times its amount."""
    terms, amount = service.stretch.terms, late.amount
    begins = (service.stretch.invoiced_through or late.last) + _ONE_DAY
    quantity = 1 if (amount.price or amount.cost) > 0 else -1
    like = service.lines[-1] if service.lines else None
    line = Line(
        role="settlement",
        product=like.product if like is not None else service.completed.terms.product,
        quantity=quantity,
        effective=begins,
        cancelled=terms.period_end(begins),
        unit_price=amount.price * quantity,
        unit_cost=amount.cost * quantity,
        segment=like.segment if like is not None else 1,
        period=mark.month,
    )
    days = f"{late.first} to {late.last}"
    cause = _cause(service, late)
    why = f"settles {plain(amount.price)} for {days}, which had been invoiced: {cause}"
    return Row(mark=mark, line=line, addition=None, why=why, text=f"Correction for {days}: {cause}. {_named(service)}")


def _named(service: Service) -> str:
    subscription = service.subscription
    return f"{service.name}; Subscription: {subscription.provider_id or subscription.id}"


def _cause(service: Service, late: Late) -> str:
    """The last thing that happened before the end of a period: what it was not invoiced with."""
    said = [text for one in service.completed.told if one.event.on <= late.last and (text := _said(one))]
    return said[-1] if said else "what was known when it was invoiced has changed"


def _said(one: Told) -> str:
    event = one.event
    if isinstance(event, QuantityChange):
        return f"{event.quantity} licences from {event.on}"
    if isinstance(event, PriceChange):
        return f"another price from {event.effective or event.on}"
    if isinstance(event, Cancellation):
        return f"cancelled on {event.on}"
    if isinstance(event, Upgrade):
        return f"upgraded on {event.on}"
    if isinstance(event, Renewal):
        return f"its term ends on {event.end}"
    return f"{event.quantity} licences from {event.on}" if isinstance(event, Purchase) else "figures accepted since"


def _mark(inputs: Inputs, service: Service, late: Late, found: list[_Posted]) -> Mark:
    return Mark(
        account=inputs.account,
        subscription=service.subscription.id,
        segment=1,
        role="settlement",
        month=f"{late.first:%Y-%m}",
        sequence=max((mark.sequence for mark, _ in found), default=0) + 1,
        agreement=service.stretch.agreement.id,
    )


def _period_of(service: Service, month: str) -> Late:
    """A period with a settlement of which nothing is due any more."""
    terms = service.stretch.terms
    first = terms.period_start(eom(date.fromisoformat(f"{month}-01")))
    return Late(first, terms.period_end(first), NOTHING)


def late_held(service: Service, remaining: tuple[Remaining, ...]) -> Iterator[Held]:
    """What is said of each difference that is left: blocked with its amount."""
    agreement = service.stretch.agreement
    currency = agreement.currency or service.subscription.currency
    for one in remaining:
        amount = plain(one.late.amount.price)
        why = (
            f"{amount} {currency} of {one.late.first} to {one.late.last} may not be written any more: agreement "
            f"{agreement.id} has been invoiced through {service.stretch.invoiced_through}; "
            f"{_cause(service, one.late)}; {one.why_not}"
        )
        hint = (
            "write `late_change: settle` for it in rules/billing.yaml; or settle it by hand, with an addition of this "
            f"amount that carries the mark {encode(one.mark)}"
        )
        yield Held(
            kind="blocked",
            subject=f"service:{service.subscription.id}",
            name=service.name,
            code=LATE_CHANGE,
            why=why,
            hint=hint,
            customer=service.mapping.customer,
            source=service.mapping.place,
        )
