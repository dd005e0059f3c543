"""The folder of a workspace that is cwctl's own: the sandbox's data, and the lock of a run that writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.cli import exits
from engine.cli.exits import Stop
from engine.file_lock import LockError, exclusive

FOLDER = ".cwctl"
"""Where a workspace keeps what cwctl made itself and can make again."""


def own_folder(root: Path) -> Path:
    """The folder, made if need be, with a word to git that nothing of it is to be committed. Raises Stop."""
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        hint = "cwctl keeps its own data in the workspace; make the folder writable, or use a copy of it."
        raise Stop(f"{error.filename or folder}: {error.strerror}", hint=hint) from error
    return folder


@contextmanager
def one_writer(root: Path, connection: str) -> Iterator[None]:
    """Holds off a second run that would write to the same connection from this workspace. Raises Stop."""
    try:
        with exclusive(own_folder(root) / f"apply-{connection}.lock", patience=0):
            yield
    except LockError as error:
        hint = "Two runs at once could make a line twice: wait until the other one has ended."
        raise Stop(f"another `cwctl apply` is writing; nothing was written ({error})", exits.REFUSED, hint) from error
