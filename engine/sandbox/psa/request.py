"""A request to the simulated PSA, taken apart."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from engine.sandbox.asgi import Scope, header
from engine.sandbox.psa.errors import bad_request
from engine.sandbox.psa.members import NEW, OLD
from engine.sandbox.psa.settings import PsaSettings

LONGEST_QUERY = 10_000
LARGEST_ID = 2**63 - 1
_VERSION = re.compile(r"version=(\d{4}\.\d+)")
_NAMES = {
    name.lower(): name
    for name in (
        "conditions",
        "childConditions",
        "customFieldConditions",
        "orderBy",
        "fields",
        "page",
        "pageSize",
        "pageId",
    )
}


class Request(NamedTuple):
    """What was asked. `version` is the model that the reply keeps to; `url` the address without its query."""

    verb: str
    url: str
    query: Mapping[str, str]
    body: bytes
    forward_only: bool
    version: str
    settings: PsaSettings


def read_request(scope: Scope, body: bytes, settings: PsaSettings) -> Request:
    """The request of an ASGI scope. Raises ApiError for a query that is too long."""
    if len(scope["query_string"]) > LONGEST_QUERY:
        raise bad_request("The address is too long.")
    query = {}
    if scope["query_string"]:
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            query[_NAMES.get(name.lower(), name)] = value
    host = header(scope, b"host") or "localhost"
    return Request(
        verb=scope["method"],
        url=f"{scope.get('scheme', 'http')}://{host}{scope['path']}",
        query=query,
        body=body,
        forward_only=header(scope, b"pagination-type").lower() == "forward-only",
        version=_version(header(scope, b"accept"), settings["psa.version"]),
        settings=settings,
    )


def whole_number(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    """A whole number of the query. Raises ApiError for anything else, or one below `least`."""
    text = query.get(name)
    if text is None or not text.strip():
        return default
    if not re.fullmatch(r"\d{1,18}", text.strip(), re.ASCII) or int(text) < least:
        raise bad_request(f"{name} must be a whole number from {least} on, not {text[:40]!r}")
    return int(text)


def _version(accept: str, tenant: str) -> str:
    wanted = _VERSION.search(accept)
    if tenant == OLD or (wanted is not None and wanted[1] < NEW):
        return OLD
    return tenant
