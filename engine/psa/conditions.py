"""Conditions of the PSA's lists, built so that no value can change what a condition means.

The PSA documents no way to escape a quotation mark, a backslash or a wildcard inside a text. A text that holds one is
refused with `UnsafeText`; the caller then reads the whole list and compares on its own side.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date
from urllib.parse import quote

MOST_IDS = 100
LONGEST_URL = 1_999
"""The PSA's guide asks for addresses below 2,000 characters."""

Value = str | int | bool | date | None

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_UNSAFE = re.compile(r"[\"\\*%\[\]\x00-\x1f\x7f\u2028\u2029]")


class UnsafeText(ValueError):
    """A text that cannot be put into a condition without a doubt about its meaning."""


def is_safe(text: str) -> bool:
    """Whether `text` can stand in a condition."""
    return _UNSAFE.search(text) is None


def equals(field: str, value: Value) -> str:
    """`field = value`. Raises `UnsafeText` for a text that cannot be quoted, `ValueError` for a bad field name."""
    return f"{_name(field)} = {_literal(value)}"


def one_of(field: str, values: Collection[str] | Collection[int]) -> str:
    """`field in (…)`, in the order given and without repetition; one value becomes `field = value`.

    Raises `ValueError` for an empty collection, as "in none" cannot be said.
    """
    literals = list(dict.fromkeys(_literal(value) for value in values))
    if not literals:
        raise ValueError(f"no values for {field}: an empty list cannot be a condition")
    if len(literals) == 1:
        return f"{_name(field)} = {literals[0]}"
    return f"{_name(field)} in ({','.join(literals)})"


def both(*conditions: str) -> str:
    """All of the conditions, each in parentheses."""
    return _joined(conditions, " and ")


def either(*conditions: str) -> str:
    """At least one of the conditions, each in parentheses."""
    return _joined(conditions, " or ")


def id_batches(ids: Collection[int], spare: int = 400) -> Iterator[list[int]]:
    """Sorted ids in batches of at most 100 that keep an address below 2,000 characters.

    `spare` is what the rest of the address may take.
    """
    batch: list[int] = []
    length = 0
    for number in sorted(set(ids)):
        _literal(number)
        needs = len(encoded(f"{number},"))
        if batch and (len(batch) == MOST_IDS or length + needs > LONGEST_URL - spare):
            yield batch
            batch, length = [], 0
        batch.append(number)
        length += needs
    if batch:
        yield batch


def encoded(text: str) -> str:
    """`text` as it stands in the query of an address."""
    return quote(text, safe="")


def _joined(conditions: Collection[str], word: str) -> str:
    if not conditions:
        raise ValueError("no conditions to join")
    if len(conditions) == 1:
        return next(iter(conditions))
    return word.join(f"({condition})" for condition in conditions)


def _name(field: str) -> str:
    if _FIELD.fullmatch(field) is None:
        raise ValueError(f"{field!r} is not a field name; it is words of letters and digits, joined by slashes")
    return field


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return f"[{value.year:04}-{value.month:02}-{value.day:02}T00:00:00Z]"
    if isinstance(value, str):
        found = _UNSAFE.search(value)
        if found is not None:
            raise UnsafeText(f"the text {value!r} cannot be searched for: the PSA has no safe spelling of {found[0]!r}")
        return f'"{value}"'
    raise TypeError(f"a condition takes text, whole numbers, yes or no, dates and nothing, not {type(value).__name__}")
