"""What the tests of both services' transports share: a clock that does not wait, and a transport on it."""

from collections.abc import Mapping
from typing import Any

import httpx

from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.transport import Limits, Transport

SERVICE_URL = "https://ion.tdsynnex.com"
KEY = "made-up-credential-0123456789"


class Clock:
    """A clock that sleeping moves; `naps` are the sleeps asked for."""

    def __init__(self, chance: float = 1.0) -> None:
        self.now = 1000.0
        self.naps: list[float] = []
        self.pace = Pace(clock=lambda: self.now, sleep=self.sleep, wall=lambda: 1_800_000_000.0, chance=lambda: chance)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def nothing_explained(status: int, body: bytes) -> tuple[str | None, str | None]:
    """An explanation that leaves it to the transport."""
    return None, None


def credentials() -> Mapping[str, str]:
    """Made-up credential headers."""
    return {"Authorization": f"Bearer {KEY}"}


def make_transport(clock: Clock | None = None, limits: Limits | None = None, **given: Any) -> Transport:
    """A transport to the platform's host, on a clock that does not wait."""
    defaults: dict[str, Any] = {
        "service": "StreamOne Ion",
        "base_url": SERVICE_URL,
        "authorize": credentials,
        "explain": nothing_explained,
        "hosts": AllowedHosts(),
        "limits": limits or Limits(),
        "pace": (clock or Clock()).pace,
    }
    return Transport(**{**defaults, **given})


class Endless(httpx.SyncByteStream):
    """A body that never ends."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock

    def __iter__(self) -> Any:
        while True:
            if self._clock:
                self._clock.now += 10
            yield b"x" * 65536
