"""Files that come with the program: schemas, templates and the example workspace."""

from pathlib import Path

_HERE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder of this name: in the installed package, or in the repository that the program runs from."""
    packaged = _HERE / "_data" / name
    return packaged if packaged.is_dir() else _HERE.parent / name


def example_workspace() -> Path:
    """The example workspace: in the installed package, or the repository itself."""
    packaged = _HERE / "_data" / "example"
    return packaged if packaged.is_dir() else _HERE.parent
