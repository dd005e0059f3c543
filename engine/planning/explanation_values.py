"""The explanation of one subscription as a value; its dict form is described in docs/json.md."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.billing.history import Event
from engine.billing.told import Source
from engine.diagnostics import Diagnostic, Place
from engine.planning.plan import Effect, FieldChange, Held, Unmanaged

State = Literal["in_step", "changes", "held", "unmapped"]
Outcome = Literal[
    "line",
    "in_place",
    "before_takeover",
    "at_takeover",
    "repeated",
    "after_cancellation",
    "after_end",
    "not_yet",
    "nothing",
]
Status = Literal["in_step", "create", "update", "retract", "blocked"]


class ExplainedSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform shows today. `amount` is what its licences cost a billing cycle; `end` is inclusive."""

    provider_id: str
    name: str
    product_name: str
    plan_name: str
    part_number: str | None
    status: str
    state: str
    trial: bool
    licenses: int
    unit_price: Decimal
    unit_cost: Decimal
    amount: Decimal
    currency: str
    cycle: str | None
    start: date
    end: date | None
    term: str | None
    auto_renew: bool
    parent: str | None
    last_updated: str


class ExplainedMapping(msgspec.Struct, frozen=True, kw_only=True):
    """The service's mapping; an automatic one is that of the subscription which it came from."""

    source: Place
    automatic: bool
    name: str | None
    effective_date: date | None
    addition: str | None


class ExplainedCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """`company` is the PSA's company, where it is known; `source` the customer's mapping."""

    id: str
    name: str
    company: int | None
    company_name: str | None
    source: Place | None


class ExplainedProduct(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is provider/product/plan; `catalog_item` None where there is none yet; `source` the product's mapping."""

    key: str
    kind: str | None
    catalog_item: int | None
    identifier: str | None
    source: Place | None


class ExplainedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A choice that holds, by its key in the files; `source` is where it stands, None for the default."""

    rule: str
    choice: str
    source: Place | None


class ExplainedAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement of the mapping, which bills the service from `starts` to `until` (None: no limit).

    `first_billed` is the first day of its first line there, and `first_billed_because` says why it is that day.
    """

    id: int
    name: str
    type: str | None
    starts: date | None
    until: date | None
    start: date | None
    end: date | None
    frequency: str
    prorates: bool
    arrears: bool
    next_invoice: date | None
    invoiced_through: date | None
    currency: str | None
    first_billed: date | None
    first_billed_because: str | None
    first_billed_source: Place | None
    rules: tuple[ExplainedRule, ...]


class LogItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the platform's log. `used` says whether an event of the history was taken from it, `note` why not."""

    on: date
    kind: str
    text: str
    used: bool
    note: str


class ExplainedLog(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's log: `read` only where something may have happened; `note` says what became of it as a whole."""

    read: bool
    note: str
    items: tuple[LogItem, ...]


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it bills; `cancelled` is its last billed day (inclusive), None is open-ended."""

    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    effective: date
    cancelled: date | None


class LineEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What an event did to a line: made it (no `before`), took it away (no `after`), or changed it.

    `item` is the identifier of the catalog item, or the product where the PSA was not asked for it.
    """

    agreement: int
    segment: int
    role: str
    period: str | None
    item: str
    before: Bill | None
    after: Bill | None


class ExplainedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the history, and what it did; `was` is the number of licences before it.

    `effective` is the day from which it bills, or no longer bills, and `rule` the choice that gives that day. `settled`
    says that its line was posted before: it then keeps its day, also where no rule gives it any more.
    """

    event: Event
    source: Source
    why: str
    was: int | None
    outcome: Outcome
    effective: date | None
    settled: bool
    rule: ExplainedRule | None
    effects: tuple[LineEffect, ...]


class ExplainedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the service: as the rules want it, as the PSA has it, and what the plan does about it.

    `wanted` is None for an addition to retract, and where it is not known; `posted` for a line to create.
    """

    agreement: int
    address: str
    mark: str
    segment: int
    role: str
    period: str | None
    item: str
    status: Status
    wanted: Bill | None
    addition: int | None
    posted: Bill | None
    fields: tuple[FieldChange, ...]
    reason: str | None
    effect: Effect | None


class RetractedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An addition of ours that bills nothing any more; it is used again if its line is wanted again."""

    agreement: int
    addition: int
    mark: str
    role: str
    effective: date | None


class InvoicedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one line bills in a period. `days` of it are active, from `first` to `last`, at `quantity` × `unit_price`.

    Those are of the line as wanted, or as posted where it is not wanted. `posted` is the amount as the PSA has it,
    `wanted` the one that the rules give.
    """

    address: str
    role: str
    addition: int | None
    first: date
    last: date
    days: int
    quantity: Decimal
    unit_price: Decimal
    posted: Decimal
    wanted: Decimal | None


class ExplainedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """What a billing period, from `first` to `last` inclusive, bills for the service on one agreement."""

    agreement: int
    first: date
    last: date
    days: int
    prorates: bool
    invoiced: bool
    lines: tuple[InvoicedLine, ...]
    posted: Decimal
    wanted: Decimal | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one subscription and its bill, as known on `as_of`.

    What could not be found is None or empty; `held` then says why.
    """

    connection: str
    as_of: date
    id: str
    name: str
    state: State
    subscription: ExplainedSubscription | None
    mapping: ExplainedMapping | None
    customer: ExplainedCustomer | None
    product: ExplainedProduct | None
    agreements: tuple[ExplainedAgreement, ...]
    log: ExplainedLog
    events: tuple[ExplainedEvent, ...]
    lines: tuple[ExplainedLine, ...]
    retracted: tuple[RetractedLine, ...]
    others: tuple[Unmanaged, ...]
    periods: tuple[ExplainedPeriod, ...]
    effect: Effect
    notices: tuple[Diagnostic, ...]
    held: tuple[Held, ...]


def to_document(explanation: Explanation) -> dict[str, Any]:
    """The dict form: JSON values only, with the same keys in every event."""
    document: dict[str, Any] = msgspec.to_builtins(explanation)
    document["events"] = [{**one, "event": _event(one["event"])} for one in document["events"]]
    return document


_EVENT = ("on", "quantity", "unit_price", "unit_cost", "price", "cost", "product", "end", "period")


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": event["type"], **{name: event.get(name) for name in _EVENT}}
