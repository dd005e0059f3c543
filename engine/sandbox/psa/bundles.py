"""POST /system/bundles: many lists in one request, where the tenant has it."""

from typing import Any
from urllib.parse import urlsplit

import msgspec

from engine.sandbox.asgi import Answer, json_answer
from engine.sandbox.psa.access import check_right
from engine.sandbox.psa.errors import ApiError, bad_request, no_endpoint, not_found
from engine.sandbox.psa.listing import count, read_page
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.records import ADDITION, AGREEMENT, RESOURCES
from engine.sandbox.psa.request import Request
from engine.sandbox.store import Document, Store, from_json

_NAMES: dict[str, Resource] = {
    "addition": ADDITION,
    "agreementaddition": ADDITION,
    **{resource.name.lower(): resource for resource in RESOURCES if resource is not ADDITION},
}


def bundle_answer(store: Store, request: Request) -> Answer:
    """The lists that a bundle asks for, each with its own status."""
    results = [_result(store, request, wanted, count_only=False) for wanted in _wanted(request)]
    return json_answer(200, {"results": results})


def bundle_count(store: Store, request: Request) -> Answer:
    """The counts that a bundle asks for."""
    results = [_result(store, request, wanted, count_only=True) for wanted in _wanted(request)]
    return json_answer(200, {"results": results})


def _wanted(request: Request) -> list[Document]:
    if request.settings["psa.bundles"] == "off":
        raise no_endpoint()
    if request.verb != "POST":
        raise ApiError(405, "ConnectWiseApi", f"The verb {request.verb} is not supported here.")
    try:
        body = from_json(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"The body is not JSON: {error}") from None
    wanted = _member(body, "requests") if isinstance(body, dict) else None
    if not isinstance(wanted, list) or not all(isinstance(entry, dict) for entry in wanted):
        raise bad_request("A bundle needs a list of requests.")
    cap = int(request.settings["psa.bundle_cap"])
    if len(wanted) > cap:
        raise bad_request(f"A bundle may have at most {cap} requests.")
    return wanted


def _result(store: Store, request: Request, wanted: Document, *, count_only: bool) -> Document:
    kind = str(_member(wanted, "resourceType") or "")
    result: Document = {
        "sequenceNumber": _member(wanted, "sequenceNumber"),
        "resourceType": kind,
        "entities": [],
        "count": 0,
        "version": request.version,
    }
    try:
        resource = _NAMES.get(kind.lower())
        if resource is None:
            raise not_found(f"Resource type {kind}")
        check_right(resource, "GET", request.settings)
        parent, asked = _asked(store, request, resource, _member(wanted, "apiRequest"))
        if count_only:
            result["count"] = count(store, resource, asked, parent)
        else:
            page = read_page(store, resource, asked, parent)
            result["entities"] = page.records if page.texts is None else [from_json(text) for text in page.texts]
            result["count"] = len(result["entities"])
    except ApiError as refused:
        return {**result, "success": False, "statusCode": refused.status, "error": refused.body}
    return {**result, "success": True, "statusCode": 200}


def _asked(store: Store, request: Request, resource: Resource, given: Any) -> tuple[int | None, Request]:
    """The parent that a part names, and the part as if it had come alone."""
    given = given if isinstance(given, dict) else {}
    parts = [given, _member(given, "filters") or {}, _member(given, "page") or {}]
    query: dict[str, str] = {}
    for part in parts:
        for name in ("conditions", "childConditions", "customFieldConditions", "orderBy", "fields"):
            value = _member(part, name)
            if value is not None:
                query[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name in ("page", "pageSize", "pageId"):
            value = _member(part, name)
            if value is not None and not isinstance(value, dict):
                query[name] = str(value)
    parent = _member(given, "parentId")
    if resource is ADDITION:
        if type(parent) is not int or not 0 < parent < 2**63 or store.text(AGREEMENT.kind, parent) is None:
            raise not_found("Agreement")
    else:
        parent = None
    url = urlsplit(request.url)._replace(path=resource.path).geturl()
    return parent, request._replace(query=query, forward_only="pageId" in query, url=url)


def _member(value: Any, name: str) -> Any:
    """A member of an object, whatever the case of its name."""
    if not isinstance(value, dict):
        return None
    return next((found for key, found in value.items() if key.lower() == name.lower()), None)
