"""What the API member may do, found out with the cheapest request of each area."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.http.errors import Forbidden
from engine.psa.api import Api
from engine.psa.errors import missing_right
from engine.psa.paths import AGREEMENTS, CATALOG, COMPANIES, COUNTRIES, INVOICES, MANUFACTURERS, additions_path
from engine.psa.wire import WireCatalogItem, WireRecord

_READ_ONLY = "Only reading can be tried without writing."


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a call is allowed. `missing` names the right that the security role lacks; `note` what was not tried."""

    area: str
    endpoint: str
    verb: str
    allowed: bool
    missing: str | None = None
    note: str | None = None


def rights(api: Api) -> list[Right]:
    """One value for each area that the engine reads, at most eight requests. Raises ServiceError but for a refusal."""
    writes = f"{_READ_ONLY} `apply` also needs Add All and Edit All."
    found = [
        _tried(api, "agreements", AGREEMENTS, None),
        _additions(api, writes),
        _tried(api, "catalog", CATALOG, writes),
        _tried(api, "manufacturers", MANUFACTURERS, f"{_READ_ONLY} Creating one needs System > Table Setup: Add All."),
        _tried(api, "companies", COMPANIES, writes),
        _tried(api, "countries", COUNTRIES, None),
        _tried(api, "invoices", INVOICES, None),
    ]
    return [right for right in found if right is not None]


def price_decimals(api: Api) -> int | None:
    """The most decimal places among the prices of the first hundred catalog items; None where there are no prices.

    A lower bound of the PSA's precision, not the precision itself.
    """
    found = api.page(CATALOG, list[WireCatalogItem], (("pageSize", "100"), ("fields", "id,price,cost")))
    prices = [value for item in found for value in (item.price, item.cost) if value is not None]
    return max((_places(value) for value in prices), default=None)


def _tried(api: Api, area: str, endpoint: str, note: str | None) -> Right:
    return _right(area, f"{endpoint}/count", lambda: api.count(endpoint), note)


def _additions(api: Api, note: str) -> Right | None:
    """None where the agreements cannot be read, which says it all."""
    try:
        first = api.page(AGREEMENTS, list[WireRecord], (("pageSize", "1"), ("fields", "id")))
    except Forbidden:
        return None
    if not first:
        endpoint = f"{AGREEMENTS}/{{id}}/additions"
        return Right(
            area="additions", endpoint=endpoint, verb="GET", allowed=True, note="Not tried: there is no agreement yet."
        )
    return _tried(api, "additions", additions_path(first[0].id), note)


def _right(area: str, endpoint: str, attempt: Callable[[], object], note: str | None) -> Right:
    try:
        attempt()
    except Forbidden:
        return Right(
            area=area, endpoint=endpoint, verb="GET", allowed=False, missing=missing_right("GET", endpoint), note=note
        )
    return Right(area=area, endpoint=endpoint, verb="GET", allowed=True, note=note)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
