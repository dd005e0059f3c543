"""A large world, the same for the same seed: customers and subscriptions with their companies and agreements."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from engine.sandbox.bookkeeping import (
    MONTHLY,
    AgreementKind,
    Company,
    PsaAgreement,
    write_companies,
    write_items,
    write_setup,
)
from engine.sandbox.event import Document, Event
from engine.sandbox.events import bought, changed, next_term, roll_term
from engine.sandbox.example.catalog import ITEMS, OFFERS
from engine.sandbox.platform.documents import Offer, customer_document
from engine.sandbox.platform.lists import CUSTOMER
from engine.sandbox.platform.settings import PlatformSettings
from engine.sandbox.platform.subscriptions import ACTIVITY, SUBSCRIPTION
from engine.sandbox.script import CLOSED_UNTIL
from engine.sandbox.store import Store
from engine.sandbox.workspace_files import workspace_for, write_workspace
from engine.sandbox.world import write_catalog

__all__ = ["workspace_for", "write_generated", "write_workspace"]

FIRST_DAY = date(2026, 6, 15)
_SINCE = date(2024, 1, 1)
_AGREEMENT_START = date(2026, 1, 1)
_YEAR_START = date(2026, 6, 1)
"""Of yearly agreements, of which nothing has been invoiced."""

_FIRST = ("Amber", "Birch", "Cedar", "Ember", "Falcon", "Granite", "Harbor", "Indigo", "Juniper", "Lantern", "Meadow")
_SECOND = ("Bakery", "Boatworks", "Clinic", "Dental", "Engineering", "Farms", "Interiors", "Logistics", "Robotics")
_CITIES = (
    ("Albany", "NY", "12207"),
    ("Boise", "ID", "83702"),
    ("Columbus", "OH", "43004"),
    ("Duluth", "MN", "55802"),
    ("Eureka", "CA", "95501"),
    ("Madison", "WI", "53703"),
)


class Numbers(NamedTuple):
    """Where the ids of a generated world begin."""

    customer: int = 500001
    subscription: int = 800001
    company: int = 2001
    agreement: int = 5001


FROM = Numbers()


def write_generated(
    store: Store, *, customers: int, subscriptions: int, seed: int, kinds: Sequence[AgreementKind] = (MONTHLY,)
) -> None:
    """Writes a generated world into an empty store: one company and one agreement per customer, no additions.

    The kinds of agreements are dealt out in turn: with as many kinds as customers, each customer has its own. So are
    the subscriptions; of those on a monthly agreement about one in eight is metered, those on a yearly one are paid
    yearly. Raises ValueError without a customer or a kind.
    """
    if customers < 1 or subscriptions < 0 or not kinds:
        raise ValueError("a generated world needs at least one customer, and no less than 0 subscriptions")
    chance = random.Random(seed)  # noqa: S311 - the same world for the same seed, nothing secret
    settings = PlatformSettings(store)
    with store.transaction():
        store.set_setting("today", str(FIRST_DAY))
        store.set_setting(CLOSED_UNTIL, str(FIRST_DAY))
        write_catalog(store, settings.account, OFFERS.values(), _SINCE)
        write_setup(store, kinds)
        write_items(store, ITEMS)
        companies = [_company(chance, number, kinds[number % len(kinds)]) for number in range(customers)]
        store.put_many(CUSTOMER, ((one.customer, _customer(settings.account, one), None) for one in companies))
        write_companies(store, companies)
        docs: list[tuple[int, Document, int | None]] = []
        logs: list[tuple[int, Document, int | None]] = []
        for number in range(subscriptions):
            owner = companies[number % customers]
            doc, items = _subscription(chance, FROM.subscription + number, owner, settings.account)
            docs.append((FROM.subscription + number, doc, owner.customer))
            logs.append((FROM.subscription + number, {"items": items}, None))
        store.put_many(SUBSCRIPTION, docs)
        store.put_many(ACTIVITY, logs)


def _company(chance: random.Random, number: int, kind: AgreementKind) -> Company:
    city, state, zip_code = chance.choice(_CITIES)
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number + 1:05}"
    agreement = PsaAgreement(FROM.agreement + number, kind.type_name, _AGREEMENT_START, kind)
    if kind.yearly:
        agreement = agreement._replace(start=_YEAR_START, next_invoice=None)
    return Company(
        id=FROM.company + number,
        identifier=f"Example{number + 1:05}",
        customer=FROM.customer + number,
        name=f"{name} (example)",
        street=f"{chance.randrange(1, 400)} Example Street",
        city=city,
        state=state,
        zip=zip_code,
        agreements=(agreement,),
    )


def _customer(account: str, company: Company) -> Document:
    address = {
        "street": company.street,
        "city": company.city,
        "state": company.state,
        "zip": company.zip,
        "country": "US",
    }
    mail = f"accounts@{company.identifier.lower()}.example"
    return customer_document(
        account=account, id=company.customer, name=company.name, address=address, mail=mail, since=_SINCE
    )


def _sold(cycle: str) -> list[Offer]:
    """Offers that an agreement of this billing cycle can bill and a catalog item stands for."""
    sold = {item.offer for item in ITEMS}
    return [offer for name, offer in OFFERS.items() if name in sold and offer.cycle == cycle]


_LICENSED = [offer for offer in _sold("monthly") if not offer.metered]
_METERED = [offer for offer in _sold("monthly") if offer.metered]
_PAID_YEARLY = _sold("annual")


def _offer(chance: random.Random, owner: Company) -> Offer:
    if owner.agreements[0].kind.yearly:
        return chance.choice(_PAID_YEARLY)
    return chance.choice(_METERED if chance.random() < 0.125 else _LICENSED)


def _subscription(chance: random.Random, id: int, owner: Company, account: str) -> tuple[Document, list[Document]]:
    """A record and its log, newest first, with up to three seat changes before the first day."""
    offer = _offer(chance, owner)
    start = (_SINCE + timedelta(days=chance.randrange(800))).replace(day=chance.randrange(1, 29))
    quantity = 1 if offer.metered else chance.randrange(1, 120)
    purchase = Event(
        on=start, action="purchase", subscription=id, customer=owner.customer, offer=offer.key, quantity=quantity
    )
    outcome = bought(purchase, owner.name, account, offer)
    doc, items = outcome.document, outcome.items
    if offer.metered:
        return doc, items
    for event in _seat_changes(chance, id, start, quantity):
        after = changed(event, doc, len(items))
        if after is not None:
            doc, items = after.document, after.items + items
    if next_term(doc) is not None:
        roll_term(doc, FIRST_DAY)
    return doc, items


def _seat_changes(chance: random.Random, id: int, start: date, quantity: int) -> Iterator[Event]:
    days = sorted(chance.sample(range(5, (FIRST_DAY - start).days), chance.randrange(4)))
    for day in days:
        quantity = max(1, quantity + chance.choice((-3, -2, -1, 1, 2, 5)))
        yield Event(on=start + timedelta(days=day), action="seats", subscription=id, quantity=quantity)
