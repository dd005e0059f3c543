"""Which subscriptions need their activity log read, and what a log and our own lines tell of a history."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import get_args

import msgspec
from msgspec.structs import replace

from engine.billing.calendar import fom, period_start
from engine.billing.evidence import PostedLine
from engine.billing.model import Role
from engine.billing.told import Logged, LoggedKind
from engine.planning.ends import last_billed
from engine.planning.observed import Inputs
from engine.planning.selection import select
from engine.platform.models import Activity, ActivityLog, Subscription
from engine.psa.mark import Mark, subscription_named
from engine.psa.models import Addition
from engine.workspace.model import PsaBehaviour, ServiceMapping

_TELLING: Mapping[str, LoggedKind] = {
    kind: kind for kind in ("created", "quantity", "upgraded", "cancelled", "converted")
}


_ROLES: Mapping[str, Role] = {role: role for role in get_args(Role) if role != "settlement"}
"""What proves something of the history: a settlement is of what is known otherwise."""


class LogWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription of which the log is needed, as last updated then."""

    customer: str
    subscription: str
    last_updated: str


def logs_wanted(inputs: Inputs) -> tuple[LogWanted, ...]:
    """The mapped subscriptions to which something may have happened since this program bills for them.

    What was last touched before that is fully told by the list; so is what was last touched on its first day, as its
    changes are then in place. `last_updated` moves with any edit: it dates nothing, but nothing is later.
    """
    services = inputs.workspace.mappings.services
    chosen = select(inputs).services
    return tuple(
        LogWanted(customer=one.customer_id, subscription=one.id, last_updated=one.last_updated)
        for one in inputs.observed.subscriptions.values()
        if one.id in chosen and _needs_log(inputs, services[one.id], one)
    )


def _needs_log(inputs: Inputs, mapping: ServiceMapping, subscription: Subscription) -> bool:
    product = inputs.workspace.mappings.products.get(subscription.product_key)
    if product is None or subscription.trial or subscription.state in {"unknown", "pending"}:
        return False
    if product.kind != "license" and subscription.state != "ended":
        return False
    touched = _day(subscription.last_updated)
    if touched is None:
        return True
    choices = inputs.workspace.rules.choices(mapping.customer, mapping.agreement, _type_of(inputs, mapping))
    first_open = _first_open(inputs, mapping, subscription)
    if choices.quantity_decrease == "first_of_next_month":
        # A decrease of the month before has a line of its own in that period.
        first_open = fom(first_open - timedelta(days=1))
    if touched < first_open:
        # One that ended before its line begins may have been billed ahead already: that line takes back all or nothing.
        return subscription.state == "ended" and any(stands(one) for one in _ours(inputs, mapping, subscription))
    # What is newer than its purchase may be an upgrade, or the conversion of a trial, of which the list says nothing.
    if touched > subscription.start or subscription.state == "ended":
        return True
    settled = (inputs.as_of - subscription.start).days >= choices.in_place_days
    return settled and _billed_otherwise(inputs, mapping, subscription)


def _billed_otherwise(inputs: Inputs, mapping: ServiceMapping, subscription: Subscription) -> bool:
    """Whether it has lines, and none is of the licences shown: it was changed on its first day, after a night's run."""
    ours = _ours(inputs, mapping, subscription)
    return bool(ours) and all(addition.quantity != subscription.licenses for addition in ours)


def _ours(inputs: Inputs, mapping: ServiceMapping, subscription: Subscription) -> list[Addition]:
    return [
        addition
        for one in mapping.agreements
        for addition in inputs.observed.additions.get(one.agreement, ())
        if subscription_named(addition.mark) == subscription.id
    ]


def _first_open(inputs: Inputs, mapping: ServiceMapping, subscription: Subscription) -> date:
    """First day of the billing period in which this program begins to bill; earlier changes go into the base line."""
    owned = mapping.effective_date or inputs.workspace.connections.by_name[inputs.connection].manage_from
    agreement = inputs.observed.agreements.get(mapping.agreements[0].agreement)
    if agreement is None or agreement.start is None:
        return fom(owned)
    owned = max(owned, agreement.start)
    return period_start(owned, agreement.start, "annual" if subscription.cycle == "annual" else "monthly")


def _type_of(inputs: Inputs, mapping: ServiceMapping) -> str | None:
    agreement = inputs.observed.agreements.get(mapping.agreement)
    return agreement.type_name if agreement is not None else None


def _day(instant: str) -> date | None:
    try:
        return date.fromisoformat(instant[:10])
    except ValueError:
        return None


def logged(log: ActivityLog | None) -> tuple[Logged, ...] | None:
    """What of a log tells of billing; None where there is none, or it is known to be incomplete."""
    if log is None or not log.whole:
        return None
    return tuple(
        Logged(on=item.on, kind=_TELLING[item.kind], quantity=item.quantity, sku=item.product)
        for item in log.items
        if item.kind in _TELLING
    )


def not_understood(log: ActivityLog | None, since: date) -> tuple[Activity, ...]:
    """Items of the log, from a day on, that this program cannot read."""
    return tuple(item for item in log.items if item.kind == "unknown" and item.on >= since) if log is not None else ()


def posted_lines(
    ours: Iterable[tuple[Mark, Addition]], product_of: Mapping[int, str], behaviour: PsaBehaviour
) -> tuple[PostedLine, ...]:
    """Our standing lines as evidence; a retracted one proves nothing. `product_of` names the product of an item.

    A line that carries on after invoiced days proves what was known from the day of its mark on: the line before it
    bills longer than it was meant to, only because those days were closed. Of base lines of one day the last one holds.
    """
    ours = [(mark, addition) for mark, addition in ours if stands(addition) and mark.role in _ROLES]
    latest: dict[tuple[int, date | None], int] = {}
    for mark, _ in ours:
        if mark.role == "base":
            latest[mark.segment, mark.on] = max(mark.sequence, latest.get((mark.segment, mark.on), 0))
    found = [
        PostedLine(
            segment=mark.segment,
            role=_ROLES[mark.role],
            product=product_of.get(addition.product_id, f"catalog_item:{addition.product_id}"),
            quantity=int(addition.quantity),
            effective=mark.on or addition.effective or date.min,
            cancelled=last_billed(addition.cancelled, behaviour),
            unit_price=addition.unit_price,
            unit_cost=addition.unit_cost,
            period=mark.month,
        )
        for mark, addition in ours
        if mark.role != "base" or mark.sequence == latest[mark.segment, mark.on]
    ]
    return tuple(_as_meant(line, found) for line in found)


def _as_meant(line: PostedLine, found: list[PostedLine]) -> PostedLine:
    """A base line without the days from which the next one of its segment was meant to bill."""
    if line.role != "base":
        return line
    later = [
        one.effective
        for one in found
        if (one.role, one.segment) == ("base", line.segment) and one.effective > line.effective
    ]
    ends = min(later, default=date.max) - timedelta(days=1)
    return replace(line, cancelled=ends) if later and (line.cancelled or date.max) > ends else line


def stands(addition: Addition) -> bool:
    """Whether an addition was not retracted: a retracted one has quantity 0 and is cancelled on its first day."""
    return not (addition.quantity == 0 and addition.cancelled == addition.effective)
