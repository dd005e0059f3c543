"""The end of a month on the platform: figures per subscription, and the invoices that are made of them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from engine.sandbox.calendar import day_of, first_of, last_of
from engine.sandbox.platform.billing_v1 import FIGURES, INVOICE
from engine.sandbox.platform.subscriptions import SUBSCRIPTION
from engine.sandbox.store import Store

Document = dict[str, Any]
Line = dict[str, str]

_METERED_LINES = {
    "30": (("A Series VM", "A1", "1 Hour"), ("Blob Storage", "Hot", "10K"), ("Backup", "Standard", "1 GB/Month")),
    "1": (("Amazon EC2", "t3.medium", "1 Hour"), ("Amazon S3", "Standard storage", "1 GB/Month")),
}


def close_month(store: Store, month: str) -> str:
    """Makes figures and invoices of a month (YYYY-MM), once its last day has passed; says so in a sentence."""
    by_provider: dict[str, list[Document]] = {}
    by_customer: dict[str, list[Document]] = {}
    number = f"INV-{month}"
    with store.transaction():
        for subscription, lines in _billed(store, month):
            _put_figures(store, subscription, month, lines, f"{number}-{subscription['cloudProviderId']}")
            line = _invoice_line(subscription, lines)
            by_provider.setdefault(subscription["cloudProviderId"], []).append(line)
            by_customer.setdefault(subscription["customerId"], []).append(line)
        for provider, lines in sorted(by_provider.items()):
            _put_invoice(store, f"{number}-{provider}", month, None, lines, "cost")
        for customer, lines in sorted(by_customer.items()):
            _put_invoice(store, f"{number}-C{customer}", month, customer, lines, "price")
    return f"{last_of(month)}: the platform bills {month} ({len(by_provider)} providers, {len(by_customer)} customers)"


def _billed(store: Store, month: str) -> Iterator[tuple[Document, list[Line]]]:
    """Subscriptions that cost something in the month; licences for the whole month, yearly ones in their own."""
    for doc in list(store.rows(SUBSCRIPTION)):
        start = day_of(doc["subscriptionStartDate"])
        if start > last_of(month) or doc["isTrial"] or doc["subscriptionStatus"] in ("deleted", "expired"):
            continue
        if doc["subscriptionBillingCycle"] == "annual" and start.month != first_of(month).month:
            continue
        metered = doc["subscriptionEndDate"] == doc["subscriptionStartDate"]
        yield doc, _metered(doc, month) if metered else [_licensed(doc)]


def _licensed(doc: Document) -> Line:
    quantity = int(doc["subscriptionTotalLicenses"])
    info = doc["ccpProductInfo"]
    return {
        "product": info["productDisplayName"],
        "sku": info["skuDisplayName"],
        "price": f"{doc['price'] * quantity:.10f}",
        "cost": f"{doc['cost'] * quantity:.10f}",
        "usage": f"{Decimal(quantity):.10f}",
    }


def _metered(doc: Document, month: str) -> list[Line]:
    """Consumption that looks like some, and is the same on every run."""
    seed = int(doc["id"]) * 131 + int(month.replace("-", ""))
    lines = []
    for number, (product, sku, unit) in enumerate(_METERED_LINES[doc["cloudProviderId"]], 1):
        usage = Decimal(seed * number * 7919 % 9_000_000_000) / 10_000_000
        cost = usage * Decimal(seed % 97 + 3) / Decimal(500 * number)
        lines.append(
            {
                "product": product,
                "sku": sku,
                "price": f"{cost * Decimal('1.15'):.10f}",
                "cost": f"{cost:.10f}",
                "usage": f"{usage:.10f}",
                "unit": unit,
            }
        )
    return lines


def _put_figures(store: Store, doc: Document, month: str, lines: list[Line], invoice: str) -> None:
    figures = {
        "subscription": doc["id"],
        "month": month,
        "seats": doc["subscriptionTotalLicenses"],
        "invoice": invoice,
        "lines": lines,
    }
    store.put(FIGURES, store.next_id(FIGURES), figures, int(doc["id"]))


def _invoice_line(doc: Document, lines: list[Line]) -> Document:
    return {
        "cloudProviderId": doc["cloudProviderId"],
        "customerId": doc["customerId"],
        "subscriptionId": doc["subscriptionId"],
        "description": doc["subscriptionName"],
        "quantity": doc["subscriptionTotalLicenses"],
        "cost": sum((Decimal(line["cost"]) for line in lines), Decimal(0)).quantize(Decimal("0.01")),
        "price": sum((Decimal(line["price"]) for line in lines), Decimal(0)).quantize(Decimal("0.01")),
    }


def _put_invoice(
    store: Store, number: str, month: str, customer: str | None, lines: list[Document], amount: str
) -> None:
    id = store.next_id(INVOICE)
    shown = [
        {name: value for name, value in line.items() if name not in ("cost", "price")} | {"total": line[amount]}
        for line in lines
    ]
    invoice: Document = {
        "id": str(id),
        "number": number,
        "customerId": customer,
        "billingStartDate": str(first_of(month)),
        "billingEndDate": str(last_of(month)),
        "status": "closed",
        "currency": "USD",
        "currencyRates": [],
        "total": sum((line["total"] for line in shown), Decimal(0)),
        "lines": shown,
    }
    store.put(INVOICE, id, invoice)


def months_ended(after: date, until: date) -> list[str]:
    """The months whose last day lies after `after` and before `until` (the first day of the next month included)."""
    found = []
    month = f"{after:%Y-%m}"
    while last_of(month) < until:
        if last_of(month) >= after:
            found.append(month)
        day = last_of(month).toordinal() + 1
        month = f"{date.fromordinal(day):%Y-%m}"
    return found
