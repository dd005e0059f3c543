"""Subscriptions as the platform writes them, and how they become ours. Unknown fields and values break nothing."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from engine.platform.dates import instant, last_day
from engine.platform.models import Subscription, SubscriptionState, UnreadableSubscription

_BILLING = frozenset({"active", "enabled", "available", "running", "complete", "completed"})
_UNDER_WAY = frozenset({"initiated", "in_progress", "pending", "accepted", "confirmed"})
_SUSPENDED = frozenset({"suspended", "paused"})
_ENDED = frozenset({"deleted", "cancelled", "canceled", "expired"})


_NOTHING = msgspec.Raw()


class WireProductInfo(msgspec.Struct):
    product_name: str | None = msgspec.field(default=None, name="productDisplayName")
    plan_name: str | None = msgspec.field(default=None, name="planDisplayName")


class WireSubscription(msgspec.Struct, rename="camel"):
    """The needed fields of a subscription."""

    id: str | int | None = None
    customer_id: str | int | None = None
    cloud_provider_id: str | int | None = None
    subscription_id: str | None = None
    subscription_name: str | None = None
    ccp_product_id: str | None = None
    ccp_plan_id: str | None = None
    ccp_sku_id: str | None = None
    ccp_product_info: WireProductInfo | None = None
    subscription_total_licenses: str | int | None = None
    subscription_status: str | None = None
    subscription_start_date: str | None = None
    subscription_end_date: str | None = None
    subscription_purchased_date: str | None = None
    subscription_billing_cycle: str | None = None
    subscription_billing_term: str | None = None
    subscription_renew_status: str | None = None
    auto_renew: bool | None = None
    is_trial: bool | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    currency: str | None = None
    billing_currency: str | None = None
    mfg_part_number: str | None = None
    last_updated_date: str | None = None
    parent_subscription_id: Any = None
    related_subscription: msgspec.Raw = _NOTHING


class WireTotal(msgspec.Struct, rename="camel"):
    total_size: int | str | None = None


class SubscriptionPage(msgspec.Struct, rename="camel"):
    """A page of subscriptions, each read on its own only where the page as a whole cannot be."""

    items: list[WireSubscription] | None = None
    total_count: int | str | None = None
    pagination_response: WireTotal | None = None


class RawSubscriptionPage(msgspec.Struct, rename="camel"):
    """The same page with its items unread."""

    items: list[msgspec.Raw] | None = None
    total_count: int | str | None = None
    pagination_response: WireTotal | None = None


class _Named(msgspec.Struct, rename="camel"):
    id: str | int | None = None
    customer_id: str | int | None = None


class _Related(msgspec.Struct, rename="camel"):
    id: str | int | None = None
    internal_id: str | int | None = None


_LARGEST_AMOUNT = Decimal(10) ** 12
_MOST_PLACES = 30


class _UnreadableError(Exception):
    pass


_ITEM = msgspec.json.Decoder(WireSubscription)
_RELATED = msgspec.json.Decoder(_Related)
_NO_PARENT = frozenset((None, "", "0"))


def total_of(page: SubscriptionPage | RawSubscriptionPage) -> int | None:
    """How many subscriptions the whole list has, by the platform's own count; None where it does not say."""
    counts = (page.total_count, page.pagination_response.total_size if page.pagination_response else None)
    for count in counts:
        text = str(count).strip() if count is not None else ""
        if text.isascii() and text.isdigit():
            return int(text)
    return None


def subscription(wire: WireSubscription) -> Subscription | UnreadableSubscription:
    """Our form of a subscription, or why it has none."""
    try:
        return _subscription(wire)
    except _UnreadableError as problem:
        return UnreadableSubscription(id=_text(wire.id), customer_id=_text(wire.customer_id), why=str(problem))


def raw_subscription(raw: msgspec.Raw) -> Subscription | UnreadableSubscription:
    """The same from an item's own JSON, for a page that holds one of another form."""
    try:
        return subscription(_ITEM.decode(raw))
    except msgspec.ValidationError as problem:
        own, customer = _named(raw)
        return UnreadableSubscription(id=own, customer_id=customer, why=str(problem))


@lru_cache(maxsize=256)
def state_of(status: str, begun: bool) -> SubscriptionState:
    """What a status means for billing. What is under way bills once it has a start; what is not known is `unknown`."""
    known = status.strip().lower().replace(" ", "_").replace("-", "_")
    if known in _BILLING:
        return "billing"
    if known in _UNDER_WAY:
        return "billing" if begun else "pending"
    if known in _SUSPENDED:
        return "suspended"
    return "ended" if known in _ENDED else "unknown"


