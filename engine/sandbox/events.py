"""What happens to a subscription: one event changes its record and writes its activity log. Pure."""

from datetime import date
from decimal import Decimal

from engine.sandbox.calendar import add_term, day_of, instant
from engine.sandbox.event import Document, Event, Outcome
from engine.sandbox.platform.documents import Offer, put_offer, put_price, subscription_document
from engine.sandbox.possible import Impossible, is_metered, refusal


def bought(event: Event, customer_name: str, account: str, offer: Offer) -> Outcome:
    """A purchase makes the record. The log's item is a few seconds younger than the record, as recorded."""
    if event.customer is None:
        raise ValueError("a purchase needs a customer")
    quantity = 1 if event.quantity is None else event.quantity
    doc = subscription_document(
        id=event.subscription,
        customer=event.customer,
        customer_name=customer_name,
        account=account,
        offer=offer,
        quantity=quantity,
        start=event.on,
        price=event.price,
        cost=event.cost,
        auto_renew=event.auto_renew,
        trial=event.trial,
        name=event.name,
    )
    if event.parent is not None:
        doc["parentSubscriptionId"] = str(event.parent)
    text = f"Offer Name: {offer.name}; Quantity: {quantity}; "
    item = _item(doc, event, "Subscription Created", text, number=0)
    kind = "starts a trial of" if event.trial else "buys"
    return Outcome(document=doc, items=[item], said=_said(doc, event, f"{kind} {quantity} × {offer.name}"))


def changed(event: Event, before: Document, logged: int, offer: Offer | None = None) -> Outcome | None:
    """What an event makes of a record with `logged` items in its log; None for the end of a term that has moved.

    An upgrade needs the offer that it goes to. The log says that a price changed, and never to what: the platform keeps
    no past price. Raises Impossible where the event cannot happen to the record as it is.
    """
    if event.action == "term" and not _term_is_over(before, event.on):
        return None
    reason = refusal(event, before, offer)
    if reason is not None:
        raise Impossible(reason)
    doc = dict(before)
    doc["lastUpdatedDate"] = instant(event.on, event.subscription, 60 + logged)
    if event.action == "upgrade":
        if offer is None:
            raise ValueError("an upgrade needs an offer")
        kind, details, said = _upgrade(doc, event, offer)
    elif event.action == "users":
        kind, details, said = "", "", f"creates users of {doc['subscriptionName']}"
    else:
        kind, details, said = _told(doc, event)
    items = [_item(doc, event, kind, details, number=logged)] if kind else []
    if event.action == "users":
        items = [_users(doc, event, logged, f"User Created: user{n}; ", n * 40) for n in (2, 1)]
    return Outcome(document=doc, items=items, said=_said(doc, event, said))


def _upgrade(doc: Document, event: Event, offer: Offer) -> tuple[str, str, str]:
    before = doc["ccpProductInfo"]["planDisplayName"]
    put_offer(doc, offer)
    doc["subscriptionName"] = offer.name
    put_price(
        doc,
        offer.price if event.price is None else event.price,
        offer.cost if event.cost is None else event.cost,
    )
    details = f"Offer Name: {offer.name}; Quantity: {doc['subscriptionTotalLicenses']}; Status: active; "
    return "Subscription Upgraded", details, f"upgrades {before} to {offer.name}"


def _told(doc: Document, event: Event) -> tuple[str, str, str]:
    """Changes `doc`; gives action type ("" for none), details and sentence."""
    name = doc["subscriptionName"]
    match event.action:
        case "seats":
            quantity = 0 if event.quantity is None else event.quantity
            before = doc["subscriptionTotalLicenses"]
            doc["subscriptionTotalLicenses"] = str(quantity)
            put_price(doc, doc["price"], doc["cost"])
            details = f"New Quantity: {quantity}; Status: {doc['subscriptionStatus']}; "
            return "Subscription Updated", details, f"changes {name} from {before} to {quantity}"
        case "price":
            _reprice(doc, event)
            status = f"Status: {doc['subscriptionStatus']}; "
            return "Price Updated", status, f"pays {doc['price']} for {name} from now on"
        case "convert":
            put_price(doc, event.price or Decimal(0), event.cost or Decimal(0))
            doc.update(isTrial=False, autoRenew=True, subscriptionRenewStatus="ENABLED", subscriptionBillingTerm="P1M")
            _put_end(doc, add_term(event.on, "P1M"))
            return "Trial Converted", "Status: active; ", f"turns the trial of {name} into a subscription"
        case "auto_renew" | "renew" | "term":
            return _new_term(doc, event, name)
    return _new_status(doc, event, name)


