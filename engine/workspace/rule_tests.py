"""Reads rule tests: worked cases of the billing rules, in files that need no workspace around them."""

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.diagnostics import Diagnostic, Place, in_order
from engine.workspace.gate import Gate
from engine.workspace.nodes import Entry
from engine.workspace.yaml_strict import MAX_BYTES, YamlList, YamlMap, read_yaml

FOLDER = "rules/tests"
"""Where a workspace keeps its rule tests."""

SCHEMA = "rule-tests"
EVENTS = ("purchase", "quantity", "price", "upgrade", "cancel", "renew", "usage")
_DAYS = ("date", "start", "end", "effective_date", "as_of", "effective", "cancelled")
_ENDINGS = (".yaml", ".yml")
_HINTS = {
    "yaml-empty": "Begin with `tests:`, or remove the file.",
    "file-too-large": "Split the file: a folder may hold any number of them.",
}
"""What to do where the hint for a workspace's own files would mislead."""


class RuleTestFiles(NamedTuple):
    """The cases of all files that are right, in the order of the files, and what is wrong with the others."""

    cases: list[Entry]
    problems: list[Diagnostic]


def read_rule_tests(paths: Iterable[Path], base: Path | None = None) -> RuleTestFiles:
    """The cases of these files, and of all YAML files at any depth of these folders.

    Files are named as found from the paths, or within `base`. A file counts once, whatever leads to it. Hidden files
    and linked folders below a folder are not read.
    """
    cases: list[Entry] = []
    problems: list[Diagnostic] = []
    gate, seen = Gate(), set[str]()
    for path in paths:
        for found in _files(path, base):
            if isinstance(found, Diagnostic):
                problems.append(found)
            elif (real := os.path.realpath(found)) not in seen:
                seen.add(real)
                accepted, wrong = _read(found, _shown(found, base), gate)
                cases += accepted
                problems += wrong
    return RuleTestFiles(cases, in_order(problems))


def _files(path: Path, base: Path | None) -> Iterator[Path | Diagnostic]:
    """The path itself, or the files of a folder in the order of their paths."""
    if not path.is_dir():
        yield path
        return
    failed: list[OSError] = []
    files: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=failed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(folder, name) for name in names if name.lower().endswith(_ENDINGS) and not name.startswith(".")]
    yield from sorted(files)
    for error in failed:
        yield _unreadable(_shown(Path(error.filename), base), f"the folder cannot be read: {error.strerror}")


def _read(path: Path, file: str, gate: Gate) -> tuple[list[Entry], list[Diagnostic]]:
    """The cases of one file, or everything that is wrong with it."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return [], [_unreadable(file, "this is not an ordinary file")]
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return [], [_unreadable(file, f"the file cannot be read: {error.strerror}")]
    tree, problems = read_yaml(content, file)
    problems = [msgspec.structs.replace(one, hint=_HINTS.get(one.code, one.hint)) for one in problems]
    problems = problems or gate.problems(SCHEMA, tree, file)
    if problems or not isinstance(tree, YamlMap):
        return [], problems
    document = Entry(file, tree)
    problems = [*_impossible_days(document), *_unclear_events(document)]
    return ([], problems) if problems else (document.children("tests"), [])


def _impossible_days(entry: Entry) -> Iterator[Diagnostic]:
    """Days of the right form, anywhere in the mapping, that the calendar does not have."""
    for key in _DAYS:
        if entry.has(key) and not _is_day(entry.text(key)):
            yield entry.problem(
                "date-invalid", key, f"{entry.text(key)} is not a day of the calendar", "Write YYYY-MM-DD."
            )
    for key, value in entry.node.items():
        if isinstance(value, YamlMap):
            yield from _impossible_days(Entry(entry.file, value))
        elif isinstance(value, YamlList):
            for child in entry.children(key):
                yield from _impossible_days(child)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _unclear_events(document: Entry) -> Iterator[Diagnostic]:
    """Events that say nothing, or several things at once."""
    for case in document.children("tests"):
        for event in case.children("history"):
            given = [key for key in event.node if key in EVENTS]
            if not given:
                hint = f"Add one of {', '.join(EVENTS)}."
                yield event.problem("event-kind", None, "the event does not say what happened", hint)
            elif len(given) > 1:
                hint = "Write an event for each, on the same date, in the order in which they arrived."
                yield event.problem("event-kind", given[1], f"one event holds {' and '.join(given)}", hint)
            elif event.node.get("cancel") is False:
                hint = "Write cancel: true, or remove the event."
                yield event.problem("event-kind", "cancel", "cancel is false, so nothing happened", hint)


def _unreadable(file: str, text: str) -> Diagnostic:
    hint = "Check that it is an ordinary file or folder and that you may read it."
    return Diagnostic(code="file-unreadable", text=text, hint=hint, place=Place(file, 1, 1))


def _shown(path: Path, base: Path | None) -> str:
    """The path as text that can always be printed."""
    within = path if base is None else path.relative_to(base)
    return os.fsencode(within.as_posix()).decode("utf-8", "replace")
