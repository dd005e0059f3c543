"""Entries of the workspace's files: a mapping together with its file, and the places of what it says."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from engine.diagnostics import Diagnostic, Place, Severity
from engine.workspace.yaml_strict import Mark, YamlList, YamlMap


class Entry(NamedTuple):
    """A mapping in a file whose shape its schema has already accepted."""

    file: str
    node: YamlMap

    @property
    def place(self) -> Place:
        """Where the mapping itself begins."""
        return at(self.file, self.node.start)

    def has(self, key: str) -> bool:
        """Whether the key is given with a value other than null."""
        return self.node.get(key) is not None

    def at(self, key: str) -> Place:
        """Where the value of `key` stands; where the mapping begins if it has no such key."""
        marks = self.node.marks.get(key)
        return at(self.file, self.node.start if marks is None else marks[1])

    def text(self, key: str, default: str = "") -> str:
        """The value as text: ids may be written as numbers."""
        value = self.node.get(key)
        return default if value is None else str(value)

    def text_or_none(self, key: str) -> str | None:
        value = self.node.get(key)
        return None if value is None else str(value)

    def number_or_none(self, key: str) -> int | None:
        return cast("int | None", self.node.get(key))

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self.node.get(key, default))

    def child(self, key: str) -> "Entry | None":
        """The mapping under `key`, or None."""
        value = self.node.get(key)
        return Entry(self.file, value) if isinstance(value, YamlMap) else None

    def children(self, key: str) -> "list[Entry]":
        """The mappings in the sequence under `key`."""
        value = self.node.get(key)
        return [Entry(self.file, cast(YamlMap, item)) for item in value] if isinstance(value, YamlList) else []

    def named(self) -> "Iterator[tuple[str, Entry]]":
        """The mappings under each key of this one."""
        for name, value in self.node.items():
            yield name, Entry(self.file, cast(YamlMap, value))

    def problem(
        self, code: str, key: str | None, text: str, hint: str | None = None, severity: Severity = "error"
    ) -> Diagnostic:
        """A problem with the value of `key`, or with the whole entry."""
        place = self.place if key is None else self.at(key)
        return Diagnostic(code=code, text=text, hint=hint, severity=severity, place=place)


def at(file: str, mark: Mark) -> Place:
    """The place, counted from 1, of a mark, which counts from 0."""
    return Place(file, mark.line + 1, mark.column + 1)


def place_of_value(file: str, tree: object, path: Sequence[str | int]) -> Place:
    """Where the value at `path` stands; the deepest part of the path that exists decides."""
    place = Place(file, 1, 1)
    if isinstance(tree, YamlMap | YamlList):
        place = at(file, tree.start)
    for step in path:
        if isinstance(tree, YamlMap) and isinstance(step, str) and step in tree.marks:
            place = at(file, tree.marks[step][1])
            tree = tree[step]
        elif isinstance(tree, YamlList) and isinstance(step, int) and step < len(tree):
            place = at(file, tree.marks[step])
            tree = tree[step]
        else:
            break
    return place


def place_of_key(file: str, tree: object, key: str) -> Place:
    """Where `key` of the mapping `tree` itself stands."""
    if isinstance(tree, YamlMap) and key in tree.marks:
        return at(file, tree.marks[key][0])
    return place_of_value(file, tree, ())
