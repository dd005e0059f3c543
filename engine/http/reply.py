"""A reply as a value, and its JSON as typed values."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from engine.http.errors import BadReply
from engine.http.redaction import scrub

T = TypeVar("T")

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with a status of 2xx. `headers` finds names in any case; `service` to `path` are for messages.

    `secrets` gives what of its request must not be shown, should the reply repeat it.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    service: str = ""
    verb: str = ""
    path: str = ""
    secrets: Callable[[], Sequence[str]] = field(default=tuple, compare=False)

    def __repr__(self) -> str:
        return f"Reply({self.verb} {self.path}: {self.status}, {len(self.content)} bytes)"


def decode(reply: Reply, kind: type[T]) -> T:
    """The JSON of a reply as `kind`. Raises BadReply, naming the request, where it is anything else."""
    try:
        decoder: msgspec.json.Decoder[T] = _decoder(cast("Hashable", kind))
        return decoder.decode(reply.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
        raise bad_reply(reply, failure) from None


def bad_reply(reply: Reply, failure: Exception) -> BadReply:
    """The error for a reply whose content could not be read."""
    message, hint = _why(reply, failure)
    return BadReply(
        message, service=reply.service, verb=reply.verb, path=reply.path, status=reply.status, code=None, hint=hint
    )


def page_title(content: bytes, secrets: Sequence[str] = ()) -> str | None:
    """What a web page says of itself; None if the content is no web page, "untitled" if it has no title."""
    start = content[:2000].lstrip()[:20].lower()
    if not start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml")):
        return None
    found = _TITLE.search(content[:20000])
    title = scrub(re.sub(r"\s+", " ", found[1].decode("utf-8", "replace")), secrets, limit=120) if found else ""
    return title or "untitled"


def _why(reply: Reply, failure: Exception) -> tuple[str, str]:
    secrets = reply.secrets()
    title = page_title(reply.content, secrets)
    if title is not None:
        # What was sent with a write, a token perhaps, could stand in the title of the page.
        named = f" ({title})" if reply.verb == "GET" else ""
        return (
            f"a web page came instead of data{named}",
            "Check the address: it should be the API's host; a proxy or a log-in page may stand between.",
        )
    if not reply.content.strip():
        return "the reply is empty", "Try again; if it stays, check the address of the connection."
    if isinstance(failure, msgspec.ValidationError):
        return (
            f"the reply does not have the expected form: {scrub(str(failure), secrets, limit=200)}",
            "The service may have changed its format; nothing was planned from this reply.",
        )
    return (
        f"the reply is not complete JSON ({len(reply.content)} bytes): {scrub(str(failure), secrets, limit=200)}",
        "The reply was probably cut on the way. Try again; if it stays, look at the network or a proxy.",
    )


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast("Any", kind))
