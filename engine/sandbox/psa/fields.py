"""The `fields` of a request: which members a reply keeps."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.sandbox.psa.members import NEW, Resource
from engine.sandbox.psa.records import BY_KIND
from engine.sandbox.psa.schema import member_path
from engine.sandbox.store import Document

Project = Callable[[Document], Document]


def projection(resource: Resource, version: str, fields: str | None) -> Project | None:
    """What a record becomes in a reply; None if it stays as it is. `_info` comes only if it is named.

    Raises ApiError for an unknown name.
    """
    if fields is not None and fields.strip():
        return _chosen(resource.kind, version, fields)
    return _known(resource.kind, version) if version < NEW else None


@lru_cache(maxsize=256)
def _chosen(kind: str, version: str, fields: str) -> Project:
    resource = BY_KIND[kind]
    paths = [member_path(resource, version, name.strip()) for name in fields.split(",") if name.strip()]
    whole = frozenset(path[0] for path in paths if len(path) == 1)
    nested: dict[str, list[str]] = {}
    for path in paths:
        if len(path) > 1 and path[0] not in whole:
            nested.setdefault(path[0], []).append(path[1])

    def project(record: Document) -> Document:
        kept = {name: value for name, value in record.items() if name in whole}
        for head, names in nested.items():
            if head in record:
                kept[head] = _inner(record[head], names)
        return kept

    return project


@lru_cache(maxsize=64)
def _known(kind: str, version: str) -> Project:
    known = frozenset(name for name, member in BY_KIND[kind].members.items() if member.known_in(version))
    return lambda record: {name: value for name, value in record.items() if name in known}


def _inner(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_inner(entry, names) for entry in value]
    if isinstance(value, dict):
        return {name: value[name] for name in names if name in value}
    return value
