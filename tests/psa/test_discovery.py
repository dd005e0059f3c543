"""Finding the API: its host, its codebase, and the codebase's move."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import respx

from engine.http.errors import NotFound, ServiceError
from engine.psa.client import PsaClient
from engine.psa.discovery import RECHECK_SECONDS, api_url
from tests.psa.conftest import API, BASE, SITE, Clock

INFO = f"{SITE}/login/companyinfo/example"


@pytest.mark.parametrize(
    ("site", "api"),
    [
        ("https://na.myconnectwise.net", "https://api-na.myconnectwise.net"),
        ("https://AUS.myconnectwise.net/", "https://api-aus.myconnectwise.net"),
        ("https://staging.connectwisedev.com", "https://api-staging.connectwisedev.com"),
        ("https://api-eu.myconnectwise.net", "https://api-eu.myconnectwise.net"),
        ("https://psa.example.com/", "https://psa.example.com"),
        ("http://127.0.0.1:8101", "http://127.0.0.1:8101"),
        ("http://localhost:8101/", "http://localhost:8101"),
    ],
)
def test_the_host_of_the_api(site: str, api: str) -> None:
    assert api_url(site) == api


def test_the_site_gets_no_credentials_and_the_api_gets_them_all(psa: respx.Router, client: PsaClient) -> None:
    psa.get(f"{BASE}/company/countries").respond(json=[])
    assert client.countries() == []
    asked, read = (call.request for call in psa.calls)
    assert "authorization" not in asked.headers
    assert "clientid" not in asked.headers
    assert read.headers["authorization"] == "Basic ZXhhbXBsZSthLXB1YmxpYy1rZXk6YS1wcml2YXRlLWtleQ=="
    assert read.headers["clientid"] == "a-client-id"
    assert read.headers["accept"] == "application/vnd.connectwise.com+json; version=2025.1"


@pytest.mark.parametrize(("status", "content"), [(200, b"null"), (404, b"")])
def test_an_unknown_company(psa: respx.Router, client: PsaClient, status: int, content: bytes) -> None:
    psa.get(INFO).respond(status, content=content)
    with pytest.raises(NotFound, match=r"does not know the company 'example'.*`company` of the connection"):
        client.countries()


@pytest.mark.parametrize("codebase", [None, "", "/", "../evil/", "a/b"])
def test_a_codebase_that_cannot_be_used(psa: respx.Router, client: PsaClient, codebase: str | None) -> None:
    psa.get(INFO).respond(json={"Codebase": codebase})
    with pytest.raises(ServiceError, match="no usable codebase"):
        client.countries()


def test_a_log_in_page_in_the_place_of_data(psa: respx.Router, client: PsaClient) -> None:
    psa.get(INFO).respond(html="<html><head><title>Log in</title></head></html>")
    with pytest.raises(ServiceError, match="web page"):
        client.countries()


def test_a_move_of_the_codebase_in_the_middle_of_a_run(psa: respx.Router, client: PsaClient) -> None:
    old = psa.get(f"{BASE}/finance/agreements/7/additions")
    old.respond(json=[])
    info = psa.get(INFO)
    info.respond(json={"Codebase": "v2025_1/"})
    assert client.additions(7) == []
    old.respond(404, json={"code": "ConnectWiseApi", "message": "The endpoint does not exist."})
    info.respond(json={"Codebase": "v2026_1/"})
    moved = psa.get(f"{API}/v2026_1/apis/3.0/finance/agreements/7/additions").respond(json=[])
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(client.additions, [7] * 16)) == [[]] * 16
    assert moved.call_count == 16
    assert info.call_count == 2


def test_a_404_without_a_move_is_asked_about_once(psa: respx.Router, client: PsaClient, clock: Clock) -> None:
    info = psa.get(INFO).respond(json={"Codebase": "v2025_1/"})
    missing = psa.get(f"{BASE}/finance/agreements/7/additions").respond(404, json={"code": "NotFound"})
    for _ in range(3):
        with pytest.raises(NotFound):
            client.additions(7)
    assert missing.call_count == 3
    assert info.call_count == 2
    clock.now += RECHECK_SECONDS
    with pytest.raises(NotFound):
        client.additions(7)
    assert info.call_count == 3


def test_a_write_after_a_move_is_sent_once_where_it_is_heard(psa: respx.Router, client: PsaClient) -> None:
    psa.post(f"{BASE}/procurement/manufacturers").respond(404)
    psa.get(INFO).mock(
        side_effect=[httpx.Response(200, json={"Codebase": name}) for name in ("v2025_1/", "v4_6_release/")]
    )
    heard = psa.post(f"{API}/v4_6_release/apis/3.0/procurement/manufacturers")
    heard.respond(201, json={"id": 5, "name": "Made Up Ltd"})
    assert client.create("manufacturer", {"name": "Made Up Ltd"}).id == 5
    assert heard.call_count == 1
