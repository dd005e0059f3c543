"""An application in the process behaves as a service at the other end of a connection."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from engine.http.asgi import AsgiTransport, Message, Receive, Send
from engine.http.errors import Unreachable
from tests.http.support import make_transport

App = Callable[[Message, Receive, Send], Awaitable[None]]


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    body = (await receive())["body"]
    text = b"|".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], body))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]})
    await send({"type": "http.response.body", "body": text, "more_body": True})
    await send({"type": "http.response.body", "body": b"."})


async def cut(scope: Message, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"[1,", "more_body": True})


async def reset(scope: Message, receive: Receive, send: Send) -> None:
    raise ConnectionResetError


async def broken(scope: Message, receive: Receive, send: Send) -> None:
    raise KeyError("a fault of the application")


def test_a_request_arrives_whole_and_the_reply_comes_back() -> None:
    transport = make_transport(wire=AsgiTransport(echo))
    reply = transport.send("PATCH", "a b/c", b"[]")
    assert reply.content == b"PATCH|/a b/c||[]."
    assert reply.headers["X-A"] == "1"
    assert transport.get("x", {"a": "1 2"}).content == b"GET|/x|a=1%202|."
    transport.close()


@pytest.mark.parametrize("app", [cut, reset])
def test_an_application_can_cut_the_connection(app: App) -> None:
    transport = make_transport(wire=AsgiTransport(app))
    with pytest.raises(Unreachable, match="connection was cut"):
        transport.get("x")
    assert transport.sent == 5
    transport.close()


def test_a_fault_of_the_application_passes_through() -> None:
    wire = AsgiTransport(broken)
    with pytest.raises(KeyError):
        wire.handle_request(httpx.Request("GET", "http://127.0.0.1/"))
    wire.close()


def test_many_threads_share_one_application() -> None:
    transport = make_transport(wire=AsgiTransport(echo))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: transport.get(f"n/{n}").content, range(100)))
    assert found == [f"GET|/n/{n}||.".encode() for n in range(100)]
    transport.close()
