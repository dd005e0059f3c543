"""The platform's simulator as an ASGI application: OAuth, v3 and v1."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from engine.sandbox.asgi import Answer, App, Receive, Scope, Send, read_body, send_answer
from engine.sandbox.controls import with_controls
from engine.sandbox.faults import Faults
from engine.sandbox.platform import billing_v1, lists, oauth, reports, subscriptions
from engine.sandbox.platform.oauth import Tokens
from engine.sandbox.platform.settings import PlatformSettings, check_setting
from engine.sandbox.platform.wire import ApiError, Handler, Request
from engine.sandbox.store import Store


class Platform:
    """Answers one request at a time from the store; knows nothing of sockets."""

    def __init__(self, store: Store, settings: PlatformSettings) -> None:
        self._store = store
        self._settings = settings
        self._tokens = Tokens(settings)
        self._routes = [(verb, _pattern(path), handler) for verb, path, handler in self._table()]

    def answer(self, request: Request) -> Answer:
        """The reply to a request; never raises for what a client did."""
        try:
            if request.path.startswith("/api/v1/") and not oauth.check_basic(request):
                raise billing_v1.V1Error(401, "Invalid API key or secret.")
            if request.path.startswith("/api/v3/"):
                oauth.check_bearer(request, self._tokens)
            handler, values = self._route(request)
            if "account" in values:
                oauth.check_role(self._settings, values["account"])
            return handler(request, values)
        except (ApiError, billing_v1.V1Error) as error:
            return error.reply()

    def _route(self, request: Request) -> tuple[Handler, Mapping[str, str]]:
        known = False
        for verb, pattern, handler in self._routes:
            found = pattern.fullmatch(request.path)
            if found and verb == request.verb:
                return handler, {name: unquote(value) for name, value in found.groupdict().items()}
            known = known or found is not None
        if known:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"{request.verb} is not allowed here")
        raise ApiError(404, "NOT_FOUND", f"no such resource: {request.path}")

    def _table(self) -> list[tuple[str, str, Handler]]:
        store, settings, tokens = self._store, self._settings, self._tokens
        account = "/api/v3/accounts/{account}"
        return [
            ("POST", "/oauth/token", lambda r, v: oauth.token(r, tokens)),
            ("POST", "/oauth/validateAccess", lambda r, v: oauth.validate_access(r, tokens)),
            ("GET", f"{account}/subscriptions", lambda r, v: subscriptions.listed(r, store, settings)),
            (
                "GET",
                f"{account}/customers/{{customer}}/subscriptions/{{id}}",
                lambda r, v: subscriptions.detail(store, settings, v["customer"], v["id"]),
            ),
            ("GET", f"{account}/customers", lambda r, v: lists.customers(r, store, settings)),
            ("GET", f"{account}/customers/{{id}}", lambda r, v: lists.customer(store, v["id"])),
            ("GET", f"{account}/customers/{{id}}/orders", lambda r, v: lists.orders(r, store, settings, v["id"])),
            ("GET", f"{account}/orders", lambda r, v: lists.orders(r, store, settings)),
            ("GET", f"{account}/products", lambda r, v: lists.products(r, store, settings)),
            ("GET", f"{account}/products/{{id}}", lambda r, v: lists.product(store, v["id"])),
            ("GET", f"{account}/reports", lambda r, v: reports.listed(r)),
            (
                "POST",
                f"{account}/reports/{{id}}/reportDataCsv",
                lambda r, v: reports.csv_data(r, store, settings, v["id"]),
            ),
            ("GET", "/api/v1/invoices/myinvoices", lambda r, v: billing_v1.my_invoices(r, store)),
            ("GET", "/api/v1/invoices", lambda r, v: billing_v1.customer_invoices(r, store)),
            ("GET", "/api/v1/reports/billing/{report}", lambda r, v: billing_v1.billing_report(r, store, v["report"])),
        ]


def platform_app(store: Store, faults: Faults, settings: PlatformSettings) -> App:
    """The simulator as an ASGI application, with its faults in front and its testing aids under /_sandbox."""
    platform = Platform(store, settings)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope, await read_body(receive))
        await send_answer(send, platform.answer(request))

    return with_controls(app, service="platform", store=store, faults=faults, check=check_setting)


def _request(scope: Scope, body: bytes) -> Request:
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return Request(
        verb=scope["method"],
        path=scope["path"],
        query=tuple(query),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
