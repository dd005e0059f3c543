"""The transport: what it sends, repeats, refuses and explains."""

import threading
import time
from collections.abc import Iterator, Mapping

import httpx
import pytest
import respx

from engine.http.errors import (
    AuthenticationFailed,
    BadReply,
    Forbidden,
    HostRefused,
    NotFound,
    Rejected,
    ServerFailed,
    Throttled,
    Unreachable,
)
from engine.http.transport import Limits
from tests.http.support import KEY, SERVICE_URL, Clock, Endless, make_transport


@pytest.fixture
def service() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=SERVICE_URL, assert_all_called=False) as router:
        yield router


def test_a_read_carries_parameters_and_credentials(service: respx.MockRouter) -> None:
    route = service.get("/list").respond(json=[])
    make_transport().get("list", [("conditions", 'name = "A & B"'), ("page", "2")], {"Accept": "application/x"})
    sent = route.calls.last.request
    assert dict(sent.url.params) == {"conditions": 'name = "A & B"', "page": "2"}
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers.get_list("accept") == ["application/x"]
    assert sent.headers["host"] == "ion.tdsynnex.com"


def test_a_write_carries_its_body(service: respx.MockRouter) -> None:
    route = service.patch("/thing/1").respond(json={})
    make_transport().send("PATCH", "/thing/1", b"[1]")
    assert route.calls.last.request.content == b"[1]"
    assert route.calls.last.request.headers["content-type"] == "application/json"
    assert route.calls.last.request.headers["content-length"] == "3"


def test_headers_of_a_reply_are_found_in_any_case(service: respx.MockRouter) -> None:
    service.get("/x").respond(204, headers={"X-Cw-Request-Id": "abc"})
    assert make_transport().get("x").headers["x-cw-REQUEST-id"] == "abc"


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


def test_new_credentials_are_tried_once_after_a_401(service: respx.MockRouter) -> None:
    keys = ["old-credential-1", "new-credential-2"]
    refused: list[Mapping[str, str]] = []

    def reauthorize(headers: Mapping[str, str]) -> bool:
        refused.append(headers)
        keys.pop(0)
        return True

    service.post("/x", headers={"Authorization": "Bearer old-credential-1"}).respond(401)
    service.post("/x", headers={"Authorization": "Bearer new-credential-2"}).respond(200)
    transport = make_transport(authorize=lambda: {"Authorization": f"Bearer {keys[0]}"}, reauthorize=reauthorize)
    assert transport.send("POST", "x", b"{}").status == 200
    assert refused == [{"Authorization": "Bearer old-credential-1"}]


def test_a_second_401_is_an_error(service: respx.MockRouter) -> None:
    route = service.get("/x").respond(401)
    with pytest.raises(AuthenticationFailed):
        make_transport(reauthorize=lambda headers: True).get("x")
    assert route.call_count == 2


@pytest.mark.parametrize("location", ["https://evil.example/x?token=abcdefgh1234", "/login", "https://other.example"])
def test_a_redirect_is_an_error_that_says_where_to(service: respx.MockRouter, location: str) -> None:
    route = service.get("/x").respond(302, headers={"Location": location})
    with pytest.raises(BadReply, match="redirects are never followed") as caught:
        make_transport().get("x")
    assert location.partition("?")[0] in str(caught.value)
    assert "abcdefgh1234" not in str(caught.value)
    assert route.call_count == 1


def test_a_link_of_the_same_origin_is_followed_word_for_word(service: respx.MockRouter) -> None:
    route = service.get("/v3/list").respond(json=[])
    make_transport().get_url(f"{SERVICE_URL}:443/v3/list?conditions=a%20%3D%20%22b%22&page=2")
    assert route.calls.last.request.url.query == b"conditions=a%20%3D%20%22b%22&page=2"
    make_transport().get_url("/v3/list?page=3")
    assert route.call_count == 2


@pytest.mark.parametrize(
    "link",
    [
        "https://ion.tdsynnex.com.evil.example/x",
        "http://ion.tdsynnex.com/x",
        "https://ion.tdsynnex.com:8443/x",
        "https://ion.tdsynnex.com@evil.example/x",
        "https://ion.tdsynnex.com\\@evil.example/x",
        "https://evil.example\\.ion.tdsynnex.com/",
        "//evil.example/x",
        "ftp://ion.tdsynnex.com/x",
        "",
    ],
)
def test_a_link_elsewhere_is_refused(service: respx.MockRouter, link: str) -> None:
    transport = make_transport()
    with pytest.raises(HostRefused):
        transport.get_url(link)
    assert transport.sent == 0


