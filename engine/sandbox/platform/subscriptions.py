"""Subscriptions: the list, which pages by limit and offset, and the detail with its activity log."""

from collections.abc import Callable
from typing import Any

from engine.sandbox.asgi import Answer
from engine.sandbox.platform.settings import PlatformSettings
from engine.sandbox.platform.wire import Request, invalid, not_found, whole_number
from engine.sandbox.store import Store, from_json, to_json

SUBSCRIPTION = "platform_subscription"
ACTIVITY = "platform_activity"
DEFAULT_LIMIT = 100

Document = dict[str, Any]
Wanted = Callable[[Document], bool]

_EXACT = {
    "subscriptionId": "subscriptionId",
    "resellerId": "resellerId",
    "providerId": "cloudProviderId",
    "subscriptionStatus": "subscriptionStatus",
    "billingTerm": "subscriptionBillingTerm",
    "billingCycle": "subscriptionBillingCycle",
    "totalLicense": "subscriptionTotalLicenses",
    "ccpProductId": "ccpProductId",
    "providerProductId": "subscriptionProductId",
    "customerPo": "customerPO",
    "resellerPo": "resellerPO",
    "cloudProviderName": "cloudProviderName",
    "resourceType": "resourceType",
}
_PARTIAL = {"customerName": "customerName", "accountName": "partnerName", "subscriptionName": "subscriptionName"}
_RANGES = {"startDateRange": "subscriptionStartDate", "endDateRange": "subscriptionEndDate"}
_TOLD_WHEN_THIN = ("Subscription Created", "Subscription Updated", "Users Update")


def listed(request: Request, store: Store, settings: PlatformSettings) -> Answer:
    """GET …/subscriptions: all customers', or one customer's. Past the end the page is empty."""
    limit = request.number("pagination.limit")
    limit = min(DEFAULT_LIMIT if limit is None else limit, settings.max_page_size)
    offset = request.number("pagination.offset") or 0
    customer = request.number("customerId")
    conditions = _conditions(request)
    order = _order(request)
    if conditions or order is not None:
        found = _selected(store.texts(SUBSCRIPTION, customer), conditions, order)
        total, texts = len(found), found[offset : offset + limit]
    else:
        total = store.count(SUBSCRIPTION, customer)
        texts = store.texts(SUBSCRIPTION, customer, limit=limit, offset=offset)
    body = f'{{"totalCount":"{total}","items":[{",".join(texts)}],"paginationResponse":{{"totalSize":{total}}}}}'
    return Answer(200, body.encode())


def detail(store: Store, settings: PlatformSettings, customer: str, id: str) -> Answer:
    """GET …/customers/{customer}/subscriptions/{id}: the record and its history, newest first."""
    number = whole_number(id)
    text = None if number is None else store.text(SUBSCRIPTION, number)
    if number is None or text is None or from_json(text)["customerId"] != customer:
        raise not_found(f"subscription {id} of customer {customer}")
    kept = store.get(ACTIVITY, number) or {"items": []}
    items = [item for item in kept["items"] if settings.activity_log == "complete" or _told_when_thin(item)]
    log = to_json({"totalCount": str(len(items)), "items": items}).decode()
    return Answer(200, f'{text[:-1]},"activityLogs":{log}}}'.encode())


def _told_when_thin(item: Document) -> bool:
    if item["actionType"] not in _TOLD_WHEN_THIN:
        return False
    return item["actionType"] != "Subscription Updated" or str(item["actionDetails"]).startswith("New Quantity:")


def _conditions(request: Request) -> list[Wanted]:
    conditions: list[Wanted] = []
    for parameter, member in _EXACT.items():
        value = request.parameter(parameter)
        if value is not None:
            conditions.append(_equal(member, value))
    for parameter, member in _PARTIAL.items():
        value = request.parameter(parameter)
        if value is not None:
            conditions.append(_containing(member, value))
    for parameter, member in _RANGES.items():
        first = request.parameter(f"{parameter}.fixedDateRange.startDate")
        last = request.parameter(f"{parameter}.fixedDateRange.endDate")
        if first or last:
            conditions.append(_between(member, first or "", last or "9999"))
    return conditions


def _equal(member: str, value: str) -> Wanted:
    return lambda doc: str(doc.get(member, "")).lower() == value.lower()


def _containing(member: str, value: str) -> Wanted:
    return lambda doc: value.lower() in str(doc.get(member, "")).lower()


def _between(member: str, first: str, last: str) -> Wanted:
    return lambda doc: first <= doc.get(member, "") <= last


def _order(request: Request) -> tuple[str, bool] | None:
    """The member to sort by and whether downwards; None for the order of the ids."""
    member = request.parameter("pagination.sortBy")
    direction = (request.parameter("pagination.sortOrder") or "ASC").upper()
    if direction not in ("ASC", "DESC", "SORT_ORDER_UNSPECIFIED"):
        raise invalid(f"pagination.sortOrder must be ASC or DESC, not {direction!r}")
    down = direction == "DESC"
    if member is None or member == "id":
        return ("id", True) if down else None
    return member, down


def _selected(texts: list[str], conditions: list[Wanted], order: tuple[str, bool] | None) -> list[str]:
    pairs = [(text, from_json(text)) for text in texts]
    pairs = [pair for pair in pairs if all(condition(pair[1]) for condition in conditions)]
    if order is not None:
        member, down = order
        pairs.sort(key=lambda pair: _sort_key(pair[1], member), reverse=down)
    return [text for text, _ in pairs]


def _sort_key(doc: Document, member: str) -> tuple[bool, int, str]:
    """Ids and licence counts are numbers in strings and sort as numbers; what is missing comes last."""
    value = doc.get(member)
    text = "" if value is None else str(value)
    return value is None, whole_number(text) or 0, text
