"""One service's lines against the additions that carry its mark: what to retract, bring in step, and create."""

from decimal import Decimal

from msgspec.structs import replace

from engine.billing.model import Line
from engine.planning import fields as wire
from engine.planning.because import created_because, described, updated_because
from engine.planning.effect import Billing, Bills, effects, posted, wanted
from engine.planning.ends import cancelled_day
from engine.planning.fields import Field, change_of, differing
from engine.planning.fitting import Refused
from engine.planning.histories import stands
from engine.planning.invoiced import check_open
from engine.planning.observed import Inputs
from engine.planning.part import Part
from engine.planning.plan import Action, Change, Effect, FieldChange, PlannedLine, Value
from engine.planning.posted import key_of
from engine.planning.service import Service
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition, CatalogItem
from engine.workspace.model import PsaBehaviour


def compared(inputs: Inputs, service: Service) -> Part:
    """The changes that bring the service's additions in step with its lines, credits to retract first.

    Raises Refused where a line would have to change that has been invoiced: the whole service is then left as it is,
    as its credits and charges belong together.
    """
    standing = {key_of(mark): (mark, addition) for mark, addition in service.ours}
    pairs: list[tuple[Line, Mark, Addition | None]] = []
    for line in service.lines:
        mark = _mark(inputs, service, line)
        _, addition = standing.pop(key_of(mark), (mark, None))
        if addition is None and service.adopted is not None and line is service.lines[0]:
            addition = service.adopted
        pairs.append((line, mark, addition))
    unwanted = sorted(
        ((mark, addition) for mark, addition in standing.values() if stands(addition)),
        key=lambda pair: (pair[1].quantity >= 0, pair[1].id),
    )
    retracted = [_retraction(inputs, service, mark, addition) for mark, addition in unwanted]
    updated = [
        None if addition is None else _update(inputs, service, line, mark, addition) for line, mark, addition in pairs
    ]
    created = [_creation(inputs, service, line, mark) if addition is None else None for line, mark, addition in pairs]
    # A credit before the end that it belongs to: a line that has ended without one has ended by the month.
    credits = [one for one, (line, _, _) in zip(created, pairs, strict=True) if line.role == "reversal"]
    charges = [one for one, (line, _, _) in zip(created, pairs, strict=True) if line.role != "reversal"]
    changes = [*retracted, *(one for one in (*credits, *updated, *charges) if one is not None)]
    unchanged = len(pairs) + len(unwanted) - len(changes)
    if not changes:
        return Part(unchanged=unchanged)
    measured = _measured(inputs, service, pairs, unwanted)
    told = [replace(one, line=measured[one.address][0], effect=measured[one.address][1]) for one in changes]
    return Part(changes=_chained(told), unchanged=unchanged)


def _measured(
    inputs: Inputs,
    service: Service,
    pairs: list[tuple[Line, Mark, Addition | None]],
    unwanted: list[tuple[Mark, Addition]],
) -> dict[str, tuple[PlannedLine, Effect]]:
    """Each line with the effect of bringing it in step, by its address."""
    behaviour = _behaviour(inputs)
    both: list[tuple[Bills | None, Bills | None]] = []
    lines: list[PlannedLine] = []
    for line, mark, addition in pairs:
        before = None if addition is None else posted(mark, addition, behaviour)
        after = wanted(line, addition, service.mapping.fields)
        both.append((before, after))
        lines.append(_planned(mark, after, _identifier(service, line, addition)))
    for mark, addition in unwanted:
        before = posted(mark, addition, behaviour)
        both.append((before, None))
        lines.append(_planned(mark, before, addition.product_identifier, retracted=True))
    billing = Billing(
        terms=service.stretch.terms,
        prorates=service.stretch.agreement.prorates,
        renews=service.subscription.auto_renew and service.subscription.state != "ended",
        owned_from=service.owned_from,
        as_of=inputs.as_of,
        behaviour=behaviour,
    )
    addresses = [
        address_of(service, mark) for mark in (*(mark for _, mark, _ in pairs), *(mark for mark, _ in unwanted))
    ]
    return dict(zip(addresses, zip(lines, effects(billing, both), strict=True), strict=True))


def _planned(mark: Mark, bills: Bills, item: str | None, *, retracted: bool = False) -> PlannedLine:
    return PlannedLine(
        subscription=mark.subscription,
        role=mark.role,
        month=mark.month,
        item=item,
        quantity=bills.quantity,
        unit_price=bills.unit_price,
        unit_cost=bills.unit_cost,
        effective=bills.effective,
        cancelled=bills.cancelled,
        retracted=retracted,
    )


def _identifier(service: Service, line: Line, addition: Addition | None) -> str | None:
    """The identifier of the line's catalog item, as far as the PSA told it."""
    if addition is not None:
        return addition.product_identifier
    item = service.items.get(line.product)
    return item.identifier if isinstance(item, CatalogItem) else None


def address_of(service: Service, mark: Mark) -> str:
    """The address of a line, which stays the same from plan to plan."""
    address = f"addition:{service.stretch.agreement.id}/{service.subscription.id}/{mark.segment}/{mark.role}"
    if mark.role == "one_time":
        return address
    return f"{address}/{mark.month or mark.on}"


