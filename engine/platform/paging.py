"""The platform's ways of paging: by token for customers and products, by offset for subscriptions."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import msgspec

from engine.http.errors import BadReply
from engine.http.reply import Reply, bad_reply, decode
from engine.http.transport import Transport
from engine.platform import wire
from engine.platform.models import Subscription, SubscriptionList, UnreadableSubscription

PAGE_SIZE = 1000
"""What is asked for; the service may give less."""

T_co = TypeVar("T_co", covariant=True)


class TokenPage(Protocol[T_co]):
    """A page that names the next one."""

    @property
    def next_page_token(self) -> str | None: ...

    @property
    def items(self) -> Sequence[T_co]: ...


def by_token(transport: Transport, path: str, kind: type[TokenPage[T_co]]) -> Iterator[T_co]:
    """Every item of a list. Raises BadReply for a page token that comes a second time, as the list would never end."""
    seen: set[str] = set()
    params = {"pageSize": str(PAGE_SIZE)}
    while True:
        reply = transport.get(path, params)
        page = decode(reply, kind)
        yield from page.items
        token = page.next_page_token
        if not token:
            return
        if token in seen:
            raise _broken(reply, "the page after this one was already given: the list goes in a circle")
        seen.add(token)
        params["pageToken"] = token


def subscriptions(transport: Transport, path: str, customer: str | None, parallel: int) -> SubscriptionList:
    """A sweep of the subscriptions, checked against the platform's own total and swept once more if it differs.

    Raises BadReply if the list keeps changing while it is read.
    """
    for _ in range(2):
        sweep = _Sweep(transport, path, customer)
        found = sweep.read(parallel)
        if sweep.complete:
            return found
    raise _broken(
        sweep.last,
        f"the list changed while it was read, twice: {sweep.distinct} different subscriptions came, "
        f"while the platform counts {sweep.total}",
    )


class _Page(msgspec.Struct, frozen=True):
    read: list[Subscription | UnreadableSubscription]
    total: int | None
    reply: Reply


class _Sweep:
    """One pass over the subscriptions, from offset 0 to the first empty page."""

    def __init__(self, transport: Transport, path: str, customer: str | None) -> None:
        self._transport = transport
        self._path = path
        self._customer = {"customerId": customer} if customer is not None else {}
        self.last = Reply(200, {}, b"")
        self.total: int | None = None
        self.distinct = 0
        self.complete = False

    def read(self, parallel: int) -> SubscriptionList:
        """Reads the pages, several at once where the first tells the total. A page of another size is read in turn."""
        first = self._fetch(0)
        ahead = {0: first, **self._prefetch(first, parallel)}
        found: list[Subscription | UnreadableSubscription] = []
        totals: set[int | None] = set()
        before: list[str | None] = []
        while True:
            page = ahead.pop(len(found), None) or self._fetch(len(found))
            self.last = page.reply
            totals.add(page.total)
            if not page.read:
                break
            ids = [item.id for item in page.read]
            if ids == before:
                raise _broken(page.reply, f"the page at offset {len(found)} is the page before it once more")
            before = ids
            found += page.read
        # An empty page need not repeat the total.
        totals.discard(None)
        self.total = max((total for total in totals if total is not None), default=None)
        distinct = {item.id for item in found if item.id is not None}
        self.distinct = len(distinct) + sum(item.id is None for item in found)
        self.complete = self.distinct == len(found) and (not totals or totals == {self.distinct})
        return SubscriptionList(
            items=[item for item in found if isinstance(item, Subscription)],
            problems=[item for item in found if isinstance(item, UnreadableSubscription)],
        )

    def _prefetch(self, first: _Page, parallel: int) -> dict[int, _Page]:
        size = len(first.read)
        if not size or first.total is None or first.total <= size or parallel < 2:
            return {}
        offsets = [*range(size, first.total, size), first.total]
        with ThreadPoolExecutor(min(parallel, len(offsets))) as pool:
            return dict(zip(offsets, pool.map(self._fetch, offsets), strict=True))

    def _fetch(self, offset: int) -> _Page:
        params = {"pagination.limit": str(PAGE_SIZE), "pagination.offset": str(offset), **self._customer}
        reply = self._transport.get(self._path, params)
        try:
            page = msgspec.json.decode(reply.content, type=wire.SubscriptionPage)
        except msgspec.ValidationError:
            return self._item_by_item(reply)
        except (msgspec.DecodeError, RecursionError) as failure:
            raise bad_reply(reply, failure) from None
        return _Page([wire.subscription(item) for item in page.items or ()], wire.total_of(page), reply)

    def _item_by_item(self, reply: Reply) -> _Page:
        raw = decode(reply, wire.RawSubscriptionPage)
        return _Page([wire.raw_subscription(item) for item in raw.items or ()], wire.total_of(raw), reply)


def _broken(reply: Reply, message: str) -> BadReply:
    return BadReply(
        message,
        service=reply.service,
        verb=reply.verb,
        path=reply.path,
        status=reply.status,
        hint="Try again in a few minutes; nothing was planned from this reading.",
    )
