"""The JSON Schemas that the workspace's files must satisfy: as text for editors, as the gate for the program."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

_SUFFIX = ".schema.json"


def schema_names() -> list[str]:
    """Names of all schemas, sorted, such as `connections`."""
    return sorted(entry.name.removesuffix(_SUFFIX) for entry in _folder().iterdir() if entry.name.endswith(_SUFFIX))


def schema_text(name: str) -> str:
    """The schema called `name` as JSON text. Raises KeyError for a name that is not in `schema_names()`."""
    if name not in schema_names():
        raise KeyError(name)
    return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def _folder() -> Traversable:
    """In an installed package the schemas lie in its data; in a checkout at the top of the repository."""
    packaged = resources.files("engine") / "_data" / "schemas"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"
