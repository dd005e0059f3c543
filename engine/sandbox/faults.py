"""Faults on demand: what goes wrong between a client and a service, played in front of either simulator."""

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase

import msgspec

from engine.sandbox.asgi import App, Message, Receive, Scope, Send, send_answer
from engine.sandbox.fault import POOL_TEXT, TIMEOUT_TEXT, Fault, answer_of

__all__ = ["POOL_TEXT", "TIMEOUT_TEXT", "ConnectionDropped", "Fault", "Faults"]

_NUMBER = re.compile(r"(?<=/)\d+(?=/|$)")
_WINDOW = 60.0  # seconds that a budget covers


class ConnectionDropped(ConnectionResetError):
    """The simulated service cut the connection without a reply; an in-process transport reports a lost connection."""


class _Armed:
    """A fault that waits for its requests."""

    def __init__(self, fault: Fault, edit: Callable[[], None] | None) -> None:
        self.fault = fault
        self.edit = edit
        self.skip = fault.skip
        self.left = fault.times
        self.window = 0.0
        self.used = 0

    def fits(self, service: str, verb: str, path: str, relative: str) -> bool:
        wanted = self.fault
        return (
            wanted.service in ("*", service)
            and wanted.verb in ("*", verb)
            and (fnmatchcase(path, wanted.path) or fnmatchcase(relative, wanted.path))
        )

    def strikes(self, now: float) -> bool:
        """Whether it strikes a request that fits, counting it."""
        if self.fault.kind == "budget":
            if now - self.window >= _WINDOW:
                self.window, self.used = now, 0
            self.used += 1
            return self.used > self.fault.budget
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is not None:
            if self.left <= 0:
                return False
            self.left -= 1
        return True


class Faults:
    """The faults that are armed and the requests that came, for both services. Every call may come from any thread."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._clock = clock
        self._sleep = sleep

    def add(self, fault: Fault, edit: Callable[[], None] | None = None) -> None:
        """Arms a fault; `edit` is what "edit_between" runs. Raises ValueError if just one of the two is given."""
        if (fault.kind == "edit_between") != (edit is not None):
            raise ValueError("a fault of the kind edit_between needs a callable, and no other kind takes one")
        with self._lock:
            self._armed.append(_Armed(fault, edit))

    def armed(self) -> list[Fault]:
        """The faults that may still strike, with the number of times left."""
        with self._lock:
            return [
                msgspec.structs.replace(armed.fault, times=armed.left, skip=armed.skip)
                for armed in self._armed
                if armed.left is None or armed.left > 0
            ]

    def clear(self) -> None:
        """Disarms every fault."""
        with self._lock:
            self._armed.clear()

    def requests(self, service: str | None = None) -> dict[str, int]:
        """How many requests came, by "VERB /path" with every number in the path as {id}."""
        with self._lock:
            found: Counter[str] = Counter()
            for (of, key), number in self._counts.items():
                if service in (None, of):
                    found[key] += number
        return dict(sorted(found.items()))

    def reset_requests(self, service: str | None = None) -> None:
        """Counts from zero again."""
        with self._lock:
            for key in [key for key in self._counts if service in (None, key[0])]:
                del self._counts[key]

    def around(self, app: App, service: str, relative: Callable[[str], str] = str) -> App:
        """The app with its faults in front. `relative` takes off what all paths of the service begin with."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            struck = self._strike(service, scope["method"], scope["path"], relative(scope["path"]))
            if struck:
                await self._play(struck, service, app, scope, receive, send)
            else:
                await app(scope, receive, send)

        return guarded

    def _strike(self, service: str, verb: str, path: str, relative: str) -> list[_Armed]:
        key = f"{verb} {_NUMBER.sub('{id}', relative)}"
        with self._lock:
            self._counts[service, key] += 1
            if not self._armed:
                return []
            struck: list[_Armed] = []
            for armed in self._armed:
                if armed.fits(service, verb, path, relative) and armed.strikes(self._clock()):
                    struck.append(armed)
                    if armed.fault.kind not in ("slow", "edit_between"):
                        break  # one ending is enough; the next one waits for its own request
            return struck

    async def _play(
        self, struck: list[_Armed], service: str, app: App, scope: Scope, receive: Receive, send: Send
    ) -> None:
        ending = None
        for armed in struck:
            if armed.fault.kind == "slow":
                await self._sleep(armed.fault.seconds)
            elif armed.edit is not None:
                if not armed.fault.after:
                    armed.edit()
            else:
                ending = armed
        if ending is None:
            await app(scope, receive, send)
        else:
            retry_after = f"{max(1, round(ending.window + _WINDOW - self._clock()))}"
            await _end(ending.fault, retry_after, service, app, scope, receive, send)
        for armed in struck:
            if armed.edit is not None and armed.fault.after:
                armed.edit()


async def _end(
    fault: Fault, budget_over: str, service: str, app: App, scope: Scope, receive: Receive, send: Send
) -> None:
    if fault.kind in ("timeout_after_commit", "drop_after_commit", "truncate"):
        whole = _Collected()
        await app(scope, receive, whole.take)
        if fault.kind == "truncate":
            await whole.send_cut(send)
            return
    if fault.kind.startswith("drop"):
        await _drop(receive, send)
    else:
        await send_answer(send, answer_of(fault, budget_over, service))


class _Collected:
    """A reply kept back."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def send_cut(self, send: Send) -> None:
        half = self.body[: len(self.body) // 2]
        headers = [(name, value) for name, value in self.start["headers"] if name.lower() != b"content-length"]
        headers.append((b"content-length", b"%d" % len(half)))
        await send({**self.start, "headers": headers})
        await send({"type": "http.response.body", "body": half})


async def _drop(receive: Receive, send: Send) -> None:
    """Ends the connection without a reply: closes the server's socket; in the process, raises ConnectionDropped."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)  # uvicorn's `send` belongs to its cycle
    if not isinstance(transport, asyncio.Transport):
        raise ConnectionDropped("the simulated service cut the connection")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
