"""Activity logs read before, kept so that only a subscription that moved since costs a request. Safe to delete."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from engine.platform.models import ActivityLog

FORMAT = 1
"""To be raised with every change of ActivityLog, and of how activity.py reads: what was kept before is then a miss."""

_FILE = "activity.sqlite"
_WAIT_SECONDS = 5
_LOG = msgspec.json.Decoder(ActivityLog)


class ActivityCache:
    """A file of logs in a folder, by account and subscription. For threads and processes at once; never an error.

    What is not there, damaged, of another format, or cannot be read is a miss. An entry counts only while the
    subscription's `last_updated` is the one that it was read with. Many at once are much faster than one by one.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def get(self, account: str, subscription: str, last_updated: str) -> ActivityLog | None:
        """The log of a subscription as last updated then."""
        return self.get_many(account, {subscription: last_updated}).get(subscription)

    def get_many(self, account: str, wanted: Mapping[str, str]) -> dict[str, ActivityLog]:
        """The logs there are of `wanted`, each subscription with its `last_updated`."""
        found: dict[str, ActivityLog] = {}
        with contextlib.suppress(OSError, sqlite3.Error), self._open("ro") as file:
            for subscription, last_updated in wanted.items():
                query = "SELECT digest, log FROM logs WHERE account = ? AND subscription = ?"
                row = file.execute(query, (account, subscription)).fetchone()
                log = _log(account, *row) if row else None
                if log and log.subscription == subscription and log.last_updated == last_updated != "":
                    found[subscription] = log
        return found

    def put(self, account: str, log: ActivityLog) -> bool:
        """Keeps a log in the place of the one before it; says whether that could be done."""
        return self.put_many(account, (log,))

    def put_many(self, account: str, logs: Iterable[ActivityLog]) -> bool:
        """Keeps all of them or none, and says which; those without a `last_updated` are left out."""
        rows = [(account, log.subscription, *_kept(account, log)) for log in logs if log.last_updated]
        try:
            try:
                self._write(rows)
            except sqlite3.DatabaseError as failure:
                # Its subclasses tell of a lock or of rights; the class itself of a file that is damaged or foreign.
                if type(failure) is not sqlite3.DatabaseError:
                    raise
                self._path.unlink()
                self._write(rows)
        except (OSError, sqlite3.Error):
            return False
        return True

    def _write(self, rows: Iterable[tuple[str, str, bytes, bytes]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open("rwc") as file, file:
            file.execute("BEGIN IMMEDIATE")
            if file.execute("PRAGMA user_version").fetchone() != (FORMAT,):
                file.execute("DROP TABLE IF EXISTS logs")
                file.execute(f"PRAGMA user_version = {FORMAT}")
            file.execute(
                "CREATE TABLE IF NOT EXISTS logs"
                " (account TEXT, subscription TEXT, digest BLOB, log BLOB, PRIMARY KEY (account, subscription))"
            )
            file.executemany("INSERT OR REPLACE INTO logs VALUES (?, ?, ?, ?)", rows)

    @contextlib.contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        with contextlib.closing(sqlite3.connect(address, timeout=_WAIT_SECONDS, uri=True)) as file:
            yield file


def _kept(account: str, log: ActivityLog) -> tuple[bytes, bytes]:
    content = msgspec.json.encode(log)
    return _digest(account, content), content


def _log(account: str, digest: object, content: object) -> ActivityLog | None:
    if not isinstance(content, bytes) or _digest(account, content) != digest:
        return None
    try:
        return _LOG.decode(content)
    except msgspec.DecodeError:
        return None


def _digest(account: str, content: bytes) -> bytes:
    """Tells a damaged entry, and one of another account or format, from a whole one."""
    key = msgspec.json.encode([FORMAT, account])
    return hashlib.blake2b(key + content, digest_size=16).digest()
