"""The PSA of a world: catalog items, companies with their agreements, and a line that a person made."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from engine.sandbox.example.catalog import MANUFACTURER_OF, MANUFACTURERS, OFFERS, Item
from engine.sandbox.psa import seed
from engine.sandbox.store import Store

CLOUD_TYPE, YEARLY_TYPE = 21, 22
"""Ids of the agreement types."""


class PsaAgreement(NamedTuple):
    """An agreement that prorates, billed from its start; `next_invoice` is the first day not yet invoiced."""

    id: int
    name: str
    start: date
    yearly: bool = False
    next_invoice: date = date(2026, 7, 1)


class Company(NamedTuple):
    """A company of the PSA. Its account number is the platform's customer id."""

    id: int
    identifier: str
    customer: int
    name: str
    street: str
    city: str
    state: str
    zip: str
    agreements: tuple[PsaAgreement, ...]


def write_setup(store: Store) -> None:
    """Writes the PSA's set-up tables, agreement types and manufacturers."""
    seed.add_setup_tables(store)
    seed.add_agreement_type(store, "Cloud services", id=CLOUD_TYPE)
    seed.add_agreement_type(store, "Cloud services, yearly", billing_cycle=seed.YEARLY, id=YEARLY_TYPE)
    for id, name in MANUFACTURERS.items():
        seed.add_manufacturer(store, name, id=id)


def write_items(store: Store, items: Iterable[Item]) -> None:
    """Writes catalog items: as their offers say, but for what an item itself says. The vendor sku names the offer."""
    for item in items:
        offer = OFFERS[item.offer]
        seed.add_catalog_item(
            store,
            id=item.id,
            identifier=item.identifier,
            description=item.name or offer.name,
            customer_description=item.text or offer.description,
            price=_cents(offer.price) if item.price is None else Decimal(item.price),
            cost=_cents(offer.cost) if item.cost is None else Decimal(item.cost),
            manufacturer=MANUFACTURER_OF.get(offer.provider),
            manufacturer_part_number=offer.mpn if item.part is None else item.part,
            taxableFlag=True,
            vendorSku="/".join(offer.key),
            autoUpdateUnitPriceFlag=item.auto_price,
        )


def write_companies(store: Store, companies: Iterable[Company]) -> None:
    """Writes companies and their agreements."""
    for company in companies:
        seed.add_company(
            store,
            id=company.id,
            identifier=company.identifier,
            name=company.name,
            address_line1=company.street,
            city=company.city,
            state=company.state,
            zip=company.zip,
            accountNumber=str(company.customer),
        )
        for agreement in company.agreements:
            seed.add_agreement(
                store,
                id=agreement.id,
                company=company.id,
                name=agreement.name,
                type=YEARLY_TYPE if agreement.yearly else CLOUD_TYPE,
                billing_cycle=seed.YEARLY if agreement.yearly else seed.MONTHLY,
                start=agreement.start,
                next_invoice=agreement.next_invoice,
            )


def _cents(amount: Decimal) -> Decimal:
    """Rounded half up to cents, as this PSA's catalog keeps its prices."""
    return Decimal(int(amount * 100 + Decimal("0.5"))) / 100
