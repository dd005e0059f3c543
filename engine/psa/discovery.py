"""Where the PSA's API is: the host that belongs to a site, and the codebase, which changes when a cloud is upgraded."""

import re
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from engine.http.errors import NotFound, ServiceError
from engine.http.reply import Reply, decode
from engine.http.transport import Transport
from engine.psa.errors import SERVICE

T = TypeVar("T")

RECHECK_SECONDS = 30.0
"""After a 404 that no move explains, later ones within this time do not ask again."""

_UI_HOSTS = ("na", "eu", "au", "aus", "za")
_CODEBASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class UnknownCompany(NotFound):
    """The site does not know the company of the connection."""


class _CompanyInfo(msgspec.Struct, rename="pascal"):
    codebase: str | None = None


def api_url(url: str) -> str:
    """The address of the API for the address of a site: cloud hosts get their `api-` host, others stay."""
    parts = urlsplit(url)
    name, _, domain = (parts.hostname or "").partition(".")
    cloud = (domain == "myconnectwise.net" and name in _UI_HOSTS) or (
        domain == "connectwisedev.com" and name == "staging"
    )
    if not cloud:
        return url.rstrip("/")
    port = f":{parts.port}" if parts.port else ""
    return f"https://api-{name}.{domain}{port}"


class Codebase:
    """The path under which the API answers, such as `/v2025_1/apis/3.0`; found on first use. Thread-safe.

    `site` is asked without credentials. Raises ServiceError, for an unknown company UnknownCompany.
    """

    def __init__(self, site: Transport, company: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._site = site
        self._company = company
        self._clock = clock
        self._lock = threading.Lock()
        self._current: str | None = None
        self._asked: float | None = None

    def run(self, work: Callable[[str], T]) -> T:
        """What `work` gives with the path of the codebase. After a 404 it runs once more if the codebase moved."""
        prefix = self._prefix()
        try:
            return work(prefix)
        except NotFound:
            moved = self._moved(prefix)
            if moved is None:
                raise
        return work(moved)

    @property
    def sent(self) -> int:
        """Requests sent so far to find the codebase."""
        return self._site.sent

    def close(self) -> None:
        """Closes the connections."""
        self._site.close()

    def _prefix(self) -> str:
        with self._lock:
            if self._current is None:
                self._current = self._ask()
            return self._current

    def _moved(self, used: str) -> str | None:
        with self._lock:
            if self._current != used:
                return self._current
            if self._asked is not None and self._clock() - self._asked < RECHECK_SECONDS:
                return None
            self._current = self._ask()
            self._asked = self._clock()
            return self._current if self._current != used else None

    def _ask(self) -> str:
        path = f"/login/companyinfo/{quote(self._company, safe='')}"
        try:
            reply = self._site.get(path)
        except NotFound as error:
            raise self._unknown(path, error.status) from None
        if reply.content.strip() == b"null":
            raise self._unknown(path, reply.status)
        return f"/{self._checked(decode(reply, _CompanyInfo), reply)}/apis/3.0"

    def _checked(self, info: _CompanyInfo, reply: Reply) -> str:
        codebase = (info.codebase or "").strip("/")
        if _CODEBASE.fullmatch(codebase) is None:
            raise ServiceError(
                f"it named no usable codebase for the company {self._company!r}",
                service=SERVICE,
                verb="GET",
                path=reply.path,
                status=reply.status,
                hint="Check the url of the connection: it must be the site on which people log in to the PSA.",
            )
        return codebase

    def _unknown(self, path: str, status: int | None) -> UnknownCompany:
        return UnknownCompany(
            f"it does not know the company {self._company!r}",
            service=SERVICE,
            verb="GET",
            path=path,
            status=status,
            hint="Check `company` of the connection (the company id of the log-in page) and that `url` is the region "
            "in which it lives.",
        )
