"""A journalled run as far as its inverse goes: what it wrote, and what later runs wrote of the same objects."""

from collections.abc import Mapping
from datetime import date

import msgspec

from engine.planning.plan import Change, FieldChange, Value
from engine.psa.text import canonical

Values = Mapping[str, int]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One write of a run. `certain` says that it took effect; otherwise the PSA alone can tell."""

    change: Change
    object_id: int | None = None
    certain: bool = True


class TakenRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run to take back, its writes in their order. `on` is the day that its plan was for: it wrote then, or later.

    `results` are the ids of what it made or found, by the address of the change. `later` says which run was the last
    one after it to write a field, by address and field.
    """

    id: str
    on: date
    writes: tuple[Made, ...]
    results: dict[str, int] = {}
    later: dict[str, dict[str, str]] = {}

    def left(self, field: FieldChange) -> Value:
        """What the run left in a field: with the id of what it made there, None where that is not known."""
        after: Value = field.after
        if field.field.endswith("_id") and isinstance(after, str) and after.startswith("@"):
            return self.results.get(after[1:])
        return after

    def knows(self, field: FieldChange) -> bool:
        """Whether it is known what the run left in a field: not the id of what it neither made nor wrote."""
        return self.left(field) is not None or field.after is None

    def later_run(self, made: Made) -> str | None:
        """The last run after this one that wrote a field which this write has set; of a creation, any field."""
        fields = self.later.get(made.change.address, {})
        if made.change.action == "create":
            return max(fields.values(), default=None)
        return max((fields[one.field] for one in made.change.fields if one.field in fields), default=None)


def same(one: Value, other: Value) -> bool:
    """Whether two values of a field are the same: text canonically, nothing as empty text."""
    if isinstance(one, str) or isinstance(other, str):
        return _text(one) == _text(other)
    return one == other


def _text(value: Value) -> object:
    return canonical(value) if value is None or isinstance(value, str) else value
