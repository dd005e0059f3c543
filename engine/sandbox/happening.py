"""One event carried out: the records, logs, orders and figures that it changes on the platform."""

from datetime import date
from typing import Any

import msgspec

from engine.sandbox.closing import put_usage
from engine.sandbox.event import Event, Outcome
from engine.sandbox.events import bought, changed
from engine.sandbox.platform.documents import Offer, OfferKey, order_document
from engine.sandbox.platform.lists import CUSTOMER, ORDER
from engine.sandbox.platform.subscriptions import ACTIVITY, SUBSCRIPTION
from engine.sandbox.possible import Impossible, cost_of, lasting_refusal, refusal
from engine.sandbox.store import Store

OFFER = "platform_offer"
EVENT = "platform_event"
"""The script: events of days to come."""

Document = dict[str, Any]
_ORDERED = {"purchase": "CREATE", "seats": "UPDATE", "upgrade": "UPGRADE", "cancel": "CANCEL", "renew": "RENEW"}


def happen(store: Store, account: str, event: Event) -> tuple[Outcome, ...]:
    """Lets one event happen: what became of each subscription concerned; nothing for the end of a term that has moved.

    Raises Impossible, and then nothing has changed.
    """
    if event.action == "purchase":
        return (_purchase(store, account, event),)
    before = store.get(SUBSCRIPTION, event.subscription)
    if before is None:
        raise Impossible(f"there is no subscription {event.subscription}")
    offer = _offer(store, event.offer)
    if event.action == "partial_upgrade":
        return _upgrade_in_part(store, account, event, before, offer)
    if event.action == "usage":
        return (_use(store, event, before),)
    log = store.get(ACTIVITY, event.subscription) or {"items": []}
    outcome = changed(event, before, len(log["items"]), offer)
    if outcome is None:
        return ()
    _keep(store, account, event, outcome, log["items"])
    return (outcome,)


def check(store: Store, event: Event, today: date) -> None:
    """Raises Impossible for an event that can never happen; what may yet become possible passes."""
    if event.on < today:
        raise Impossible(f"{event.on} has passed: the sandbox's day is {today}")
    offer = _offer(store, event.offer)
    if event.action == "purchase":
        if store.text(SUBSCRIPTION, event.subscription) is not None or _scripted(store, event.subscription):
            raise Impossible(f"there is a subscription {event.subscription} already")
        if store.text(CUSTOMER, event.customer or 0) is None:
            raise Impossible(f"there is no customer {event.customer}")
        return
    doc = store.get(SUBSCRIPTION, event.subscription)
    if doc is None:
        bought_on = _scripted(store, event.subscription)
        if bought_on is None:
            raise Impossible(f"there is no subscription {event.subscription}")
        if event.on < bought_on:
            raise Impossible(f"subscription {event.subscription} is only bought on {bought_on}")
        return
    reason = lasting_refusal(event, doc, offer)
    if reason is not None:
        raise Impossible(reason)


def _scripted(store: Store, subscription: int) -> date | None:
    """The day on which the script has a subscription bought."""
    for doc in store.rows(EVENT):
        event = msgspec.convert(doc["event"], Event, strict=False)
        if event.action == "purchase" and event.subscription == subscription:
            return event.on
    return None


def _purchase(store: Store, account: str, event: Event) -> Outcome:
    customer = store.get(CUSTOMER, event.customer or 0)
    offer = _offer(store, event.offer)
    if customer is None or offer is None:
        raise Impossible(f"there is no customer {event.customer}" if customer is None else "a purchase needs an offer")
    if store.text(SUBSCRIPTION, event.subscription) is not None:
        raise Impossible(f"there is a subscription {event.subscription} already")
    outcome = bought(event, customer["customerOrganization"], account, offer)
    _keep(store, account, event, outcome, [])
    return outcome


def _upgrade_in_part(
    store: Store, account: str, event: Event, before: Document, offer: Offer | None
) -> tuple[Outcome, ...]:
    """Fewer licences here, and a purchase of a subscription with a new id that names this one as its parent."""
    reason = refusal(event, before, offer)
    if reason is not None or offer is None:
        raise Impossible(reason or "a partial upgrade needs an offer")
    left = int(before["subscriptionTotalLicenses"]) - (event.quantity or 0)
    fewer = Event(on=event.on, action="seats", subscription=event.subscription, quantity=left)
    more = Event(
        on=event.on,
        action="purchase",
        subscription=store.next_id(SUBSCRIPTION),
        customer=int(before["customerId"]),
        offer=event.offer,
        quantity=event.quantity,
        price=event.price,
        cost=event.cost,
        auto_renew=before["autoRenew"],
        parent=event.subscription,
    )
    return (*happen(store, account, fewer), *happen(store, account, more))


def _use(store: Store, event: Event, doc: Document) -> Outcome:
    reason = refusal(event, doc, None)
    if reason is not None or event.month is None or event.price is None:
        raise Impossible(reason or "usage needs a month and its price")
    put_usage(store, doc, event.month, event.price, cost_of(event), event.on)
    said = f"{event.on}: {doc['customerName']} used {event.price} of {doc['subscriptionName']} in {event.month}"
    return Outcome(document=doc, items=[], said=f"{said} (subscription {doc['id']})")


def _keep(store: Store, account: str, event: Event, outcome: Outcome, logged: list[Document]) -> None:
    doc = outcome.document
    with store.transaction():
        store.put(SUBSCRIPTION, event.subscription, doc, int(doc["customerId"]))
        store.put(ACTIVITY, event.subscription, {"items": outcome.items + logged})
        if event.action in _ORDERED:
            id = store.next_id(ORDER)
            action = _ORDERED[event.action]
            store.put(ORDER, id, order_document(account=account, id=id, action=action, subscription=doc, day=event.on))


def _offer(store: Store, key: OfferKey | None) -> Offer | None:
    """The offer of a key, if there is a key. Raises Impossible if nothing of that key is offered."""
    if key is None:
        return None
    offers = [msgspec.convert(doc, Offer, strict=False) for doc in store.rows(OFFER)]
    for offer in offers:
        if offer.key == tuple(key):
            return offer
    near = [offer for offer in offers if offer.provider == key[0]] or offers
    raise Impossible(
        f"the platform offers no {'/'.join(key)}; there are {', '.join('/'.join(one.key) for one in near)}"
    )
