"""Replies of a hostile service: credentials go nowhere else, nothing is read without end, and the error says what."""

import gzip
import itertools
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from engine.http.errors import BadReply, HostRefused, ServiceError, Unreachable
from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.transport import Limits, Transport
from engine.psa.paging import sweep
from engine.psa.wire import WireRecord
from tests.security.raw_service import RawService, raw_service, reply

KEY = "made-up-credential-0123456789"
MEBIBYTE = 2**20


class Row(WireRecord):
    """Any record."""


@pytest.fixture
def service() -> Iterator[RawService]:
    with raw_service() as found:
        yield found


@pytest.fixture
def elsewhere() -> Iterator[RawService]:
    """Another host: nothing may ever reach it."""
    with raw_service() as found:
        yield found
        assert found.heads == []


def client(service: RawService, **limits: Any) -> Transport:
    return Transport(
        service="ConnectWise PSA",
        base_url=service.url,
        authorize=lambda: {"Authorization": f"Bearer {KEY}"},
        explain=lambda status, body: (None, None),
        hosts=AllowedHosts(),
        limits=Limits(**{"attempts": 2, "read_timeout": 5, **limits}),
        pace=Pace(sleep=lambda seconds: None),
    )


def page(ids: range, link: str) -> bytes:
    rows = json.dumps([{"id": one} for one in ids]).encode()
    return reply(rows, "Content-Type: application/json", *([f"Link: {link}"] if link else []))


def listed(service: RawService) -> list[Row]:
    transport = client(service)
    try:
        return sweep(transport, "/list", [("conditions", "id > 0")], list[Row], {})
    finally:
        transport.close()


LINKS = (
    "https://127.0.0.1:{port}/list?pageId=2",
    "http://127.0.0.1:{other}/list?pageId=2",
    "http://localhost:{port}/list?pageId=2",
    "http://evil.example/list?pageId=2",
    "http://127.0.0.1:{port}@evil.example/list?pageId=2",
    "http://user:pass@127.0.0.1:{port}/list?pageId=2",
    "http://127.0.0.1:{port}.evil.example/?pageId=2",
    "//evil.example/list?pageId=2",
    "\\\\evil.example\\list?pageId=2",
    "file:///etc/passwd?pageId=2",
    "ftp://127.0.0.1:{port}/?pageId=2",
    "javascript:alert(1)?pageId=2",
    "list?pageId=2",
)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_leads_elsewhere_is_not_followed(service: RawService, elsewhere: RawService, link: str) -> None:
    ports = {"port": service.url.rpartition(":")[2], "other": elsewhere.url.rpartition(":")[2]}
    address = link.format(**ports)
    # The conditions are on it: a link without them is made anew from what was asked, on the same host.
    service.answer = lambda head: [page(range(1, 3), f'<{address}&conditions=id%20%3E%200>; rel="next"')]
    with pytest.raises(HostRefused, match="Nothing was sent there") as caught:
        listed(service)
    assert len(service.heads) == 1
    assert KEY not in str(caught.value)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("link", ["<{url}/list?pageId=2>; rel=next", "<{url}/list?pageId=1>", "<{url}/other>"])
def test_a_link_that_leads_in_a_circle_ends(service: RawService, link: str) -> None:
    service.answer = lambda head: [page(range(1, 3), link.format(url=service.url))]
    with pytest.raises(BadReply, match="does not advance"):
        listed(service)
    assert len(service.heads) <= 3


def test_a_link_with_a_line_break_or_a_space_sends_no_header_of_its_own(service: RawService) -> None:
    service.answer = lambda head: [
        page(range(1, 3), f"<{service.url}/a b%0d%0aX-Evil:%201?pageId=2&conditions=id > 0>")
    ]
    with pytest.raises(ServiceError):
        listed(service)
    assert not any(line.lower().startswith("x-evil") for head in service.heads for line in head.split("\r\n"))


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent", "300 Many"])
def test_a_redirect_is_not_followed(service: RawService, elsewhere: RawService, status: str) -> None:
    service.answer = lambda head: [reply(b"", f"Location: {elsewhere.url}/x?a={KEY}", status=status)]
    transport = client(service)
    for verb in ("GET", "POST"):
        with pytest.raises(BadReply, match="redirects are never followed") as caught:
            transport.get("/x") if verb == "GET" else transport.send("POST", "/x", b"{}")
        assert KEY not in str(caught.value)
    transport.close()
    assert len(service.heads) == 2


