"""Where the writes of a run are noted, each before it is sent and again once it is known what became of it."""

from typing import Protocol

from engine.applying.report import Outcome
from engine.planning.plan import Change


class JournalFailed(Exception):
    """A write could not be noted. `str()` says why and what to do; nothing more may be written."""


class WriteLog(Protocol):
    """Notes writes. Both calls may raise JournalFailed."""

    def writing(self, change: Change) -> None:
        """This change is about to be sent."""
        ...

    def written(self, outcome: Outcome, requests: tuple[str, ...]) -> None:
        """What became of it; `requests` are the ids under which the service knows what was sent for it."""
        ...


class _Unlogged:
    def writing(self, change: Change) -> None:
        """Noted nowhere."""

    def written(self, outcome: Outcome, requests: tuple[str, ...]) -> None:
        """Noted nowhere."""


UNLOGGED: WriteLog = _Unlogged()
"""Of a run that keeps no journal."""
