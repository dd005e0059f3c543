"""Tokens rotate and run out on the sandbox's clock; roles and accounts are checked."""

from typing import Any

import pytest

from engine.sandbox.sandbox import Sandbox
from tests.sandbox.platform_calls import Caller


def _refresh(platform: Caller, token: str) -> dict[str, Any]:
    reply = platform.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token})
    return {**reply.json(), "status": str(reply.status_code)}


def test_each_refresh_token_works_once(platform: Caller, sandbox: Sandbox) -> None:
    first = sandbox.platform_credentials.refresh_token
    pair = _refresh(platform, first)
    assert (pair["status"], pair["expires_in"]) == ("200", 7200)
    assert pair["refresh_token"] == sandbox.platform_credentials.refresh_token != first
    assert _refresh(platform, first)["error"] == "invalid_grant"
    assert _refresh(platform, pair["refresh_token"])["status"] == "200"


def test_an_access_token_runs_out_after_two_hours(platform: Caller, sandbox: Sandbox) -> None:
    sandbox.store.set_setting("platform.clock_offset", "7199")
    platform.get("customers", {"pageSize": 1})
    validity = platform.post("/oauth/validateAccess", {"access_token": platform.token})
    assert validity.json()["access_expires_in"] == 1
    sandbox.store.set_setting("platform.clock_offset", "7200")
    assert platform.get("customers", {"pageSize": 1}, status=401)["code"] == 401
    assert platform.post("/oauth/validateAccess", {"access_token": platform.token}).status_code == 400


def test_a_refresh_token_runs_out_and_signing_in_anew_helps(platform: Caller, sandbox: Sandbox) -> None:
    old = sandbox.platform_credentials.refresh_token
    sandbox.store.set_setting("platform.clock_offset", str(40 * 86400))
    assert _refresh(platform, old)["status"] == "400"
    assert _refresh(platform, sandbox.platform_credentials.refresh_token)["status"] == "200"


@pytest.mark.parametrize("form", [{}, {"grant_type": "password"}, {"grant_type": "refresh_token"}])
def test_a_malformed_token_request_is_refused(platform: Caller, form: dict[str, str]) -> None:
    assert platform.post("/oauth/token", form).status_code == 400


def test_without_or_with_a_wrong_token_there_is_nothing(platform: Caller) -> None:
    platform.token = "made-up"
    refused = platform.get("products", {"pageSize": 1}, status=401)
    assert set(refused) == {"error", "message", "code", "details"}
    assert platform.http.get("/api/v1/invoices/myinvoices", auth=("sandbox-api-key", "wrong")).status_code == 401
    for header in ("", "Basic é", "Basic bm90aGluZw==", "Bearer x"):
        headers = [(b"authorization", header.encode("latin-1"))]
        assert platform.http.get("/api/v1/invoices/myinvoices", headers=headers).status_code == 401


def test_a_role_without_access_is_denied(platform: Caller, sandbox: Sandbox) -> None:
    sandbox.store.set_setting("platform.role", "Sales")
    refused = platform.get("subscriptions", status=403)
    assert (refused["error"], refused["code"]) == ("PERMISSION_DENIED", 403)


def test_another_account_is_denied(platform: Caller) -> None:
    platform.account = "1"
    assert platform.get("customers", {"pageSize": 1}, status=403)["error"] == "PERMISSION_DENIED"


def test_settings_can_be_posted_and_wrong_ones_are_refused(platform: Caller, sandbox: Sandbox) -> None:
    sent = platform.http.post("/_sandbox/settings", json={"platform.activity_log": "thin"})
    assert sent.status_code == 200
    assert sandbox.store.setting("platform.activity_log") == "thin"
    for wrong in ({"platform.activity_log": "half"}, {"platform.nothing": "1"}, {"today": "2026-01-01"}):
        assert platform.http.post("/_sandbox/settings", json=wrong).status_code == 400
