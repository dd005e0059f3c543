"""Reads docs/json.md: which keys and types each document has, and its examples."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

_HEADING = re.compile(r"#{2,} (.+)")
_ROW = re.compile(r"\| `([a-z0-9_]+)` \| (.+?) \|")
_LINK = re.compile(r"\[[^]]+]\(#([a-z-]+)\)")


class Page:
    """The page's tables by the anchor of their heading (key to type), and its examples likewise."""

    def __init__(self, text: str) -> None:
        self.tables: dict[str, dict[str, str]] = {}
        self.examples: dict[str, str] = {}
        self._read(text)

    def _read(self, text: str) -> None:
        anchor = ""
        example: list[str] | None = None
        for line in text.splitlines():
            if example is not None:
                if line == "```":
                    self.examples[anchor] = "\n".join(example)
                    example = None
                else:
                    example.append(line)
            elif line == "```json":
                assert anchor not in self.examples, f"two examples below {anchor}"
                example = []
            elif found := _HEADING.fullmatch(line):
                anchor = found[1].lower().replace(" ", "-")
            elif row := _ROW.match(line):
                self.tables.setdefault(anchor, {})[row[1]] = row[2]

    def problems(self, value: object, anchor: str, path: str = "$") -> Iterator[str]:
        """Where a value is not what the table of this anchor says."""
        table = self.tables[anchor]
        if not isinstance(value, dict):
            yield f"{path}: {anchor} is an object, not {value!r}"
            return
        if set(value) != set(table):
            yield f"{path}: has the keys {sorted(value)}, {anchor} has {sorted(table)}"
        for key in value.keys() & table.keys():
            yield from self._typed(value[key], table[key], f"{path}.{key}")

    def _typed(self, value: object, kind: str, path: str) -> Iterator[str]:
        if kind.endswith(" or null"):
            if value is not None:
                yield from self._typed(value, kind.removesuffix(" or null"), path)
        elif kind.startswith("list of "):
            if not isinstance(value, list):
                yield f"{path}: is a list, not {value!r}"
                return
            for number, one in enumerate(value):
                yield from self._typed(one, kind.removeprefix("list of "), f"{path}[{number}]")
        elif link := _LINK.fullmatch(kind):
            yield from self.problems(value, link[1], path)
        elif not _FITS[kind](value):
            yield f"{path}: is {kind}, not {value!r}"


def _is_value(value: object) -> bool:
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value is None or texts or isinstance(value, str | int | bool)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_instant(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z").tzinfo == UTC
    except ValueError:
        return False


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo == UTC
    except ValueError:
        return False


def _is_decimal(value: object) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "day": _is_day,
    "instant": _is_instant,
    "moment": _is_moment,
    "money": _is_decimal,
    "integer": _is_integer,
    "true or false": lambda value: isinstance(value, bool),
    "value": _is_value,
    "integers by status": lambda value: isinstance(value, dict) and all(map(_is_integer, value.values())),
}
