"""Ping tries every credential and says what is missing, and how long the tokens still live."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import respx

from engine.diagnostics import Place
from engine.http.errors import AuthenticationFailed, Forbidden, HostRefused
from engine.http.hosts import AllowedHosts
from engine.http.secrets import Secret, SecretMissingError
from engine.platform.connect import ApiKey, connect
from engine.workspace.model import PlatformConnection, SecretRef, TokenStoreRef
from tests.http.support import SERVICE_URL, Clock
from tests.platform.support import BASE, NOW, FreshStore, client, held

PLACE = Place("config/connections.yaml", 3, 5)
API_KEY = ApiKey(Secret("made-up-key"), Secret("made-up-api-secret"))
INVOICES = "/api/v1/invoices/myinvoices"


@pytest.fixture
def service() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=SERVICE_URL, assert_all_called=False) as router:
        router.get(f"{BASE}/customers").respond(json={"customers": []})
        router.post("/oauth/validateAccess").respond(json={"access_expires_in": 7100, "refresh_expires_in": 2764273})
        yield router


def test_all_is_well(service: respx.MockRouter) -> None:
    v1 = service.get(INVOICES).respond(json={"success": True, "data": {"invoice": []}})
    found = client(api_key=API_KEY).ping()
    assert (found.access_seconds, found.refresh_seconds, found.v1, found.findings) == (7100, 2764273, True, ())
    assert service.calls[1].request.content == b"access_token=made-up-access-1"
    sent = v1.calls.last.request
    assert sent.headers["authorization"] == "Basic " + base64.b64encode(b"made-up-key:made-up-api-secret").decode()
    assert dict(sent.url.params) == {"limit": "1", "offset": "0"}


def test_without_a_v1_key_v1_is_not_tried(service: respx.MockRouter) -> None:
    assert client().ping().v1 is None


def test_a_refused_v1_key_is_a_finding(service: respx.MockRouter) -> None:
    service.get(INVOICES).respond(401, json={"success": False, "message": "made-up-api-secret is wrong"})
    found = client(api_key=API_KEY).ping()
    assert found.v1 is False
    (finding,) = found.findings
    assert finding.hint is not None
    assert "api_key" in finding.hint
    assert "made-up" not in finding.text


@pytest.mark.parametrize(("seconds", "says"), [(3 * 86400, "3 days"), (7200, "2 hours"), (-5, "0 hours")])
def test_a_refresh_token_that_runs_out_is_a_warning(service: respx.MockRouter, seconds: int, says: str) -> None:
    service.post("/oauth/validateAccess").respond(json={"access_expires_in": 1, "refresh_expires_in": seconds})
    (finding,) = client().ping().findings
    assert (finding.code, finding.severity) == ("refresh-token-expiring", "warning")
    assert says in finding.text


def test_a_run_warns_too(service: respx.MockRouter) -> None:
    store = FreshStore()
    store.put(held(expires_at=NOW + timedelta(days=3)))
    platform = client(store)
    assert platform.warnings() == ()
    platform.customers()
    (finding,) = platform.warnings()
    assert "3 days" in finding.text
    assert service.calls.call_count == 1


def test_a_missing_role_is_an_error(service: respx.MockRouter) -> None:
    service.get(f"{BASE}/customers").respond(403, json={"error": "PERMISSION_DENIED", "message": "no"})
    with pytest.raises(Forbidden, match="Account Admin or Operations"):
        client().ping()


def test_an_unknown_access_token_is_an_error(service: respx.MockRouter) -> None:
    service.post("/oauth/validateAccess").respond(400, json={"error": "invalid_token"})
    with pytest.raises(AuthenticationFailed, match="does not know the access token"):
        client().ping()


def connection(url: str = SERVICE_URL, secret: str = "API_SECRET") -> PlatformConnection:
    return PlatformConnection(
        url=url,
        account="1",
        token_store=TokenStoreRef(file="token", place=PLACE),
        api_key=SecretRef(source="env", target="API_KEY", place=PLACE),
        api_secret=SecretRef(source="env", target=secret, place=PLACE),
        place=PLACE,
    )


def test_a_connection_becomes_a_client(service: respx.MockRouter, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(
        '{"refresh_token": "r", "access_token": "made-up-access-1", "access_expires_at": "9000-01-01T00:00:00Z"}'
    )
    (tmp_path / "token").chmod(0o600)
    service.get("/api/v3/accounts/1/customers").respond(json={"customers": []})
    service.get(INVOICES).respond(json={"success": True})
    env = {"API_KEY": "made-up-key", "API_SECRET": "made-up-api-secret"}
    platform = connect(connection(), env=env, root=tmp_path, hosts=AllowedHosts(), pace=Clock().pace)
    assert platform.ping().v1 is True
    platform.close()


def test_a_missing_secret_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(SecretMissingError, match=r"config/connections.yaml:3:5: env:API_KEY"):
        connect(connection(), env={}, root=tmp_path, hosts=AllowedHosts())


def test_another_host_gets_no_credentials(tmp_path: Path) -> None:
    env = {"API_KEY": "made-up-key", "API_SECRET": "made-up-api-secret"}
    with pytest.raises(HostRefused, match=r"evil\.example is not a host of the vendors"):
        connect(connection("https://evil.example"), env=env, root=tmp_path, hosts=AllowedHosts())
