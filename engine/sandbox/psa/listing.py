"""Lists: which records a request asks for, in which order, and which page of them."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from engine.sandbox.asgi import Answer, json_answer
from engine.sandbox.psa.conditions import Condition, both, parse
from engine.sandbox.psa.errors import bad_request
from engine.sandbox.psa.fields import projection
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.operands import Field, reach
from engine.sandbox.psa.paging import forward_link, navigable_link
from engine.sandbox.psa.recap import recap_rows
from engine.sandbox.psa.records import RECAP
from engine.sandbox.psa.request import LARGEST_ID, Request, whole_number
from engine.sandbox.psa.schema import child_field, condition_field, custom_field
from engine.sandbox.store import Document, Store, from_json, to_json

DEFAULT_PAGE = 25
LARGEST_PAGE = 1000
_CHUNK = 1000


class Page(NamedTuple):
    """One page, its records as JSON texts or decoded, and the Link header (None: the endpoint sends none)."""

    texts: list[str] | None
    records: list[Document]
    link: str | None


def list_answer(store: Store, resource: Resource, request: Request, parent: int | None) -> Answer:
    """The reply to GET of a list."""
    page = read_page(store, resource, request, parent)
    headers = [] if page.link is None else [("Link", page.link)]
    if page.texts is not None:
        return Answer(200, ("[" + ",".join(page.texts) + "]").encode(), headers=headers)
    return json_answer(200, page.records, headers)


def count_answer(store: Store, resource: Resource, request: Request, parent: int | None) -> Answer:
    """The reply to GET of …/count."""
    return json_answer(200, {"count": count(store, resource, request, parent)})


def count(store: Store, resource: Resource, request: Request, parent: int | None) -> int:
    """How many records pass the conditions."""
    condition = condition_of(resource, request)
    if condition is None and resource is not RECAP:
        return store.count(resource.kind, parent)
    return sum(1 for _ in _matching(store, resource, request, parent, condition))


def read_page(store: Store, resource: Resource, request: Request, parent: int | None) -> Page:
    """The page that a request asks for. Raises ApiError for anything in the query that is not understood."""
    size = min(whole_number(request.query, "pageSize", DEFAULT_PAGE, 1), LARGEST_PAGE)
    condition = condition_of(resource, request)
    if request.forward_only and request.settings["psa.forward_only"] == "on":
        return _forward(store, resource, request, parent, condition, size)
    number = whole_number(request.query, "page", 1, 1)
    order = _order(resource, request)
    first = (number - 1) * size
    if condition is None and not order and resource is not RECAP:
        total = store.count(resource.kind, parent)
        texts = store.texts(resource.kind, parent, limit=size, offset=min(first, LARGEST_ID))
        kept, records = _shown(resource, request, texts)
    else:
        found = list(_matching(store, resource, request, parent, condition))
        for field, down in reversed(order):
            found.sort(key=lambda record: _sort_key(reach(record, field.path)), reverse=down)
        total = len(found)
        kept, records = None, _projected(resource, request, found[first : first + size])
    link = None if request.forward_only else navigable_link(request, number, size, total)
    return Page(kept, records, link)


def condition_of(resource: Resource, request: Request) -> Condition | None:
    """All three kinds of conditions of a request as one. Raises ApiError if one is malformed."""
    query = request.query
    found: list[Condition] = []
    if query.get("conditions", "").strip():
        found.append(parse(query["conditions"], lambda name: condition_field(resource, request.version, name)))
    if query.get("childConditions", "").strip():
        found.append(parse(query["childConditions"], lambda name: child_field(resource, name), lists=False))
    if query.get("customFieldConditions", "").strip():
        one = parse(query["customFieldConditions"], custom_field, lists=False).test
        found.append(Condition(lambda record: any(one(entry) for entry in record.get("customFields") or ())))
    return both(found) if found else None


def _forward(
    store: Store, resource: Resource, request: Request, parent: int | None, condition: Condition | None, size: int
) -> Page:
    if request.query.get("orderBy", "").strip():
        raise bad_request("orderBy cannot be used with forward-only pagination.")
    after = whole_number(request.query, "pageId", 0, 0)
    if condition is None and resource is not RECAP:
        texts = store.texts(resource.kind, parent, after=after, limit=size)
        last = int(from_json(texts[-1])["id"]) if texts else 0
        kept, records = _shown(resource, request, texts)
        return Page(kept, records, forward_link(request, size, last) if len(texts) == size else "")
    found: list[Document] = []
    for record in _matching(store, resource, request, parent, condition, after):
        found.append(record)
        if len(found) == size:
            break
    link = forward_link(request, size, found[-1]["id"]) if len(found) == size else ""
    return Page(None, _projected(resource, request, found), link)


def _shown(resource: Resource, request: Request, texts: list[str]) -> tuple[list[str] | None, list[Document]]:
    project = projection(resource, request.version, request.query.get("fields"))
    if project is None:
        return texts, []
    return None, [project(record) for record in from_json("[" + ",".join(texts) + "]")]


def _projected(resource: Resource, request: Request, records: list[Document]) -> list[Document]:
    project = projection(resource, request.version, request.query.get("fields"))
    return records if project is None else [project(record) for record in records]


def projected(resource: Resource, request: Request, record: Document) -> bytes:
    """One record as the reply shows it."""
    return to_json(_projected(resource, request, [record])[0])


def _matching(
    store: Store, resource: Resource, request: Request, parent: int | None, condition: Condition | None, after: int = 0
) -> Iterator[Document]:
    """The records with an id above `after` that pass, in the order of their ids."""
    for record in _candidates(store, resource, request, parent, condition, after):
        if condition is None or condition.test(record):
            yield record


def _candidates(
    store: Store, resource: Resource, request: Request, parent: int | None, condition: Condition | None, after: int
) -> Iterable[Document]:
    if resource is RECAP:
        yield from recap_rows(store, request.settings, after)
        return
    if condition is not None and condition.ids is not None:
        for id in sorted(id for id in condition.ids if after < id <= LARGEST_ID):
            if parent is None or store.parent(resource.kind, id) == parent:
                found = store.get(resource.kind, id)
                if found is not None:
                    yield found
        return
    while True:
        texts = store.texts(resource.kind, parent, after=after, limit=_CHUNK)
        if not texts:
            return
        records = from_json("[" + ",".join(texts) + "]")
        yield from records
        after = records[-1]["id"]


def _order(resource: Resource, request: Request) -> list[tuple[Field, bool]]:
    order: list[tuple[Field, bool]] = []
    for part in filter(None, (part.strip() for part in request.query.get("orderBy", "").split(","))):
        name, _, direction = part.partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise bad_request(f"orderBy takes asc or desc, not {direction.strip()[:40]!r}")
        order.append((condition_field(resource, request.version, name), direction.strip().lower() == "desc"))
    return order


def _sort_key(value: Any) -> tuple[int, Any]:
    """Missing values first, then numbers and flags, then text whatever its case."""
    if value is None or isinstance(value, dict | list):
        return (0, 0)
    return (2, value.casefold()) if isinstance(value, str) else (1, value)
