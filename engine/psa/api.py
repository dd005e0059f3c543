"""Requests to the PSA: pinned version, codebase, paging, chosen fields, and errors with advice."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from engine.http.errors import Rejected, ServiceError
from engine.http.reply import Reply, decode
from engine.http.transport import Transport
from engine.psa import paging
from engine.psa.conditions import LONGEST_URL, encoded
from engine.psa.discovery import Codebase
from engine.psa.errors import with_advice
from engine.psa.wire import Count, WireRecord

T = TypeVar("T")
R = TypeVar("R", bound=WireRecord)

_RESERVED_FOR_HOST = 120


class Api:
    """What the reads and writes of the PSA have in common. Thread-safe.

    `version` is the data model that replies keep to. Raises ServiceError with a hint that fits the PSA.
    """

    def __init__(self, transport: Transport, codebase: Codebase, version: str) -> None:
        self._transport = transport
        self._codebase = codebase
        self._accept = {"accept": f"application/vnd.connectwise.com+json; version={version}"}
        self._proven = False
        self._whole: set[str] = set()

    def get(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Reply:
        """One reply."""
        return self._run(lambda base: self._transport.get(base + path, params, self._accept))

    def count(self, path: str, conditions: str | None = None) -> int:
        """How many records a list has."""
        params = [("conditions", conditions)] if conditions else []
        return decode(self.get(f"{path}/count", params), Count).count

    def send(self, verb: str, path: str, body: bytes, *, retry: bool = False) -> Reply:
        """One write."""
        return self._run(lambda base: self._transport.send(verb, base + path, body, headers=self._accept, retry=retry))

    def sweep(self, path: str, form: type[R], fields: Sequence[str] = (), conditions: str | None = None) -> list[R]:
        """Every record of a list. `fields` spares the PSA the rest; where it refuses one, whole records are read."""
        where = [("conditions", conditions)] if conditions else []

        def read(chosen: Sequence[tuple[str, str]]) -> list[R]:
            return self._run(
                lambda base: paging.sweep(self._transport, base + path, [*where, *chosen], form, self._accept)
            )

        if not fields or path in self._whole:
            return read(())
        try:
            return read((("fields", ",".join(fields)),))
        except Rejected as error:
            if error.status != 400:
                raise
            found = read(())
            self._whole.add(path)
            return found

    def fits(self, path: str, fields: Sequence[str], conditions: str) -> bool:
        """Whether a list with these conditions stays below the length that the PSA takes."""
        query = encoded(conditions) + encoded(",".join(fields))
        return len(path) + len(query) + _RESERVED_FOR_HOST <= LONGEST_URL

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._transport.sent

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def _run(self, work: Callable[[str], T]) -> T:
        try:
            result = self._codebase.run(work)
        except ServiceError as error:
            raise with_advice(error, proven=self._proven) from None
        self._proven = True
        return result


def basic(company: str, public_key: str, private_key: str, client_id: str) -> Mapping[str, str]:
    """The credential headers of a request."""
    from base64 import b64encode

    login = b64encode(f"{company}+{public_key}:{private_key}".encode()).decode("ascii")
    return {"authorization": f"Basic {login}", "clientId": client_id}
