"""Runs an ASGI application in the process, as if it were a service at the other end of a connection."""

import asyncio
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class AsgiTransport(httpx.BaseTransport):
    """Hands requests to `app`. Thread-safe; each thread at work borrows an event loop of its own.

    Where the application ends without a complete reply, or raises ConnectionError, the connection counts as cut. Any
    other exception of the application passes through: it is a fault of the application, not of a service.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._idle: deque[asyncio.Runner] = deque()
        self._finalizer = weakref.finalize(self, _close_all, self._idle)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The application's reply, complete."""
        exchange = _Exchange(request.read())
        try:
            runner = self._idle.pop()
        except IndexError:
            runner = asyncio.Runner()
        try:
            runner.run(_call(self._app, _scope(request), exchange))
        except ConnectionError:
            raise httpx.ReadError("the connection was reset", request=request) from None
        finally:
            self._idle.append(runner)
        if exchange.status is None or not exchange.complete:
            raise httpx.RemoteProtocolError("the connection was closed before the reply was complete", request=request)
        return httpx.Response(
            exchange.status, headers=exchange.headers, stream=httpx.ByteStream(b"".join(exchange.chunks))
        )

    def close(self) -> None:
        """Closes the idle event loops."""
        _close_all(self._idle)


class _Exchange:
    """One request's body and the reply as it comes."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._given = False
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.complete = False

    async def receive(self) -> Message:
        if self._given:
            return {"type": "http.disconnect"}
        self._given = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.chunks.append(message.get("body", b""))
            self.complete = not message.get("more_body", False)


async def _call(app: App, scope: Message, exchange: _Exchange) -> None:
    await app(scope, exchange.receive, exchange.send)


def _scope(request: httpx.Request) -> Message:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "extensions": {},
    }


def _close_all(runners: deque[asyncio.Runner]) -> None:
    while runners:
        runners.pop().close()
