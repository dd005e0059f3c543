"""Turns an unwanted reply, or none, into the error that explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from engine.http.errors import (
    AuthenticationFailed,
    BadReply,
    Forbidden,
    HostRefused,
    NotFound,
    Rejected,
    ServerFailed,
    ServiceError,
    Throttled,
    Unreachable,
)
from engine.http.hosts import origin
from engine.http.redaction import safe_target, scrub
from engine.http.reply import page_title
from engine.http.trace import REQUEST_IDS

_HINTS: dict[type[ServiceError], str] = {
    AuthenticationFailed: "Check the keys of the connection: that they belong to this address and are still valid.",
    Forbidden: "The user's role lacks the right for this call: have it added, or use another user.",
    NotFound: "Check the address and the ids of the connection and the mapping; the object may have been deleted.",
    Throttled: "The service limits the rate: wait a little, or lower `requests_per_minute` of the connection.",
    ServerFailed: "The fault lies with the service: try again later, and look at its status page if it stays.",
    Unreachable: "Check the address of the connection, the network, a proxy or a firewall between.",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as messages name it; `path` is already without secrets. `writes` is false for reads."""

    service: str
    verb: str
    path: str
    writes: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that is not 2xx; `wait` is its Retry-After in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    wait: float | None


class UnsendableError(Exception):
    """A header that HTTP cannot carry."""


class TooLargeError(Exception):
    """A reply grows beyond the bound."""


class TooSlowError(Exception):
    """A reply is not complete within the total time."""


def is_lasting(failure: httpx.TransportError) -> bool:
    """Whether another attempt cannot help: an untrusted certificate, or a request that HTTP cannot carry."""
    return isinstance(failure, httpx.LocalProtocolError) or _untrusted(failure)


def from_status(
    call: Call,
    answer: Answer,
    *,
    explained: tuple[str | None, str | None],
    hints: Mapping[int, str],
    secrets: Sequence[str],
) -> ServiceError:
    """The error for a reply that is not 2xx.

    `explained` is the service's own (code, message), `hints` its advice by status.
    """
    status, headers, wait = answer.status, answer.headers, answer.wait
    if 300 <= status < 400:
        return _redirected(call, status, headers, secrets)
    kind = _kind(status)
    code, message = explained
    if not message:
        title = page_title(answer.body, secrets)
        if title is not None:
            message = f"it sent a web page ({title})"
        else:
            message = scrub(answer.body[:2000].decode("utf-8", "replace"), secrets, limit=200) or "it gave no reason"
    hint = hints.get(status) or _HINTS.get(kind)
    if kind is Throttled and wait is not None:
        hint = f"The service asks to wait {wait:.0f} seconds. {hint}"
    given = request_id(headers)
    return kind(
        scrub(message, secrets),
        service=call.service,
        verb=call.verb,
        path=call.path,
        status=status,
        code=scrub(code, secrets, limit=80) if code else None,
        hint=hint,
        request_id=scrub(given, secrets, limit=80) if given else None,
        outcome_unknown=call.writes and (status >= 500 or status == 429),
        retry_after=wait,
    )


def request_id(headers: Mapping[str, str]) -> str | None:
    """The id that the service gave to a request; None where it gave none."""
    return next((headers[name] for name in REQUEST_IDS if name in headers), None)


def from_cut(call: Call, failure: httpx.TransportError, sent: bool, secrets: Sequence[str]) -> ServiceError:
    """The error for a request that got no reply. `sent` is false where the request cannot have reached the service."""
    if isinstance(failure, httpx.LocalProtocolError):
        return _unsendable(call)
    text = scrub(str(failure), secrets, limit=200)
    hint = _HINTS[Unreachable]
    if isinstance(failure, httpx.TimeoutException):
        message = "no answer in time" if sent else "no connection in time"
    elif _untrusted(failure):
        message = f"the certificate of the host is not trusted ({text})"
        hint = (
            "Check the address; a proxy that opens encrypted connections needs its certificate among the trusted ones."
        )
    elif sent:
        message = f"the connection was cut ({text})" if text else "the connection was cut"
    else:
        message = f"no connection ({text})" if text else "no connection"
    return Unreachable(
        message,
        service=call.service,
        verb=call.verb,
        path=call.path,
        hint=hint,
        outcome_unknown=call.writes and sent,
    )


def from_unusable(call: Call, failure: Exception, limit: int) -> ServiceError:
    """The error for a request that cannot be sent, or a reply that is too large, too slow or wrongly compressed."""
    if isinstance(failure, UnsendableError):
        return _unsendable(call)
    if isinstance(failure, httpx.InvalidURL):
        return refused(call, "the address is not valid", "Check the address and the ids in it.")
    kind: type[ServiceError] = BadReply
    if isinstance(failure, TooLargeError):
        message = f"the reply is larger than {limit // 2**20} MiB and was not read further"
        hint = "Check the address of the connection; the service's own pages are far smaller."
    elif isinstance(failure, TooSlowError):
        kind, message, hint = Unreachable, "the reply was not complete within the total time", _HINTS[Unreachable]
    else:
        message, hint = "the reply is wrongly compressed", "Try again; if it stays, look at a proxy between."
    return kind(message, service=call.service, verb=call.verb, path=call.path, hint=hint, outcome_unknown=call.writes)


def refused(call: Call, reason: str, hint: str) -> HostRefused:
    """The error for an address that gets no credentials."""
    return HostRefused(reason, service=call.service, verb=call.verb, path=call.path, hint=hint)


def _unsendable(call: Call) -> AuthenticationFailed:
    # A header that HTTP cannot carry holds a credential more often than not.
    return AuthenticationFailed(
        "a credential contains a character that cannot be sent",
        service=call.service,
        verb=call.verb,
        path=call.path,
        hint="Look for a line break, a space at the end or a typographic character in the stored secret.",
    )


def _untrusted(failure: httpx.TransportError) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(failure)


def _kind(status: int) -> type[ServiceError]:
    if status >= 500:
        return ServerFailed
    if status < 200:
        return BadReply
    special: dict[int, type[ServiceError]] = {
        401: AuthenticationFailed,
        403: Forbidden,
        404: NotFound,
        410: NotFound,
        429: Throttled,
    }
    return special.get(status, Rejected)


def _redirected(call: Call, status: int, headers: Mapping[str, str], secrets: Sequence[str]) -> ServiceError:
    location = headers.get("location", "")
    target = origin(location)
    shown = scrub(safe_target(location.strip()), secrets, limit=200) or "nowhere"
    return BadReply(
        f"it redirects to {shown}, and redirects are never followed, so that no credentials go elsewhere",
        service=call.service,
        verb=call.verb,
        path=call.path,
        status=status,
        hint=f"If {target or 'that address'} is the right one, write it into the connection as `url`.",
        outcome_unknown=call.writes and status == 303,
    )
