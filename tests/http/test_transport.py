"""The transport: what it sends, refuses and explains, and the bounds it keeps."""

import gzip
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
    Rejected,
    Unreachable,
)
from engine.http.reply import decode
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


def test_a_bad_reply_of_a_link_shows_no_secret(service: respx.MockRouter) -> None:
    service.get("/list").respond(text="no JSON")
    reply = make_transport().get_url(f"{SERVICE_URL}/list?pageToken=opaque-98765&page=2")
    assert "98765" not in reply.path
    with pytest.raises(BadReply, match="page=2"):
        decode(reply, list[int])


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


def test_a_reply_compressed_twice_is_not_opened(service: respx.MockRouter) -> None:
    bomb = gzip.compress(gzip.compress(b"0" * 2**20))
    service.get("/x").respond(200, content=bomb, headers={"content-encoding": "gzip, gzip"})
    with pytest.raises(BadReply, match="wrongly compressed"):
        make_transport().get("x")
