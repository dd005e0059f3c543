"""What `ping` says beyond whether credentials work, and that it needs no mapping."""

import json
from pathlib import Path

import pytest

from tests.cli.support import Cwctl, Served


def codes(cwctl: Cwctl, service: str) -> list[str]:
    """The codes of what `ping` remarks on a service."""
    return [one["code"] for one in json.loads(cwctl("ping", "--format", "json").out)[service]["findings"]]


def test_prices_finer_than_the_connection_rounds_to_are_a_warning(served: Served, cwctl: Cwctl) -> None:
    file = served.root / "config/connections.yaml"
    assert codes(cwctl, "psa") == []
    file.write_text(file.read_text().replace("price_decimals: 2", "price_decimals: 1"))
    assert codes(cwctl, "psa") == ["price-decimals"]


def test_a_refused_v1_key_is_named(served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_API_SECRET", "wrong-and-secret")
    cwctl.secrets.add("wrong-and-secret")
    assert codes(cwctl, "platform") == ["platform-v1-refused"]


def test_credentials_can_be_tried_before_anything_is_mapped(served: Served, cwctl: Cwctl) -> None:
    for folder in ("mappings", "rules"):
        for file in (served.root / folder).rglob("*.yaml"):
            file.unlink()
    assert cwctl("ping").code == 0
    cwctl.fails("plan", says="the workspace has errors")


def test_a_missing_secret_of_one_service_does_not_hide_the_other(
    served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_PRIVATE_KEY")
    document = json.loads(cwctl("ping", "--format", "json").out)
    assert (document["platform"]["ok"], document["psa"]["ok"]) == (True, False)
    assert "TEST_PRIVATE_KEY" in document["psa"]["error"]


def test_broken_connections_are_said_with_their_place(served: Served, cwctl: Cwctl) -> None:
    file: Path = served.root / "config/connections.yaml"
    file.write_text(file.read_text().replace("version: 1", "version: 1\nsurprise: 2"))
    cwctl.fails("ping", says="config/connections.yaml:3:1", advises="Mend them")
    cwctl.fails("ping", says="config/connections.yaml has errors")


def test_ping_replaces_an_access_token_that_is_refused_before_its_time(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("ping").code == 0
    served.sandbox.store.set_setting("platform.clock_offset", "9000")
    ended = cwctl("ping")
    assert (ended.code, ended.out.count("credentials work")) == (0, 2)