def _subscription(wire: WireSubscription) -> Subscription:
    info = wire.ccp_product_info or WireProductInfo()
    status = wire.subscription_status or ""
    started = _instant(wire.subscription_start_date, "subscriptionStartDate")
    state = state_of(status, begun=started is not None)
    if started is None and state not in {"billing", "suspended"}:
        started = _instant(wire.subscription_purchased_date, "subscriptionPurchasedDate")
    if started is None:
        raise _UnreadableError("it has no start date")
    ended = _instant(wire.subscription_end_date, "subscriptionEndDate")
    end, end_note = last_day(started, ended) if ended else (None, None)
    renews = wire.auto_renew
    if renews is None:
        renews = (wire.subscription_renew_status or "").strip().lower() == "enabled"
    own = _required(wire.id, "id")
    return Subscription(
        id=own,
        provider_id=wire.subscription_id or "",
        customer_id=_required(wire.customer_id, "customerId"),
        provider=_required(wire.cloud_provider_id, "cloudProviderId"),
        product=_required(wire.ccp_product_id, "ccpProductId"),
        plan=_required(wire.ccp_plan_id, "ccpPlanId"),
        sku=wire.ccp_sku_id or "",
        name=wire.subscription_name or "",
        product_name=info.product_name or "",
        plan_name=info.plan_name or "",
        licenses=_licenses(wire.subscription_total_licenses),
        status=status,
        state=state,
        start=started.date(),
        end=end,
        end_note=end_note,
        term=wire.subscription_billing_term or None,
        cycle=wire.subscription_billing_cycle.lower() if wire.subscription_billing_cycle else None,
        auto_renew=renews,
        trial=bool(wire.is_trial),
        unit_price=_money(wire.price, "price"),
        unit_cost=_money(wire.cost, "cost"),
        currency=_required(wire.currency or wire.billing_currency, "currency"),
        part_number=wire.mfg_part_number or None,
        parent=_parent(wire, own),
        last_updated=wire.last_updated_date or "",
    )


def _parent(wire: WireSubscription, own: str) -> str | None:
    """What the subscription came from; no item is refused for want of it. An id of 0 stands for none."""
    given = wire.parent_subscription_id
    if given is None and not wire.related_subscription:
        return None
    parent = _text(given) if type(given) in {str, int} else None
    if parent in _NO_PARENT:
        parent = _related(wire.related_subscription)
    return None if parent in _NO_PARENT or parent in {own, wire.subscription_id} else parent


def _related(raw: msgspec.Raw) -> str | None:
    """The id of the related subscription, which the API's description calls `internalId`."""
    try:
        found = _RELATED.decode(raw or b"{}")
    except msgspec.ValidationError:
        return None
    return _text(found.id) or _text(found.internal_id)


def _instant(text: str | None, field: str) -> datetime | None:
    try:
        return instant(text)
    except (ValueError, OverflowError):
        raise _UnreadableError(f"{field} is {(text or '')[:40]!r}, not a date") from None


def _required(value: str | int | None, field: str) -> str:
    text = value.strip() if isinstance(value, str) else _text(value)
    if not text:
        raise _UnreadableError(f"it has no {field}")
    return text


def _text(value: str | int | None) -> str | None:
    text = str(value).strip() if value is not None else ""
    return text or None


def _licenses(value: str | int | None) -> int:
    text = _required(value, "subscriptionTotalLicenses")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _UnreadableError(f"subscriptionTotalLicenses is {text[:40]!r}, not a whole number of 0 or more")
    return int(text)


def _money(value: Decimal | None, field: str) -> Decimal:
    if value is None:
        raise _UnreadableError(f"it has no {field}")
    if not value.is_finite():
        raise _UnreadableError(f"{field} is not a number")
    if not 0 <= value < _LARGEST_AMOUNT or int(value.as_tuple().exponent) < -_MOST_PLACES:
        raise _UnreadableError(f"{field} is {str(value)[:40]}, which is no price")
    return value


def _named(raw: msgspec.Raw) -> tuple[str | None, str | None]:
    try:
        named = msgspec.json.decode(raw, type=_Named)
    except msgspec.ValidationError:
        return None, None
    return _text(named.id), _text(named.customer_id)
