"""One comparison of a condition: which operators a member takes, which values, and what they mean."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from engine.sandbox.psa.errors import bad_request
from engine.sandbox.psa.members import Type

Test = Callable[[Any], bool]


class Field(NamedTuple):
    """A member that can be compared: its path in a record, and the type of its value. `many`: below an array."""

    path: tuple[str, ...]
    type: Type
    many: bool = False


class Literal(NamedTuple):
    """A value as it was written: "text", "number", "date", "flag" or "null"."""

    form: str
    value: Any


_FORMS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "choice": ("text",),
    "number": ("number",),
    "integer": ("number",),
    "flag": ("flag",),
    "date": ("date",),
    "object": ("text", "number", "flag", "date"),
}
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def comparison(field: Field, operator: str, values: list[Literal], negated: bool) -> Test:
    """A test on a whole record. Raises ApiError where the operator or a value does not fit the member.

    As in the database behind the service, a missing value passes no test but those against null; a flag that is missing
    is no.
    """
    test = _value_test(field, operator, values)
    if operator != "=" or values[0].form != "null":
        plain = test

        def test(value: Any) -> bool:
            return value is not None and plain(value) is not negated

    elif negated:

        def test(value: Any) -> bool:
            return value is not None

    if field.many:
        return lambda record: any(test(value) for value in _values(record, field.path))
    if field.type == "flag" and len(field.path) == 1:
        name = field.path[0]
        return lambda record: test(record.get(name, False))
    if len(field.path) == 1:
        name = field.path[0]
        return lambda record: test(record.get(name))
    return lambda record: test(reach(record, field.path))


def _value_test(field: Field, operator: str, values: list[Literal]) -> Test:
    if operator == "in":
        members = frozenset(_converted(field, literal, operator) for literal in values)
        return lambda value: _folded(value) in members
    literal = values[0]
    if literal.form == "null":
        if operator != "=":
            raise bad_request(f"{'/'.join(field.path)} {operator} null: only = and != take null")
        return lambda value: value is None
    if operator in ("like", "contains"):
        if literal.form != "text" or field.type not in ("text", "choice", "object"):
            raise bad_request(f"{operator} compares text with quoted text, not {'/'.join(field.path)}")
        pattern = _pattern(literal.value, anywhere=operator == "contains")
        return lambda value: pattern.fullmatch(str(value)) is not None
    wanted = _converted(field, literal, operator)
    compare = _ORDER[operator]

    def test(value: Any) -> bool:
        found = _folded(value)
        return _comparable(found, wanted) and compare(found, wanted)

    return test


def _converted(field: Field, literal: Literal, operator: str) -> Any:
    if literal.form not in _FORMS.get(field.type, ()):
        raise bad_request(f"{'/'.join(field.path)} cannot be compared with {literal.form} {literal.value!r}")
    if literal.form == "flag" and operator not in ("=", "in"):
        raise bad_request(f"{'/'.join(field.path)} is a yes or no; it takes = and !=")
    return _folded(literal.value)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _comparable(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return isinstance(found, bool) and isinstance(wanted, bool)
    numbers = (int, Decimal)
    return (isinstance(found, str) and isinstance(wanted, str)) or (
        isinstance(found, numbers) and isinstance(wanted, numbers)
    )


def _pattern(text: str, anywhere: bool) -> re.Pattern[str]:
    """A text with the wildcards * and %; [[] is an opening bracket."""
    parts = re.split(r"([*%]+|\[\[\])", text)
    body = "".join(
        ".*" if part[:1] in ("*", "%") else re.escape("[" if part == "[[]" else part) for part in parts if part
    )
    return re.compile(f".*{body}.*" if anywhere else body, re.IGNORECASE | re.DOTALL)


def reach(record: Any, path: tuple[str, ...]) -> Any:
    """The value at a path; None where it ends early."""
    for name in path:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record


def _values(record: Any, path: tuple[str, ...]) -> Iterable[Any]:
    """The values at a path that may lead through arrays."""
    if not path:
        yield record
    elif isinstance(record, list):
        for entry in record:
            yield from _values(entry, path)
    elif isinstance(record, dict):
        yield from _values(record.get(path[0]), path[1:])
    else:
        yield None


def read_instant(text: str) -> str:
    """A date in brackets as the records hold theirs. Raises ApiError if it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise bad_request(f"[{text}] is not a date such as [2027-01-31T00:00:00Z]") from None
    # lower case, as texts are compared so
    return f"{moment:%Y-%m-%dt%H:%M:%S}z"
