"""An independent client against the served simulator: the vendor's SDK lists customers and subscriptions."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import served


@pytest.fixture
def sandbox() -> Sandbox:
    """The example world."""
    return Sandbox.in_memory()


def _client(told: dict[str, dict[str, str]], folder: Path) -> Any:
    """The SDK reads its tokens from a file; its host is fixed in the code, and pointed at loopback here."""
    at = told["platform"]
    config = {
        "accountid": at["account"],
        "v1": {"api_key": at["api_key"], "api_secret": at["api_secret"]},
        "v3": {"access_token": at["access_token"], "refresh_token": at["refresh_token"]},
    }
    path = folder / "sdk.json"
    path.write_text(json.dumps(config))
    client = import_module("StreamOneIONSDK.client").StreamOneClient(str(path))  # it has no type hints
    client.v3_base_url = at["url"]
    client.billing_v1.base_url = f"{at['url']}/api/v1"
    return client


def test_it_lists_customers_and_subscriptions(sandbox: Sandbox, tmp_path: Path) -> None:
    with served(sandbox) as told:
        client = _client(told, tmp_path)
        customers = list(client.list_customers(pageSize=5))
        subscriptions = list(client.list_subscriptions(pageSize=10))
        own = list(client.list_subscriptions(customerId="410009", pageSize=2))
        detail = client.get_customer_subscription_details("410009", "710031")
    assert len(customers) == len({one["id"] for one in customers}) == 12
    assert len(subscriptions) == len({one["id"] for one in subscriptions}) == 41
    assert {one["id"] for one in own} == {"710031", "710032", "710033", "710034"}
    assert detail["activityLogs"]["items"][0]["actionDetails"] == "New Quantity: 190; Status: active; "


def test_it_renews_a_token_that_ran_out(sandbox: Sandbox, tmp_path: Path) -> None:
    with served(sandbox) as told:
        client = _client(told, tmp_path)
        sandbox.store.set_setting("platform.clock_offset", "8000")
        assert client.get_customer("410001")["customerOrganization"] == "Larkspur Dental Group (example)"
    kept = json.loads((tmp_path / "sdk.json").read_text())["v3"]
    assert kept["refresh_token"] == sandbox.platform_credentials.refresh_token != told["platform"]["refresh_token"]


def test_it_reads_invoices_of_v1(sandbox: Sandbox, tmp_path: Path) -> None:
    filters = {"billingStartDate": {"value": "2026-05-01", "modifier": "gte"}}
    with served(sandbox) as told:
        found = _client(told, tmp_path).get_my_invoices(filters=filters, relations=["lines"])
    assert len(found["data"]["invoice"]) == 4
    assert all(invoice["lines"] for invoice in found["data"]["invoice"])
