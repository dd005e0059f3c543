"""Who holds the lock of a connection, as written beside it for those who find it held."""

from datetime import datetime

import msgspec


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A run that writes, or wants to. `run` is an id of its own, so that no two holders are taken for one another.

    `who` is a user, `where` a machine, `process` the process there. Instants are in UTC. From `until` (exclusive) on
    the lock may be taken over; None where only the process itself keeps it.
    """

    run: str
    who: str
    where: str
    process: int
    since: datetime
    until: datetime | None = None

    @property
    def words(self) -> str:
        """Who, where and when in one line."""
        text = f"{self.who} on {self.where}, process {self.process}, since {instant(self.since)}"
        return f"{text}, until {instant(self.until)} unless renewed" if self.until else text


def instant(of: datetime) -> str:
    """A UTC instant for reading, to the second."""
    return f"{of:%Y-%m-%d %H:%M:%S} UTC"


def to_note(holder: Holder) -> bytes:
    """The holder as one line of JSON."""
    return msgspec.json.encode(holder) + b"\n"


def from_note(note: bytes) -> Holder | None:
    """The holder of a note; None for anything else, as a note is only ever for people to read."""
    try:
        found = msgspec.json.decode(note, type=Holder)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    known = found.since.tzinfo is not None and (found.until is None or found.until.tzinfo is not None)
    return found if known else None
