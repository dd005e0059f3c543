"""The example world: about 12 customers and 40 subscriptions with their histories, and the PSA that bills them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from engine.sandbox.bookkeeping import (
    YEARLY,
    Company,
    PsaAgreement,
    write_companies,
    write_items,
    write_setup,
)
from engine.sandbox.example.catalog import ITEMS, OFFERS
from engine.sandbox.example.customers import BY_HAND, CUSTOMERS, Customer
from engine.sandbox.example.story import FIRST_CLOSED, FIRST_DAY, events
from engine.sandbox.happening import OFFER
from engine.sandbox.platform.documents import Offer, customer_document, product_documents
from engine.sandbox.platform.lists import CUSTOMER, PRODUCT
from engine.sandbox.platform.settings import PlatformSettings
from engine.sandbox.psa import seed
from engine.sandbox.script import CLOSED_UNTIL, run, schedule
from engine.sandbox.store import Store

_BEGIN = date(2025, 6, 1)


def write_example(store: Store) -> None:
    """Writes the example world into an empty store and lets its history happen up to its first day."""
    settings = PlatformSettings(store)
    with store.transaction():
        store.set_setting("today", str(_BEGIN))
        write_catalog(store, settings.account, OFFERS.values(), _BEGIN)
        for customer in CUSTOMERS:
            address = {
                "street": customer.street,
                "city": customer.city,
                "state": customer.state,
                "zip": customer.zip,
                "country": "US",
            }
            doc = customer_document(
                account=settings.account,
                id=customer.id,
                name=customer.name,
                address=address,
                mail=customer.mail,
                since=_BEGIN,
            )
            store.put(CUSTOMER, customer.id, doc)
        _write_psa(store)
        schedule(store, events())
        run(store, settings, FIRST_CLOSED)
        store.set_setting(CLOSED_UNTIL, str(FIRST_CLOSED))
        run(store, settings, FIRST_DAY)


def _write_psa(store: Store) -> None:
    write_setup(store)
    write_items(store, ITEMS)
    write_companies(store, [_company(customer, customer.company) for customer in CUSTOMERS if customer.company])
    agreement, item, quantity, price, text = BY_HAND
    line = seed.NewAddition(
        product=item,
        quantity=quantity,
        unit_price=Decimal(price),
        unit_cost=Decimal("9.52"),
        effective=date(2026, 5, 11),
        taxable=True,
        description=text,
        invoice_description=text,
    )
    seed.add_addition(store, agreement, line)


def _company(customer: Customer, id: int) -> Company:
    """The company of a customer as the PSA knows it, with what differs there."""
    agreements = tuple(
        PsaAgreement(one.id, one.name, one.start, YEARLY, date(2026, 6, 1))
        if one.yearly
        else PsaAgreement(one.id, one.name, one.start)
        for one in customer.agreements
    )
    differs = customer.in_psa.get
    return Company(
        id=id,
        identifier=customer.identifier,
        customer=customer.id,
        name=differs("name", customer.name),
        street=differs("street", customer.street),
        city=differs("city", customer.city),
        state=differs("state", customer.state),
        zip=differs("zip", customer.zip),
        agreements=agreements,
    )


def write_catalog(store: Store, account: str, offers: Iterable[Offer], since: date) -> None:
    """Writes what the platform offers: the offers themselves, and the products that clients see."""
    offered = list(offers)
    store.put_many(OFFER, [(number, _plain(offer), None) for number, offer in enumerate(offered, 1)])
    products = product_documents(account, offered, since)
    store.put_many(PRODUCT, [(number, doc, None) for number, doc in enumerate(products, 1)])


def _plain(offer: Offer) -> dict[str, object]:
    return {name: getattr(offer, name) for name in offer.__struct_fields__}
