"""The plan as a value: every change with its before and after, its reason, its cause and its effect in money."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.diagnostics import Diagnostic, Place

FORMAT_VERSION = 2

ObjectKind = Literal["manufacturer", "company", "catalog_item", "addition"]
Action = Literal["create", "update"]
KIND_ORDER: tuple[ObjectKind, ...] = ("manufacturer", "company", "catalog_item", "addition")

Value = str | int | bool | None | Decimal | date | tuple[str, ...]
"""A field's value. In the dict form money is its decimal text and a date its ISO text.

A reference to one of the PSA's set-up tables is `#` and its id, or its name.
"""


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
    """Change of what is invoiced, price and cost, measured against invoices of one currency.

    `month` and `year` are the change of each period's invoice once everything planned has taken effect; `once` is that
    of all invoices before then, in sum. `next_invoice` is that of the next one alone, days before its period included
    that it charges or credits besides.
    """

    month: Decimal = Decimal(0)
    month_cost: Decimal = Decimal(0)
    year: Decimal = Decimal(0)
    year_cost: Decimal = Decimal(0)
    once: Decimal = Decimal(0)
    once_cost: Decimal = Decimal(0)
    next_invoice: Decimal = Decimal(0)
    next_invoice_cost: Decimal = Decimal(0)

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(**{name: getattr(self, name) + getattr(other, name) for name in Effect.__struct_fields__})

    def __sub__(self, other: "Effect") -> "Effect":
        return Effect(**{name: getattr(self, name) - getattr(other, name) for name in Effect.__struct_fields__})


class Recurring(msgspec.Struct, frozen=True, kw_only=True):
    """What each month's and each year's invoices come to, price and cost, in one currency.

    It is what goes on: a line that ends soon for good is no longer in it, nor is what is charged or credited once.
    """

    month: Decimal = Decimal(0)
    month_cost: Decimal = Decimal(0)
    year: Decimal = Decimal(0)
    year_cost: Decimal = Decimal(0)

    def __add__(self, other: "Recurring") -> "Recurring":
        return Recurring(**{name: getattr(self, name) + getattr(other, name) for name in Recurring.__struct_fields__})


class PlannedLine(msgspec.Struct, frozen=True, kw_only=True):
    """The line that a change of an addition is about: as it will bill, or as it billed where it is retracted.

    `cancelled` is the last billed day, inclusive; `month` that of a line of consumption, `YYYY-MM`; `item` the
    identifier of the catalog item, None where the PSA has not been asked for it or the plan makes it. `steady_from` is
    the first day of the first period from which on each brings the same: what the effect calls `month` or `year`
    counts from there, `once` before.
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
    currency: str | None = None
    steady_from: date | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One object to create or update. `address` is stable; `needs` are addresses that must be done first.

    `line` is there for additions alone. `drift` are those of its fields that somebody edited by hand.
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
    drift: tuple[str, ...] = ()


Remedy = Literal["apply", "carry_on", "by_hand"]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a line of ours that somebody edited by hand in the PSA.

    `has` and `wants` are money as decimal text, a day as ISO text, text, or whether something is so. `remedy` says what
    becomes of it: the plan puts it back, or leaves the line and bills right from then on, or a person has to act;
    `advice` says it in words. `address` is that of the line, and of the change that puts it back.
    """

    customer: str
    customer_name: str
    subscription: str
    name: str
    agreement: int
    addition: int
    address: str
    item: str
    field: str
    has: str | bool | None
    wants: str | bool | None
    remedy: Remedy
    advice: str
    source: Place | None = None


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
    """What all planned services of a customer in one currency bill, before and after, and what changes.

    `effect` is the sum over its changes in that currency; of month and year it is `after` less `before`. `changes` are
    those of lines in that currency. A customer of which no line is planned has one entry without a currency.
    """

    customer: str
    name: str
    currency: str | None
    changes: int
    before: Recurring
    after: Recurring
    effect: Effect


class CurrencyEffect(msgspec.Struct, frozen=True, kw_only=True):
    """The sum over all customers in one currency. Currencies are never added up."""

    currency: str
    before: Recurring
    after: Recurring
    effect: Effect


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    create: int
    update: int
    unchanged: int
    unmanaged: int
    unmapped: int
    blocked: int
    incomplete: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of the guards that the plan exceeds. `guard` is its name, as an override names it.

    With a customer it holds that one back, without one the whole run; `address` is the change concerned, where it is
    one. `value` and `limit` are in what `unit` says: a currency, `changes`, `lines`, `%` or `x` (times as much).
    """

    guard: str
    customer: str | None = None
    address: str | None = None
    value: Decimal
    limit: Decimal
    unit: str
    why: str


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan was limited to: customers, products (`provider/product/plan`), services; empty is everything."""

    customers: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.customers or self.products or self.services)


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """When a plan was made, until when (exclusive) it may be applied, and where to; both instants are in UTC.

    `digest` is that of the plan's content: plans of the same day that would do the same have the same. `id` is that of
    this one plan. `target` names both services of the connection.
    """

    id: str
    digest: str
    made_at: datetime
    expires_at: datetime
    target: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would change in the PSA, made from the inputs that it names. `seal` is there once it was handed out."""

    format_version: int = FORMAT_VERSION
    made_by: str
    connection: str
    workspace_digest: str
    as_of: date
    selection: Selection
    changes: tuple[Change, ...]
    counts: Counts
    by_customer: tuple[CustomerEffect, ...]
    totals: tuple[CurrencyEffect, ...]
    rounding: Decimal
    """What the rounding of unit prices adds to a billing cycle over all lines: quantity times difference."""
    notices: tuple[Diagnostic, ...]
    held: tuple[Held, ...]
    unmanaged: tuple[Unmanaged, ...]
    unmapped: tuple[Unmapped, ...]
    findings: tuple[Finding, ...] = ()
    drift: tuple[Drift, ...] = ()
    seal: Seal | None = None

    @property
    def complete(self) -> bool:
        """Whether everything selected could be planned."""
        return not self.held
