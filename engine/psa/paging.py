"""Whole lists, page by page.

Forward-only paging goes by id, so rows that come and go meanwhile are neither skipped nor doubled. Endpoints that do
not know it answer without a `Link` header; they are read by page numbers, ordered by id.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from engine.http.errors import BadReply
from engine.http.reply import Reply, decode
from engine.http.transport import Transport
from engine.psa.wire import WireRecord

R = TypeVar("R", bound=WireRecord)

PAGE_SIZE = 1000
"""The most that the PSA gives at once."""

FORWARD_ONLY = {"pagination-type": "forward-only"}

_LINK = re.compile(r"<([^<>]*)>\s*((?:;[^,<]*)*)")

Params = Sequence[tuple[str, str]]


def sweep(transport: Transport, path: str, params: Params, form: type[list[R]], headers: dict[str, str]) -> list[R]:
    """Every record of a list, once. `params` (conditions, fields) hold for every page.

    Raises ServiceError; BadReply where the pages do not advance, HostRefused where a link leads elsewhere.
    """
    records: dict[int, R] = {}
    for page in _forward(transport, path, params, form, headers):
        records.update((record.id, record) for record in page)
    return list(records.values())


def next_link(reply: Reply) -> str | None:
    """The address of the next page; "" where the header says that there is none; None without a header."""
    header = reply.headers.get("link")
    if header is None:
        return None
    links = [(found[1], found[2].replace(" ", "").lower()) for found in _LINK.finditer(header)]
    for url, attributes in links:
        if 'rel="next"' in attributes or "rel=next" in attributes:
            return url
    # Forward-only replies may name the next page without a relation.
    return next((url for url, attributes in links if "rel=" not in attributes), "")


def _forward(
    transport: Transport, path: str, params: Params, form: type[list[R]], headers: dict[str, str]
) -> Iterator[list[R]]:
    headers = {**headers, **FORWARD_ONLY}
    last = 0
    reply = transport.get(path, [*params, ("pageSize", str(PAGE_SIZE))], headers)
    while True:
        page = decode(reply, form)
        if not page:
            return
        yield page
        link = next_link(reply)
        if link is None and last == 0:
            yield from _numbered(transport, path, params, form, headers, page)
            return
        if not link:
            return
        ids = [record.id for record in page]
        if max(ids) <= last:
            raise _stuck(reply, f"the page after id {last} ends at id {max(ids)}")
        last = max(ids)
        reply = _follow(transport, path, params, headers, link, last, reply)


def _follow(
    transport: Transport, path: str, params: Params, headers: dict[str, str], link: str, last: int, reply: Reply
) -> Reply:
    query = parse_qs(urlsplit(link).query, keep_blank_values=True)
    named = query.get("pageId", query.get("pageid", []))
    if named and (not named[0].isdigit() or int(named[0]) < last):
        raise _stuck(reply, f"the link after id {last} leads back to page id {named[0][:40]}")
    if named and any(query.get(name, [""])[0] != value for name, value in params):
        # A link that lost the conditions would go on with other records.
        return transport.get(path, [*params, ("pageSize", str(PAGE_SIZE)), ("pageId", named[0])], headers)
    return transport.get_url(link, headers)


def _numbered(
    transport: Transport, path: str, params: Params, form: type[list[R]], headers: dict[str, str], first: list[R]
) -> Iterator[list[R]]:
    """The pages by number. The first one is read again unless it was short, as its order is not known to be by id."""
    headers = {name: value for name, value in headers.items() if name not in FORWARD_ONLY}
    seen: set[int] = set()
    number = 1
    if len(first) < PAGE_SIZE:
        seen, number = {record.id for record in first}, 2
    while True:
        pairs = [*params, ("orderBy", "id asc"), ("pageSize", str(PAGE_SIZE)), ("page", str(number))]
        reply = transport.get(path, pairs, headers)
        page = decode(reply, form)
        if not page:
            return
        fresh = {record.id for record in page} - seen
        if not fresh:
            raise _stuck(reply, f"page {number} repeats the pages before it")
        seen |= fresh
        yield page
        if next_link(reply) == "":
            return
        number += 1


def _stuck(reply: Reply, what: str) -> BadReply:
    return BadReply(
        f"the list does not advance: {what}",
        service=reply.service,
        verb=reply.verb,
        path=reply.path,
        status=reply.status,
        hint="Nothing was taken from this list. Try again; if it stays, a proxy may be answering from a cache.",
    )
