"""What the transport sends again, after how long, and what it never does."""

from collections.abc import Iterator

import httpx
import pytest
import respx

from engine.http.errors import (
    AuthenticationFailed,
    Forbidden,
    NotFound,
    Rejected,
    ServerFailed,
    Throttled,
    Unreachable,
)
from engine.http.transport import Limits
from tests.http.support import SERVICE_URL, Clock, make_transport


@pytest.fixture
def service() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=SERVICE_URL, assert_all_called=False) as router:
        yield router


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_repeated_after_a_passing_failure(service: respx.MockRouter, status: int) -> None:
    service.get("/x").mock(side_effect=[httpx.Response(status), httpx.Response(200, json=1)])
    transport = make_transport()
    assert transport.get("x").content == b"1"
    assert transport.sent == 2


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError]
)
def test_a_read_is_repeated_after_a_cut_connection(
    service: respx.MockRouter, failure: type[httpx.TransportError]
) -> None:
    service.get("/x").mock(side_effect=[failure("cut"), httpx.Response(200, json=1)])
    assert make_transport().get("x").status == 200


def test_500_is_repeated_only_where_it_says_timeout(service: respx.MockRouter) -> None:
    occured = {"code": "ConnectWiseApi", "message": "A timeout has occured. Please try again."}
    service.get("/slow").mock(side_effect=[httpx.Response(500, json=occured), httpx.Response(200, json=1)])
    bad = service.get("/bad").respond(500, json={"message": "Error converting value"})
    transport = make_transport()
    assert transport.get("slow").status == 200
    with pytest.raises(ServerFailed, match="Error converting value"):
        transport.get("bad")
    assert bad.call_count == 1


def test_back_off_grows_with_full_jitter_and_ends(service: respx.MockRouter) -> None:
    service.get("/x").respond(503)
    clock = Clock(chance=0.5)
    with pytest.raises(ServerFailed) as caught:
        make_transport(clock).get("x")
    assert clock.naps == [0.25, 0.5, 1.0, 2.0]
    assert not caught.value.outcome_unknown


def test_retry_after_is_honoured_in_seconds(service: respx.MockRouter) -> None:
    body = {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds."}
    service.get("/x").mock(
        side_effect=[httpx.Response(429, json=body, headers={"Retry-After": "30"}), httpx.Response(200)]
    )
    clock = Clock(chance=0.25)
    make_transport(clock).get("x")
    assert max(clock.naps) == 30.25


def test_retry_after_is_honoured_as_a_date(service: respx.MockRouter) -> None:
    headers = {"Retry-After": "Wed, 06 Jan 2027 10:00:20 GMT", "Date": "Wed, 06 Jan 2027 10:00:00 GMT"}
    service.get("/x").mock(side_effect=[httpx.Response(429, headers=headers), httpx.Response(200)])
    clock = Clock(chance=0.0)
    make_transport(clock).get("x")
    assert max(clock.naps) == 20


def test_a_wait_that_is_too_long_is_reported_instead(service: respx.MockRouter) -> None:
    service.get("/x").respond(429, headers={"Retry-After": "3600"})
    clock = Clock()
    with pytest.raises(Throttled, match="asks to wait 3600 seconds") as caught:
        make_transport(clock).get("x")
    assert caught.value.retry_after == 3600
    assert clock.naps == []


def test_the_total_time_is_bounded(service: respx.MockRouter) -> None:
    service.get("/x").respond(429, headers={"Retry-After": "100"})
    clock = Clock()
    with pytest.raises(Throttled):
        make_transport(clock, Limits(attempts=50, total_timeout=250)).get("x")
    assert clock.now - 1000 <= 250


def test_a_post_is_never_repeated_once_sent(service: respx.MockRouter) -> None:
    route = service.post("/x").mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(Unreachable, match="may have taken effect") as caught:
        make_transport().send("POST", "x", b"{}", retry=True)
    assert route.call_count == 1
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_post_is_repeated_where_nothing_was_sent(
    service: respx.MockRouter, failure: type[httpx.TransportError]
) -> None:
    service.post("/x").mock(side_effect=[failure("no"), httpx.Response(201, json={})])
    assert make_transport().send("POST", "x", b"{}").status == 201


@pytest.mark.parametrize(("status", "unknown"), [(400, False), (409, False), (429, True), (500, True), (503, True)])
def test_a_failed_write_says_whether_it_may_have_taken_effect(
    service: respx.MockRouter, status: int, unknown: bool
) -> None:
    route = service.patch("/x").respond(status, text="no")
    with pytest.raises((Rejected, Throttled, ServerFailed)) as caught:
        make_transport().send("PATCH", "x", b"[]")
    assert caught.value.outcome_unknown is unknown
    assert route.call_count == 1


def test_a_write_is_repeated_where_the_caller_says_so(service: respx.MockRouter) -> None:
    service.patch("/x").mock(side_effect=[httpx.Response(503), httpx.ReadTimeout("slow"), httpx.Response(200)])
    assert make_transport().send("PATCH", "x", b"[]", retry=True).status == 200


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, AuthenticationFailed), (403, Forbidden), (404, NotFound), (409, Rejected), (415, Rejected)],
)
def test_each_refusal_has_its_error_and_is_not_repeated(
    service: respx.MockRouter, status: int, kind: type[Exception]
) -> None:
    route = service.get("/x/1").respond(status, json={"code": "C", "message": "Because"})
    transport = make_transport(explain=lambda status, body: ("C", "Because"), hints={403: "Ask for the right."})
    with pytest.raises(kind, match=rf"GET x/1 answered {status} \(C\): Because\.") as caught:
        transport.get("x/1")
    assert route.call_count == 1
    assert status != 403 or str(caught.value).endswith("Ask for the right.")
