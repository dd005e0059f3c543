"""POST, PUT, PATCH and DELETE of a record."""

from typing import Any

import msgspec

from engine.sandbox.psa.additions import agreement_billing, check_addition, check_deletion, compute, refusal
from engine.sandbox.psa.clock import new_info, now
from engine.sandbox.psa.defaults import flags_off, with_defaults
from engine.sandbox.psa.errors import ApiError, bad_request, not_found
from engine.sandbox.psa.invoicing import delete_invoice
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.records import ADDITION, AGREEMENT, INVOICE
from engine.sandbox.psa.references import Problems, shown, users
from engine.sandbox.psa.request import Request
from engine.sandbox.psa.values import check_members, duplicate, kept_value, record_problems, unknown_member
from engine.sandbox.store import Document, Store, from_json


def create(store: Store, resource: Resource, request: Request, parent: int | None) -> Document:
    """The record that a POST makes. Raises ApiError if it does not pass."""
    body = _object(request.body)
    check_members(resource, request.version, body, request.body)
    problems: Problems = []
    record = _values(store, resource, request, body, problems, new=True)
    record = with_defaults(store, resource, request, record)
    with store.transaction():
        _check(store, resource, request, record, problems, parent, before=None)
        record = {"id": store.next_id(resource.kind), **record, "_info": new_info(store)}
        _keep(store, resource, request, record, parent)
    return record


def replace(store: Store, resource: Resource, request: Request, stored: Document, parent: int | None) -> Document:
    """The record after a PUT: what the body leaves out is emptied, flags are no. Raises ApiError."""
    body = _object(request.body)
    check_members(resource, request.version, body, request.body)
    problems: Problems = []
    record = _values(store, resource, request, body, problems, new=False)
    for name, value in stored.items():
        member = resource.members.get(name)
        if member is None or member.read_only or member.only_new or not member.known_in(request.version):
            record[name] = value
    record = {**flags_off(resource, request.version), **record}
    return _update(store, resource, request, record, stored, problems, parent)


def change(store: Store, resource: Resource, request: Request, stored: Document, parent: int | None) -> Document:
    """The record after a PATCH. Raises ApiError."""
    record = dict(stored)
    problems: Problems = []
    for operation in _operations(request.body):
        path = str(operation.get("path", "")).removeprefix("/")
        name, _, below = path.partition("/")
        member = resource.members.get(name)
        if member is None or not member.known_in(request.version):
            raise unknown_member(path, resource, request.body)
        if below or member.read_only or member.only_new:
            continue  # a path below a reference is accepted without effect, as are members that cannot be written
        given = None if operation["op"] == "remove" else operation.get("value")
        check_members(resource, request.version, {name: given}, request.body)
        record[name] = kept_value(store, request.settings, resource, name, given, problems)
    return _update(store, resource, request, record, stored, problems, parent)


def delete(store: Store, resource: Resource, request: Request, record: Document, parent: int | None) -> None:
    """DELETE of a record. Raises ApiError (409) while others refer to it."""
    id = record["id"]
    if resource is INVOICE:
        delete_invoice(store, id)
        return
    if resource is ADDITION and parent is not None:
        check_deletion(store, request.settings, record)
    user = next(users(store, resource, id), None)
    if user is not None:
        raise ApiError(409, "Conflict", f"This {resource.name} is in use by {user[0].name} {user[2]['id']}.")
    with store.transaction():
        store.delete(resource.kind, id)
        if resource is AGREEMENT:
            for addition in list(store.rows(ADDITION.kind, id)):
                store.delete(ADDITION.kind, addition["id"])


def _update(
    store: Store,
    resource: Resource,
    request: Request,
    record: Document,
    stored: Document,
    problems: Problems,
    parent: int | None,
) -> Document:
    with store.transaction():
        record = {name: value for name, value in record.items() if value is not None}
        _check(store, resource, request, record, problems, parent, before=stored)
        record["_info"] = {**stored["_info"], "lastUpdated": now(store), "updatedBy": "sandbox"}
        _keep(store, resource, request, record, parent)
        if shown(resource, record) != shown(resource, stored):
            for user, member, referring, its_parent in users(store, resource, record["id"]):
                referring[member] = shown(resource, record)
                store.put(user.kind, referring["id"], referring, its_parent)
    return record


def _check(
    store: Store,
    resource: Resource,
    request: Request,
    record: Document,
    problems: Problems,
    parent: int | None,
    before: Document | None,
) -> None:
    problems += record_problems(resource, request.version, record)
    problems += duplicate(store, resource, record)
    if resource is ADDITION and parent is not None:
        billing = agreement_billing(store, request.settings, store.get(AGREEMENT.kind, parent) or {})
        problems += check_addition(store, request.settings, billing, record, before)
    if problems:
        raise refusal(resource, problems)


def _keep(store: Store, resource: Resource, request: Request, record: Document, parent: int | None) -> None:
    if resource is ADDITION and parent is not None:
        owner = store.get(AGREEMENT.kind, parent) or {}
        compute(record, owner, agreement_billing(store, request.settings, owner))
    store.put(resource.kind, record["id"], record, parent)
    if resource is AGREEMENT:
        _recompute(store, request, record)


def _recompute(store: Store, request: Request, agreement: Document) -> None:
    """What an agreement's change means for the computed members of its additions; their own time does not move."""
    billing = agreement_billing(store, request.settings, agreement)
    additions = list(store.rows(ADDITION.kind, agreement["id"]))
    for addition in additions:
        compute(addition, agreement, billing)
    store.put_many(ADDITION.kind, ((addition["id"], addition, agreement["id"]) for addition in additions))


def _values(
    store: Store, resource: Resource, request: Request, body: Document, problems: Problems, *, new: bool
) -> Document:
    record: Document = {}
    for name, given in body.items():
        member = resource.members[name]
        if member.read_only or (member.only_new and not new):
            continue
        value = kept_value(store, request.settings, resource, name, given, problems)
        if value is not None:
            record[name] = value
    return record


def _object(body: bytes) -> Document:
    value = _decoded(body)
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object.")
    return value


def _operations(body: bytes) -> list[Document]:
    value = _decoded(body)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise bad_request("The body of a PATCH must be a JSON array of operations.")
    for entry in value:
        if entry.get("op") not in ("add", "replace", "remove"):
            raise bad_request(f"The operation {str(entry.get('op'))[:40]!r} is not one of add, replace, remove.")
        if not isinstance(entry.get("path"), str) or not entry["path"].strip("/"):
            raise bad_request("An operation needs a path.")
    return value


def _decoded(body: bytes) -> Any:
    try:
        return from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"The body is not JSON: {error}") from None


def stored_record(store: Store, resource: Resource, id: int, parent: int | None) -> Document:
    """The record of an id, below its own parent. Raises ApiError (404) if there is none."""
    record = store.get(resource.kind, id)
    if record is None or (parent is not None and store.parent(resource.kind, id) != parent):
        raise not_found(resource.name[0].upper() + resource.name[1:])
    return record
