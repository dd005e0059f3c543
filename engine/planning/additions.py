"""One service's lines against the additions that carry its mark: what to create, what to bring in step."""

from decimal import Decimal

import msgspec

from engine.billing.calendar import fom
from engine.billing.lines import Line
from engine.billing.money import plain, rounded
from engine.diagnostics import Diagnostic
from engine.planning import fields as wire
from engine.planning.effect import Recurrence, once, recurring
from engine.planning.ends import cancelled_day, last_billed
from engine.planning.fields import Field, change_of, differing
from engine.planning.observed import Inputs
from engine.planning.part import Part
from engine.planning.plan import Action, Change, Effect, FieldChange, Held, Value
from engine.planning.posted import key_of
from engine.platform.models import Subscription
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition, Agreement, CatalogItem
from engine.workspace.model import PsaBehaviour, ServiceMapping


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service with all that its comparison needs. `item` is the catalog item, or the address of its creation."""

    mapping: ServiceMapping
    subscription: Subscription
    item: CatalogItem | str
    agreement: Agreement
    lines: tuple[Line, ...]
    ours: tuple[tuple[Mark, Addition], ...]
    adopted: Addition | None
    notices: tuple[Diagnostic, ...]


def compared(inputs: Inputs, service: Service) -> Part:
    """The changes that bring the service's additions in step with its lines."""
    posted = {key_of(mark): addition for mark, addition in service.ours}
    changes: list[Change] = []
    unchanged = 0
    for line in service.lines:
        mark = _mark(inputs, service, line)
        addition = posted.pop(key_of(mark), None)
        if addition is None and service.adopted is not None and line.role != "usage":
            addition = service.adopted
        change = (
            _creation(inputs, service, line, mark) if addition is None else _update(inputs, service, line, addition)
        )
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    held = tuple(_no_longer_wanted(service, addition) for addition in posted.values() if _bills(addition))
    return Part(changes=tuple(changes), held=held, notices=service.notices, unchanged=unchanged)


def _mark(inputs: Inputs, service: Service, line: Line) -> Mark:
    return Mark(
        account=inputs.account,
        subscription=service.subscription.id,
        segment=line.segment,
        role=line.role,
        on=None if line.period else line.effective,
        month=line.period,
        agreement=service.agreement.id,
    )


def _address(service: Service, line: Line) -> str:
    address = f"addition:{service.agreement.id}/{service.subscription.id}/{line.segment}/{line.role}"
    return f"{address}/{line.period}" if line.period else address


def _prices(inputs: Inputs, service: Service, line: Line) -> tuple[Decimal, Decimal]:
    """Unit price and unit cost of a new line: the platform's where the rules sync them, else the catalog item's.

    Consumption has no amount yet, whatever the catalog says.
    """
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    price, cost = rounded(line.unit_price, decimals), rounded(line.unit_cost, decimals)
    item = service.item
    if isinstance(item, CatalogItem) and line.role != "usage":
        if "customer_unit_price" not in service.mapping.fields and item.price is not None:
            price = item.price
        if "partner_unit_cost" not in service.mapping.fields and item.cost is not None:
            cost = item.cost
    return price, cost


def _creation(inputs: Inputs, service: Service, line: Line, mark: Mark) -> Change:
    defaults = inputs.workspace.rules.defaults.addition
    price, cost = _prices(inputs, service, line)
    item = service.item
    values: list[tuple[Field, Value]] = [
        (wire.PRODUCT, item if isinstance(item, str) else item.id),
        (wire.QUANTITY, Decimal(line.quantity)),
        (wire.UNIT_PRICE, price),
        (wire.UNIT_COST, cost),
        (wire.EFFECTIVE, line.effective),
        (wire.CANCELLED, cancelled_day(line.cancelled, _behaviour(inputs))),
        (wire.DESCRIPTION, describe(inputs, service)),
        (wire.BILL_CUSTOMER, defaults.bill_customer),
        (wire.TAXABLE, defaults.taxable),
        (wire.MARK, encode(mark)),
    ]
    fields = tuple(change_of(field, None, value) for field, value in values if value not in (None, ""))
    return _change(
        service,
        line,
        action="create",
        fields=fields,
        reason=_created_because(service, line),
        effect=_effect(inputs, service, line, Decimal(line.quantity), price, cost),
        needs=(item[1:],) if isinstance(item, str) else (),
    )


