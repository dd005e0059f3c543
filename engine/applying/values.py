"""From a change's fields to the values that the PSA client takes."""

from collections.abc import Mapping

from engine.planning.plan import Change, Value

_REFERENCES = frozenset({"subcategory", "type", "unit_of_measure", "status", "types"})


class DependencyMissing(Exception):
    """A change needs the result of another one, which was not done."""


def written(change: Change, results: Mapping[str, int]) -> dict[str, object]:
    """The values by field name. `@address` is replaced by the id in `results`. Raises DependencyMissing."""
    return {one.field: _value(one.field, one.after, results) for one in change.fields}


def _value(field: str, value: Value, results: Mapping[str, int]) -> object:
    if isinstance(value, str) and value.startswith("@") and field.endswith("_id"):
        if value[1:] not in results:
            raise DependencyMissing(value[1:])
        return results[value[1:]]
    if field in _REFERENCES:
        return [_reference(one) for one in value] if isinstance(value, tuple) else _reference(str(value))
    return value


def _reference(text: str) -> dict[str, object]:
    number = text.removeprefix("#")
    return {"id": int(number)} if text.startswith("#") and number.isdecimal() else {"name": text}