@pytest.mark.parametrize("url", ["http://ion.tdsynnex.com", "https://evil.example", "ion.tdsynnex.com", "https://a@b"])
def test_a_base_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(HostRefused, match="CWCTL_ALLOWED_HOSTS"):
        make_transport(base_url=url)


def test_a_web_page_is_explained_by_its_title(service: respx.MockRouter) -> None:
    page = "<!DOCTYPE html><html><head><title>Attention\n Required</title></head><body>secret stuff</body></html>"
    service.get("/x").respond(403, html=page)
    with pytest.raises(Forbidden, match=r"web page \(Attention Required\)") as caught:
        make_transport().get("x")
    assert "secret stuff" not in str(caught.value)


def test_a_huge_reply_is_not_read_to_its_end() -> None:
    wire = httpx.MockTransport(lambda request: httpx.Response(200, stream=Endless()))
    with pytest.raises(BadReply, match="larger than 1 MiB"):
        make_transport(wire=wire, limits=Limits(max_reply_bytes=2**20)).get("x")


def test_a_reply_that_trickles_is_given_up() -> None:
    clock = Clock()
    wire = httpx.MockTransport(lambda request: httpx.Response(200, stream=Endless(clock)))
    with pytest.raises(Unreachable, match="total time"):
        make_transport(clock, Limits(total_timeout=60, max_reply_bytes=2**40), wire=wire).get("x")


def test_a_wrongly_compressed_reply_is_an_error() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    with pytest.raises(BadReply, match="compressed"):
        make_transport(wire=httpx.MockTransport(answer)).get("x")


@pytest.mark.parametrize("key", ["line\nbreak-credential", "typographic-’-credential"])
def test_a_credential_that_cannot_be_sent_is_not_shown(key: str) -> None:
    transport = make_transport(base_url="http://127.0.0.1:9", authorize=lambda: {"Authorization": f"Bearer {key}"})
    with pytest.raises(AuthenticationFailed, match="cannot be sent") as caught:
        transport.get("x")
    assert "credential-" not in str(caught.value)
    transport.close()


def test_an_untrusted_certificate_is_not_tried_again(service: respx.MockRouter) -> None:
    failure = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed")
    route = service.get("/x").mock(side_effect=failure)
    with pytest.raises(Unreachable, match="not trusted"):
        make_transport().get("x")
    assert route.call_count == 1


def test_an_unreachable_host_is_explained(service: respx.MockRouter) -> None:
    service.get("/x").mock(side_effect=httpx.ConnectError("Name or service not known"))
    with pytest.raises(Unreachable, match=r"no connection \(Name or service not known\).*Check the address"):
        make_transport(limits=Limits(attempts=2)).get("x")


def test_echoed_credentials_do_not_show(service: respx.MockRouter) -> None:
    service.get("/x").respond(400, text=f"who is {KEY}? Authorization: Bearer {KEY}")
    with pytest.raises(Rejected) as caught:
        make_transport().get("x", {"access_token": "made-up-token-98765", "page": "1"})
    shown = f"{caught.value} {caught.value!r} {caught.value.path}"
    assert KEY not in shown
    assert "98765" not in shown
    assert "page=1" in shown


def test_no_more_requests_at_once_than_allowed() -> None:
    running = 0
    most = 0
    lock = threading.Lock()

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        return httpx.Response(200)

    transport = make_transport(wire=httpx.MockTransport(answer), limits=Limits(concurrency=3))
    threads = [threading.Thread(target=lambda: [transport.get("x") for _ in range(5)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 3
    assert transport.sent == 40


def test_requests_are_paced_by_a_budget(service: respx.MockRouter) -> None:
    service.get("/x").respond(200)
    clock = Clock()
    transport = make_transport(clock, Limits(requests_per_minute=60))
    for _ in range(20):
        transport.get("x")
    assert clock.now - 1000 == pytest.approx(10.0)


def test_loopback_is_not_paced() -> None:
    clock = Clock()
    with respx.mock(base_url="http://127.0.0.1:8080") as router:
        router.get("/x").respond(200)
        transport = make_transport(clock, Limits(requests_per_minute=1), base_url="http://127.0.0.1:8080")
        for _ in range(10):
            transport.get("x")
    assert clock.naps == []