def _update(inputs: Inputs, service: Service, line: Line, addition: Addition) -> Change | None:
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    price, cost = rounded(line.unit_price, decimals), rounded(line.unit_cost, decimals)
    # An ended subscription may show no licences and no price any more; what it was billed for stays as it was.
    ended = service.subscription.state == "ended"
    quantity = addition.quantity if ended else Decimal(line.quantity)
    synced = frozenset[str]() if ended else service.mapping.fields
    wanted: list[tuple[Field, Value, Value]] = [(wire.QUANTITY, addition.quantity, quantity)]
    if line.role != "usage":
        if "customer_unit_price" in synced:
            wanted.append((wire.UNIT_PRICE, addition.unit_price, price))
        else:
            price = addition.unit_price
        if "partner_unit_cost" in synced:
            wanted.append((wire.UNIT_COST, addition.unit_cost, cost))
        else:
            cost = addition.unit_cost
        wanted.append((wire.CANCELLED, addition.cancelled, cancelled_day(line.cancelled, _behaviour(inputs))))
    if addition is service.adopted:
        wanted.append((wire.MARK, addition.mark, encode(_mark(inputs, service, line))))
    fields = differing(wanted)
    if not fields:
        return None
    posted_end = last_billed(addition.cancelled, _behaviour(inputs))
    lapsed = posted_end is not None and posted_end < fom(inputs.as_of)
    before = recurring(
        addition.quantity,
        addition.unit_price,
        addition.unit_cost,
        posted_end if lapsed or not _goes_on(service) else None,
        inputs.as_of,
        _recurrence(service),
    )
    after = _effect(inputs, service, line, quantity, price, cost)
    return _change(
        service,
        line,
        action="update",
        fields=fields,
        reason=_updated_because(fields, service, addition),
        effect=Effect() if line.role != "base" else after - before,
        object_id=addition.id,
    )


def _change(
    service: Service,
    line: Line,
    *,
    action: Action,
    fields: tuple[FieldChange, ...],
    reason: str,
    effect: Effect,
    object_id: int | None = None,
    needs: tuple[str, ...] = (),
) -> Change:
    return Change(
        address=_address(service, line),
        kind="addition",
        action=action,
        name=service.subscription.plan_name or service.subscription.name,
        fields=fields,
        reason=reason,
        customer=service.mapping.customer,
        object_id=object_id,
        agreement=service.agreement.id,
        source=service.mapping.place,
        needs=needs,
        effect=effect,
    )


def _created_because(service: Service, line: Line) -> str:
    subscription = service.subscription
    if line.role == "usage":
        return f"consumption of {line.period}, without an amount until that month's figures are accepted"
    if line.role == "one_time":
        return f"bought once on {subscription.start}"
    begins = "its start" if line.effective == subscription.start else f"{line.effective}, when this program begins"
    return f"no addition carries the mark of this subscription; it bills from {begins}"


def _updated_because(fields: tuple[FieldChange, ...], service: Service, addition: Addition) -> str:
    if addition is service.adopted:
        return "the mapping takes this addition over"
    if service.subscription.state == "ended":
        return f"the platform shows the subscription as {service.subscription.status}"
    causes = {
        "quantity": "the number of licences changed",
        "unit_price": "the customer's price changed",
        "unit_cost": "the reseller's cost changed",
        "cancelled": "the term moved",
    }
    return " and ".join(causes[one.field] for one in fields) + " on the platform"


def describe(inputs: Inputs, service: Service) -> str:
    """The text of a new line: the mapping's own, and the subscription's details where the rules ask for them."""
    subscription, parts = service.subscription, [service.mapping.description or ""]
    if "include_subscription_information" in service.mapping.fields:
        details = (
            ("Product", subscription.product_name),
            ("Plan", subscription.plan_name),
            ("Part number", subscription.part_number),
            ("Subscription", subscription.provider_id or subscription.id),
            ("Licenses", str(subscription.licenses)),
        )
        parts.append("; ".join(f"{label}: {value}" for label, value in details if value))
    return ". ".join(part.rstrip(".") for part in parts if part)


def _behaviour(inputs: Inputs) -> PsaBehaviour:
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour


def _recurrence(service: Service) -> Recurrence:
    return "year" if service.subscription.cycle == "annual" else "month"


def _effect(inputs: Inputs, service: Service, line: Line, quantity: Decimal, price: Decimal, cost: Decimal) -> Effect:
    if line.role != "base":
        return once(quantity, price, cost)
    end = None if _goes_on(service) else line.cancelled
    return recurring(quantity, price, cost, end, inputs.as_of, _recurrence(service))


def _goes_on(service: Service) -> bool:
    """Whether the subscription renews by itself: the end of its term is then no end of what is invoiced."""
    return service.subscription.auto_renew and service.subscription.state != "ended"


def _bills(addition: Addition) -> bool:
    """Whether the addition still stands: a retracted one has quantity 0 and ends on its first day."""
    return not (addition.quantity == 0 and addition.cancelled == addition.effective)


def _no_longer_wanted(service: Service, addition: Addition) -> Held:
    amount = plain(addition.quantity * addition.unit_price)
    return Held(
        kind="blocked",
        subject=f"service:{service.mapping.subscription}",
        name=service.subscription.plan_name,
        code="line-unwanted",
        why=(
            f"addition {addition.id} (effective {addition.effective}, {amount} a cycle) carries its mark, "
            "but what the platform shows gives no such line"
        ),
        hint="look at its history; end or correct the addition in the PSA",
        customer=service.mapping.customer,
        source=service.mapping.place,
    )
