"""Serving on loopback: in a thread, and as a process that ends cleanly when interrupted."""

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import serve, served

PROGRAM = """
import json
from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import serve
serve(Sandbox.in_memory(), 0, 0, lambda told: print(json.dumps(told), flush=True))
print("ended", flush=True)
"""


def _fetch(told: dict[str, dict[str, str]]) -> tuple[int, int]:
    psa, platform = told["psa"], told["platform"]
    with httpx.Client(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {platform['access_token']}"}
        url = f"{platform['url']}/api/v3/accounts/{platform['account']}/subscriptions"
        subscriptions = client.get(url, headers=headers).json()["items"]
        auth = (f"{psa['company']}+{psa['public_key']}", psa["private_key"])
        url = f"{psa['url']}/v4_6_release/apis/3.0/company/companies?pageSize=1000"
        companies = client.get(url, headers={"clientId": psa["client_id"]}, auth=auth).json()
    return len(subscriptions), len(companies)


def test_served_in_a_thread() -> None:
    with served(Sandbox.in_memory()) as told:
        assert set(told) == {"psa", "platform"}
        assert set(told["psa"]) == {"url", "company", "client_id", "public_key", "private_key"}
        assert set(told["platform"]) == {"url", "account", "access_token", "refresh_token", "api_key", "api_secret"}
        assert all(httpx.URL(one["url"]).path == "/" and not one["url"].endswith("/") for one in told.values())
        assert _fetch(told) == (41, 11)
    with pytest.raises(httpx.ConnectError):
        _fetch(told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_serves_until_interrupted(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        told = json.loads(process.stdout.readline())
        assert _fetch(told) == (41, 11)
        process.send_signal(number)
        assert process.stdout.read() == "ended\n"
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_port_in_use_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            serve(Sandbox.in_memory(), taken.getsockname()[1], 0, lambda told: None)
