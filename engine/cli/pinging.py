"""What `ping` finds of both services, as a document. One service that fails does not hide the other."""

from typing import Any

import msgspec

from engine.cli.output import diagnostic_document
from engine.diagnostics import Diagnostic
from engine.http.errors import ServiceError
from engine.pipeline import Services
from engine.workspace.model import Connection

_DAY = 24 * 60 * 60


def pinged(connection: Connection, services: Services) -> dict[str, Any]:
    """`ok`, and for each service whether its credentials work and what may be done with them."""
    platform, psa = _platform(services), _psa(connection, services)
    return {"connection": connection.name, "ok": platform["ok"] and psa["ok"], "platform": platform, "psa": psa}


def _platform(services: Services) -> dict[str, Any]:
    found: dict[str, Any] = {"ok": False, "error": None, "refresh_days": None, "v1": None, "findings": []}
    try:
        access = services.platform.ping()
    except ServiceError as error:
        return {**found, "error": str(error)}
    refresh = access.refresh_seconds
    return {
        "ok": access.v1 is not False,
        "error": None,
        "refresh_days": None if refresh is None else refresh // _DAY,
        "v1": access.v1,
        "findings": [diagnostic_document(one) for one in access.findings],
    }


def _psa(connection: Connection, services: Services) -> dict[str, Any]:
    found: dict[str, Any] = {"ok": False, "error": None, "rights": [], "marks": None, "findings": []}
    try:
        rights = services.psa.rights()
        found["rights"] = [msgspec.to_builtins(one) for one in rights]
        found["marks"] = services.psa.check_mark_keeping()
        seen = services.psa.price_decimals()
    except ServiceError as error:
        return {**found, "error": str(error)}
    if seen is not None and seen > connection.price_decimals:
        finding = Diagnostic(
            code="price-decimals",
            severity="warning",
            text=f"the PSA's catalog has prices with {seen} decimals; this connection rounds to "
            f"{connection.price_decimals}",
            hint="set `price_decimals` of the connection to the PSA's precision",
            place=connection.place,
        )
        found["findings"] = [diagnostic_document(finding)]
    return {**found, "ok": all(one.allowed for one in rights)}
