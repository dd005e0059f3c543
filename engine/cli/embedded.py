"""The workspace's own sandbox: where it lies, and opening it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import DatabaseError

from engine.cli.exits import Stop
from engine.cli.own_folder import own_folder
from engine.sandbox.sandbox import Sandbox


@contextmanager
def embedded(root: Path) -> Iterator[Sandbox]:
    """The sandbox of the workspace at `root`; a new one holds the example world. Raises Stop."""
    path = own_folder(root) / "sandbox.sqlite"
    try:
        sandbox = Sandbox.open(path)
        try:
            yield sandbox
        finally:
            sandbox.close()
    except DatabaseError as error:
        hint = f"If the folder can be written to, delete {path.parent}: a new world is made."
        raise Stop(f"{path}: the sandbox's data cannot be used: {error}", hint=hint) from error
