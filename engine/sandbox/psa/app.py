"""The simulated PSA as an ASGI application."""

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from engine.sandbox.asgi import Answer, App, Receive, Scope, Send, json_answer, pass_lifespan, read_body, send_answer
from engine.sandbox.controls import with_controls
from engine.sandbox.faults import Faults
from engine.sandbox.psa.access import check_login, check_right
from engine.sandbox.psa.bundles import bundle_answer, bundle_count
from engine.sandbox.psa.discovery import company_info, relative_path, system_info
from engine.sandbox.psa.errors import ApiError, forbidden, invalid, no_endpoint, not_found, problem
from engine.sandbox.psa.invoicing import invoice_agreement
from engine.sandbox.psa.listing import count_answer, list_answer, projected
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.recap import recap_of
from engine.sandbox.psa.records import AGREEMENT, RECAP, RESOURCES
from engine.sandbox.psa.request import LARGEST_ID, Request, read_request
from engine.sandbox.psa.settings import PsaSettings, check_setting
from engine.sandbox.psa.writing import change, create, delete, replace, stored_record
from engine.sandbox.store import Store


class Route(NamedTuple):
    """A resource, and whether its list, its count or one of its records is meant."""

    resource: Resource
    shape: str


def psa_app(store: Store, faults: Faults) -> App:
    """The PSA's API over a store, with faults in front and the testing aids below /_sandbox."""
    routes = _routes()
    serial = count(1)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await pass_lifespan(receive, send)
            return
        body = await read_body(receive) if scope["method"] != "GET" else b""
        settings = PsaSettings(store)
        try:
            answer = _answer(store, settings, routes, scope, body)
        except ApiError as refused:
            answer = refused.answer
        headers = (
            *answer.headers,
            ("api-current-version", settings["psa.version"]),
            ("x-cw-request-id", f"00000000-0000-4000-8000-{next(serial):012x}"),
        )
        await send_answer(send, answer._replace(headers=headers))

    return with_controls(
        app, service="psa", store=store, faults=faults, check=check_setting, relative=_without_codebase
    )


def _answer(store: Store, settings: PsaSettings, routes: dict[str, Route], scope: Scope, body: bytes) -> Answer:
    path = scope["path"]
    if path.startswith("/login/companyinfo/"):
        return company_info(settings, path.removeprefix("/login/companyinfo/"), scope["method"])
    path = relative_path(settings, path)
    if path == "/system/info":
        return system_info(settings)
    check_login(scope, settings)
    request = read_request(scope, body, settings)
    template, ids = _template(path)
    if template in _OPERATIONS:
        return _OPERATIONS[template](store, request, ids)
    route = routes.get(template)
    if route is None or route.resource.since > settings["psa.version"]:
        raise no_endpoint()
    return _resource_answer(store, request, route, ids)


def _resource_answer(store: Store, request: Request, route: Route, ids: list[int]) -> Answer:
    resource, shape = route
    allowed = {"list": ("GET", "POST"), "count": ("GET",), "record": ("GET", "PUT", "PATCH", "DELETE")}[shape]
    if request.verb not in allowed or request.verb not in resource.verbs:
        raise ApiError(405, "ConnectWiseApi", f"The verb {request.verb} is not supported here.")
    check_right(resource, request.verb, request.settings)
    parent = _parent(store, resource, ids)
    if shape == "count":
        return count_answer(store, resource, request, parent)
    if shape == "list":
        if request.verb == "GET":
            return list_answer(store, resource, request, parent)
        return Answer(201, projected(resource, request, create(store, resource, request, parent)))
    return _record_answer(store, resource, request, ids[-1], parent)


def _record_answer(store: Store, resource: Resource, request: Request, id: int, parent: int | None) -> Answer:
    if resource is RECAP:
        agreement = stored_record(store, AGREEMENT, id, None)
        return Answer(200, projected(resource, request, recap_of(store, request.settings, agreement)))
    record = stored_record(store, resource, id, parent)
    if request.verb == "DELETE":
        delete(store, resource, request, record, parent)
        return Answer(204)
    if request.verb == "PATCH":
        record = change(store, resource, request, record, parent)
    elif request.verb == "PUT":
        record = replace(store, resource, request, record, parent)
    return Answer(200, projected(resource, request, record))


def _parent(store: Store, resource: Resource, ids: list[int]) -> int | None:
    if "{}" not in resource.path:
        return None
    if store.text(AGREEMENT.kind, ids[0]) is None:
        raise not_found("Agreement")
    return ids[0]


def _invoice(store: Store, request: Request, ids: list[int]) -> Answer:
    """POST /finance/agreements/{id}/invoice: makes the next invoice and answers its id."""
    if request.verb != "POST":
        raise ApiError(405, "ConnectWiseApi", f"The verb {request.verb} is not supported here.")
    if not request.settings.grants("invoicing", "add"):
        raise forbidden()
    stored_record(store, AGREEMENT, ids[0], None)
    try:
        return json_answer(200, invoice_agreement(store, request.settings, ids[0]))
    except ValueError as error:
        raise invalid("agreement", [problem("InvalidObject", str(error), "agreement", "id")]) from None


_OPERATIONS: dict[str, Callable[[Store, Request, list[int]], Answer]] = {
    "/finance/agreements/{}/invoice": _invoice,
    "/system/bundles": lambda store, request, ids: bundle_answer(store, request),
    "/system/bundles/count": lambda store, request, ids: bundle_count(store, request),
}


def _routes() -> dict[str, Route]:
    routes: dict[str, Route] = {}
    for resource in RESOURCES:
        path = resource.path.lower()
        routes[path] = Route(resource, "list")
        routes[f"{path}/count"] = Route(resource, "count")
        routes[f"{path}/{{}}"] = Route(resource, "record")
    return routes


def _template(path: str) -> tuple[str, list[int]]:
    """A path in lower case with {} for each number, and the numbers."""
    ids: list[int] = []
    parts = path.rstrip("/").lower().split("/")
    for at, part in enumerate(parts):
        if part.isdecimal() and part.isascii():
            ids.append(min(int(part[:20]), LARGEST_ID))
            parts[at] = "{}"
    return "/".join(parts), ids


def _without_codebase(path: str) -> str:
    before, found, after = path.partition("/apis/3.0")
    return after if found and before.count("/") == 1 else path
