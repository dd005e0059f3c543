"""References: how a body names another record, what the PSA answers, and who refers to a record."""

from collections.abc import Iterator
from typing import Any

from engine.sandbox.psa.errors import conversion_failed, problem
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.records import BY_KIND, RESOURCES
from engine.sandbox.store import Document, Store, from_json

Problems = list[dict[str, Any]]


def resolved(store: Store, resource: Resource, path: str, target: str, given: object, problems: Problems) -> Any:
    """A reference as the PSA keeps it: {id, name or identifier}. An unknown record is added to `problems`."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise conversion_failed(given, f"{target}Reference", path)
    found = _found(store, target, given)
    if found is None:
        wanted = next((given[key] for key in ("id", "identifier", "name") if given.get(key) is not None), "")
        field = f"{path}/id" if given.get("id") is not None else path
        problems.append(problem("NotFound", f"{BY_KIND[target].name} {wanted} not found", resource.name, field))
        return None
    return shown(BY_KIND[target], found)


def shown(target: Resource, record: Document) -> Document:
    """A reference to a record."""
    return {"id": record["id"], **{name: record[name] for name in target.shown if name in record}}


def users(store: Store, target: Resource, id: int) -> Iterator[tuple[Resource, str, Document, int | None]]:
    """The records that refer to a record: their resource, the member, the record and its parent."""
    mark = f'"id":{id}'
    for resource in RESOURCES:
        members = [name for name, m in resource.members.items() if m.type == "reference" and m.target == target.kind]
        if not members:
            continue
        for text in store.texts(resource.kind):
            if mark not in text:
                continue
            record = from_json(text)
            for member in members:
                if (record.get(member) or {}).get("id") == id:
                    yield resource, member, record, store.parent(resource.kind, record["id"])


def _found(store: Store, target: str, given: Document) -> Document | None:
    id = given.get("id")
    if id is not None:
        return store.get(target, id) if type(id) is int and 0 < id < 2**63 else None
    for member in ("identifier", "name"):
        value = given.get(member)
        if isinstance(value, str) and (found := store.find(target, member, value)) is not None:
            return found
    return None
