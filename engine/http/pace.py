"""How fast requests may go out: a clock that tests replace, and a token bucket."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """A clock in seconds, sleep, the wall clock (for `Retry-After` dates) and a random number from 0 to 1."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random


class Bucket:
    """A token bucket: `per_minute` on average, at most ten seconds' worth at once. Thread-safe.

    `hold` stops everyone for a while, as a service that throttles one request throttles them all.
    """

    def __init__(self, per_minute: int, pace: Pace) -> None:
        self._per_second = per_minute / 60
        self._burst = max(1.0, per_minute / 6)
        self._tokens = self._burst
        self._pace = pace
        self._seen = pace.clock()
        self._held_until = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Waits until one request may be sent."""
        with self._lock:
            now = self._pace.clock()
            self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._per_second)
            self._seen = now
            self._tokens -= 1
            wait = max(-self._tokens / self._per_second, self._held_until - now)
        if wait > 0:
            self._pace.sleep(wait)

    def hold(self, seconds: float) -> None:
        """Lets nobody send for this long."""
        with self._lock:
            self._held_until = max(self._held_until, self._pace.clock() + seconds)
