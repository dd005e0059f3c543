"""One service's lines against the additions that carry its mark: what to retract, bring in step, and create."""

from decimal import Decimal

from msgspec.structs import replace

from engine.billing.model import Line
from engine.planning import fields as wire
from engine.planning.because import created_because, described, updated_because
from engine.planning.billed import Billed
from engine.planning.effect import Bills, Pair, measured, posted, wanted
from engine.planning.ends import cancelled_day
from engine.planning.fields import Field, change_of, differing
from engine.planning.fitting import Refused
from engine.planning.histories import stands
from engine.planning.invoiced import check_end, check_open
from engine.planning.measuring import billed_of, billing_of, currency_of
from engine.planning.observed import Inputs
from engine.planning.part import Part
from engine.planning.plan import Action, Change, Effect, FieldChange, PlannedLine, Value
from engine.planning.rows import address_of, rows
from engine.planning.service import Row, Service
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition, CatalogItem
from engine.workspace.model import PsaBehaviour


def compared(inputs: Inputs, service: Service) -> Part:
    """The changes that bring the service's additions in step with its lines, credits to retract first.

    Raises Refused where a line would have to change that has been invoiced: the whole service is then left as it is,
    as its credits and charges belong together.
    """
    found = rows(inputs, service)
    planned = [planned_change(inputs, service, row) for row in sorted(found, key=_step)]
    changes = [change for change in planned if change is not None]
    unchanged = len(found) - len(changes)
    if not found:
        return Part()
    lines, billed = _measured(inputs, service, found)
    told = [replace(one, line=lines[one.address][0], effect=lines[one.address][1]) for one in changes]
    return Part(changes=_chained(told), unchanged=unchanged, billed=(billed,))


def planned_change(inputs: Inputs, service: Service, row: Row) -> Change | None:
    """What brings one row in step, without its effect; None where it is. Raises Refused."""
    if row.line is None:
        assert row.addition is not None
        return _retraction(inputs, service, row.mark, row.addition)
    if row.addition is None:
        return _creation(inputs, service, row.line, row)
    return _update(inputs, service, row.line, row.addition, row)


def _step(row: Row) -> int:
    """A credit before the end that it belongs to: a line that has ended without one has ended by the month.

    What settles a difference comes last: it is of the other lines as they then stand.
    """
    if row.line is None:
        return 0
    if row.addition is None:
        return {"reversal": 1, "settlement": 4}.get(row.line.role, 3)
    return 2


def _measured(
    inputs: Inputs, service: Service, found: tuple[Row, ...]
) -> tuple[dict[str, tuple[PlannedLine, Effect]], Billed]:
    """Each line with the effect of bringing it in step, by its address, and what all of them bill."""
    behaviour = _behaviour(inputs)
    pairs: list[Pair] = []
    for row in found:
        before = None if row.addition is None else posted(row.mark, row.addition, behaviour)
        after = None if row.line is None else wanted(row.line, row.addition, service.mapping.synced)
        pairs.append((before, after))
    renews = service.subscription.auto_renew and service.subscription.state != "ended"
    billing = billing_of(service, inputs.as_of, behaviour, renews=renews)
    adopted = [index for index, row in enumerate(found) if row.addition and row.addition is service.adopted]
    brought = measured(billing, pairs, *adopted[:1])
    lines = {}
    for row, (before, after), effect in zip(found, pairs, brought.effects, strict=True):
        bills = before if after is None else after
        assert bills is not None
        told = planned_line(row.mark, bills, _identifier(service, row), retracted=after is None)
        told = replace(told, currency=currency_of(service), steady_from=brought.steady_from)
        lines[address_of(service, row.mark)] = (told, effect)
    marks = [row.mark for row in found]
    return lines, billed_of(service, list(zip(marks, pairs, strict=True)), brought)


def planned_line(mark: Mark, bills: Bills, item: str | None, *, retracted: bool = False) -> PlannedLine:
    """The line that a change is about, with its amounts as they will be."""
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


def _identifier(service: Service, row: Row) -> str | None:
    """The identifier of the line's catalog item, as far as the PSA told it."""
    if row.addition is not None:
        return row.addition.product_identifier
    item = service.items.get(row.line.product) if row.line is not None else None
    return item.identifier if isinstance(item, CatalogItem) else None


def _chained(changes: list[Change]) -> tuple[Change, ...]:
    """Each change of a service after the one before it: a line cut short without the one that carries on is a leak."""
    found: list[Change] = []
    for change in changes:
        found.append(replace(change, needs=(*change.needs, found[-1].address) if found else change.needs))
    return tuple(found)


def _creation(inputs: Inputs, service: Service, line: Line, row: Row) -> Change:
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
        (wire.DESCRIPTION, row.text or described(service, line, inputs.as_of)),
        (wire.BILL_CUSTOMER, defaults.bill_customer),
        (wire.TAXABLE, defaults.taxable),
        (wire.MARK, encode(row.mark)),
    ]
    fields = tuple(change_of(field, None, value) for field, value in values if value not in (None, ""))
    because = row.why if line.role == "settlement" else _with(created_because(service, line), row.why)
    return line_change(
        service,
        row.mark,
        action="create",
        fields=fields,
        reason=because,
        needs=(item[1:],) if isinstance(item, str) else (),
    )


def _item_id(product: str) -> int | None:
    """The id of a catalog item that only a posted line names."""
    kind, _, number = product.partition(":")
    return int(number) if kind == "catalog_item" else None


def _with(reason: str, why: str) -> str:
    return f"{reason}; {why}" if why else reason


def _update(inputs: Inputs, service: Service, line: Line, addition: Addition, row: Row) -> Change | None:
    synced, mark = service.mapping.synced, row.mark
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
    check_end(inputs, service, mark, addition, line)
    worded = addition.invoice_description and "description" not in service.mapping.owned and line.role != "usage"
    if worded and any(one.field == "quantity" for one in fields):
        asked.append((wire.DESCRIPTION, addition.invoice_description, described(service, line, inputs.as_of)))
        fields = differing(asked)
    reason = _with(updated_because(fields, service, line, addition, inputs.as_of), row.why)
    return line_change(service, mark, action="update", fields=fields, reason=reason, object_id=addition.id)


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
    return line_change(service, mark, action="update", fields=fields, reason=reason, object_id=addition.id)


def line_change(
    service: Service,
    mark: Mark,
    *,
    action: Action,
    fields: tuple[FieldChange, ...],
    reason: str,
    object_id: int | None = None,
    needs: tuple[str, ...] = (),
) -> Change:
    """A change of a line, yet without its effect."""
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
