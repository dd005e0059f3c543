"""Agreement Invoicing of one period: invoices of many agreements, made or taken back, and why others are not."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

import msgspec

from engine.sandbox.calendar import first_of, last_of, month_of
from engine.sandbox.psa.additions import agreement_billing
from engine.sandbox.psa.charged import LINES
from engine.sandbox.psa.invoicing import delete_invoice, invoice_agreement, last_day, latest_invoice
from engine.sandbox.psa.periods import Billing, read_day
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Document, Store


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """What an invoice charges for one addition and billing period, on the days from `first` to `last` (inclusive).

    `product` is the catalog item's identifier; None if the addition is gone. `unit_price` is for a whole period.
    """

    addition: int
    product: str | None
    first: date
    last: date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


class Invoice(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """An invoice of the billing period from `first` to `last` (inclusive); `total` is the sum of its lines' amounts.

    `next_invoice` is the agreement's next invoice date after the invoice was made, or taken back.
    """

    id: int
    number: str
    agreement: int
    name: str
    company: str
    first: date
    last: date
    total: Decimal
    next_invoice: date
    lines: tuple[InvoiceLine, ...]


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement that has no invoice made, or taken back, and why."""

    agreement: int
    name: str
    company: str
    reason: str


class InvoiceRun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each agreement, in the order of their ids."""

    invoices: tuple[Invoice, ...]
    skipped: tuple[Skipped, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the invoices."""
        return sum((invoice.total for invoice in self.invoices), Decimal("0.00"))


def make_invoices(store: Store, period: str, agreements: Iterable[int] | None = None) -> InvoiceRun:
    """Makes the invoice of the billing period that begins in the month `period` (YYYY-MM), whatever the day is.

    Of all agreements, or of those given by id. An agreement whose next period is another one is skipped. Raises
    ValueError for an agreement that does not exist; then nothing is made.
    """
    settings = PsaSettings(store)

    def make(agreement: Document, billing: Billing) -> Invoice | str:
        reason = _not_due(agreement, billing, period)
        return reason or _read(store, settings, agreement["id"], invoice_agreement(store, settings, agreement["id"]))

    return _run(store, settings, agreements, make)


def take_back(store: Store, period: str, agreements: Iterable[int] | None = None) -> InvoiceRun:
    """Deletes the invoice of the period that begins in a month: the period is due again, and what it charged is open.

    An agreement without one, or with a newer invoice, is skipped. Raises ValueError as `make_invoices` does.
    """
    settings = PsaSettings(store)

    def delete(agreement: Document, billing: Billing) -> Invoice | str:
        latest = latest_invoice(store, agreement["id"])
        wanted = [id for id, first in _periods(store, agreement["id"]) if month_of(first) == period]
        if not wanted or latest is None:
            before = billing.due.first > last_of(period)
            return "it was invoiced before this world began" if before else f"it has no invoice of {period}"
        if latest["id"] != wanted[-1]:
            return f"invoice {latest['invoiceNumber']} is newer and has to be taken back first"
        taken = _read(store, settings, agreement["id"], wanted[-1])
        delete_invoice(store, taken.id)
        return msgspec.structs.replace(taken, next_invoice=_billing(store, settings, agreement["id"]).next_invoice)

    return _run(store, settings, agreements, delete)


def _run(
    store: Store,
    settings: PsaSettings,
    agreements: Iterable[int] | None,
    step: Callable[[Document, Billing], Invoice | str],
) -> InvoiceRun:
    wanted = [doc["id"] for doc in store.rows("agreement")] if agreements is None else sorted(set(agreements))
    invoices, skipped = [], []
    with store.transaction():
        for id in wanted:
            agreement = store.get("agreement", id)
            if agreement is None:
                raise ValueError(f"there is no agreement {id}")
            done = step(agreement, agreement_billing(store, settings, agreement))
            if isinstance(done, Invoice):
                invoices.append(done)
            else:
                name, company = agreement["name"], agreement["company"]["name"]
                skipped.append(Skipped(agreement=id, name=name, company=company, reason=done))
    return InvoiceRun(invoices=tuple(invoices), skipped=tuple(skipped))


def _not_due(agreement: Document, billing: Billing, period: str) -> str | None:
    """Why the invoice that is due next is not that of the period that begins in this month."""
    due, end = billing.due, last_day(agreement)
    if due.last == date.max:
        return "it has no recurring billing cycle"
    if due.first > end:
        return f"it ended on {end}: nothing is left to invoice"
    return None if month_of(due.first) == period else _other_period(billing, period)


def _other_period(billing: Billing, period: str) -> str:
    due, asked = billing.due, billing.period(last_of(period))
    if asked.first < first_of(period):
        return f"no billing period of it begins in {period}; the next one due begins on {due.first}"
    if asked.first > due.first:
        return f"an earlier period is due first: the one from {due.first} to {due.last}"
    if asked.last < billing.bill_start:
        return f"its billing only begins on {billing.bill_start}"
    return f"that period is invoiced already; the next one due begins on {due.first}"


def _periods(store: Store, agreement: int) -> list[tuple[int, date]]:
    """An agreement's invoices, each with the first day of its period."""
    return [(row["id"], date.fromisoformat(row["from"])) for row in store.rows(LINES, agreement)]


def _billing(store: Store, settings: PsaSettings, agreement_id: int) -> Billing:
    return agreement_billing(store, settings, store.get("agreement", agreement_id) or {})


def _read(store: Store, settings: PsaSettings, agreement_id: int, invoice_id: int) -> Invoice:
    """An invoice as it is kept, with the agreement as it is now."""
    invoice, kept = store.get("invoice", invoice_id) or {}, store.get(LINES, invoice_id) or {}
    agreement = store.get("agreement", agreement_id) or {}
    return Invoice(
        id=invoice_id,
        number=invoice["invoiceNumber"],
        agreement=agreement_id,
        name=agreement["name"],
        company=agreement["company"]["name"],
        first=date.fromisoformat(kept["from"]),
        last=date.fromisoformat(kept["to"]),
        total=Decimal(invoice["total"]),
        next_invoice=read_day(agreement["nextInvoiceDate"]) or date.max,
        lines=tuple(_line(store, line) for line in kept["lines"]),
    )


def _line(store: Store, line: Document) -> InvoiceLine:
    addition = store.get("addition", line["addition"]) or {}
    return InvoiceLine(
        addition=line["addition"],
        product=(addition.get("product") or {}).get("identifier"),
        first=date.fromisoformat(line["from"]),
        last=date.fromisoformat(line["to"]),
        quantity=Decimal(line["quantity"]),
        unit_price=Decimal(line["unitPrice"]),
        amount=Decimal(line["amount"]),
    )
