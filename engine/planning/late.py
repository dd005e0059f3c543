"""Services with invoiced days in the way: what of them may be written, what remains, and whether that will last.

A difference is only of use if the next nights find the same one. So the plan is tried out: with its lines in the PSA
there must be nothing left to plan, and on later days, with the next period invoiced, too, the same must remain.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from engine.billing.model import InputError
from engine.billing.money import plain
from engine.billing.proration import Amount
from engine.planning.additions import planned_change
from engine.planning.closed import opened
from engine.planning.desired import Ours
from engine.planning.ends import cancelled_day
from engine.planning.fitting import Refused
from engine.planning.invoiced import LINE_INVOICED
from engine.planning.observed import Inputs
from engine.planning.plan import Held
from engine.planning.service import Row, Service
from engine.planning.settle import Settled, late_held, settled
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition, CatalogItem

Again = Callable[[Inputs, Ours], tuple[Service, ...]]
"""The service on each of its agreements, from other inputs and with other lines of ours. Raises Refused."""

_ONE_DAY = timedelta(days=1)
_Found = dict[tuple[int, date], Amount]


def weighed(
    inputs: Inputs, services: tuple[Service, ...], again: Again
) -> tuple[tuple[Service, ...], tuple[Held, ...]]:
    """The services with what invoiced days leave open, and what is blocked. Raises Refused where that cannot last."""
    found = [opened(inputs, service) for service in services]
    if not any(found):
        return services, ()
    done: list[Service] = []
    blocked: list[Held] = []
    for service, one in zip(services, found, strict=True):
        if one is None:
            done.append(service)
            continue
        settling = settled(inputs, service, one.late)
        done.append(replace(service, opened=replace(one, rows=(*one.rows, *settling.rows))))
        blocked += late_held(service, settling.remaining)
    if not _lasts(inputs, tuple(done), again):
        raise _refused(tuple(done))
    return tuple(done), tuple(blocked)


def _refused(services: tuple[Service, ...]) -> Refused:
    late = [one for service in services if service.opened is not None for one in service.opened.late]
    first = next(service for service in services if service.opened is not None)
    agreement = first.stretch.agreement
    amount = plain(sum((one.amount.price for one in late), Decimal(0)))
    days = f"{late[0].first} to {late[-1].last}" if late else "invoiced days"
    why = (
        f"{amount} of {days} may not be written any more, as agreement {agreement.id} has been invoiced through "
        f"{first.stretch.invoiced_through}; and since when it holds cannot be told for sure, so that the amount "
        "would be another one tomorrow"
    )
    hint = "settle the difference by hand, then correct the lines in the PSA; `cwctl explain` shows both sides"
    return Refused(LINE_INVOICED, why, hint)


# -- whether it lasts


def _lasts(inputs: Inputs, services: tuple[Service, ...], again: Again) -> bool:
    """Whether the plan, once applied, leaves nothing to plan, and later days find the same differences."""
    now = _differences(services)
    try:
        for then, same_night in _later(inputs, services):
            ours = tuple(pair for service in services for pair in _applied(inputs, service))
            found = []
            for service in again(then, ours):
                one = opened(then, service)
                done = service
                if one is not None:
                    rows = settled(then, service, one.late) if same_night else Settled()
                    done = replace(service, opened=replace(one, rows=(*one.rows, *rows.rows)))
                found.append(done)
                if same_night and not _in_step(then, done):
                    return False
            if not _same(now, _differences(tuple(found)), services):
                return False
    except (Refused, InputError, ValueError, OverflowError):
        return False
    return True


def _in_step(inputs: Inputs, service: Service) -> bool:
    opened_rows = service.opened.rows if service.opened is not None else ()
    return all(planned_change(inputs, service, row) is None for row in opened_rows)


def _differences(services: Sequence[Service]) -> _Found:
    return {
        (service.stretch.agreement.id, one.first): one.amount
        for service in services
        if service.opened is not None
        for one in service.opened.late
    }


def _same(now: _Found, then: _Found, services: Sequence[Service]) -> bool:
    """Whether the periods that are closed now have the same differences."""
    closed = {one.stretch.agreement.id: one.stretch.invoiced_through or date.min for one in services}
    return now == {key: amount for key, amount in then.items() if key[1] <= closed[key[0]]}


def _later(inputs: Inputs, services: tuple[Service, ...]) -> Iterator[tuple[Inputs, bool]]:
    """The same night once more, the next one, and one on which the next period has been invoiced."""
    yield inputs, True
    yield replace(inputs, as_of=inputs.as_of + _ONE_DAY), False
    agreements, made = dict(inputs.observed.agreements), dict(inputs.observed.invoiced_on or {})
    day = inputs.as_of + _ONE_DAY
    for service in services:
        stretch = service.stretch
        if stretch.invoiced_through is None:
            continue
        following = stretch.terms.period_end(stretch.invoiced_through + _ONE_DAY) + _ONE_DAY
        day = max(day, stretch.invoiced_through + 2 * _ONE_DAY)
        if stretch.arrears:
            following = stretch.terms.period_end(following) + _ONE_DAY
            day = max(day, following)
        agreements[stretch.agreement.id] = replace(stretch.agreement, next_invoice=following)
    made |= {id: day for id in agreements if id in {one.stretch.agreement.id for one in services}}
    observed = replace(inputs.observed, agreements=agreements, invoiced_on=made)
    yield replace(inputs, as_of=day, observed=observed), False


def _applied(inputs: Inputs, service: Service) -> Iterator[tuple[Mark, Addition]]:
    """Our lines on the agreement as they stand once the rows are brought in step; others stay."""
    if service.opened is None:
        yield from service.ours
        return
    left = {addition.id: (mark, addition) for mark, addition in service.ours}
    for number, row in enumerate(service.opened.rows, start=1):
        if row.addition is not None:
            left.pop(row.addition.id, None)
        yield row.mark, _brought(inputs, service, row, -number)
    yield from left.values()


def _brought(inputs: Inputs, service: Service, row: Row, number: int) -> Addition:
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    line, addition = row.line, row.addition
    if line is None:
        assert addition is not None
        return replace(addition, quantity=Decimal(0), cancelled=addition.effective)
    if addition is None:
        item = service.items.get(line.product)
        if not isinstance(item, CatalogItem):
            raise Refused(LINE_INVOICED, "its catalog item is yet to be made")
        addition = Addition(
            id=number,
            agreement_id=service.stretch.agreement.id,
            product_id=item.id,
            effective=line.effective,
            unit_price=line.unit_price,
            unit_cost=line.unit_cost,
            mark=encode(row.mark),
            entered=inputs.as_of,
        )
    synced = service.mapping.synced
    return replace(
        addition,
        quantity=Decimal(line.quantity),
        unit_price=line.unit_price if "customer_unit_price" in synced else addition.unit_price,
        unit_cost=line.unit_cost if "partner_unit_cost" in synced else addition.unit_cost,
        cancelled=cancelled_day(line.cancelled, behaviour),
    )
