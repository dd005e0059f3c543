"""The plan as a value: every change with its before and after, its reason, its cause and its effect in money.

It is saved and shown in its dict form (`to_document`), and read back from it (`from_document`).
"""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.diagnostics import Diagnostic, Place

FORMAT_VERSION = 1

ObjectKind = Literal["manufacturer", "company", "catalog_item", "addition"]
Action = Literal["create", "update"]
KIND_ORDER: tuple[ObjectKind, ...] = ("manufacturer", "company", "catalog_item", "addition")

Value = str | int | bool | None | Decimal | date | tuple[str, ...]
"""A field's value. In the dict form money is its decimal text and a date its ISO text.

A reference to one of the PSA's set-up tables is `#` and its id, or its name.
"""

_MONEY = frozenset({"quantity", "unit_price", "unit_cost", "price", "cost"})
_DATES = frozenset({"effective", "cancelled"})


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field, old and new, each a Value.

    `rule` is the sync rule that switched it on; `reads` and `writes` are wire fields.

    In a field that ends in `_id`, a text that begins with `@` in `after` is the address of a change whose result it
    takes the id of.
    """

    field: str
    # Value: the decoder takes no union of several types that are text in JSON; `from_json` types them by field.
    before: Any
    after: Any
    rule: str | None = None
    reads: str | None = None
    writes: str


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Change of what is invoiced, price and cost, measured against invoices.

    `month` and `year` are the change of each period's invoice once everything planned has taken effect; `once` is that
    of all invoices before then, in sum.
    """

    month: Decimal = Decimal(0)
    month_cost: Decimal = Decimal(0)
    year: Decimal = Decimal(0)
    year_cost: Decimal = Decimal(0)
    once: Decimal = Decimal(0)
    once_cost: Decimal = Decimal(0)

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(**{name: getattr(self, name) + getattr(other, name) for name in Effect.__struct_fields__})

    def __sub__(self, other: "Effect") -> "Effect":
        return Effect(**{name: getattr(self, name) - getattr(other, name) for name in Effect.__struct_fields__})


class PlannedLine(msgspec.Struct, frozen=True, kw_only=True):
    """The line that a change of an addition is about: as it will bill, or as it billed where it is retracted.

    `cancelled` is the last billed day, inclusive; `month` that of a line of consumption, `YYYY-MM`; `item` the
    identifier of the catalog item, None where the PSA has not been asked for it or the plan makes it.
    """

    subscription: str
    role: str
    month: str | None = None
    item: str | None = None
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    effective: date
    cancelled: date | None = None
    retracted: bool = False


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One object to create or update. `address` is stable; `needs` are addresses that must be done first.

    `line` is there for additions alone.
    """

    address: str
    kind: ObjectKind
    action: Action
    name: str
    fields: tuple[FieldChange, ...]
    reason: str
    customer: str | None = None
    object_id: int | None = None
    agreement: int | None = None
    source: Place | None = None
    needs: tuple[str, ...] = ()
    line: PlannedLine | None = None
    effect: Effect | None = None
    notes: tuple[str, ...] = ()


class Unmanaged(msgspec.Struct, frozen=True, kw_only=True):
    """An addition on a mapped agreement that is not ours: shown, never touched."""

    customer: str
    agreement: int
    addition: int
    product: str
    quantity: Decimal
    unit_price: Decimal
    effective: date | None
    cancelled: date | None
    why: str


class Unmapped(msgspec.Struct, frozen=True, kw_only=True):
    """A live subscription that nobody mapped: what it is worth a billing cycle is not billed.

    `product` is the key of its product's mapping, `provider/product/plan`.
    """

    customer: str
    customer_name: str
    customer_mapped: bool
    subscription: str
    provider_id: str
    product: str
    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    currency: str
    cycle: str | None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Something for which nothing is planned, and why: blocked by a wrong fact, or incomplete by a failed read."""

    kind: Literal["blocked", "incomplete"]
    subject: str
    name: str
    code: str
    why: str
    hint: str | None = None
    customer: str | None = None
    source: Place | None = None


class CustomerEffect(msgspec.Struct, frozen=True, kw_only=True):
    customer: str
    name: str
    changes: int
    effect: Effect


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    create: int
    update: int
    unchanged: int
    unmanaged: int
    unmapped: int
    blocked: int
    incomplete: int


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan was limited to: customers, products (`provider/product/plan`), services; empty is everything."""

    customers: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.customers or self.products or self.services)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would change in the PSA, made from the inputs that it names."""

    format_version: int = FORMAT_VERSION
    made_by: str
    connection: str
    workspace_digest: str
    as_of: date
    selection: Selection
    changes: tuple[Change, ...]
    counts: Counts
    by_customer: tuple[CustomerEffect, ...]
    total: Effect
    rounding: Decimal
    """What the rounding of unit prices adds to a billing cycle over all lines: quantity times difference."""
    notices: tuple[Diagnostic, ...]
    held: tuple[Held, ...]
    unmanaged: tuple[Unmanaged, ...]
    unmapped: tuple[Unmapped, ...]

    @property
    def complete(self) -> bool:
        """Whether everything selected could be planned."""
        return not self.held


class PlanUnreadable(ValueError):
    """A text that is not a saved plan of this format."""


def to_document(plan: Plan) -> dict[str, Any]:
    """The dict form: JSON values only; money as decimal text, dates as ISO text."""
    document: dict[str, Any] = msgspec.to_builtins(plan)
    return document


def to_json(plan: Plan) -> bytes:
    """The dict form as indented JSON with a newline at the end: what `plan --out` saves."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"


def from_json(text: bytes) -> Plan:
    """Read a saved plan. Raises PlanUnreadable, which says what is wrong with it."""
    try:
        version = msgspec.json.decode(text, type=_Header).format_version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PlanUnreadable(f"this is not a saved plan: {error}") from error
    if version != FORMAT_VERSION:
        raise PlanUnreadable(f"its format version is {version}; this program reads version {FORMAT_VERSION}")
    try:
        document = msgspec.json.decode(text)
        for change in document["changes"]:
            change["fields"] = [_typed(field) for field in change["fields"]]
        return msgspec.convert(document, Plan)
    except (msgspec.ValidationError, msgspec.DecodeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PlanUnreadable(f"this is not a saved plan: {error}") from error


class _Header(msgspec.Struct):
    format_version: int


def _typed(field: dict[str, Any]) -> dict[str, Any]:
    """Money and dates of a field's values from their text, by the field's name."""
    name = field["field"]

    def value(of: Any) -> Any:
        if of is None:
            return None
        if name in _MONEY:
            return _amount(of)
        if name in _DATES:
            return date.fromisoformat(of)
        if isinstance(of, list) and all(isinstance(one, str) for one in of):
            return tuple(of)
        if not isinstance(of, str | int):
            raise TypeError(f"{name} cannot be {of!r}")
        return of

    return {**field, "before": value(field["before"]), "after": value(field["after"])}


def _amount(text: Any) -> Decimal:
    amount = Decimal(text) if isinstance(text, str) else None
    if amount is None or not amount.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return amount
