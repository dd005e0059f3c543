"""Why a line changes, in words, and the text that a line prints on the invoice."""

from datetime import date
from decimal import Decimal

from engine.billing.model import Line
from engine.billing.money import plain
from engine.planning.histories import stands
from engine.planning.pins import pinned_text
from engine.planning.plan import FieldChange, Value
from engine.planning.service import Service
from engine.psa.models import Addition

_CAUSES = {
    "quantity": "the number of licences changed",
    "unit_price": "the customer's price changed",
    "unit_cost": "the reseller's cost changed",
}


def created_because(service: Service, line: Line) -> str:
    """The reason of a new line."""
    subscription = service.subscription
    more = "more" if line.quantity > 0 else "fewer"
    others = {
        "usage": f"consumption of {line.period}, without an amount until that month's figures are accepted",
        "one_time": f"bought once on {subscription.start}",
        "delta": f"{abs(line.quantity)} licences {more} from {line.effective}",
        "reversal": f"what was given up is no longer billed from {line.effective}",
    }
    if line.role in others:
        return others[line.role]
    earlier = [one for one in service.lines if one.role == "base" and one.effective < line.effective]
    if any(one.segment == line.segment for one in earlier):
        return f"carries {line.quantity} licences on from {line.effective}"
    if line.segment > 1:
        return f"the product that it was upgraded to bills from {line.effective}"
    return f"no addition carries the mark of this subscription; it bills from {_begins(service, line)}"


def _begins(service: Service, line: Line) -> str:
    day, starts = line.effective, service.stretch.starts
    if day == service.subscription.start:
        return "its start"
    if day == starts:
        return f"{day}, when it moves to this agreement"
    if day == service.mapping.effective_date:
        return f"{day}, the mapping's effective date"
    if day == service.owned_from:
        return f"{day}, when this program begins"
    if day == service.stretch.agreement.start:
        return f"{day}, when its agreement begins"
    return str(day)


def updated_because(
    fields: tuple[FieldChange, ...], service: Service, line: Line, addition: Addition, as_of: date
) -> str:
    """The reason of a change of a line that stands."""
    if addition is service.adopted:
        return "the mapping takes this addition over"
    changed = {one.field for one in fields}
    if changed == {"cancelled"}:
        return _ended_because(service, line)
    if not stands(addition):
        return f"the line from {line.effective} was retracted, and is wanted again"
    amounts = [one for one in fields if one.field in _CAUSES]
    if not all(_told_since(service, line, addition, one.field) for one in amounts):
        return _compared(amounts)
    return _changed_because(" and ".join(_CAUSES[one.field] for one in amounts), service, line, as_of)


def _changed_because(what: str, service: Service, line: Line, as_of: date) -> str:
    if line.effective > as_of:
        return f"{what} before this line begins on {line.effective}"
    first = min((one.effective for one in service.lines if one.segment == line.segment), default=line.effective)
    if line.effective == first and (as_of - first).days < service.stretch.choices.in_place_days:
        return f"{what} in the first days of the line from {line.effective}"
    return f"{what} for the line from {line.effective}, or it was changed by hand"


def _told_since(service: Service, line: Line, addition: Addition, field: str) -> bool:
    """Whether the platform or a pin tells of a change since the line was made, away from what the PSA has.

    What had to be inferred from the difference itself is no cause of it.
    """
    had: set[Decimal | None] = set()
    for told in service.completed.told:
        event, value = told.event, _value(told.event, field)
        since = addition.entered is None or event.on >= addition.entered
        if field != "quantity" or line.role != "base":
            # A price has no first value in the history, and a delta line bills a difference.
            since = addition.entered is not None and event.on > addition.entered
            had.add(_value(addition, field))
        certain = since and value is not None and told.source not in {"inferred", "posted"}
        if certain and _value(addition, field) in had:
            return True
        had.add(value)
    return False


def _value(of: object, field: str) -> Decimal | None:
    value = getattr(of, field, None)
    return None if value is None else Decimal(value)


def _compared(amounts: list[FieldChange]) -> str:
    names = {"unit_price": "a unit price of ", "unit_cost": "a unit cost of "}
    has = " and ".join(f"{names.get(one.field, '')}{_amount(one.before)}" for one in amounts)
    said = f"the PSA has {has}, the history gives {' and '.join(_amount(one.after) for one in amounts)}"
    return f"{said}: it may have been changed by hand" if any(one.field == "quantity" for one in amounts) else said


def _amount(value: Value) -> str:
    amount = Decimal(str(value or 0))
    return f"{amount:.0f}" if amount == amount.to_integral_value() else plain(amount)


def _ended_because(service: Service, line: Line) -> str:
    until = service.stretch.until
    if until is not None and line.cancelled == until:
        return "the mapping moves it to another agreement"
    for other in service.lines:
        if other.role == "base" and other.segment == line.segment and other.effective > line.effective:
            return "another line carries on"
    if any(other.segment > line.segment for other in service.lines):
        return "it was upgraded to another product"
    if service.subscription.state == "ended":
        return f"the platform shows the subscription as {service.subscription.status}"
    if service.opened is not None and line.cancelled == service.stretch.invoiced_through:
        return "its invoiced days stay as they are"
    renews = "its term renews by itself, and its end is kept ahead of the invoices"
    return renews if service.subscription.auto_renew else "the term moved on the platform"


def described(service: Service, line: Line, as_of: date) -> str:
    """The text of a line: a pinned one, else the mapping's own and the subscription's details where the rules ask.

    A change of licences says by how many; any other line how many it bills.
    """
    pinned = pinned_text(service.mapping, as_of)
    if pinned is not None:
        return pinned
    subscription, parts = service.subscription, [service.mapping.description or ""]
    own = line.product == "/".join(subscription.product_key)
    if "include_subscription_information" in service.mapping.fields:
        signed = line.role in {"delta", "reversal"}
        details = (
            ("Product", subscription.product_name if own else ""),
            ("Plan", subscription.plan_name if own else ""),
            ("Part number", subscription.part_number if own else ""),
            ("Subscription", subscription.provider_id or subscription.id),
            ("Licenses", f"{line.quantity:+d}" if signed else str(_licences(service, line))),
        )
        parts.append("; ".join(f"{label}: {value}" for label, value in details if value))
    return ". ".join(part.rstrip(".") for part in parts if part)


def _licences(service: Service, line: Line) -> int:
    return service.subscription.licenses if line.role == "usage" else line.quantity
