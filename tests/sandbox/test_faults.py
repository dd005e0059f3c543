"""Faults, request counters and the controls, in front of a tiny app and behind a real server."""

import asyncio
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from engine.sandbox.asgi import App, Receive, Scope, Send, json_answer, send_answer
from engine.sandbox.controls import with_controls
from engine.sandbox.faults import POOL_TEXT, TIMEOUT_TEXT, ConnectionDropped, Fault, Faults
from engine.sandbox.store import Store


class Tally:
    """An app that counts what reached it."""

    def __init__(self) -> None:
        self.reached = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
        await send_answer(send, json_answer(201, {"id": self.reached, "text": "x" * 100}))


class Desk:
    """The app with its controls and a way to ask it."""

    def __init__(self, service: str = "psa") -> None:
        self.tally = Tally()
        self.now = 0.0
        self.slept: list[float] = []
        self.faults = Faults(clock=lambda: self.now, sleep=self.sleep)
        self.store = Store(":memory:")
        self.app: App = with_controls(
            self.tally,
            service=service,
            store=self.store,
            faults=self.faults,
            check=lambda name, value: None if name == "role" else f"no setting {name}",
            relative=lambda path: path.removeprefix("/base"),
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def ask(self, verb: str, path: str, client: tuple[str, int] = ("127.0.0.1", 1), **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=client)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as asking:
                return await asking.request(verb, path, **more)

        return asyncio.run(once())


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("fault", "status", "text", "reached"),
    [
        (Fault(kind="status", status=503), 503, "could not handle", 0),
        (Fault(kind="status", status=400, body="odd"), 400, "odd", 0),
        (Fault(kind="throttle", retry_after="7"), 429, "Please try again in 7 seconds.", 0),
        (Fault(kind="throttle", html=True), 429, "<html>", 0),
        (Fault(kind="timeout_before"), 500, TIMEOUT_TEXT, 0),
        (Fault(kind="timeout_after_commit"), 500, TIMEOUT_TEXT, 1),
        (Fault(kind="pool_exhausted"), 500, POOL_TEXT, 0),
        (Fault(kind="html_page"), 200, "<html>", 0),
        (Fault(kind="truncate"), 201, '{"id":1', 1),
    ],
)
def test_each_fault_answers_once(desk: Desk, fault: Fault, status: int, text: str, reached: int) -> None:
    desk.faults.add(fault)
    answer = desk.ask("POST", "/base/things")
    assert (answer.status_code, desk.tally.reached) == (status, reached)
    assert text in answer.text
    assert desk.ask("POST", "/base/things").status_code == 201


def test_a_truncated_reply_is_no_json(desk: Desk) -> None:
    desk.faults.add(Fault(kind="truncate"))
    answer = desk.ask("GET", "/base/things")
    assert not answer.text.endswith("}")
    assert answer.headers["content-length"] == str(len(answer.content))


