"""Drift: what of our lines somebody edited by hand, told from what has a cause on the platform.

There is no memory but the lines themselves. A value is taken for one of ours if the rules gave it on some day, with
what is known now of the history until then; what they never gave was entered by hand. The documentation says what this
cannot tell.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec.structs import replace

from engine.planning.drift_causes import Causes
from engine.planning.drift_fields import Edited, never_written
from engine.planning.drift_history import taken_for_history
from engine.planning.ends import last_billed
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.part import Part
from engine.planning.plan import Change, Drift
from engine.planning.rows import address_of, wanted_rows
from engine.planning.service import Row, Service
from engine.planning.takeover import first_day_moved
from engine.psa.mark import Mark
from engine.psa.models import Addition
from engine.workspace.model import PsaBehaviour, ServiceMapping

_ROLES = frozenset({"base", "delta", "reversal", "usage", "one_time"})
_KEPT = {"unit_price": "unit_price", "unit_cost": "unit_cost", "invoice_description": "description"}
"""Fields that may be left to the PSA or pinned, by their names in the mappings."""


def with_drift(
    inputs: Inputs,
    part: Part,
    services: Iterable[Service],
    mapping: ServiceMapping,
    ours: Iterable[tuple[Mark, Addition]],
    *,
    held: bool,
) -> Part:
    """A service's part with what was edited by hand of its lines, and with its changes marked that put it back.

    `services` are its stretches, as far as they are known; `ours` all of its lines. Nothing of a service that is `held`
    is put back.
    """
    changes = {change.address: change for change in part.changes}
    listed = {one.agreement for one in mapping.agreements}
    mine = tuple(pair for pair in ours if pair[1].agreement_id in listed)
    customer = inputs.observed.customers.get(mapping.customer)
    named = customer.name if customer is not None else mapping.customer
    found = [_moved(mapping, named, mark, addition) for mark, addition in first_day_moved(mine)]
    for service in services:
        for row in wanted_rows(inputs, service):
            if row.addition is not None and _is_ours(service, row):
                edits = _edits(inputs, service, row)
                found += [_drift(service, named, row, edit, changes, held=held) for edit in edits]
    if not found:
        return part
    put_back: dict[str, list[str]] = {}
    for one in found:
        if one.remedy == "apply":
            put_back.setdefault(one.address, []).append(one.field)
    told = tuple(replace(one, drift=tuple(put_back.get(one.address, ()))) for one in part.changes)
    return replace(part, changes=told, drift=tuple(found))


def _is_ours(service: Service, row: Row) -> bool:
    """Whether the addition was made, or taken over before, and bills."""
    addition = row.addition
    assert addition is not None
    wanted = row.line is not None and row.mark.role in _ROLES
    return wanted and stands(addition) and addition is not service.adopted


def _edits(inputs: Inputs, service: Service, row: Row) -> Iterator[Edited]:
    line, addition = row.line, row.addition
    assert line is not None
    assert addition is not None
    causes = Causes(inputs, service, row)
    if addition.quantity != line.quantity and causes.never_gave_quantity(addition.quantity):
        yield Edited("quantity", addition.quantity, line.quantity)
    synced = service.mapping.synced
    prices = (
        ("customer_unit_price", "unit_price", addition.unit_price, line.unit_price, causes.never_gave_price),
        ("partner_unit_cost", "unit_cost", addition.unit_cost, line.unit_cost, causes.never_gave_cost),
    )
    for switch, field, has, wants, never_gave in prices:
        if switch in synced and has != wants and never_gave(has):
            yield Edited(field, has, wants)
    ends = last_billed(addition.cancelled, _behaviour(inputs))
    if ends != line.cancelled and causes.never_gave_end(ends):
        yield Edited("cancelled", ends, line.cancelled)
    yield from taken_for_history(inputs, service, row)
    yield from never_written(inputs, service, row)


def _drift(service: Service, customer: str, row: Row, edit: Edited, changes: dict[str, Change], *, held: bool) -> Drift:
    addition, address = row.addition, address_of(service, row.mark)
    assert addition is not None
    change = changes.get(address)
    found = Drift(
        customer=service.mapping.customer,
        customer_name=customer,
        subscription=service.subscription.id,
        name=service.name,
        agreement=addition.agreement_id,
        addition=addition.id,
        address=address,
        item=addition.product_identifier,
        field=edit.field,
        has=edit.has_text,
        wants=edit.wants_text,
        remedy="by_hand",
        advice=_by_hand(edit, held=held),
        source=service.mapping.place,
    )
    if edit.since is not None and not held:
        advice = f"`cwctl apply` leaves this line and bills {edit.wants_text} from {edit.since} on"
        return replace(found, remedy="carry_on", advice=advice + _or_keep(edit.field))
    if change is not None and change.action == "update" and any(one.field == edit.field for one in change.fields):
        return replace(found, remedy="apply", advice="`cwctl apply` puts it back" + _or_keep(edit.field))
    return found


def _by_hand(edit: Edited, *, held: bool) -> str:
    if not edit.written:
        why = "cwctl does not write this field on a line that stands: put it back in the PSA"
    elif held:
        why = "its service is held back: put it back in the PSA"
    else:
        why = "days of it have been invoiced, so the plan leaves it: settle it by hand, then put it back in the PSA"
    return why + _or_keep(edit.field)


def _or_keep(field: str) -> str:
    name = _KEPT.get(field)
    return f"; to keep it, write `owners: {{{name}: psa}}` or a pin in its mapping" if name else ""


def _moved(mapping: ServiceMapping, customer: str, mark: Mark, addition: Addition) -> Drift:
    return Drift(
        customer=mapping.customer,
        customer_name=customer,
        subscription=mapping.subscription,
        name=mapping.name or mapping.subscription,
        agreement=addition.agreement_id,
        addition=addition.id,
        address=f"addition:{addition.agreement_id}/{mark.subscription}/{mark.segment}/{mark.role}/{mark.on}",
        item=addition.product_identifier,
        field="effective",
        has=_day(addition.effective),
        wants=_day(mark.on),
        remedy="by_hand",
        advice="its service is held back: put it back in the PSA",
        source=mapping.place,
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _behaviour(inputs: Inputs) -> PsaBehaviour:
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
