"""The PSA of a world: catalog items, companies with their agreements, and a line that a person made."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from engine.sandbox.example.catalog import MANUFACTURER_OF, MANUFACTURERS, OFFERS, Item
from engine.sandbox.psa import seed
from engine.sandbox.store import Store


class AgreementKind(NamedTuple):
    """How agreements of one type bill: a month or a year at a time, by the day or whole periods, before or after."""

    yearly: bool = False
    prorates: bool = True
    arrears: bool = False

    @property
    def type_id(self) -> int:
        """The id of its agreement type."""
        return 21 + self.yearly + 2 * (not self.prorates) + 4 * self.arrears

    @property
    def type_name(self) -> str:
        """The name of its agreement type."""
        parts = {"yearly": self.yearly, "whole periods": not self.prorates, "in arrears": self.arrears}
        return ", ".join(["Cloud services", *(part for part, told in parts.items() if told)])


MONTHLY, YEARLY = AgreementKind(), AgreementKind(yearly=True)
EVERY_KIND = tuple(AgreementKind(*told) for told in product((False, True), (True, False), (False, True)))
"""All eight, monthly ones first."""


class PsaAgreement(NamedTuple):
    """An agreement billed from its start. `next_invoice` is when the next invoice is due: the first day not yet
    invoiced, or in arrears the first day after the period that is not yet invoiced.
    """

    id: int
    name: str
    start: date
    kind: AgreementKind = MONTHLY
    next_invoice: date | None = date(2026, 7, 1)


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


def write_setup(store: Store, kinds: Iterable[AgreementKind] = ()) -> None:
    """Writes the PSA's set-up tables, manufacturers, and the agreement types of the two usual and of these kinds."""
    seed.add_setup_tables(store)
    every = sorted({MONTHLY, YEARLY, *kinds}, key=lambda kind: kind.type_id)
    for kind in every:
        cycle = seed.YEARLY if kind.yearly else seed.MONTHLY
        seed.add_agreement_type(store, kind.type_name, billing_cycle=cycle, prorates=kind.prorates, id=kind.type_id)
    in_arrears = [str(kind.type_id) for kind in every if kind.arrears]
    if in_arrears:
        store.set_setting("psa.arrears_types", ",".join(in_arrears))
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
                type=agreement.kind.type_id,
                billing_cycle=seed.YEARLY if agreement.kind.yearly else seed.MONTHLY,
                start=agreement.start,
                prorates=agreement.kind.prorates,
                next_invoice=agreement.next_invoice,
            )


def _cents(amount: Decimal) -> Decimal:
    """Rounded half up to cents, as this PSA's catalog keeps its prices."""
    return Decimal(int(amount * 100 + Decimal("0.5"))) / 100
