"""Instants of the simulated PSA: its own day and a counter, so that every write has a time and all runs agree."""

from engine.sandbox.psa.settings import TODAY
from engine.sandbox.store import Document, Store

_MEMBER = "sandbox"


def now(store: Store) -> str:
    """The instant of one write: the sandbox's day, and a second more than at the write before."""
    hours, rest = divmod(store.next_id("psa_clock") % 86400, 3600)
    return f"{store.setting('today', TODAY)}T{hours:02}:{rest // 60:02}:{rest % 60:02}Z"


def new_info(store: Store) -> Document:
    """The `_info` of a record that is written for the first time."""
    instant = now(store)
    return {"lastUpdated": instant, "updatedBy": _MEMBER, "dateEntered": instant, "enteredBy": _MEMBER}