def _chained(changes: list[Change]) -> tuple[Change, ...]:
    """Each change of a service after the one before it: a line cut short without the one that carries on is a leak."""
    found: list[Change] = []
    for change in changes:
        found.append(replace(change, needs=(*change.needs, found[-1].address) if found else change.needs))
    return tuple(found)


def _mark(inputs: Inputs, service: Service, line: Line) -> Mark:
    return Mark(
        account=inputs.account,
        subscription=service.subscription.id,
        segment=line.segment,
        role=line.role,
        on=None if line.period else line.effective,
        month=line.period,
        agreement=service.stretch.agreement.id,
    )


def _creation(inputs: Inputs, service: Service, line: Line, mark: Mark) -> Change:
    if line.segment in service.completed.unpriced:
        why = "it was upgraded before its first line was made, and the platform keeps no price of the product before"
        hint = "write `effective_date` in its mapping, not before the upgrade; bill the days before by hand"
        raise Refused("past-price-unknown", why, hint)
    defaults = inputs.workspace.rules.defaults.addition
    item = service.items.get(line.product)
    product: Value = item if isinstance(item, str) else item.id if item is not None else _item_id(line.product)
    if product is None:
        why = f"it was upgraded from a product that is not mapped ({line.product or 'which one, is not known'})"
        raise Refused("product-unmapped", why, "map that product in mappings/products.yaml, too")
    values: list[tuple[Field, Value]] = [
        (wire.PRODUCT, product),
        (wire.QUANTITY, Decimal(line.quantity)),
        (wire.UNIT_PRICE, line.unit_price),
        (wire.UNIT_COST, line.unit_cost),
        (wire.EFFECTIVE, line.effective),
        (wire.CANCELLED, cancelled_day(line.cancelled, _behaviour(inputs))),
        (wire.DESCRIPTION, described(service, line)),
        (wire.BILL_CUSTOMER, defaults.bill_customer),
        (wire.TAXABLE, defaults.taxable),
        (wire.MARK, encode(mark)),
    ]
    fields = tuple(change_of(field, None, value) for field, value in values if value not in (None, ""))
    return _change(
        service,
        mark,
        action="create",
        fields=fields,
        reason=created_because(service, line),
        needs=(item[1:],) if isinstance(item, str) else (),
    )


def _item_id(product: str) -> int | None:
    """The id of a catalog item that only a posted line names."""
    kind, _, number = product.partition(":")
    return int(number) if kind == "catalog_item" else None


def _update(inputs: Inputs, service: Service, line: Line, mark: Mark, addition: Addition) -> Change | None:
    synced = service.mapping.fields
    asked: list[tuple[Field, Value, Value]] = [(wire.QUANTITY, addition.quantity, Decimal(line.quantity))]
    if "customer_unit_price" in synced:
        asked.append((wire.UNIT_PRICE, addition.unit_price, line.unit_price))
    if "partner_unit_cost" in synced:
        asked.append((wire.UNIT_COST, addition.unit_cost, line.unit_cost))
    asked.append((wire.CANCELLED, addition.cancelled, cancelled_day(line.cancelled, _behaviour(inputs))))
    if addition is service.adopted:
        asked.append((wire.MARK, addition.mark, encode(mark)))
    fields = differing(asked)
    if not fields:
        return None
    if addition is not service.adopted and stands(addition) and any(one.field != "cancelled" for one in fields):
        check_open(inputs, service, mark, addition)
    if any(one.field == "quantity" for one in fields) and addition.invoice_description and line.role != "usage":
        asked.append((wire.DESCRIPTION, addition.invoice_description, described(service, line)))
        fields = differing(asked)
    reason = updated_because(fields, service, line, addition, inputs.as_of)
    return _change(service, mark, action="update", fields=fields, reason=reason, object_id=addition.id)


def _retraction(inputs: Inputs, service: Service, mark: Mark, addition: Addition) -> Change:
    """Quantity 0 and cancelled on its first day; the mark stays, so that the line is used again if it is wanted."""
    check_open(inputs, service, mark, addition)
    fields = differing(
        [
            (wire.QUANTITY, addition.quantity, Decimal(0)),
            (wire.CANCELLED, addition.cancelled, addition.effective),
        ]
    )
    reason = "what is known now gives no such line: it is retracted, as no day of it has been invoiced"
    return _change(service, mark, action="update", fields=fields, reason=reason, object_id=addition.id)


def _change(
    service: Service,
    mark: Mark,
    *,
    action: Action,
    fields: tuple[FieldChange, ...],
    reason: str,
    object_id: int | None = None,
    needs: tuple[str, ...] = (),
) -> Change:
    return Change(
        address=address_of(service, mark),
        kind="addition",
        action=action,
        name=service.name,
        fields=fields,
        reason=reason,
        customer=service.mapping.customer,
        object_id=object_id,
        agreement=service.stretch.agreement.id,
        source=service.mapping.place,
        needs=needs,
    )


def _behaviour(inputs: Inputs) -> PsaBehaviour:
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
