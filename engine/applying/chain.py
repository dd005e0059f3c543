"""The text of a journal: lines that each hold their number, the hash of the line before, and their own.

A line is `{"n":NUMBER,"previous":HASH,"entry":RECORD,"sha256":HASH}`. The hash is the SHA-256 of the line's text before
`,"sha256"`, in lower-case hexadecimal; `previous` of the first line is 64 zeros. So a line that was changed, added,
removed or moved by hand does not fit the others.

A run that is killed while it writes leaves a last line that is cut off. It stays as it is: the next run writes its
lines below it, the first being a `resumed` record with the hash of what was cut off.
"""

import re
from hashlib import sha256
from typing import Any

import msgspec

from engine.applying.records import Record, Resumed
from engine.planning.plan_json import typed_field

FIRST = "0" * 64
"""The `previous` of the first line."""

_END = re.compile(rb',"sha256":"([0-9a-f]{64})"}\Z')


class Broken(msgspec.Struct, frozen=True):
    """The first line, counted from 1, that is not as it was written, and why that is known."""

    line: int
    why: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal holds, up to the first line that is broken. `number` and `head` are those of the last record.

    `cut_off` is the rest of a line that a killed run left at the end, None if there is none. `open` says that the text
    does not end with a line break.
    """

    records: tuple[Record, ...]
    number: int
    head: str
    hashes: frozenset[str]
    cut_off: bytes | None = None
    open: bool = False
    broken: Broken | None = None


def line_of(number: int, previous: str, record: Record) -> bytes:
    """The line of a record, with its line break."""
    body = _begin(number, previous) + msgspec.json.encode(record)
    return body + b',"sha256":"%s"}\n' % sha256(body).hexdigest().encode()


def hash_of(line: bytes) -> str:
    """The hash that a line of `line_of` states."""
    return line[-67:-3].decode()


def digest_of(cut_off: bytes) -> str:
    """The hash under which a `resumed` record names what was cut off before it."""
    return sha256(cut_off).hexdigest()


def read(text: bytes) -> Chain:
    """The chain of a journal's text. Never raises: what does not fit is `broken`."""
    records: list[Record] = []
    hashes: list[str] = []
    pieces: list[bytes] = []
    lines = text.split(b"\n")
    is_open = lines[-1] != b""
    if not is_open:
        lines.pop()
    broken: Broken | None = None
    for count, line in enumerate(lines, 1):
        number, previous = len(records) + 1, hashes[-1] if hashes else FIRST
        found = _record(line, number, previous)
        if isinstance(found, str):
            if _may_be_cut_off(line, number, previous):
                pieces.append(line)
                continue
            first = count - len(pieces)
            broken = Broken(first, "it is cut off, and no record says so" if pieces else found)
            break
        record, own = found
        why = _unfit(record, pieces)
        if why is not None:
            broken = Broken(count - len(pieces), why)
            break
        pieces.clear()
        records.append(record)
        hashes.append(own)
    return Chain(
        records=tuple(records),
        number=len(records),
        head=hashes[-1] if hashes else FIRST,
        hashes=frozenset(hashes),
        cut_off=b"\n".join(pieces) if pieces and broken is None else None,
        open=is_open,
        broken=broken,
    )


def _begin(number: int, previous: str) -> bytes:
    return b'{"n":%d,"previous":"%s","entry":' % (number, previous.encode())


def _record(line: bytes, number: int, previous: str) -> tuple[Record, str] | str:
    """The record of a line with its own hash, or why it does not fit here."""
    ending = _END.search(line)
    if ending is None:
        return "it is not a line of a journal"
    own = ending[1].decode()
    if sha256(line[: ending.start()]).hexdigest() != own:
        return "it was changed: it does not have the hash that it states"
    try:
        document = msgspec.json.decode(line, type=_Line)
        if document.n != number:
            return f"its number is {document.n} where {number} is due: a line is missing, added or moved"
        if document.previous != previous:
            return "it does not follow the line before: a line is missing, added or moved"
        return _typed(document.entry), own
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        return f"it holds no record that this program knows: {error}"


def _unfit(record: Record, pieces: list[bytes]) -> str | None:
    """What is wrong between a record and what was cut off before it."""
    if isinstance(record, Resumed):
        if not pieces:
            return "what was cut off before it is missing"
        return None if record.cut_off == digest_of(b"\n".join(pieces)) else "what was cut off here was changed"
    return "it is cut off, and the record after it does not say so" if pieces else None


def _may_be_cut_off(line: bytes, number: int, previous: str) -> bool:
    """Whether the line is how the next one begins; a disk that lost its power may have filled it up with zeros."""
    due = _begin(number, previous)
    text = line.rstrip(b"\0")
    return _END.search(line) is None and (text.startswith(due) or due.startswith(text))


def _typed(entry: dict[str, Any]) -> Record:
    if entry["record"] == "writing":
        entry["change"]["fields"] = [typed_field(field) for field in entry["change"]["fields"]]
    record: Record = msgspec.convert(entry, Record)
    return record


class _Line(msgspec.Struct):
    n: int
    previous: str
    entry: dict[str, Any]
