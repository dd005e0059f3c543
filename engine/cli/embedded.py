"""The workspace's own sandbox: where it lies, and opening it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import DatabaseError

from engine.cli.exits import Stop
from engine.sandbox.sandbox import Sandbox

FOLDER = ".cwctl"
"""Where a workspace keeps what cwctl made itself and can make again."""


@contextmanager
def embedded(root: Path) -> Iterator[Sandbox]:
    """The sandbox of the workspace at `root`; a new one holds the example world. Raises Stop."""
    path = _folder(root) / "sandbox.sqlite"
    try:
        sandbox = Sandbox.open(path)
        try:
            yield sandbox
        finally:
            sandbox.close()
    except DatabaseError as error:
        hint = f"If the folder can be written to, delete {path.parent}: a new world is made."
        raise Stop(f"{path}: the sandbox's data cannot be used: {error}", hint=hint) from error


def _folder(root: Path) -> Path:
    """The folder, made if need be, with a word to git that nothing of it is to be committed."""
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        hint = "The embedded sandbox keeps its data in the workspace; make the folder writable, or use a copy of it."
        raise Stop(f"{error.filename or folder}: {error.strerror}", hint=hint) from error
    return folder
