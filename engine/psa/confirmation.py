"""Whether a reply to a write shows what was asked for: the PSA may answer "done" without having done it."""

import json
from collections.abc import Mapping
from decimal import Decimal

from engine.psa.text import canonical

_LEFT_OUT = frozenset({"types", "site"})
"""Members that some versions take on creation and do not show in the reply."""


def differences(asked: Mapping[str, object], reply: bytes) -> list[str]:
    """What the record in the reply lacks of the members asked for, in words; empty if all of it is there.

    None asks for no value. Numbers are compared by value, dates by day, text canonically, references by their id or
    name. Raises `ValueError` where the reply is not a JSON record.
    """
    record = json.loads(reply, parse_float=Decimal)
    if not isinstance(record, dict):
        raise ValueError("the reply is not a record")
    return [
        f"{name} is {_shown(record.get(name))} where {_shown(wanted)} was asked for"
        for name, wanted in asked.items()
        if not (name in _LEFT_OUT and record.get(name) is None) and not _same(name, wanted, record.get(name))
    ]


def _same(name: str, wanted: object, found: object) -> bool:
    if wanted in (None, "") or found is None:
        return wanted in (None, "") and found in (None, "")
    if isinstance(wanted, Decimal | int) and isinstance(found, Decimal | int):
        return isinstance(wanted, bool) == isinstance(found, bool) and wanted == found
    if isinstance(wanted, str) and isinstance(found, str):
        return _same_text(name, wanted, found)
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return _same_reference(wanted, found)
    if isinstance(wanted, list) and isinstance(found, list):
        return all(any(_same(name, one, other) for other in found) for one in wanted)
    return False


def _same_text(name: str, wanted: str, found: str) -> bool:
    if name.endswith("Date"):
        return wanted[:10] == found[:10]
    if name == "identifier":
        return canonical(wanted).casefold() == canonical(found).casefold()
    return canonical(wanted) == canonical(found)


def _same_reference(wanted: Mapping[str, object], found: Mapping[str, object]) -> bool:
    """By the id or name that was asked for; of a custom field, also by its value."""
    for name, value in wanted.items():
        other = found.get(name, found.get("identifier") if name == "name" else None)
        if isinstance(value, str) and isinstance(other, str):
            if canonical(value).casefold() != canonical(other).casefold():
                return False
        elif not _same(name, value, other):
            return False
    return True


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return str(value.get("id") or value.get("name") or dict(value))
    text = str(value) if isinstance(value, Decimal | int) else repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
