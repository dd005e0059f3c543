"""The sandbox's memory: JSON documents and settings in one SQLite database, in a file or in memory."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import msgspec

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  kind TEXT NOT NULL, id INTEGER NOT NULL, parent INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_parent ON documents (kind, parent, id) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_identifier ON documents (kind, json_extract(body, '$.identifier') COLLATE NOCASE)
  WHERE parent IS NULL;
CREATE INDEX IF NOT EXISTS by_name ON documents (kind, json_extract(body, '$.name') COLLATE NOCASE)
  WHERE parent IS NULL;
CREATE TABLE IF NOT EXISTS sequences (kind TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def to_json(value: object) -> bytes:
    """JSON with every Decimal written as a number, digit for digit."""
    return _encoder.encode(value)


def from_json(text: bytes | str) -> Any:
    """The value of a JSON text; a number with a point becomes a Decimal. Raises msgspec.DecodeError."""
    return _decoder.decode(text)


class Store:
    """Documents by kind and id, some below a parent; settings by name. Every call may come from any thread."""

    def __init__(self, path: str) -> None:
        """Opens or makes the database at `path`; ":memory:" keeps it in the process."""
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=256)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._settings: dict[str, str] = {}
        self._settings_version = -1

    def put(self, kind: str, id: int, doc: Document, parent: int | None = None) -> None:
        """Keeps `doc` under its kind and id, in place of what was there."""
        self.put_many(kind, ((id, doc, parent),))

    def put_many(self, kind: str, rows: Iterable[tuple[int, Document, int | None]]) -> None:
        """Keeps many documents of one kind at once: (id, document, parent or None)."""
        values = ((kind, id, parent, to_json(doc).decode()) for id, doc, parent in rows)
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO documents (kind, id, parent, body) VALUES (?, ?, ?, ?)", values
            )

    def get(self, kind: str, id: int) -> Document | None:
        """The document, as a copy of its own; None if there is none."""
        text = self.text(kind, id)
        return None if text is None else from_json(text)

    def text(self, kind: str, id: int) -> str | None:
        """The document's JSON text."""
        with self._lock:
            row = self._db.execute("SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return None if row is None else str(row[0])

    def parent(self, kind: str, id: int) -> int | None:
        """The id of the parent that a document was put under."""
        with self._lock:
            row = self._db.execute("SELECT parent FROM documents WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return None if row is None else row[0]

    def delete(self, kind: str, id: int) -> None:
        """Forgets a document; its id is not given out again."""
        with self.transaction():
            self._reserve(kind)
            self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))

    def next_id(self, kind: str) -> int:
        """An id that no document of this kind has or had."""
        with self.transaction():
            last = self._reserve(kind) + 1
            self._db.execute("UPDATE sequences SET last = ? WHERE kind = ?", (last, kind))
            return last

    def reserve(self, kind: str, id: int) -> None:
        """Keeps `next_id` from giving out any id up to this one."""
        with self.transaction():
            last = max(self._reserve(kind), id)
            self._db.execute("UPDATE sequences SET last = ? WHERE kind = ?", (last, kind))

    def rows(
        self, kind: str, parent: int | None = None, after: int = 0, limit: int | None = None, offset: int = 0
    ) -> Iterator[Document]:
        """Documents of a kind (below a parent, if given) in the order of their ids, those with an id above `after`."""
        return map(from_json, self.texts(kind, parent, after, limit, offset))

    def texts(
        self, kind: str, parent: int | None = None, after: int = 0, limit: int | None = None, offset: int = 0
    ) -> list[str]:
        """The same documents as their JSON texts."""
        span = (after, -1 if limit is None else limit, offset)
        with self._lock:
            if parent is None:
                found = self._db.execute(
                    "SELECT body FROM documents WHERE kind = ? AND id > ? ORDER BY id LIMIT ? OFFSET ?", (kind, *span)
                ).fetchall()
            else:
                found = self._db.execute(
                    # told which index: the planner would walk the whole kind for the sake of the order
                    "SELECT body FROM documents INDEXED BY by_parent WHERE kind = ? AND parent = ? AND id > ?"
                    " ORDER BY id LIMIT ? OFFSET ?",
                    (kind, parent, *span),
                ).fetchall()
        return [row[0] for row in found]

    def find(self, kind: str, member: str, value: str) -> Document | None:
        """The first document without a parent whose `identifier` or `name` has this value, whatever the case."""
        if member not in ("identifier", "name"):
            raise ValueError(f"documents are found by identifier or name, not by {member}")
        query = (
            f"SELECT body FROM documents WHERE kind = ? AND json_extract(body, '$.{member}') = ? COLLATE NOCASE"  # noqa: S608 - one of two fixed words
            " AND parent IS NULL ORDER BY id LIMIT 1"
        )
        with self._lock:
            row = self._db.execute(query, (kind, value)).fetchone()
        return None if row is None else from_json(row[0])

    def count(self, kind: str, parent: int | None = None) -> int:
        """How many documents of a kind there are (below a parent, if given)."""
        with self._lock:
            if parent is None:
                row = self._db.execute("SELECT COUNT(*) FROM documents WHERE kind = ?", (kind,)).fetchone()
            else:
                row = self._db.execute(
                    "SELECT COUNT(*) FROM documents INDEXED BY by_parent WHERE kind = ? AND parent = ?", (kind, parent)
                ).fetchone()
        return int(row[0])

    def setting(self, name: str, default: str | None = None) -> str | None:
        """The value of a setting, else `default`."""
        with self._lock:
            return self._known_settings().get(name, default)

    def settings(self) -> dict[str, str]:
        """All settings that have been set."""
        with self._lock:
            return dict(self._known_settings())

    def set_setting(self, name: str, value: str) -> None:
        """Keeps a setting."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))
            self._settings_version = -1

    def clear(self) -> None:
        """Forgets every document, sequence and setting."""
        with self.transaction():
            for table in ("documents", "sequences", "settings"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed table names
            self._settings_version = -1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept, or, after an exception, nothing of it. May be nested; other threads wait."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                    self._settings_version = -1
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def close(self) -> None:
        """Closes the database."""
        with self._lock:
            self._db.close()

    def _known_settings(self) -> dict[str, str]:
        # `data_version` moves when another process writes to the same file.
        version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        if version != self._settings_version:
            self._settings = dict(self._db.execute("SELECT name, value FROM settings"))
            self._settings_version = version
        return self._settings

    def _reserve(self, kind: str) -> int:
        """The highest id ever known of a kind, remembered."""
        row = self._db.execute(
            "SELECT MAX(COALESCE((SELECT last FROM sequences WHERE kind = ?), 0),"
            " COALESCE((SELECT MAX(id) FROM documents WHERE kind = ?), 0))",
            (kind, kind),
        ).fetchone()
        last = int(row[0])
        self._db.execute("INSERT OR REPLACE INTO sequences (kind, last) VALUES (?, ?)", (kind, last))
        return last
