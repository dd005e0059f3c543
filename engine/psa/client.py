"""The PSA as the engine sees it."""

from collections.abc import Collection, Mapping
from datetime import date

import httpx

from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.secrets import Secret
from engine.http.transport import Limits, Transport
from engine.psa import rights
from engine.psa.api import Api, basic
from engine.psa.bodies import Kind
from engine.psa.discovery import Codebase, api_url
from engine.psa.errors import SERVICE, explain
from engine.psa.marks import MarkPlace
from engine.psa.models import Addition, Agreement, BillingCycle, CatalogItem, Company, Country, Manufacturer
from engine.psa.reading import Reading
from engine.psa.rights import Right
from engine.psa.writing import Record, Writing
from engine.workspace.model import MarkKeeping


class PsaClient:
    """Reads and writes one PSA. Thread-safe. Every call may raise ServiceError, whose text says what to do."""

    def __init__(self, api: Api, keeping: MarkKeeping | None = None) -> None:
        self._api = api
        self._mark_place = MarkPlace(api, keeping or MarkKeeping())
        self._reading = Reading(api, self._mark_place)
        self._writing = Writing(api, self._mark_place)

    def companies(self, ids: Collection[int] | None = None, identifiers: Collection[str] = ()) -> list[Company]:
        """Companies with one of these ids or identifiers, deleted ones too; without either, all that are not deleted.

        A choice that fits into one request (at most 100, short enough) is one; otherwise the list is read whole.
        """
        return self._reading.companies(ids, identifiers)

    def catalog_items(self, ids: Collection[int] | None = None, identifiers: Collection[str] = ()) -> list[CatalogItem]:
        """Catalog items with one of these ids or identifiers, or all; inactive ones too."""
        return self._reading.catalog_items(ids, identifiers)

    def agreements(self, ids: Collection[int] | None = None) -> list[Agreement]:
        """Agreements with these ids, or all; cancelled ones too."""
        return self._reading.agreements(ids)

    def agreements_of(self, companies: Collection[int]) -> list[Agreement]:
        """The agreements of these companies that are not cancelled."""
        return self._reading.agreements_of(companies)

    def invoiced_on(self) -> dict[int, date | None]:
        """The day of each agreement's last invoice, by agreement; None for one that was never invoiced."""
        return self._reading.invoiced_on()

    def manufacturers(self) -> list[Manufacturer]:
        """All manufacturers, inactive ones too."""
        return self._reading.manufacturers()

    def countries(self) -> list[Country]:
        """The countries that an address may name."""
        return self._reading.countries()

    def billing_cycles(self) -> list[BillingCycle]:
        """The billing cycles that agreements refer to."""
        return self._reading.billing_cycles()

    def additions(self, agreement_id: int) -> list[Addition]:
        """All additions of an agreement, ended ones too: one request for up to 1,000 of them."""
        return self._reading.additions(agreement_id)

    def create(self, kind: Kind, values: Mapping[str, object], agreement_id: int | None = None) -> Record:
        """Makes a record of `values` by the model's field names, and gives it as the PSA holds it.

        It is sent once: where the error says `outcome_unknown`, read again before another attempt. Raises NoEffect
        where the record exists but differs from what was asked, `ValueError` for values that do not fit.
        """
        return self._writing.create(kind, values, agreement_id)

    def update(self, kind: Kind, id: int, changes: Mapping[str, object], agreement_id: int | None = None) -> Record:
        """Changes fields of a record, None removes a value, and gives the record as the PSA then holds it.

        Raises NoEffect where the reply does not show the change, `ValueError` for changes that do not fit.
        """
        return self._writing.update(kind, id, changes, agreement_id)

    def rights(self) -> list[Right]:
        """What the API member may read, area by area, with the missing right by name."""
        return rights.rights(self._api)

    def check_mark_keeping(self) -> str:
        """Where marks are kept, in words. Raises MarkFieldMissing where that custom field does not exist."""
        return self._mark_place.check()

    def price_decimals(self) -> int | None:
        """The most decimal places seen in the catalog's prices: a lower bound of the PSA's precision, or None."""
        return rights.price_decimals(self._api)

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._api.sent

    def request_ids(self) -> tuple[str, ...]:
        """The ids that the PSA gave to the last writes since this was asked before."""
        return self._api.request_ids()

    def close(self) -> None:
        """Closes the connections."""
        self._api.close()


def connect(
    *,
    url: str,
    company: str,
    client_id: Secret,
    public_key: Secret,
    private_key: Secret,
    hosts: AllowedHosts,
    version: str = "2025.1",
    limits: Limits | None = None,
    keeping: MarkKeeping | None = None,
    wire: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
    writes: bool = True,
) -> PsaClient:
    """A client for the PSA whose people log in at `url`. Nothing is sent before the first call.

    Without `writes` it can only read: each write raises WriteRefused.

    Raises HostRefused for an address that credentials may not be sent to.
    """
    headers = basic(company, public_key.reveal(), private_key.reveal(), client_id.reveal())
    address = api_url(url)
    transport = Transport(
        service=SERVICE,
        base_url=address,
        authorize=lambda: headers,
        explain=explain,
        hosts=hosts,
        limits=limits or Limits(),
        wire=wire,
        pace=pace,
    )
    # The site's own address is asked for the codebase, and gets no credentials.
    site = Transport(
        service=SERVICE,
        base_url=url,
        authorize=dict,
        explain=explain,
        hosts=hosts,
        limits=limits or Limits(),
        wire=wire,
        pace=pace,
    )
    clock = (pace or Pace()).clock
    return PsaClient(Api(transport, Codebase(site, company, clock), version, writes=writes), keeping)