def test_cookies_are_not_kept(service: RawService) -> None:
    service.answer = lambda head: [reply(b"[]", "Set-Cookie: session=1; Path=/")]
    transport = client(service)
    transport.get("/x")
    transport.get("/x")
    transport.close()
    assert not any("cookie" in head.lower() for head in service.heads)


def bomb(layers: int, size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    content = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(size)) + packer.flush()
    for _ in range(layers - 1):
        content = gzip.compress(content)
    return content


@pytest.mark.parametrize(("encoding", "layers"), [("gzip", 1), ("gzip, gzip", 2), ("gzip,gzip,gzip", 3)])
def test_a_bomb_is_not_unpacked(service: RawService, encoding: str, layers: int) -> None:
    content = bomb(layers, 16)
    service.answer = lambda head: [reply(content, f"Content-Encoding: {encoding}")]
    transport = client(service, max_reply_bytes=4 * MEBIBYTE)
    with pytest.raises(BadReply, match=r"larger than 4 MiB|wrongly compressed"):
        transport.get("/x")
    transport.close()


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "identity, gzip", "x"])
def test_a_compression_that_was_not_asked_for_is_refused(service: RawService, encoding: str) -> None:
    service.answer = lambda head: [reply(b"[]", f"Content-Encoding: {encoding}")]
    transport = client(service)
    with pytest.raises(BadReply, match="wrongly compressed"):
        transport.get("/x")
    transport.close()


def endless(first: bytes, part: bytes) -> Iterator[bytes]:
    yield first
    yield from itertools.repeat(part)


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        "HTTP/1.1 500 Broken\r\nConnection: close\r\n\r\n",
    ],
)
def test_an_endless_reply_ends(service: RawService, head: str) -> None:
    service.answer = lambda _: endless(head.encode(), b"x" * 65536)
    transport = client(service, max_reply_bytes=2 * MEBIBYTE)
    with pytest.raises(BadReply, match="larger than 2 MiB"):
        transport.get("/x")
    transport.close()
    assert service.sent < 64 * MEBIBYTE


def test_an_endless_head_ends(service: RawService) -> None:
    service.answer = lambda _: endless(b"HTTP/1.1 200 OK\r\n", b"X-Filling: " + b"y" * 1000 + b"\r\n")
    transport = client(service)
    with pytest.raises(Unreachable):
        transport.get("/x")
    transport.close()
    assert service.sent < 64 * MEBIBYTE


def test_a_reply_that_trickles_ends_with_the_total_time(service: RawService) -> None:
    """The clock runs ten seconds a look: nobody waits here."""
    service.answer = lambda _: endless(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x")
    ticks = itertools.count(0, 10)
    transport = client(service)
    transport._pace = Pace(clock=lambda: float(next(ticks)), sleep=lambda seconds: None)
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="total time"):
        transport.get("/x")
    transport.close()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy"])
@pytest.mark.parametrize("wait", ["99999999999999999999", "-1", "nan", "1e400", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_without_end_is_not_taken(service: RawService, status: str, wait: str) -> None:
    service.answer = lambda head: [reply(b"{}", f"Retry-After: {wait}", status=status)]
    transport = client(service, attempts=3)
    with pytest.raises(ServiceError):
        transport.get("/x")
    transport.close()
    assert len(service.heads) <= 3


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"<html>",
        b"null",
        b'"text"',
        b"[1",
        DEEP,
        b'[{"id": 1e999}]',
        b"[{}]",
        b'{"a":' * 5000,
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/html", "image/png", ""])
def test_a_reply_that_is_no_list_is_an_error_of_one_line(service: RawService, content: bytes, kind: str) -> None:
    service.answer = lambda head: [reply(content, *([f"Content-Type: {kind}"] if kind else []))]
    with pytest.raises(BadReply) as caught:
        listed(service)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1 999 \xff\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\nno gzip",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\x1b]0;x\x07: y\r\n\r\n",
    ],
)
def test_what_is_no_http_is_an_error_of_one_line(service: RawService, answer: bytes) -> None:
    service.answer = lambda head: [answer]
    transport = client(service)
    with pytest.raises(ServiceError) as caught:
        transport.get("/x")
    transport.close()
    assert str(caught.value).isprintable()
