"""What cannot happen to a subscription, and why. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from engine.sandbox.calendar import day_of, month_of
from engine.sandbox.event import Document, Event
from engine.sandbox.platform.documents import Offer

_OF_LICENCES = ("seats", "price", "upgrade", "partial_upgrade", "renew", "convert", "auto_renew")


class Impossible(ValueError):
    """An event that cannot happen; the message says why."""


def is_metered(doc: Document) -> bool:
    """Whether a subscription is billed by consumption: as recorded, it ends when it starts."""
    return bool(doc["subscriptionEndDate"] == doc["subscriptionStartDate"])


def lasting_refusal(event: "Event", doc: Document, offer: Offer | None) -> str | None:
    """Why an event can never happen to this subscription, whatever comes before it; None if it can."""
    return next(_lasting(event, doc, offer, f"subscription {doc['id']}"), None)


def refusal(event: "Event", doc: Document, offer: Offer | None) -> str | None:
    """Why an event cannot happen to a subscription as it is now; None if it can."""
    name = f"subscription {doc['id']}"
    return next(chain(_lasting(event, doc, offer, name), _passing(event, doc, offer, name)), None)


def _lasting(event: "Event", doc: Document, offer: Offer | None, name: str) -> Iterator[str]:
    for amount, word in ((event.quantity, "quantity"), (event.price, "price"), (event.cost, "cost")):
        if amount is not None and amount < 0:
            yield f"a {word} cannot be negative: {amount}"
    if event.action == "usage":
        yield from _usage(event, doc, name)
        return
    if doc["subscriptionStatus"] in ("deleted", "expired"):
        yield f"{name} has ended ({doc['subscriptionStatus']}): nothing more can happen to it"
    if event.action in _OF_LICENCES and is_metered(doc):
        yield f"{name} is billed by consumption and has no licences, price or term: `usage` sets a month's figures"
    if event.action in ("upgrade", "partial_upgrade") and offer is not None:
        if offer.provider != doc["cloudProviderId"]:
            yield f"{name} is of provider {doc['cloudProviderId']} and cannot be upgraded to one of {offer.provider}"
        if offer.metered:
            yield f"{name} has licences and cannot be upgraded to {offer.name}, which is billed by consumption"


def _usage(event: "Event", doc: Document, name: str) -> Iterator[str]:
    month, begun = event.month or "", day_of(doc["subscriptionStartDate"])
    if not is_metered(doc):
        yield f"{name} has licences: only one that is billed by consumption has usage"
    if month < month_of(begun):
        yield f"{name} began on {begun}: it has no usage in {month}"
    if month > month_of(event.on):
        yield f"{month} has not begun on {event.on}"
    if event.price is None:
        yield "usage needs the month's price"


def _passing(event: "Event", doc: Document, offer: Offer | None, name: str) -> Iterator[str]:
    status = doc["subscriptionStatus"]
    if event.action in ("upgrade", "partial_upgrade") and offer is not None and offer.plan == doc["ccpPlanId"]:
        yield f"{name} is {offer.name} already"
    match event.action:
        case "partial_upgrade":
            has, wanted = int(doc["subscriptionTotalLicenses"]), event.quantity or 0
            if wanted < 1:
                yield "a partial upgrade takes at least 1 licence"
            if wanted >= has:
                yield f"{name} has {has} licences: fewer can be upgraded in part, all of them by `upgrade`"
        case "suspend" if status == "suspended":
            yield f"{name} is suspended already"
        case "resume" if status != "suspended":
            yield f"{name} is not suspended"
        case "convert" if not doc["isTrial"]:
            yield f"{name} is no trial"
        case "renew" if doc["isTrial"]:
            yield f"{name} is a trial: `convert` turns it into a subscription with a term"
        case "auto_renew" if doc["autoRenew"] == event.auto_renew:
            yield f"the renewal of {name} is {'on' if event.auto_renew else 'off'} already"


def cost_of(event: "Event") -> Decimal:
    """The cost of a month's usage: as said, else the price."""
    return (event.price or Decimal(0)) if event.cost is None else event.cost
