"""Agreement invoices: what an invoice charges for each addition, making one, and taking the last one back.

An invoice covers the agreement's next due period. On an agreement that prorates it also charges the days of earlier
periods that no invoice has charged yet (an addition that began inside an invoiced period), and days count by their
share of their period; otherwise an addition that is active on any day of the period is charged in full.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.sandbox.psa.additions import agreement_billing, amount_of, cents
from engine.sandbox.psa.charged import LINES, charged_through
from engine.sandbox.psa.clock import new_info, now
from engine.sandbox.psa.errors import ApiError
from engine.sandbox.psa.periods import Billing, periods, read_day, wire_day
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Document, Store

_ONE_DAY = timedelta(days=1)


def invoice_agreement(store: Store, settings: PsaSettings, agreement_id: int) -> int:
    """Makes the next invoice of an agreement, moves its next invoice date on, and returns the invoice's id.

    Raises ValueError if there is no such agreement, or nothing is left to invoice on it.
    """
    with store.transaction():
        agreement = store.get("agreement", agreement_id)
        if agreement is None:
            raise ValueError(f"there is no agreement {agreement_id}")
        billing = agreement_billing(store, settings, agreement)
        end = last_day(agreement)
        if billing.due.first > end:
            raise ValueError(f"agreement {agreement_id} ended on {end}; nothing is left to invoice")
        if billing.due.last == date.max:
            raise ValueError(f"agreement {agreement_id} has no recurring billing cycle")
        lines = due_lines(store, settings, agreement, billing)
        id = store.next_id("invoice")
        invoice = _invoice(store, settings, id, agreement, cents(sum((line["amount"] for line in lines), Decimal(0))))
        store.put("invoice", id, invoice, agreement_id)
        kept = {
            "id": id,
            "nextInvoiceDate": agreement.get("nextInvoiceDate"),
            "from": billing.due.first.isoformat(),
            "to": billing.due.last.isoformat(),
            "lines": lines,
        }
        store.put(LINES, id, kept, agreement_id)
        following = billing.due.last + _ONE_DAY
        if billing.arrears:
            following = billing.period(following).last + _ONE_DAY
        agreement["nextInvoiceDate"] = wire_day(following)
        agreement["_info"]["lastUpdated"] = now(store)
        store.put("agreement", agreement_id, agreement)
        return id


def delete_invoice(store: Store, invoice_id: int) -> None:
    """Takes the last invoice of an agreement back: its period is due again. Raises ApiError for an earlier one."""
    with store.transaction():
        agreement_id = store.parent("invoice", invoice_id)
        last = latest_invoice(store, agreement_id) if agreement_id is not None else None
        if last is not None and last["id"] != invoice_id:
            raise ApiError(409, "Conflict", f"Invoice {last['invoiceNumber']} of this agreement is newer.")
        kept = store.get(LINES, invoice_id)
        agreement = store.get("agreement", agreement_id) if agreement_id is not None else None
        if kept is not None and agreement is not None:
            agreement["nextInvoiceDate"] = kept["nextInvoiceDate"]
            agreement["_info"]["lastUpdated"] = now(store)
            store.put("agreement", agreement["id"], {k: v for k, v in agreement.items() if v is not None})
        store.delete("invoice", invoice_id)
        store.delete(LINES, invoice_id)


def latest_invoice(store: Store, agreement_id: int) -> Document | None:
    """The last invoice of an agreement."""
    return max(store.rows("invoice", agreement_id), key=lambda invoice: int(invoice["id"]), default=None)


def next_amount(store: Store, settings: PsaSettings, agreement: Document) -> Decimal:
    """What the next invoice would come to, as things are."""
    billing = agreement_billing(store, settings, agreement)
    if billing.due.last == date.max:
        return Decimal(0)
    return cents(sum((line["amount"] for line in due_lines(store, settings, agreement, billing)), Decimal(0)))


def due_lines(store: Store, settings: PsaSettings, agreement: Document, billing: Billing) -> list[dict[str, Any]]:
    """The lines of the next invoice: for each addition and billing period its days, quantity, price and amount."""
    billed = charged_through(store, agreement["id"])
    lines: list[dict[str, Any]] = []
    for addition in store.rows("addition", agreement["id"]):
        if addition.get("billCustomer") == "Billable":
            lines += _lines_of(addition, agreement, billing, settings, billed.get(addition["id"]))
    return lines


def _lines_of(
    addition: Document, agreement: Document, billing: Billing, settings: PsaSettings, billed: date | None
) -> list[dict[str, Any]]:
    first, last = _active(addition, agreement, billing, settings)
    if not billing.prorates:
        first = max(first, billing.due.first)
    elif billed is not None:
        first = max(first, billed + _ONE_DAY)
    quantity = amount_of(addition, "quantity") - amount_of(addition, "lessIncluded")
    price = amount_of(addition, "unitPrice")
    lines = []
    for period in periods(first, min(last, billing.due.last), billing.frequency, billing.start):
        begins, ends = max(first, period.first), min(last, period.last)
        amount = quantity * price
        if billing.prorates:  # multiplied first: a share such as 10/30 has no exact decimal
            amount = amount * period.overlap(begins, ends) / period.days
        lines.append(
            {
                "addition": addition["id"],
                "from": begins.isoformat(),
                "to": ends.isoformat(),
                "quantity": quantity,
                "unitPrice": price,
                "amount": cents(amount),
            }
        )
    return lines


def _active(addition: Document, agreement: Document, billing: Billing, settings: PsaSettings) -> tuple[date, date]:
    """The first and the last day that an addition bills."""
    first = max(read_day(addition.get("effectiveDate")) or billing.bill_start, billing.bill_start)
    last = read_day(addition.get("cancelledDate")) or date.max
    if last < date.max and settings["psa.cancelled_day"] == "unbilled":
        last -= _ONE_DAY
    return first, min(last, last_day(agreement))


def last_day(agreement: Document) -> date:
    """The last day on which an agreement bills; the end of time if it has none."""
    cancelled = read_day(agreement.get("dateCancelled")) if agreement.get("cancelledFlag") else None
    ended = None if agreement.get("noEndingDateFlag") else read_day(agreement.get("endDate"))
    return min(cancelled or date.max, ended or date.max)


def _invoice(store: Store, settings: PsaSettings, id: int, agreement: Document, total: Decimal) -> Document:
    invoice = {
        "id": id,
        "invoiceNumber": f"A{id:06}",
        "type": "Agreement",
        "date": wire_day(settings.today),
        "status": {"id": 1, "name": "New"},
        "company": agreement.get("company"),
        "agreement": {"id": agreement["id"], "name": agreement.get("name")},
        "applyToType": "Agreement",
        "applyToId": agreement["id"],
        "agreementAmount": total,
        "total": total,
        "specialInvoiceFlag": False,
        "currency": agreement.get("currency"),
        "_info": new_info(store),
    }
    return {name: value for name, value in invoice.items() if value is not None}
