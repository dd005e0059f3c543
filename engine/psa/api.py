"""Requests to the PSA: pinned version, codebase, paging, chosen fields, and errors with advice."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TypeVar

from engine.http.errors import Rejected, ServiceError
from engine.http.reply import Reply, decode
from engine.http.transport import Transport
from engine.psa import paging
from engine.psa.conditions import LONGEST_URL, encoded
from engine.psa.discovery import Codebase, UnknownCompany
from engine.psa.errors import with_advice
from engine.psa.wire import Count, WireRecord

Params = tuple[tuple[str, str], ...]

T = TypeVar("T")
R = TypeVar("R", bound=WireRecord)

_RESERVED = 160
"""What host, codebase and page size may take of an address."""


class WriteRefused(RuntimeError):
    """A write by a client that may only read: a fault of this program, of which nothing was sent."""


class Api:
    """What the reads and writes of the PSA have in common. Thread-safe.

    `version` is the data model that replies keep to; without `writes` nothing but GET is ever sent. Raises ServiceError
    with a hint that fits the PSA.
    """

    def __init__(self, transport: Transport, codebase: Codebase, version: str, *, writes: bool = True) -> None:
        self._transport = transport
        self._writes = writes
        self._codebase = codebase
        self._accept = {"accept": f"application/vnd.connectwise.com+json; version={version}"}
        self._proven = False
        self._whole: set[str] = set()

    def get(self, path: str, params: Params = ()) -> Reply:
        """One reply."""
        return self._run(lambda base: self._transport.get(base + path, params, self._accept))

    def page(self, path: str, form: type[T], params: Params) -> T:
        """The first page of a list."""
        return decode(self.get(path, params), form)

    def count(self, path: str, conditions: str | None = None) -> int:
        """How many records a list has."""
        return decode(self.get(f"{path}/count", (("conditions", conditions),) if conditions else ()), Count).count

    def send(self, verb: str, path: str, body: bytes, *, retry: bool = False) -> Reply:
        """One write. Raises WriteRefused where this program only looks."""
        if not self._writes:
            raise WriteRefused(f"{verb} {path}: this client reads alone")
        return self._run(lambda base: self._transport.send(verb, base + path, body, headers=self._accept, retry=retry))

    def sweep(self, path: str, form: type[list[R]], fields: str = "", conditions: str | None = None) -> list[R]:
        """Every record of a list. `fields` (with commas) spares the rest; where one is refused, records come whole."""
        return self._tolerant(
            path,
            fields,
            conditions,
            lambda params: self._run(
                lambda base: paging.sweep(self._transport, base + path, params, form, self._accept)
            ),
        )

    def few(self, path: str, form: type[list[R]], fields: str = "", conditions: str | None = None) -> list[R]:
        """Every record of a list that is expected to be short: one request, if it is."""

        def read(params: Params) -> list[R] | None:
            reply = self.get(path, (*params, ("pageSize", str(paging.PAGE_SIZE))))
            found = decode(reply, form)
            return None if len(found) >= paging.PAGE_SIZE or paging.next_link(reply) else found

        found = self._tolerant(path, fields, conditions, read)
        return self.sweep(path, form, fields, conditions) if found is None else found

    def fits(self, path: str, fields: str, conditions: str) -> bool:
        """Whether the address of a list with these conditions stays below the length that the PSA takes."""
        return _RESERVED + len(path) + len(encoded(fields)) + len(encoded(conditions)) <= LONGEST_URL

    def _tolerant(self, path: str, fields: str, conditions: str | None, read: Callable[[Params], T]) -> T:
        where = (("conditions", conditions),) if conditions else ()
        if not fields or path in self._whole:
            return read(where)
        try:
            return read((*where, ("fields", fields)))
        except Rejected as error:
            if error.status != 400:
                raise
            found = read(where)
            self._whole.add(path)
            return found

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._transport.sent + self._codebase.sent

    def request_ids(self) -> tuple[str, ...]:
        """The ids that the PSA gave to the last writes since this was asked before."""
        return self._transport.request_ids()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()
        self._codebase.close()

    def _run(self, work: Callable[[str], T]) -> T:
        try:
            result = self._codebase.run(work)
        except UnknownCompany:
            raise
        except ServiceError as error:
            raise with_advice(error, proven=self._proven) from None
        self._proven = True
        return result


def basic(company: str, public_key: str, private_key: str, client_id: str) -> Mapping[str, str]:
    """The credential headers of a request."""
    login = b64encode(f"{company}+{public_key}:{private_key}".encode()).decode("ascii")
    return {"authorization": f"Basic {login}", "clientId": client_id}
