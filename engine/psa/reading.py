"""What is read of the PSA, as values of the engine."""

from collections.abc import Callable, Collection
from datetime import date
from typing import TypeVar

import msgspec

from engine.psa.api import Api
from engine.psa.conditions import MOST_IDS, both, either, equals, id_batches, is_safe, one_of
from engine.psa.errors import unreadable
from engine.psa.marks import MarkPlace
from engine.psa.models import Addition, Agreement, BillingCycle, CatalogItem, Company, Country, Manufacturer
from engine.psa.paths import (
    AGREEMENTS,
    BILLING_CYCLES,
    CATALOG,
    COMPANIES,
    COUNTRIES,
    MANUFACTURERS,
    RECAP,
    additions_path,
)
from engine.psa.wire import (
    WireAddition,
    WireAgreement,
    WireBillingCycle,
    WireCatalogItem,
    WireCompany,
    WireCountry,
    WireManufacturer,
    WireRecap,
    WireRecord,
)

R = TypeVar("R", bound=WireRecord)

# `_info` comes only where it is named.
_COMPANY = "id,identifier,name,addressLine1,city,state,zip,country/id,country/name,deletedFlag,_info"
_CATALOG = (
    "id,identifier,description,customerDescription,price,cost,manufacturer/id,manufacturer/name,"
    "manufacturerPartNumber,productClass,inactiveFlag,autoUpdateUnitPriceFlag,autoUpdateUnitCostFlag,_info"
)
_AGREEMENT = (
    "id,name,company/id,company/name,company/identifier,type/id,type/name,billingCycle/id,startDate,endDate,"
    "noEndingDateFlag,billStartDate,nextInvoiceDate,cancelledFlag,agreementStatus,prorateFlag,currency,_info"
)


class Reading:
    """The lists of the PSA. Thread-safe. Every method raises ServiceError."""

    def __init__(self, api: Api, mark_place: MarkPlace) -> None:
        self._api = api
        self._mark_place = mark_place

    def companies(self, ids: Collection[int] | None = None, identifiers: Collection[str] = ()) -> list[Company]:
        """Companies with one of these ids or identifiers; all that are not deleted where neither is given."""
        everyone = ids is None and not identifiers
        found = self._chosen(
            COMPANIES,
            list[WireCompany],
            _COMPANY,
            ids,
            identifiers,
            lambda record: record.identifier,
            always=equals("deletedFlag", False) if everyone else None,
        )
        return [record.model() for record in found]

    def catalog_items(self, ids: Collection[int] | None = None, identifiers: Collection[str] = ()) -> list[CatalogItem]:
        """Catalog items with one of these ids or identifiers, inactive ones too; all where neither is given."""
        found = self._chosen(
            CATALOG, list[WireCatalogItem], _CATALOG, ids, identifiers, lambda record: record.identifier
        )
        return [record.model() for record in found]

    def agreements(self, ids: Collection[int] | None = None) -> list[Agreement]:
        """Agreements with these ids, or all, cancelled ones too."""
        found = self._chosen(AGREEMENTS, list[WireAgreement], _AGREEMENT, ids, (), lambda record: None)
        try:
            return [record.model() for record in found]
        except msgspec.ValidationError as failure:
            raise unreadable(AGREEMENTS, failure) from None

    def agreements_of(self, companies: Collection[int]) -> list[Agreement]:
        """The agreements of these companies that are not cancelled."""
        found: list[WireAgreement] = []
        for batch in id_batches(companies):
            condition = both(one_of("company/id", batch), equals("cancelledFlag", False))
            found += self._api.sweep(AGREEMENTS, list[WireAgreement], _AGREEMENT, condition)
        try:
            return [record.model() for record in found if record.company.id in companies]
        except msgspec.ValidationError as failure:
            raise unreadable(AGREEMENTS, failure) from None

    def invoiced_on(self) -> dict[int, date | None]:
        """The day of each agreement's last invoice, by agreement; None for one that was never invoiced."""
        return {row.id: row.invoiced_on for row in self._api.sweep(RECAP, list[WireRecap])}

    def manufacturers(self) -> list[Manufacturer]:
        """All manufacturers, inactive ones too."""
        return [record.model() for record in self._api.sweep(MANUFACTURERS, list[WireManufacturer])]

    def countries(self) -> list[Country]:
        """The countries that an address may name."""
        return [record.model() for record in self._api.sweep(COUNTRIES, list[WireCountry])]

    def billing_cycles(self) -> list[BillingCycle]:
        """The billing cycles that agreements refer to."""
        return [record.model() for record in self._api.sweep(BILLING_CYCLES, list[WireBillingCycle])]

    def additions(self, agreement_id: int) -> list[Addition]:
        """All additions of an agreement, ended ones too: one request for up to 1,000."""
        # Whole records on purpose: a member that `fields` dropped unseen would read as a price of 0.
        found = self._api.few(additions_path(agreement_id), list[WireAddition])
        return self._mark_place.additions(found, agreement_id)

    def _chosen(
        self,
        path: str,
        form: type[list[R]],
        fields: str,
        ids: Collection[int] | None,
        identifiers: Collection[str],
        identifier_of: Callable[[R], str | None],
        always: str | None = None,
    ) -> list[R]:
        """One request for a choice that fits into one; otherwise the whole list, sifted here."""
        if ids is None and not identifiers:
            return self._api.sweep(path, form, fields, always)
        chosen = frozenset(ids or ())
        if not chosen and not identifiers:
            return []
        names = frozenset(name.casefold() for name in identifiers)
        condition = self._condition(path, fields, chosen, identifiers)
        found = (
            self._api.sweep(path, form, fields) if condition is None else self._api.few(path, form, fields, condition)
        )
        return [record for record in found if record.id in chosen or (identifier_of(record) or "").casefold() in names]

    def _condition(self, path: str, fields: str, ids: frozenset[int], identifiers: Collection[str]) -> str | None:
        """The condition for a choice; None if it is too long for one request or holds a text that cannot be quoted."""
        if len(ids) + len(identifiers) > MOST_IDS or not all(is_safe(name) for name in identifiers):
            return None
        parts = [one_of("id", sorted(ids))] if ids else []
        if identifiers:
            parts.append(one_of("identifier", sorted(identifiers)))
        condition = either(*parts)
        return condition if self._api.fits(path, fields, condition) else None
