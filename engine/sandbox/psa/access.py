"""Who may ask: the log-in, the client id, and the rights of the API member's role."""

import base64
import hmac

from engine.sandbox.asgi import Scope, header
from engine.sandbox.psa.errors import ApiError, forbidden
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.settings import PsaSettings

_RIGHTS = {"GET": "inquire", "POST": "add", "PUT": "edit", "PATCH": "edit", "DELETE": "delete"}


def check_login(scope: Scope, settings: PsaSettings) -> None:
    """Refuses a request whose keys or client id are not those of the settings. Raises ApiError."""
    if not _same(_login(header(scope, b"authorization")), expected_login(settings)):
        if settings["psa.bad_key"] == "404":
            raise ApiError(404, "NotFound", "Resource not found")
        raise ApiError(401, "Unauthorized", "Incorrect public/private key")
    if not _same(header(scope, b"clientid").lower(), settings["psa.client_id"].lower()):
        status = int(settings["psa.missing_client_id"])
        raise ApiError(status, "Unauthorized", "A valid clientId must be sent with every request.")


def check_right(resource: Resource, verb: str, settings: PsaSettings) -> None:
    """Refuses what the role does not allow. Set-up tables may always be read. Raises ApiError (403)."""
    right = _RIGHTS[verb]
    if resource.area == "setup" and right == "inquire":
        return
    if not settings.grants(resource.area, right):
        raise forbidden()


def expected_login(settings: PsaSettings) -> str:
    """company+public key:private key."""
    return f"{settings['psa.company']}+{settings['psa.public_key']}:{settings['psa.private_key']}"


def _login(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text.strip(), validate=True).decode()
    except ValueError:  # no base64, or not the text of one
        return ""


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
