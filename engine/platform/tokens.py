"""The access token of the platform: one at a time, renewed before it ends, its refresh token never lost."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from engine.http.errors import ServiceError
from engine.platform.token_store import NEW_TOKEN, Tokens, TokenStore, TokenStoreError

_SPARE = timedelta(seconds=120)
"""An access token is not used in its last two minutes."""

_STORE_ATTEMPTS = 3

Exchange = Callable[[Tokens, datetime], Tokens]


def utc_now() -> datetime:
    """The wall clock in UTC."""
    return datetime.now(UTC)


class TokenSource:
    """Gives the headers of a request. Thread-safe; across processes, one exchange at a time by the store's lock.

    Each use of a refresh token replaces it, so an exchange goes in this order: note in the store that it begins (which
    also proves that the store can be written), exchange, store the new tokens, and only then use them.
    """

    def __init__(self, store: TokenStore, exchange: Exchange, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._exchange = exchange
        self._now = now
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._headers: Mapping[str, str] = {}

    def authorize(self) -> Mapping[str, str]:
        """Headers with an access token that still lives. Raises ServiceError and TokenStoreError."""
        tokens = self._tokens
        if tokens is None or not self._lives(tokens):
            with self._lock:
                if self._tokens is None or not self._lives(self._tokens):
                    self._take(refused=None)
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there are other headers than these, which the platform refused with 401; exchanges if need be."""
        with self._lock:
            if self._headers == refused:
                self._take(refused=self._tokens.access_token if self._tokens else None)
            return self._headers != refused

    def access_token(self) -> str:
        """The access token itself, for asking the platform how long it lives."""
        self.authorize()
        return (self._tokens.access_token if self._tokens else None) or ""

    def refresh_seconds(self) -> int | None:
        """Seconds that the refresh token still lives by what its exchange said; None where it said nothing."""
        end = self._tokens.expires_at if self._tokens else None
        return None if end is None else int((end - self._now()).total_seconds())

    def _take(self, refused: str | None) -> None:
        with self._store.locked():
            held = self._store.get()
            if not self._lives(held) or held.access_token == refused:
                self._store.put(msgspec.structs.replace(held, rotating_since=self._now()))
                held = self._exchanged(held)
        self._tokens = held
        self._headers = {"Authorization": f"Bearer {held.access_token}"}

    def _exchanged(self, held: Tokens) -> Tokens:
        try:
            new = self._exchange(held, self._now())
        except ServiceError as failure:
            if not failure.outcome_unknown:
                self._store.put(held)
            raise
        for attempt in range(1, _STORE_ATTEMPTS + 1):
            try:
                self._store.put(new)
            except TokenStoreError as failure:
                if attempt == _STORE_ATTEMPTS:
                    raise TokenStoreError(
                        failure.path,
                        f"the new refresh token could not be kept ({failure.message}), and the old one works no more",
                        f"Mend the store, then {NEW_TOKEN}.",
                    ) from None
            else:
                break
        return new

    def _lives(self, tokens: Tokens) -> bool:
        end = tokens.access_expires_at
        return bool(tokens.access_token) and end is not None and self._now() + _SPARE < end
