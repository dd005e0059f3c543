"""The testing aids below /_sandbox of either simulator: faults, request counters and settings. Loopback only."""

import ipaddress
from collections.abc import Callable
from typing import Any

import msgspec

from engine.sandbox.asgi import Answer, App, Receive, Scope, Send, json_answer, pass_lifespan, read_body, send_answer
from engine.sandbox.faults import Fault, Faults
from engine.sandbox.store import Store

SettingCheck = Callable[[str, str], str | None]
"""(name, value) -> why the value cannot be set, or None."""

_READ_FAULT = msgspec.json.Decoder(Fault | list[Fault])
_READ_SETTINGS = msgspec.json.Decoder(dict[str, str | bool | int])


def with_controls(
    app: App, *, service: str, store: Store, faults: Faults, check: SettingCheck, relative: Callable[[str], str] = str
) -> App:
    """The app with its faults in front and the testing aids beside it."""
    guarded = faults.around(app, service, relative)

    async def controlled(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await pass_lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/_sandbox/"):
            body = await read_body(receive)
            await send_answer(send, _control(scope, body, service, store, faults, check))
        else:
            await guarded(scope, receive, send)

    return controlled


def _control(scope: Scope, body: bytes, service: str, store: Store, faults: Faults, check: SettingCheck) -> Answer:
    if not _is_local(scope.get("client")):
        return _refuse(403, "the sandbox's controls answer on loopback only")
    verb, name = scope["method"], scope["path"].removeprefix("/_sandbox/").rstrip("/")
    try:
        if name == "faults":
            return _faults(verb, body, faults)
        if name == "requests":
            return _requests(verb, service, faults)
        if name == "settings":
            return _settings(verb, body, store, check)
    except (msgspec.DecodeError, ValueError) as wrong:
        return _refuse(400, str(wrong))
    return _refuse(404, "there are /_sandbox/faults, /_sandbox/requests and /_sandbox/settings")


def _faults(verb: str, body: bytes, faults: Faults) -> Answer:
    if verb == "POST":
        given = _READ_FAULT.decode(body)
        for fault in given if isinstance(given, list) else [given]:
            faults.add(fault)
    elif verb == "DELETE":
        faults.clear()
    elif verb != "GET":
        return _refuse(405, "GET, POST or DELETE")
    return json_answer(201 if verb == "POST" else 200, faults.armed())


def _requests(verb: str, service: str, faults: Faults) -> Answer:
    if verb == "DELETE":
        faults.reset_requests(service)
    elif verb != "GET":
        return _refuse(405, "GET or DELETE")
    return json_answer(200, faults.requests(service))


def _settings(verb: str, body: bytes, store: Store, check: SettingCheck) -> Answer:
    if verb in ("POST", "PUT", "PATCH"):
        values = {name: _text(value) for name, value in _READ_SETTINGS.decode(body).items()}
        reasons = [reason for name, value in values.items() if (reason := check(name, value))]
        if reasons:
            return _refuse(400, "; ".join(reasons))
        with store.transaction():
            for name, value in values.items():
                store.set_setting(name, value)
    elif verb != "GET":
        return _refuse(405, "GET or POST")
    return json_answer(200, store.settings())


def _text(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse(status: int, text: str) -> Answer:
    return json_answer(status, {"message": text})


def _is_local(client: Any) -> bool:
    """Whether a request comes from this machine; in the process the client is absent, or no address."""
    if not client:
        return True
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return True
