"""An addition to make in the simulated PSA."""

from datetime import date
from decimal import Decimal

from engine.psa.client import PsaClient
from engine.psa.mark import Mark, encode
from engine.psa.models import Agreement


def open_agreement(client: PsaClient) -> Agreement:
    return next(one for one in client.agreements() if not one.cancelled and one.next_invoice and one.prorates)


def new_line(client: PsaClient, agreement: Agreement, mark: str) -> dict[str, object]:
    item = next(one for one in client.catalog_items() if one.product_class != "Bundle" and not one.inactive)
    return {
        "product_id": item.id,
        "quantity": Decimal(12),
        "unit_price": Decimal("14.95"),
        "unit_cost": Decimal("4.10"),
        "effective": agreement.next_invoice,
        "bill_customer": "Billable",
        "taxable": True,
        "invoice_description": "A line, made up\nin two",
        "mark": mark,
    }


def mark_of(agreement: Agreement) -> str:
    return encode(
        Mark(account="100", subscription="900417", segment=1, role="base", on=date(2026, 7, 1), agreement=agreement.id)
    )
