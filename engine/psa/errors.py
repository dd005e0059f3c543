"""The PSA's errors in full sentences: both error shapes, the right that a refusal means, a key or clientId in doubt."""

import re
from collections.abc import Sequence

import msgspec

from engine.http.errors import AuthenticationFailed, BadReply, Forbidden, NotFound, ServiceError

SERVICE = "ConnectWise PSA"

_ACTIONS = {"GET": "Inquire", "POST": "Add", "PATCH": "Edit", "PUT": "Edit", "DELETE": "Delete"}
_AREAS = (
    ("/finance/agreements", "Finance > Agreements"),
    ("/finance/invoices", "Finance > Invoicing"),
    ("/procurement/catalog", "Procurement > Product Catalog"),
    ("/procurement/manufacturers", "System > Table Setup"),
    ("/company/companies", "Companies > Company Maintenance"),
)


class NoEffect(ServiceError):
    """A write was answered with success, yet the record in the reply does not show what was asked for.

    `id` is the record; one that was to be created exists. `differences` says in words what does not fit.
    """

    id: int | None = None
    differences: tuple[str, ...] = ()


class MarkFieldMissing(ServiceError):
    """The custom field that is to keep the identity marks does not exist, or not exactly once."""


class _Detail(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    field: str | None = None


class _Body(msgspec.Struct):
    code: str | None = None
    error: str | None = None
    message: str | None = None
    errors: list[_Detail] | None = None


def explain(status: int, body: bytes) -> tuple[str | None, str | None]:
    """Code and message of the PSA's error bodies, every entry of `errors` included; (None, None) for anything else."""
    try:
        found = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, None
    details = [_sentence(detail) for detail in found.errors or ()]
    message = (found.message or "").strip()
    if details:
        message = (
            f"{message.rstrip('.:') or 'the request is not valid'}: {' '.join(detail for detail in details if detail)}"
        )
    return found.code or found.error, message or None


def missing_right(verb: str, path: str) -> str:
    """The right of the security role that this call needs, such as `Finance > Agreements: Add All`."""
    area = next((name for part, name in _AREAS if part in path), "System > Table Setup")
    return f"{area}: {_ACTIONS.get(verb, 'Inquire')} All"


def with_advice(error: ServiceError, *, proven: bool) -> ServiceError:
    """The same error with the PSA's own advice. `proven`: a call with these keys has already succeeded."""
    if error.status in (400, 401, 403) and _names_client_id(error):
        return _rebuilt(
            error,
            "Check `client_id` of the connection: it must be the id that the ConnectWise developer portal gave to this "
            "integration. It is separate from the public and the private key.",
        )
    if isinstance(error, Forbidden):
        error.hint = (
            f"The security role of the API member lacks a right for {error.verb} {_endpoint(error.path)}: "
            f"add {missing_right(error.verb, error.path)} (System > Security Roles)."
        )
    elif isinstance(error, AuthenticationFailed) and error.status is not None:
        error.hint = (
            "Check the company id, the public key and the private key of the connection, and that the API member is "
            "active."
        )
    elif isinstance(error, NotFound) and not proven:
        error.hint = (
            "The PSA's cloud answers 404 to wrong credentials too: check the company id, the public key and the "
            "private key of the connection, then its url."
        )
    elif isinstance(error, NotFound):
        error.hint = "The record may have been deleted or moved, or this version of the PSA lacks the endpoint."
    return error


def no_effect(
    verb: str, path: str, status: int, number: int | None, differences: Sequence[str], *, created: bool
) -> NoEffect:
    """The error for a success that did not happen, or not wholly."""
    record = f"record {number}" if number is not None else "the record"
    done = f"{record} was created, but" if created else f"it reported success, but {record} does not show it:"
    error = NoEffect(
        f"{done} {'; '.join(differences)}",
        service=SERVICE,
        verb=verb,
        path=path,
        status=status,
        hint="Look at the record in the PSA: a workflow, a rounding of prices or a length limit may have changed it.",
    )
    error.id, error.differences = number, tuple(differences)
    return error


def unreadable(path: str, failure: Exception) -> BadReply:
    """The error for a list with a record that cannot be read."""
    return BadReply(
        f"a record does not have the expected form: {failure}",
        service=SERVICE,
        verb="GET",
        path=path,
        hint="Nothing was taken from this list. Correct the record in the PSA, or report its form.",
    )


def _names_client_id(error: ServiceError) -> bool:
    return re.search(r"client[\s_-]?id\b", f"{error.code} {error.message}", re.IGNORECASE) is not None


def _rebuilt(error: ServiceError, hint: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        error.message,
        service=error.service,
        verb=error.verb,
        path=error.path,
        status=error.status,
        code=error.code,
        hint=hint,
        request_id=error.request_id,
    )


def _endpoint(path: str) -> str:
    return path.partition("?")[0].partition("/apis/3.0")[2] or path


def _sentence(detail: _Detail) -> str:
    message = (detail.message or detail.code or "").strip()
    if not message:
        return ""
    ended = message if message.endswith((".", "!", "?")) else f"{message}."
    code = f" [{detail.code}]" if detail.code and detail.message else ""
    return f"{detail.field}: {ended}{code}" if detail.field else f"{ended}{code}"
