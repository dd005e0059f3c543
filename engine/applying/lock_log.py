"""Nothing is written once the lock is lost."""

from collections.abc import Callable

from engine.applying.git_lock import LockLost
from engine.applying.report import Outcome
from engine.applying.write_log import JournalFailed, WriteLog
from engine.planning.plan import Change


class LockedLog:
    """A log of writes that lets a write go ahead only while the lock is held."""

    def __init__(self, log: WriteLog, still_held: Callable[[], None]) -> None:
        self._log, self._still_held = log, still_held

    def writing(self, change: Change) -> None:
        """Raises JournalFailed, also for a lock that was lost: then nothing more is written."""
        try:
            self._still_held()
        except LockLost as lost:
            raise JournalFailed(f"{lost}; nothing more was written") from lost
        self._log.writing(change)

    def written(self, outcome: Outcome, requests: tuple[str, ...]) -> None:
        """What became of a write is noted whoever holds the lock by then. Raises JournalFailed."""
        self._log.written(outcome, requests)
