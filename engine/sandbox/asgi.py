"""The little of ASGI that both simulators need: a request read whole, a reply sent whole."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from engine.sandbox.store import to_json

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Answer(NamedTuple):
    """A reply: status, body, content type and further headers."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Sequence[tuple[str, str]] = ()


def json_answer(status: int, value: object, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """A reply that carries `value` as JSON."""
    return Answer(status, to_json(value), headers=headers)


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def send_answer(send: Send, answer: Answer) -> None:
    """Sends a reply whole."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status != 204:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def pass_lifespan(receive: Receive, send: Send) -> None:
    """Answers a server's start and stop, of which the simulators need nothing."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """The value of a request's header (`name` in lower case), else an empty text."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""