def test_throttling_speaks_each_services_language() -> None:
    for service, shape in (
        ("psa", {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds."}),
        (
            "platform",
            {
                "error": "RESOURCE_EXHAUSTED",
                "message": "Too many requests. Please try again in 30 seconds.",
                "code": 429,
                "details": [],
            },
        ),
    ):
        desk = Desk(service)
        desk.faults.add(Fault(kind="throttle", service=service))
        answer = desk.ask("GET", "/x")
        assert answer.json() == shape
        assert answer.headers["retry-after"] == "30"
        desk.store.close()


@pytest.mark.parametrize(("kind", "reached"), [("drop_before", 0), ("drop_after_commit", 1)])
def test_a_cut_connection_is_an_exception_in_the_process(desk: Desk, kind: Any, reached: int) -> None:
    desk.faults.add(Fault(kind=kind))
    with pytest.raises(ConnectionDropped):
        desk.ask("POST", "/base/things")
    assert desk.tally.reached == reached


@pytest.mark.parametrize(
    ("fault", "verb", "path", "struck"),
    [
        (Fault(kind="status", verb="POST", path="/things/*"), "POST", "/base/things/5", True),
        (Fault(kind="status", verb="POST", path="/base/things/*"), "POST", "/base/things/5", True),
        (Fault(kind="status", verb="POST"), "GET", "/base/things", False),
        (Fault(kind="status", path="/other"), "GET", "/base/things", False),
        (Fault(kind="status", service="platform"), "GET", "/base/things", False),
        (Fault(kind="status", times=None), "GET", "/base/things", True),
        (Fault(kind="status", times=0), "GET", "/base/things", False),
        (Fault(kind="status", skip=1), "GET", "/base/things", False),
    ],
)
def test_a_fault_concerns_what_it_names(desk: Desk, fault: Fault, verb: str, path: str, struck: bool) -> None:
    desk.faults.add(fault)
    assert (desk.ask(verb, path).status_code == 500) is struck


def test_counts_of_a_fault(desk: Desk) -> None:
    desk.faults.add(Fault(kind="status", times=2, skip=1))
    assert [desk.ask("GET", "/x").status_code for _ in range(5)] == [201, 500, 500, 201, 201]
    assert desk.faults.armed() == []


def test_a_budget_throttles_until_the_minute_is_over(desk: Desk) -> None:
    desk.faults.add(Fault(kind="budget", budget=2))
    assert [desk.ask("GET", "/x").status_code for _ in range(3)] == [201, 201, 429]
    desk.now = 50.0
    assert desk.ask("GET", "/x").headers["retry-after"] == "10"
    desk.now = 60.0
    assert desk.ask("GET", "/x").status_code == 201


def test_slow_and_edit_go_together_with_the_real_reply(desk: Desk) -> None:
    seen: list[int] = []
    desk.faults.add(Fault(kind="slow", seconds=2.5))
    desk.faults.add(Fault(kind="edit_between"), edit=lambda: seen.append(desk.tally.reached))
    desk.faults.add(Fault(kind="edit_between", after=True), edit=lambda: seen.append(desk.tally.reached))
    assert desk.ask("GET", "/x").status_code == 201
    assert (desk.slept, seen) == ([2.5], [0, 1])
    with pytest.raises(ValueError, match="edit_between"):
        desk.faults.add(Fault(kind="edit_between"))


def test_requests_are_counted_by_template(desk: Desk) -> None:
    for path in ("/base/agreements/5/additions", "/base/agreements/66/additions/7", "/base/agreements/5/additions"):
        desk.ask("GET", path)
    counted = {"GET /agreements/{id}/additions": 2, "GET /agreements/{id}/additions/{id}": 1}
    assert desk.faults.requests() == desk.faults.requests("psa") == counted
    assert desk.faults.requests("platform") == {}
    assert desk.ask("GET", "/_sandbox/requests").json() == counted
    assert desk.ask("DELETE", "/_sandbox/requests").json() == {}


def test_faults_by_the_controls(desk: Desk) -> None:
    assert desk.ask("POST", "/_sandbox/faults", json={"kind": "status", "status": 503}).status_code == 201
    assert desk.ask("POST", "/_sandbox/faults", json=[{"kind": "throttle"}]).status_code == 201
    assert [f["kind"] for f in desk.ask("GET", "/_sandbox/faults").json()] == ["status", "throttle"]
    assert desk.ask("GET", "/x").status_code == 503
    assert desk.ask("DELETE", "/_sandbox/faults").json() == []
    assert desk.ask("GET", "/x").status_code == 201


def test_settings_by_the_controls(desk: Desk) -> None:
    assert desk.ask("POST", "/_sandbox/settings", json={"role": True}).json() == {"role": "true"}
    assert desk.ask("GET", "/_sandbox/settings").json() == {"role": "true"}
    refused = desk.ask("POST", "/_sandbox/settings", json={"rule": "x", "role": "no"})
    assert (refused.status_code, refused.json()) == (400, {"message": "no setting rule"})
    assert desk.store.setting("role") == "true"


@pytest.mark.parametrize(
    ("verb", "name", "body", "status"),
    [
        ("POST", "faults", b"{", 400),
        ("POST", "faults", b'{"kind":"unheard"}', 400),
        ("POST", "faults", b'{"kind":"status","time":2}', 400),
        ("POST", "faults", b'{"kind":"edit_between"}', 400),
        ("PUT", "faults", b"{}", 405),
        ("PUT", "requests", b"{}", 405),
        ("DELETE", "settings", b"", 405),
        ("GET", "other", b"", 404),
    ],
)
def test_the_controls_refuse_what_they_do_not_know(desk: Desk, verb: str, name: str, body: bytes, status: int) -> None:
    assert desk.ask(verb, f"/_sandbox/{name}", content=body).status_code == status


def test_the_controls_answer_on_loopback_only(desk: Desk) -> None:
    assert desk.ask("GET", "/_sandbox/faults", client=("192.0.2.7", 1)).status_code == 403
    assert desk.ask("GET", "/_sandbox/faults", client=("::1", 1)).status_code == 200


@contextmanager
def served(app: App) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    started = threading.Event()
    startup = server.startup

    async def start(*given: Any, **named: Any) -> None:
        await startup(*given, **named)
        started.set()

    server.startup = start  # type: ignore[method-assign]  # the server offers no other sign that it listens
    thread.start()
    assert started.wait(10)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def test_a_real_server_closes_the_socket_without_a_reply(desk: Desk) -> None:
    desk.faults.add(Fault(kind="drop_after_commit"))
    with served(desk.app) as port:
        cut = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        cut.request("POST", "/base/things", body=b"{}")
        with pytest.raises(http.client.RemoteDisconnected):
            cut.getresponse()
        cut.close()
        fine = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        fine.request("GET", "/base/things")
        assert fine.getresponse().status == 201
        fine.close()
    assert desk.tally.reached == 2
