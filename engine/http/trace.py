"""What `-v` tells of every request: service, verb, path, status and time; never a header, a body or a credential."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from engine.http.redaction import scrub

LOGGER = "cwctl.http"
REQUESTS, QUERIES, REPLIES = logging.INFO, logging.DEBUG, logging.DEBUG - 5
"""Levels: requests without their query, with it, and with the size, kind and request id of the reply too."""

REQUEST_IDS = ("x-cw-request-id", "x-request-id", "x-correlation-id")

Request = tuple[str, str, str]
"""Service, verb, and path with query."""

Told = Callable[[int, Mapping[str, str], int], None]
"""Takes the status of a reply, its headers, and the size of its content in bytes."""

_log = logging.getLogger(LOGGER)


def listening() -> bool:
    """Whether anybody wants to know."""
    return _log.isEnabledFor(REQUESTS)


def nothing(status: int, headers: Mapping[str, str], size: int) -> None:
    """Nobody is told."""


@contextmanager
def attempt(request: Request, clock: Callable[[], float], secrets: Callable[[], Sequence[str]]) -> Iterator[Told]:
    """Tells how one attempt ends: by its reply, or by the exception that passes through."""
    begun = clock()

    def told(status: int, headers: Mapping[str, str], size: int) -> None:
        _tell(request, f"{status} in {clock() - begun:.3f} s{_more(headers, size)}", secrets)

    try:
        yield told
    except Exception as failure:
        _tell(request, f"{type(failure).__name__} after {clock() - begun:.3f} s", secrets)
        raise


def pausing(message: str, seconds: float) -> None:
    """Another attempt follows."""
    _log.info("%s; next attempt in %.1f s", message, seconds)


def _tell(request: Request, ended: str, secrets: Callable[[], Sequence[str]]) -> None:
    service, verb, path = request
    shown = path if _log.isEnabledFor(QUERIES) else path.partition("?")[0]
    _log.info("%s", scrub(f"{service}: {verb} {shown}: {ended}", secrets(), limit=1000))


def _more(headers: Mapping[str, str], size: int) -> str:
    if not _log.isEnabledFor(REPLIES):
        return ""
    known = next((headers[name] for name in REQUEST_IDS if name in headers), None)
    named = f", request id {known}" if known else ""
    return f", {size} bytes, {headers.get('content-type', 'no content type')}{named}"
