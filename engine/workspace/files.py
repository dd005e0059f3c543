"""Finds the files of a workspace and reads each of them once."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.diagnostics import Diagnostic, Place
from engine.workspace.yaml_strict import MAX_BYTES

CONNECTIONS = "config/connections.yaml"
BILLING = "rules/billing.yaml"
GUARDS = "rules/guards.yaml"
SINGLE_FILES = {
    CONNECTIONS: "connections",
    BILLING: "billing",
    GUARDS: "guards",
    "rules/defaults.yaml": "defaults",
    "rules/providers.yaml": "providers",
    "rules/sync.yaml": "sync",
}
OPTIONAL = frozenset({BILLING, GUARDS})
"""Files without which a workspace is complete: what they would say has defaults."""

MAPPINGS = ("customers", "products", "services")
_FOLDERS = ("config", "mappings", "rules")


class Source(NamedTuple):
    """A file that was read: its path within the workspace, the schema that it must satisfy, and its content."""

    file: str
    schema: str
    content: bytes


class Sources(NamedTuple):
    found: list[Source]
    problems: list[Diagnostic]
    broken: frozenset[str]
    """Schemas of which a file is missing or could not be read."""


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds config/connections.yaml."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / "config/connections.yaml").exists()), None)


def read_sources(root: Path) -> Sources:
    """Read every file of the workspace, in the order of their paths. Files that do not belong are problems."""
    found: list[Source] = []
    problems: list[Diagnostic] = []
    broken: set[str] = set()
    seen: set[str] = set()
    for path in sorted(_yaml_files(root, problems)):
        file = _shown(path.relative_to(root))
        schema = _schema_of(file)
        if schema is None:
            problems.append(_unknown(file))
            continue
        seen.add(schema)
        content = _read(path, root, file)
        if isinstance(content, Diagnostic):
            problems.append(content)
            broken.add(schema)
        else:
            found.append(Source(file, schema, content))
    for file, schema in _expected_files():
        if schema not in seen and file not in OPTIONAL:
            hint = f"Every workspace has it; `cwctl schema {schema}` prints its format."
            if schema in MAPPINGS:
                hint += f" With nothing to map yet: `version: 1` and `{schema}: []`."
            problems.append(_problem("file-missing", file, f"{file} is missing", hint))
            broken.add(schema)
    return Sources(found, problems, frozenset(broken))


def digest(sources: list[Source]) -> str:
    """SHA-256 over paths and contents, in the order of the paths."""
    total = hashlib.sha256()
    for source in sorted(sources):
        for part in (source.file.encode("utf-8", "surrogatepass"), source.content):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def _expected_files() -> list[tuple[str, str]]:
    return [*SINGLE_FILES.items(), *((f"mappings/{name}.yaml", name) for name in MAPPINGS)]


def _schema_of(file: str) -> str | None:
    """The schema for a file by its place, or None if no file belongs there."""
    if file in SINGLE_FILES:
        return SINGLE_FILES[file]
    for name in MAPPINGS:
        if file == f"mappings/{name}.yaml" or (file.startswith(f"mappings/{name}/") and file.endswith(".yaml")):
            return name
    return None


def _yaml_files(root: Path, problems: list[Diagnostic]) -> Iterator[Path]:
    """All YAML files directly in config/ and rules/, and at any depth in mappings/, without linked folders."""
    folders = [root / name for name in _FOLDERS if (root / name).is_dir()]
    while folders:
        folder = folders.pop()
        file = _shown(folder.relative_to(root))
        if folder.is_symlink():
            problems.append(_problem("file-link", file, "a link to a folder is not followed", _LINK_HINT))
            continue
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            problems.append(
                _problem("file-unreadable", file, f"the folder cannot be read: {error.strerror}", _READ_HINT)
            )
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if entry.name.lower().endswith((".yaml", ".yml")):
                yield path
            elif entry.is_dir() and path.relative_to(root).parts[0] == "mappings":
                folders.append(path)


_LINK_HINT = "A workspace is complete in itself, so that a review shows all of it. Put the file itself here."
_READ_HINT = "Check that it is an ordinary file and that you may read it."


def _read(path: Path, root: Path, file: str) -> bytes | Diagnostic:
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            return _problem("file-link", file, "the link leaves the workspace", _LINK_HINT)
        if not real.is_file():
            return _problem("file-unreadable", file, "this is not an ordinary file", _READ_HINT)
        with real.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        reason = error.strerror if isinstance(error, OSError) else "the link leads to itself"
        return _problem("file-unreadable", file, f"the file cannot be read: {reason}", _READ_HINT)


def _unknown(file: str) -> Diagnostic:
    known = [name for name, _ in _expected_files()]
    if file.lower().endswith(".yml"):
        hint = "Files of a workspace end in .yaml: rename it."
    else:
        folders = ", ".join(f"mappings/{name}/" for name in MAPPINGS)
        hint = f"Known are {', '.join(known)}, and any *.yaml under {folders}."
    return _problem("file-unknown", file, "no file of this name belongs here, so it would have no effect", hint)


def _shown(path: Path) -> str:
    """A relative path as text that can always be printed."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _problem(code: str, file: str, text: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, text=text, hint=hint, place=Place(file, 1, 1))
