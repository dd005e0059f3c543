"""What `ping` finds of both services, as a document. One service that fails does not hide the other."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.output import diagnostic_document
from engine.cli.services import network_platform, network_psa, opened
from engine.diagnostics import Diagnostic
from engine.http.errors import Forbidden, ServiceError
from engine.http.secrets import SecretMissingError
from engine.platform.client import PlatformClient
from engine.psa.client import PsaClient
from engine.workspace.model import Connection

_DAY = 24 * 60 * 60


def pinged(connection: Connection, root: Path) -> dict[str, Any]:
    """`ok`, and for each service whether its credentials work and what may be done with them."""
    if connection.embedded:
        with opened(connection, root) as (services, _):
            return _document(connection, lambda: services.platform, lambda: services.psa)
    return _document(connection, lambda: network_platform(connection, root), lambda: network_psa(connection, root))


def _document(
    connection: Connection, open_platform: Callable[[], PlatformClient], open_psa: Callable[[], PsaClient]
) -> dict[str, Any]:
    platform, psa = _platform(open_platform), _psa(connection, open_psa)
    return {"connection": connection.name, "ok": platform["ok"] and psa["ok"], "platform": platform, "psa": psa}


def _platform(open_client: Callable[[], PlatformClient]) -> dict[str, Any]:
    found: dict[str, Any] = {"ok": False, "error": None, "refresh_days": None, "v1": None, "findings": []}
    try:
        with closing(open_client()) as client:
            access = client.ping()
    except (ServiceError, SecretMissingError) as error:
        return {**found, "error": str(error)}
    refresh = access.refresh_seconds
    return {
        "ok": access.v1 is not False,
        "error": None,
        "refresh_days": None if refresh is None else refresh // _DAY,
        "v1": access.v1,
        "findings": [diagnostic_document(one) for one in access.findings],
    }


def _psa(connection: Connection, open_client: Callable[[], PsaClient]) -> dict[str, Any]:
    found: dict[str, Any] = {"ok": False, "error": None, "rights": [], "marks": None, "findings": []}
    try:
        with closing(open_client()) as client:
            rights = client.rights()
            found["rights"] = [msgspec.to_builtins(one) for one in rights]
            found["marks"] = client.check_mark_keeping()
            found["findings"] = [diagnostic_document(one) for one in _precision(connection, client)]
    except (ServiceError, SecretMissingError) as error:
        return {**found, "error": str(error)}
    return {**found, "ok": all(one.allowed for one in rights)}


def _precision(connection: Connection, client: PsaClient) -> list[Diagnostic]:
    """A warning if the PSA's prices are finer than what this connection rounds to."""
    try:
        seen = client.price_decimals()
    except Forbidden:
        return []  # the missing right is said already
    if seen is None or seen <= connection.price_decimals:
        return []
    text = f"the PSA's catalog has prices with {seen} decimals; this connection rounds to {connection.price_decimals}"
    hint = "set `price_decimals` of the connection to the PSA's precision"
    return [Diagnostic(code="price-decimals", severity="warning", text=text, hint=hint, place=connection.place)]
