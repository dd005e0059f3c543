"""The folder of a workspace that is cwctl's own: the sandbox's data, logs read before, and locks."""

from pathlib import Path

from engine.cli.exits import Stop

FOLDER = ".cwctl"
"""Where a workspace keeps what cwctl made itself and can make again."""


def own_folder(root: Path) -> Path:
    """The folder, made if need be, with a word to git that nothing of it is to be committed. Raises Stop."""
    folder = root / FOLDER
    if folder.is_symlink():
        hint = "Through a link, cwctl would write outside the workspace. Remove it: a folder is made in its place."
        raise Stop(f"{folder}: this is a link, and is not followed", hint=hint)
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        hint = "cwctl keeps its own data in the workspace; make the folder writable, or use a copy of it."
        raise Stop(f"{error.filename or folder}: {error.strerror}", hint=hint) from error
    return folder
