"""Which failures are worth another attempt, and after how long. Pure decisions."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec

BASE_SECONDS = 0.5
THROTTLED_BASE_SECONDS = 5.0
CAP_SECONDS = 60.0
LONGEST_RETRY_AFTER = 120.0
"""A service that asks for more than this gets its way by our giving up, not by a run that seems to hang."""


class Attempt(msgspec.Struct, frozen=True):
    """What is about to be repeated: `number` counts from 1; `safe` says that sending it twice does no harm."""

    number: int
    allowed: int
    safe: bool


def again_after_status(attempt: Attempt, status: int, body: bytes) -> bool:
    """Whether a reply with this status is worth another attempt.

    Never for anything but throttling and failures that pass: 429, 502, 503, 504, and 500 only where its text says
    time-out, as the PSA answers 500 to bad input too.
    """
    if not attempt.safe or attempt.number >= attempt.allowed:
        return False
    if status == 500:
        return says_timeout(body)
    return status in {429, 502, 503, 504}


def again_after_cut(attempt: Attempt, nothing_sent: bool) -> bool:
    """Whether to try again after no reply: always possible where nothing was sent, else only what is safe."""
    return attempt.number < attempt.allowed and (attempt.safe or nothing_sent)


def says_timeout(body: bytes) -> bool:
    """Whether an error text speaks of a time-out ("A timeout has occured", "Timeout expired", pool exhausted)."""
    text = body[:4000].lower()
    return b"timeout" in text or b"timed out" in text or b"time-out" in text


def wait_seconds(attempt: int, throttled: bool, retry_after: float | None, chance: float) -> float:
    """The pause after attempt `attempt`: what the service asks for and a bit more, else back-off with full jitter."""
    if retry_after is not None:
        return retry_after + chance
    base = THROTTLED_BASE_SECONDS if throttled else BASE_SECONDS
    ceiling = min(CAP_SECONDS, base * 2.0 ** min(attempt - 1, 20))
    return ceiling * chance


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """`Retry-After` in seconds from now, from a number or an HTTP date; None if it is missing or unreadable.

    A date is measured from the reply's own `Date` where there is one, so that a wrong local clock does no harm.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    then = _timestamp(value)
    if then is None:
        return None
    return max(0.0, then - (_timestamp(headers.get("date", "")) or wall))


def _timestamp(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
