"""A wire to the simulated PSA on which one write fails: before it arrives, or after it was carried out."""

from typing import Literal

import httpx

Failure = Literal["time-out", "cut", "500", "429", "page"]
FAILURES: tuple[Failure, ...] = ("time-out", "cut", "500", "429", "page")

_PAGE = b"<!DOCTYPE html><html><head><title>Please wait</title></head><body>Please wait</body></html>"
_ERROR = b'{"code":"ConnectWiseApi","message":"The service could not handle the request.","errors":null}'
_LIMIT = b'{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 7 seconds."}'


class FaultyWire(httpx.BaseTransport):
    """Passes requests on. The armed write fails as often as it is sent; all others go through."""

    def __init__(self, wire: httpx.BaseTransport) -> None:
        self._wire = wire
        self._number: int | None = None
        self._failure: Failure = "cut"
        self._after = False
        self._struck: tuple[str, str, bytes] | None = None
        self.writes: list[tuple[str, str, bytes]] = []

    def arm(self, number: int | None, failure: Failure = "cut", after: bool = False) -> None:
        """Let the write with this number fail, counted from 0; None: none. What was counted is forgotten."""
        self._number, self._failure, self._after = number, failure, after
        self._struck = None
        self.writes.clear()

    @property
    def struck(self) -> str | None:
        """The verb of the write that failed."""
        return self._struck[0] if self._struck else None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self._wire.handle_request(request)
        write = (request.method, str(request.url), request.read())
        if write not in self.writes and len(self.writes) == self._number:
            self._struck = write
        self.writes.append(write)
        if write != self._struck:
            return self._wire.handle_request(request)
        if self._after:
            self._wire.handle_request(request)
        return self._failed(request)

    def close(self) -> None:
        self._wire.close()

    def _failed(self, request: httpx.Request) -> httpx.Response:
        match self._failure:
            case "time-out":
                raise httpx.ReadTimeout("no answer in time", request=request)
            case "cut":
                raise httpx.ReadError("the connection was reset", request=request)
            case "500":
                return httpx.Response(500, stream=httpx.ByteStream(_ERROR))
            case "429":
                return httpx.Response(429, headers={"Retry-After": "7"}, stream=httpx.ByteStream(_LIMIT))
            case "page":
                return httpx.Response(200, headers={"Content-Type": "text/html"}, stream=httpx.ByteStream(_PAGE))
