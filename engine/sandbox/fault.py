"""One fault: what it concerns and the reply that a client sees in place of the real one."""

from typing import Literal

import msgspec

from engine.sandbox.asgi import Answer, json_answer

Kind = Literal[
    "status",
    "throttle",
    "timeout_before",
    "timeout_after_commit",
    "pool_exhausted",
    "drop_before",
    "drop_after_commit",
    "truncate",
    "html_page",
    "slow",
    "budget",
    "edit_between",
]

TIMEOUT_TEXT = "A timeout has occured. Please try again."
POOL_TEXT = (
    "Timeout expired.  The timeout period elapsed prior to obtaining a connection from the pool.  This may have "
    "occurred because all pooled connections were in use and max pool size was reached."
)
_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


class Fault(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong.

    It concerns requests whose service ("psa", "platform" or "*"), verb and path fit; the path is compared with the glob
    both whole and without the part that all of a service's paths share. It lets `skip` of them by, then strikes `times`
    times (None: until it is cleared).

    - status: answers `status` with `body`, the request having no effect
    - throttle: 429 with Retry-After `retry_after`; as a page of a proxy if `html`
    - timeout_before, timeout_after_commit, pool_exhausted: HTTP 500 with the service's text
    - drop_before, drop_after_commit: the connection ends without a reply
    - truncate: the real reply, its body cut in the middle
    - html_page: a page in place of JSON, with `status` (200 unless given)
    - slow: the reply comes after `seconds`
    - budget: beyond `budget` requests in a minute, each is throttled
    - edit_between: a callable given in the process runs before the request is handled, or after it if `after`
    """

    kind: Kind
    service: str = "*"
    verb: str = "*"
    path: str = "*"
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    body: str | None = None
    content_type: str = "application/json; charset=utf-8"
    retry_after: str = "30"
    html: bool = False
    seconds: float = 0.0
    budget: int = 1000
    after: bool = False


def answer_of(fault: Fault, budget_over: str, service: str) -> Answer:
    """The reply in place of the real one; `budget_over` is the Retry-After of an exceeded budget."""
    if fault.kind in ("throttle", "budget"):
        return _throttled(fault, budget_over if fault.kind == "budget" else fault.retry_after, service)
    if fault.kind == "html_page":
        body = fault.body or _PAGE.format(title="Service temporarily unavailable")
        return Answer(fault.status or 200, body.encode(), "text/html; charset=utf-8")
    if fault.kind == "status":
        status = fault.status or 500
        if fault.body is not None:
            return Answer(status, fault.body.encode(), fault.content_type)
        return json_answer(status, _error(service, status, "The service could not handle the request."))
    return json_answer(500, _error(service, 500, POOL_TEXT if fault.kind == "pool_exhausted" else TIMEOUT_TEXT))


def _throttled(fault: Fault, after: str, service: str) -> Answer:
    headers = [("Retry-After", after)]
    if fault.html:
        return Answer(429, _PAGE.format(title="Error 1015: You are being rate limited").encode(), "text/html", headers)
    text = f"Too many requests. Please try again in {after} seconds."
    if service == "psa":
        return json_answer(429, {"error": "ConnectWiseAPI", "message": text}, headers)
    return json_answer(429, _platform_error("RESOURCE_EXHAUSTED", text, 429), headers)


def _error(service: str, status: int, text: str) -> dict[str, object]:
    if service == "psa":
        return {"code": "ConnectWiseApi", "message": text, "errors": None}
    return _platform_error("INTERNAL_ERROR", text, status)


def _platform_error(name: str, text: str, status: int) -> dict[str, object]:
    return {"error": name, "message": text, "code": status, "details": []}
