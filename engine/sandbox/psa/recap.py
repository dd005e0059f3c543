"""The recap of agreements: up to where each has been invoiced, and what comes next."""

from collections.abc import Iterator

from engine.sandbox.psa.additions import agreement_billing
from engine.sandbox.psa.invoicing import latest_invoice, next_amount
from engine.sandbox.psa.periods import Billing, periods, wire_day
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Document, Store

_CHUNK = 500


def recap_rows(store: Store, settings: PsaSettings, after: int = 0) -> Iterator[Document]:
    """One row for each agreement with an id above `after`, in the order of ids."""
    while True:
        agreements = list(store.rows("agreement", after=after, limit=_CHUNK))
        if not agreements:
            return
        for agreement in agreements:
            yield recap_of(store, settings, agreement)
        after = agreements[-1]["id"]


def recap_of(store: Store, settings: PsaSettings, agreement: Document) -> Document:
    """The row of one agreement."""
    billing = agreement_billing(store, settings, agreement)
    row = {
        "id": agreement["id"],
        "name": agreement.get("name"),
        "companyName": (agreement.get("company") or {}).get("name"),
        "agreementStatus": agreement.get("agreementStatus"),
        "nextInvoiceDate": wire_day(billing.next_invoice),
        "nextInvoiceAmount": next_amount(store, settings, agreement),
        "unbilledPeriods": _unbilled(billing, settings),
        "_info": agreement["_info"],
    }
    invoice = latest_invoice(store, agreement["id"])
    if invoice is not None:
        row |= {
            "lastInvoiceDate": invoice["date"],
            "lastInvoiceNumber": invoice["invoiceNumber"],
            "lastInvoiceAmount": invoice["total"],
        }
    return row


def _unbilled(billing: Billing, settings: PsaSettings) -> int:
    """How many periods that have begun are not invoiced."""
    first = max(billing.due.first, billing.bill_start)
    return sum(1 for _ in periods(first, settings.today, billing.frequency, billing.start))
