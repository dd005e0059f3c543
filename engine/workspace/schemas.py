"""The JSON Schemas that the workspace's files must satisfy: as text for editors, as the gate for the program.

That of a saved plan is among them, for whoever reads one with another program.
"""

from engine.resources import folder

_SUFFIX = ".schema.json"


def schema_names() -> list[str]:
    """Names of all schemas, sorted, such as `connections`."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in folder("schemas").glob(f"*{_SUFFIX}"))


def schema_text(name: str) -> str:
    """The schema called `name` as JSON text. Raises KeyError for a name that is not in `schema_names()`."""
    if name not in schema_names():
        raise KeyError(name)
    return (folder("schemas") / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
