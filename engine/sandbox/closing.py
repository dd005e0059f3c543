"""The end of a month on the platform: figures per subscription, and the invoices that are made of them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from engine.sandbox.calendar import day_of, first_of, last_of
from engine.sandbox.platform.billing_v1 import FIGURES, INVOICE
from engine.sandbox.platform.subscriptions import SUBSCRIPTION
from engine.sandbox.possible import is_metered
from engine.sandbox.store import Store

Document = dict[str, Any]
Line = dict[str, str]

TOLD = "platform_usage"
"""Below its subscription: a month's figures that were set: {"id", "month", "price", "cost"}."""

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


def put_usage(store: Store, doc: Document, month: str, price: Decimal, cost: Decimal, today: date) -> None:
    """Sets a month's figures of a consumption subscription, in place of what they were or would be.

    They show once the month is over; if it is, at once, and the month's invoices are revised.
    """
    id = int(doc["id"])
    with store.transaction():
        for kind in (TOLD, FIGURES):
            for row in store.rows(kind, id):
                if row["month"] == month:
                    store.delete(kind, row["id"])
        told = store.next_id(TOLD)
        store.put(TOLD, told, {"id": told, "month": month, "price": price, "cost": cost}, id)
        if last_of(month) >= today:
            return
        provider, lines = doc["cloudProviderId"], _used(store, doc, month)
        number = f"INV-{month}"
        _put_figures(store, doc, month, lines, f"{number}-{provider}")
        line = _invoice_line(doc, lines)
        _revise_invoice(store, f"{number}-{provider}", month, None, line, "cost")
        _revise_invoice(store, f"{number}-C{doc['customerId']}", month, doc["customerId"], line, "price")


def _billed(store: Store, month: str) -> Iterator[tuple[Document, list[Line]]]:
    """Subscriptions that cost something in the month; licences for the whole month, yearly ones in their own."""
    for doc in list(store.rows(SUBSCRIPTION)):
        start = day_of(doc["subscriptionStartDate"])
        used = _used(store, doc, month) if is_metered(doc) else []
        if used:
            yield doc, used
            continue
        if start > last_of(month) or doc["isTrial"] or doc["subscriptionStatus"] in ("deleted", "expired"):
            continue
        if doc["subscriptionBillingCycle"] == "annual" and start.month != first_of(month).month:
            continue
        yield doc, _metered(doc, month) if is_metered(doc) else [_licensed(doc)]


def _used(store: Store, doc: Document, month: str) -> list[Line]:
    """The line of a month whose figures were set."""
    info = doc["ccpProductInfo"]
    return [
        {
            "product": info["productDisplayName"],
            "sku": info["skuDisplayName"],
            "price": f"{Decimal(told['price']):.10f}",
            "cost": f"{Decimal(told['cost']):.10f}",
            "usage": f"{Decimal(1):.10f}",
        }
        for told in store.rows(TOLD, int(doc["id"]))
        if told["month"] == month
    ]


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
    id = store.next_id(FIGURES)
    figures = {
        "id": id,
        "subscription": doc["id"],
        "month": month,
        "seats": doc["subscriptionTotalLicenses"],
        "invoice": invoice,
        "lines": lines,
    }
    store.put(FIGURES, id, figures, int(doc["id"]))


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
    shown = [_shown(line, amount) for line in lines]
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


def _revise_invoice(store: Store, number: str, month: str, customer: str | None, line: Document, amount: str) -> None:
    """Puts a line into an invoice in place of its subscription's; makes the invoice if there is none."""
    invoice = next((one for one in store.rows(INVOICE) if one["number"] == number), None)
    if invoice is None:
        _put_invoice(store, number, month, customer, [line], amount)
        return
    shown = _shown(line, amount)
    others = [one["subscriptionId"] for one in invoice["lines"]]
    if line["subscriptionId"] in others:
        invoice["lines"][others.index(line["subscriptionId"])] = shown
    else:
        invoice["lines"].append(shown)
    invoice["total"] = sum((Decimal(one["total"]) for one in invoice["lines"]), Decimal(0))
    store.put(INVOICE, int(invoice["id"]), invoice)


def _shown(line: Document, amount: str) -> Document:
    """A line as an invoice of costs or of prices shows it."""
    return {name: value for name, value in line.items() if name not in ("cost", "price")} | {"total": line[amount]}


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
