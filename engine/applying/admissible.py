"""What a plan may hold at all, whoever wrote it. A plan that cwctl made passes; pure.

A digest tells that a plan was edited, not by whom it was sealed. So before anything is written each change is held
against what cwctl itself would ever plan: its known fields, our own additions, the mappings' places for new ones.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import msgspec

from engine.planning.plan import Action, Change, FieldChange, ObjectKind, Plan, PlannedLine
from engine.psa.bodies import FORMS
from engine.psa.mark import Mark, MarkDamaged, decode
from engine.psa.models import Addition

_ITEM = ("description", "customer_description", "price", "cost", "manufacturer_id", "manufacturer_part_number")
_COMPANY = ("name", "address_line1", "city", "state", "zip", "country")
_LINE = ("quantity", "unit_price", "unit_cost", "cancelled", "invoice_description", "mark")
_FIELDS: Mapping[tuple[ObjectKind, Action], frozenset[str]] = {
    ("manufacturer", "create"): frozenset({"name"}),
    ("manufacturer", "update"): frozenset(),
    ("company", "create"): frozenset({"identifier", "types", "status", "site", *_COMPANY}),
    ("company", "update"): frozenset(_COMPANY),
    ("catalog_item", "create"): frozenset(
        {"identifier", "product_class", "subcategory", "type", "unit_of_measure", "taxable", *_ITEM}
    ),
    ("catalog_item", "update"): frozenset(_ITEM),
    ("addition", "create"): frozenset({"product_id", "effective", "bill_customer", "taxable", *_LINE}),
    ("addition", "update"): frozenset(_LINE),
}
_MARK_WRITES = "serialNumber"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mappings let new lines be: agreements by customer, and the addition that each service takes over.

    `account` is the platform's, which every mark names.
    """

    account: str
    agreements: Mapping[str, frozenset[int]]
    adopted: Mapping[str, int]


def inadmissible(plan: Plan) -> str | None:
    """Why this plan is none of ours, naming the first change that is not; None if it may be."""
    addresses: set[str] = set()
    for change in plan.changes:
        why = "its address is given twice" if change.address in addresses else _why(change)
        if why is not None:
            return f"{change.address}: {why}"
        addresses.add(change.address)
    return None


def outside(plan: Plan, scope: Scope) -> str | None:
    """Why a change makes a line, or takes one over, where the mappings have none; None if none does."""
    for change in plan.changes:
        for field in change.fields:
            if field.field != "mark" or field.after is None:
                continue
            mark = decode(field.after)
            why = _outside(change, mark, scope) if mark is not None else None
            if why is not None:
                return f"{change.address}: {why}"
    return None


def foreign(change: Change, record: object) -> str | None:
    """Why the addition as it is in the PSA now is not one that this change may write to; None if it may."""
    if not isinstance(record, Addition) or change.action == "create":
        return None
    try:
        mark = decode(record.mark)
    except MarkDamaged as damaged:
        return str(damaged)
    if mark is None:
        if any(one.field == "mark" and one.after for one in change.fields):
            return None  # it is taken over: whether the mapping says so, `outside` tells
        return f"addition {record.id} carries no mark of ours"
    if mark.agreement != record.agreement_id:
        return f"the mark of addition {record.id} was copied from agreement {mark.agreement}"
    return None if _names(change.address, mark) else f"addition {record.id} carries the mark of another line"


def _why(change: Change) -> str | None:
    if change.address.partition(":")[0] != change.kind:
        return f"this is not the address of its kind ({change.kind})"
    if (change.action == "create") != (change.object_id is None):
        return "what is created has no id yet, and what is changed has one"
    names = [one.field for one in change.fields]
    if len(set(names)) != len(names):
        return "a field is given twice"
    found = next((why for one in change.fields if (why := _field(change, one))), None)
    if found is None and change.kind == "addition":
        return next(_line(change), None)
    return found


def _field(change: Change, field: FieldChange) -> str | None:
    if field.field not in _FIELDS[change.kind, change.action]:
        return f"cwctl never writes the field {field.field!r} in this place"
    if field.writes != wire_name(change.kind, field.field):
        return f"the field {field.field!r} does not go into {field.writes!r}"
    return None


def wire_name(kind: ObjectKind, field: str) -> str:
    """The member of the PSA's JSON that a field goes into, as plans name it. Raises KeyError for an unknown field."""
    return _MARK_WRITES if field == "mark" else FORMS[kind].members[field].name


def _line(change: Change) -> Iterator[str]:
    """What is wrong with a change of an addition."""
    after = {one.field: one.after for one in change.fields}
    if change.agreement is None or not change.customer:
        yield "an addition is of an agreement and a customer"
    if not change.address.startswith(f"addition:{change.agreement}/"):
        yield f"this is no address on agreement {change.agreement}"
    if change.line is not None and _subscription(change.address) != change.line.subscription:
        yield f"it is about subscription {change.line.subscription}, which is not that of its address"
    if change.action == "create" and not after.get("mark"):
        yield "a new addition needs our mark"
    if after.get("mark") is not None:
        try:
            mark = decode(after["mark"]) if isinstance(after["mark"], str) else None
        except MarkDamaged as damaged:
            yield str(damaged)
        else:
            if mark is None or mark.agreement != change.agreement or not _names(change.address, mark):
                yield f"{after['mark']!r} is not the mark of this line"
    if change.action == "create" and change.line is not None and not _shows(change.line, after):
        yield "what it shows is not what it would write"


def _shows(line: PlannedLine, after: Mapping[str, object]) -> bool:
    """Whether the line that a reader sees is the one that the fields make."""
    same = all(after.get(name) == getattr(line, name) for name in ("quantity", "unit_price", "unit_cost", "effective"))
    # The PSA may be told the last billed day or the one after it, by a setting.
    last = line.cancelled
    return same and after.get("cancelled") in ((None,) if last is None else (last, last + timedelta(days=1)))


def _outside(change: Change, mark: Mark, scope: Scope) -> str | None:
    if mark.account.casefold() != scope.account.casefold():
        return f"its mark names another platform account ({mark.account})"
    if change.agreement not in scope.agreements.get(change.customer or "", frozenset()):
        return f"no mapping puts customer {change.customer} on agreement {change.agreement}"
    if change.object_id is not None and scope.adopted.get(mark.subscription) != change.object_id:
        return f"no mapping takes addition {change.object_id} over for subscription {mark.subscription}"
    return None


def _subscription(address: str) -> str:
    return [*address.split("/"), ""][1]


def _names(address: str, mark: Mark) -> bool:
    """Whether the address is that of the mark's line, with or without its day and sequence."""
    day = [] if mark.role == "one_time" else [str(mark.month or mark.on)]
    whole = [f"addition:{mark.agreement}", mark.subscription, str(mark.segment), mark.role, *day]
    whole += [str(mark.sequence)] if mark.sequence else []
    parts = address.split("/")
    return len(parts) >= 4 and parts == whole[: len(parts)]
