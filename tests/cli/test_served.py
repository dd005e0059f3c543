"""A connection over loopback, as to the real services: references, a token file that rotates, and ping."""

import json
import stat

import pytest

from tests.cli.digests import without_digest
from tests.cli.support import Cwctl, Served

DAY = ("--as-of", "2026-06-15")


def test_plan_apply_plan_over_loopback(served: Served, cwctl: Cwctl) -> None:
    planned = cwctl("plan", *DAY)
    assert (planned.code, without_digest(planned.err)) == (0, "")
    assert cwctl("apply", *DAY, "--yes").last == "Applied: 52 changes."
    assert cwctl("plan", *DAY, "--detailed-exitcode").last.startswith("No changes. 65 objects are in step.")


def test_the_plan_holds_no_secret(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--out", "night.plan", "--format", "json").code == 0
    text = (served.root / "night.plan").read_text()
    assert not [secret for secret in cwctl.secrets if secret in text]


def test_the_rotated_token_is_kept(served: Served, cwctl: Cwctl) -> None:
    first = served.token.read_text()
    assert cwctl("ping").code == 0
    kept = json.loads(served.token.read_text())
    assert kept["previous"] == first
    assert kept["refresh_token"] != first
    assert kept["refresh_token"] == served.sandbox.platform_credentials.refresh_token
    assert stat.S_IMODE(served.token.stat().st_mode) == 0o600
    cwctl.secrets |= {kept["refresh_token"], kept["access_token"]}
    served.requests("platform")
    assert cwctl("plan", *DAY).code == 0
    assert "POST /oauth/token" not in served.requests("platform")


@pytest.mark.parametrize("command", [["plan", *DAY], ["apply", *DAY, "--yes"]])
def test_an_ending_token_is_a_warning_of_every_run(served: Served, cwctl: Cwctl, command: list[str]) -> None:
    assert cwctl("ping").code == 0
    kept = json.loads(served.token.read_text())
    served.token.write_text(json.dumps({**kept, "expires_at": "2000-01-01T00:00:00Z"}))
    ended = cwctl(*command)
    assert ended.code == 0
    assert without_digest(ended.err) == (
        "warning: The platform's refresh token runs out in 0 hours; after that every run fails. "
        "[refresh-token-expiring]\n"
        "    Each use replaces it: run before then, or get a new one from the platform's API settings.\n"
    )


def test_ping_says_what_works(served: Served, cwctl: Cwctl) -> None:
    ended = cwctl("ping")
    assert (ended.code, ended.err) == (0, "")
    assert "Connection served" in ended.out
    assert ended.out.count("credentials work") == 2
    assert "refresh token   lives for another" in ended.out
    assert "v1 key          works" in ended.out
    document = json.loads(cwctl("ping", "--format", "json").out)
    assert document["ok"] is True
    assert {one["area"] for one in document["psa"]["rights"]} >= {"agreements", "additions", "catalog", "companies"}
    assert all(one["allowed"] for one in document["psa"]["rights"])


@pytest.mark.parametrize("area", ["companies", "agreements", "catalog", "invoicing"])
def test_ping_names_the_missing_right(served: Served, cwctl: Cwctl, area: str) -> None:
    served.sandbox.store.set_setting(f"psa.rights.{area}", "")
    document = json.loads(cwctl("ping", "--format", "json").out)
    assert document["ok"] is False
    missing = [one["missing"] for one in document["psa"]["rights"] if not one["allowed"]]
    assert missing
    assert all(missing)
    ended = cwctl("ping")
    assert ended.code == 1
    assert all(f"missing: {one}" in ended.out for one in missing)


def test_ping_of_one_that_fails_does_not_hide_the_other(
    served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PRIVATE_KEY", "wrong-and-secret")
    cwctl.secrets.add("wrong-and-secret")
    document = json.loads(cwctl("ping", "--format", "json").out)
    assert (document["ok"], document["platform"]["ok"], document["psa"]["ok"]) == (False, True, False)
    assert "401" in document["psa"]["error"]
    ended = cwctl("ping")
    assert ended.code == 1
    assert ended.out.count("credentials work") == 1
    assert ended.out.count("failed") == 1


def test_ping_of_the_embedded_sandbox(cwctl: Cwctl) -> None:
    ended = cwctl("ping")
    assert (ended.code, ended.err) == (0, "")
    assert "Connection sandbox" in ended.out


def test_ping_tries_the_v1_key(served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_API_SECRET", "wrong-and-secret")
    cwctl.secrets.add("wrong-and-secret")
    ended = cwctl("ping")
    assert ended.code == 1
    assert "v1 key          refused" in ended.out
