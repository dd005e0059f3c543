"""v1, which is reached with key and secret: invoices, and the figures of a month per subscription."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.sandbox.asgi import Answer, json_answer
from engine.sandbox.platform.lists import CUSTOMER
from engine.sandbox.platform.subscriptions import SUBSCRIPTION
from engine.sandbox.platform.wire import Request, whole_number
from engine.sandbox.store import Store

INVOICE = "platform_invoice"
FIGURES = "platform_figures"
"""Below its subscription: {"month": "YYYY-MM", "lines": [{"product", "sku", "price", "cost", "usage", "unit"?}]}."""

REPORT_PROVIDERS = {"aws": "1", "googleworkspace": "2", "azureplan": "30", "sophos": "32"}

Document = dict[str, Any]
_FILTER = re.compile(r"filter\[(\w+)(?::(\w+))?\]")
_SORT = re.compile(r"sort\[(\w+)\]")
_MONTH = re.compile(r"(?:m-)?(\d{1,2})-(\d{4})")


class V1Error(Exception):
    """An error in the shape of v1."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def reply(self) -> Answer:
        """The error as it goes over the wire."""
        return json_answer(self.status, {"success": False, "message": self.message})


def my_invoices(request: Request, store: Store) -> Answer:
    """GET /api/v1/invoices/myinvoices: what the reseller is billed."""
    return _invoices(request, [doc for doc in store.rows(INVOICE) if doc["customerId"] is None])


def customer_invoices(request: Request, store: Store) -> Answer:
    """GET /api/v1/invoices?customerId=…: what one customer is billed."""
    customer = request.parameter("customerId")
    if customer is None:
        raise V1Error(400, "customerId is required")
    return _invoices(request, [doc for doc in store.rows(INVOICE) if doc["customerId"] == customer])


def _invoices(request: Request, docs: list[Document]) -> Answer:
    for key, value in request.query:
        found = _FILTER.fullmatch(key)
        if found:
            docs = [doc for doc in docs if _holds(doc, found[1], found[2] or "exact", value)]
    for key, value in reversed(request.query):
        sort = _SORT.fullmatch(key)
        if sort:
            member = sort[1]
            docs.sort(key=lambda doc: str(doc.get(member, "")), reverse=value.lower() == "desc")
    offset = _number(request, "offset", 0)
    docs = docs[offset : offset + _number(request, "limit", 100)]
    if "lines" not in (request.parameter("relations") or "").split(","):
        docs = [{key: value for key, value in doc.items() if key != "lines"} for doc in docs]
    return json_answer(200, {"success": True, "data": {"invoice": docs}})


def _holds(doc: Document, member: str, modifier: str, value: str) -> bool:
    found = doc.get(member)
    text = "" if found is None else str(found)
    tests = {
        "exact": text == value,
        "partial": value.lower() in text.lower(),
        "gt": text > value,
        "lt": text < value,
        "gte": text >= value,
        "lte": text <= value,
    }
    if modifier not in tests:
        raise V1Error(400, f"unknown filter modifier: {modifier}")
    return tests[modifier]


def _number(request: Request, name: str, default: int) -> int:
    value = whole_number(request.parameter(name) or str(default))
    if value is None:
        raise V1Error(400, f"{name} must be a whole number")
    return value


def billing_report(request: Request, store: Store, report: str) -> Answer:
    """GET /api/v1/reports/billing/{report}: customer → subscription → product → sku for one month."""
    provider = REPORT_PROVIDERS.get(report)
    if provider is None:
        raise V1Error(404, f"no such report: {report}")
    found = _MONTH.fullmatch(request.parameter("filter[date_range]") or "")
    if found is None:
        raise V1Error(400, "filter[date_range] must name a month, such as m-06-2026")
    month = f"{found[2]}-{int(found[1]):02}"
    currency = request.parameter("filter[report_currency]") or "USD"
    by_customer: dict[str, list[Document]] = {}
    for subscription, figures in figures_of(store, month, provider, request.parameter("filter[customer_id]")):
        by_customer.setdefault(subscription["customerId"], []).append(_subscription_part(subscription, figures))
    return json_answer(
        200,
        {
            "success": True,
            "message": "Report data for the selected period",
            "currencyOption": {"costCurrency": currency, "priceCurrency": currency},
            "data": [_customer_part(store, customer, lines) for customer, lines in by_customer.items()],
        },
    )


def figures_of(
    store: Store, month: str, provider: str | None = None, customer: str | None = None
) -> Iterator[tuple[Document, Document]]:
    """Subscription and its figures, for each that has some for that month."""
    figures = {doc["subscription"]: doc for doc in store.rows(FIGURES) if doc["month"] == month}
    for subscription in store.rows(SUBSCRIPTION):
        if customer not in (None, subscription["customerId"]) or provider not in (
            None,
            subscription["cloudProviderId"],
        ):
            continue
        if subscription["id"] in figures:
            yield subscription, figures[subscription["id"]]


def _customer_part(store: Store, customer: str, lines: list[Document]) -> Document:
    known = store.get(CUSTOMER, int(customer)) or {}
    entity = {
        "id": customer,
        "type": "customer",
        "company": known.get("customerOrganization", ""),
        "name": known.get("customerName", ""),
    }
    return {"entity": entity, "lines": lines}


def _subscription_part(subscription: Document, figures: Document) -> Document:
    by_product: dict[str, list[Document]] = {}
    for line in figures["lines"]:
        data = {name: _ten_places(line[name]) for name in ("price", "cost", "usage")}
        if "unit" in line:
            data["unit"] = line["unit"]
        sku = {"entity": {"id": line["sku"], "type": "sku"}, "data": data}
        by_product.setdefault(line["product"], []).append(sku)
    currency = subscription["currency"]
    entity = {
        "id": subscription["subscriptionId"],
        "type": "subscription",
        "cost_currency": currency,
        "price_currency": currency,
    }
    products = [{"entity": {"id": name, "type": "product"}, "lines": skus} for name, skus in by_product.items()]
    return {"entity": entity, "lines": products}


def _ten_places(text: str) -> str:
    return f"{Decimal(text):.10f}"
