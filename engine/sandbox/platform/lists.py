"""The lists of v3 that page by pageSize and pageToken: customers, products and orders."""

import base64
from collections.abc import Callable
from typing import Any

from engine.sandbox.asgi import Answer
from engine.sandbox.platform.settings import PlatformSettings
from engine.sandbox.platform.wire import Request, invalid, not_found, whole_number
from engine.sandbox.store import Store, from_json

CUSTOMER = "platform_customer"
PRODUCT = "platform_product"
ORDER = "platform_order"

Document = dict[str, Any]
Wanted = Callable[[Document], bool]
DEFAULT_PAGE = 100


def customers(request: Request, store: Store, settings: PlatformSettings) -> Answer:
    """GET …/customers."""
    wanted = [
        _equals(request, "filter.customerEmail", "customerEmail"),
        _equals(request, "filter.languageCode", "languageCode"),
        _equals(request, "filter.customerStatus", "customerStatus", unspecified="CUSTOMER_STATUS_UNSPECIFIED"),
        _contains(request, "filter.customerName", "customerOrganization"),
    ]
    return _page(request, settings, "customers", _found(store, CUSTOMER, wanted))


def customer(store: Store, id: str) -> Answer:
    """GET …/customers/{id}."""
    number = whole_number(id)
    text = None if number is None else store.text(CUSTOMER, number)
    if text is None:
        raise not_found(f"customer {id}")
    return Answer(200, text.encode())


def products(request: Request, store: Store, settings: PlatformSettings) -> Answer:
    """GET …/products."""
    part = request.parameter("filter.mfgPartNumber")
    name = request.parameter("filter.skuDisplayName")
    sku_id = request.parameter("filter.skuId")
    provider = request.number("filter.cloudProviderId")
    wanted: list[Wanted | None] = [
        _contains(request, "filter.name", "marketing", "displayName"),
        (lambda doc: any(plan.get("mpnId") == part for sku in _skus(doc) for plan in sku["plans"])) if part else None,
        (lambda doc: any(sku["displayName"] == name for sku in _skus(doc))) if name else None,
        (lambda doc: any(sku["id"] == sku_id for sku in _skus(doc))) if sku_id else None,
        (lambda doc: doc["productCloudProviderName"].endswith(f"/{provider}")) if provider is not None else None,
    ]
    return _page(request, settings, "products", _found(store, PRODUCT, wanted))


def product(store: Store, id: str) -> Answer:
    """GET …/products/{id}."""
    for text in store.texts(PRODUCT):
        if from_json(text)["id"] == id:
            return Answer(200, text.encode())
    raise not_found(f"product {id}")


def orders(request: Request, store: Store, settings: PlatformSettings, customer_id: str | None = None) -> Answer:
    """GET …/orders and …/customers/{id}/orders: the newest first, unless asked otherwise."""
    customers_wanted = set((request.parameter("filter.customerIdList") or "").split(",")) - {""}
    if customer_id is not None:
        customers_wanted = {customer_id}
    wanted: list[Wanted | None] = [
        _equals(request, "status", "status"),
        (lambda doc: doc["customerId"] in customers_wanted) if customers_wanted else None,
    ]
    sort_by = request.parameter("sortBy") or "createTime"
    if sort_by not in ("createTime", "updateTime"):
        raise invalid(f"sortBy must be createTime or updateTime, not {sort_by!r}")
    docs = [(text, from_json(text)) for text in _found(store, ORDER, wanted)]
    docs.sort(key=lambda pair: pair[1][sort_by], reverse=(request.parameter("sortOrder") or "DESC").upper() == "DESC")
    return _page(request, settings, "orders", [text for text, _ in docs])


def _found(store: Store, kind: str, wanted: list[Wanted | None]) -> list[str]:
    """The JSON texts of the documents that meet every condition; decoded only where there is one."""
    conditions = [condition for condition in wanted if condition is not None]
    texts = store.texts(kind)
    if not conditions:
        return texts
    decoded = ((text, from_json(text)) for text in texts)
    return [text for text, doc in decoded if all(condition(doc) for condition in conditions)]


def _page(request: Request, settings: PlatformSettings, member: str, texts: list[str]) -> Answer:
    """One page of `texts`, and the token of the next. A token carries its place and the page size asked for."""
    token = request.parameter("pageToken")
    size = request.number("pageSize")
    if token is None and size is None:
        raise invalid("pageSize or pageToken must be present")
    begin, asked = _read_token(token) if token else (0, DEFAULT_PAGE)
    size = min(size or asked, settings.max_page_size)
    end = begin + size
    body = f'{{"{member}":[{",".join(texts[begin:end])}]'
    if end < len(texts):
        body += f',"nextPageToken":"{_make_token(end, size)}"'
    return Answer(200, f"{body}}}".encode())


def _make_token(begin: int, size: int) -> str:
    return base64.urlsafe_b64encode(f"{begin}.{size}".encode()).decode()


def _read_token(token: str) -> tuple[int, int]:
    try:
        parts = [whole_number(part) for part in base64.urlsafe_b64decode(token).decode().split(".")]
    except ValueError:
        parts = []
    match parts:
        case [int(begin), int(size)]:
            return begin, size
    raise invalid("pageToken is not one that was given out")


def _equals(request: Request, parameter: str, member: str, unspecified: str | None = None) -> Wanted | None:
    value = request.parameter(parameter)
    if value is None or value == unspecified:
        return None
    return lambda doc: str(doc.get(member, "")).lower() == value.lower()


def _contains(request: Request, parameter: str, *members: str) -> Wanted | None:
    value = request.parameter(parameter)
    if value is None:
        return None

    def holds(doc: Document) -> bool:
        found: Any = doc
        for member in members:
            found = found.get(member, {})
        return value.lower() in str(found).lower()

    return holds


def _skus(doc: Document) -> list[Document]:
    skus: list[Document] = doc["definition"]["skus"]
    return skus