def next_term(doc: Document) -> date | None:
    """The first day after the term, on which it is renewed or ends; None if nothing happens then.

    As recorded, a monthly Microsoft plan renews itself without a trace: the end shown stays that of its first term.
    """
    if doc["subscriptionStatus"] in ("deleted", "expired") or is_metered(doc):
        return None
    if doc["autoRenew"] and doc["subscriptionBillingTerm"] == "P1M" and doc["cloudProviderId"] == "30":
        return None
    return day_of(doc["subscriptionEndDate"])


def roll_term(doc: Document, day: date) -> None:
    """Makes the record show the end of the term that runs on a day, without a word in the log.

    An end that lies ahead stays: it may have been moved by hand.
    """
    if day_of(doc["subscriptionEndDate"]) > day:
        return
    end = start = day_of(doc["subscriptionStartDate"])
    times = 0
    while end <= day:
        times += 1
        end = add_term(start, doc["subscriptionBillingTerm"], times)
    _put_end(doc, end)


def _term_is_over(doc: Document, day: date) -> bool:
    return doc["subscriptionStatus"] not in ("deleted", "expired") and day_of(doc["subscriptionEndDate"]) == day


def _renewed(doc: Document, name: str) -> tuple[str, str, str]:
    """One more term from the end shown."""
    _put_end(doc, add_term(day_of(doc["subscriptionEndDate"]), doc["subscriptionBillingTerm"]))
    quantity, new = doc["subscriptionTotalLicenses"], doc["subscriptionEndDate"]
    details = f"New End Date: {new}; Quantity: {quantity}; Status: {doc['subscriptionStatus']}; "
    return "Subscription Renewed", details, f"renews {name} until {new[:10]}"


def _reprice(doc: Document, event: Event) -> None:
    """The price of an event; what it does not say stays."""
    price = doc["price"] if event.price is None else event.price
    put_price(doc, price, doc["cost"] if event.cost is None else event.cost)


def _new_term(doc: Document, event: Event, name: str) -> tuple[str, str, str]:
    """Renews, lets run out, or switches the renewal on or off; the end shown is then that of the running term."""
    if event.action == "term":
        if doc["autoRenew"]:
            return _renewed(doc, name)
        _ended(doc, "expired")
        return "Subscription Expired", "Status: expired; ", f"lets {name} run out"
    roll_term(doc, event.on)
    if event.action == "renew":
        _reprice(doc, event)
        return _renewed(doc, name)
    word = "ENABLED" if event.auto_renew else "DISABLED"
    doc.update(autoRenew=event.auto_renew, subscriptionRenewStatus=word)
    return "Auto Renew Updated", f"Auto Renew: {word}; ", f"switches the renewal of {name} to {word.lower()}"


def _put_end(doc: Document, end: date) -> None:
    text = instant(end, int(doc["id"]))
    doc.update(subscriptionEndDate=text, renewalDate=text)


def _ended(doc: Document, status: str) -> None:
    doc.update(subscriptionStatus=status, autoRenew=False, subscriptionRenewStatus="DISABLED")


def _new_status(doc: Document, event: Event, name: str) -> tuple[str, str, str]:
    known = {
        "cancel": ("deleted", "Subscription Cancelled", f"cancels {name}"),
        "suspend": ("suspended", "Subscription Suspended", f"has {name} suspended"),
        "resume": ("active", "Subscription Resumed", f"has {name} active again"),
        "status": (event.status or "active", "Subscription Status Changed", f"has {name} at {event.status}"),
    }
    status, kind, said = known[event.action]
    if status in ("deleted", "expired"):
        _ended(doc, status)
    doc["subscriptionStatus"] = status
    return kind, f"Status: {status}; ", said


def _item(doc: Document, event: Event, kind: str, details: str, number: int) -> Document:
    return {
        "id": f"{event.subscription:08x}-beef-4000-8000-{number:012x}",
        "actionType": kind,
        "actionDate": instant(event.on, event.subscription, 5),
        "actionStatus": "succeeded",
        "productId": doc["subscriptionProductId"],
        "skuId": doc["subscriptionSkuId"],
        "actionDetails": details,
        "ccpUserId": "592500",
        "ccpUserName": "Example Reseller",
        "ccpUserEmail": "reseller@example.com",
    }


def _users(doc: Document, event: Event, number: int, details: str, later: int) -> Document:
    """An item that is no licence change. As recorded, two of them share one id."""
    item = _item(doc, event, "Users Update", details, number)
    item["actionDate"] = instant(event.on, event.subscription, 5 + later)
    return item


def _said(doc: Document, event: Event, what: str) -> str:
    return f"{event.on}: {doc['customerName']} {what} (subscription {doc['id']})"
