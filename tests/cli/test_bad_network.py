"""Services that do not answer as they should: what happened, where, what to do; nothing written."""

import json
import socket
from typing import Any

import pytest

from engine.sandbox.faults import Fault
from tests.cli.digests import without_digest
from tests.cli.support import Cwctl, Served

DAY = ("--as-of", "2026-06-15")
COMMANDS = (["plan", *DAY], ["apply", *DAY, "--yes"])


@pytest.fixture
def closed_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def addresses(served: Served) -> tuple[str, str]:
    lines = (served.root / "config" / "connections.yaml").read_text().splitlines()
    psa, platform = (line.partition("url:")[2].strip() for line in lines if "url:" in line)
    return psa, platform


def never_written(served: Served) -> bool:
    asked = served.sandbox.faults.requests("psa")
    return not any(request.startswith(("POST", "PATCH", "PUT", "DELETE")) for request in asked)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("service", ["ConnectWise PSA", "StreamOne Ion"])
def test_an_unreachable_host(served: Served, cwctl: Cwctl, closed_port: int, command: list[str], service: str) -> None:
    psa, platform = addresses(served)
    nowhere = f"http://127.0.0.1:{closed_port}"
    served.connect(*((nowhere, platform) if service == "ConnectWise PSA" else (psa, nowhere)))
    cwctl.fails(*command, says=f"{service}: ", advises="no connection")
    assert never_written(served)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["TEST_PUBLIC_KEY", "TEST_PRIVATE_KEY", "TEST_CLIENT_ID"])
def test_wrong_keys_of_the_psa(
    served: Served, cwctl: Cwctl, command: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "wrong-and-secret")
    cwctl.secrets.add("wrong-and-secret")
    cwctl.fails(*command, says="ConnectWise PSA: GET", advises="answered 40")
    assert never_written(served)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refused_refresh_token(served: Served, cwctl: Cwctl, command: list[str]) -> None:
    served.token.write_text("wrong-and-secret")
    cwctl.secrets.add("wrong-and-secret")
    ended = cwctl.fails(*command, says="StreamOne Ion: ", advises="refresh token")
    assert "token store" in ended.err
    assert served.token.read_text().count("wrong-and-secret") >= 1
    assert never_written(served)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("area", "right"), [("agreements", "Agreement"), ("catalog", "Catalog"), ("companies", "Compan")]
)
def test_a_missing_right_of_the_psa(served: Served, cwctl: Cwctl, command: list[str], area: str, right: str) -> None:
    served.sandbox.store.set_setting(f"psa.rights.{area}", "")
    ended = cwctl.fails(*command, says="ConnectWise PSA: GET", advises="403")
    assert right in ended.err
    assert never_written(served)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_role_of_the_platform(served: Served, cwctl: Cwctl, command: list[str]) -> None:
    served.sandbox.store.set_setting("platform.role", "Viewer")
    cwctl.fails(*command, says="answered 403", advises="needs the role Account Admin or Operations")
    assert never_written(served)


def test_a_right_to_read_alone_fails_the_write_and_says_which(served: Served, cwctl: Cwctl) -> None:
    served.sandbox.store.set_setting("psa.rights.agreements", "inquire")
    ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 4
    assert "answered 403" in ended.out
    assert "Applied in part: 12 applied, 40 failed, 0 stale, 0 held, 0 skipped." in ended.out
    assert not [row for row in served.snapshot()["addition"] if row.get("serialNumber")]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("kind", "path", "says"),
    [
        ("html_page", "/company/companies", "web page"),
        ("html_page", "*/subscriptions", "web page"),
        ("truncate", "/procurement/catalog", "/procurement/catalog"),
        ("truncate", "*/customers", "/customers"),
        ("status", "/finance/agreements", "answered 500"),
        ("status", "*/products", "answered 500"),
        ("drop_before", "/company/companies", "the connection was cut"),
        ("throttle", "/company/companies", "answered 429"),
    ],
)
def test_a_listing_that_cannot_be_read(
    served: Served, cwctl: Cwctl, command: list[str], kind: Any, path: str, says: str
) -> None:
    served.sandbox.faults.add(Fault(kind=kind, path=path, times=None))
    ended = cwctl.fails(*command, says=says)
    assert ended.err.startswith("Error: ")
    assert ended.err.count("\n") <= 2
    assert never_written(served)


@pytest.mark.parametrize("kind", ["html_page", "truncate", "status"])
def test_an_agreement_that_cannot_be_read_holds_its_customer_back_alone(
    served: Served, cwctl: Cwctl, kind: Any
) -> None:
    served.sandbox.faults.add(Fault(kind=kind, path="*/agreements/505/additions", times=None))
    ended = cwctl("plan", *DAY, "--format", "json", "--detailed-exitcode")
    assert ended.code == 4
    plan = json.loads(ended.out)
    assert {(one["kind"], one["subject"]) for one in plan["held"]} == {("incomplete", "customer:410005")}
    assert "the additions of agreement 505: ConnectWise PSA: GET" in plan["held"][0]["why"]
    assert len(plan["changes"]) == 50
    applied = cwctl("apply", *DAY, "--yes")
    assert applied.code == 4
    assert applied.out.endswith("Applied: 50 changes.\n1 object was held back by the plan.\n")
    alone = cwctl("apply", *DAY, "--customer", "410005", "--yes")
    assert alone.code == 4
    assert ", 1 incomplete." in alone.out
    served.sandbox.faults.clear()
    assert cwctl("apply", *DAY, "--yes").last == "Applied: 2 changes."
    assert cwctl("plan", *DAY, "--detailed-exitcode").code == 0


def test_a_service_that_recovers_is_waited_for(served: Served, cwctl: Cwctl) -> None:
    for kind in ("timeout_before", "throttle", "drop_before"):
        served.sandbox.faults.add(Fault(kind=kind, verb="GET", times=1))
    ended = cwctl("plan", *DAY)
    assert (ended.code, without_digest(ended.err)) == (0, "")


def test_a_service_that_fails_while_writing(served: Served, cwctl: Cwctl) -> None:
    """What was written stays, the rest is said to be open, and the next apply does it."""
    served.sandbox.faults.add(
        Fault(kind="status", status=400, service="psa", verb="POST", path="*/502/additions", times=1)
    )
    served.sandbox.faults.add(
        Fault(kind="drop_after_commit", service="psa", verb="POST", path="*/504/additions", times=1)
    )
    ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 4
    assert "Applied in part: 51 applied, 1 failed, 0 stale, 0 held, 0 skipped." in ended.out
    assert cwctl("apply", *DAY, "--yes").last == "Applied: 1 change."
    marks = [row["serialNumber"] for row in served.snapshot()["addition"] if row.get("serialNumber")]
    assert len(marks) == len(set(marks))


def test_a_host_that_is_not_allowed_gets_nothing(served: Served, cwctl: Cwctl) -> None:
    _, platform = addresses(served)
    served.connect("https://psa.example.com", platform)
    cwctl.fails("plan", *DAY, says="psa.example.com is not a host of the vendors", advises="allowed-hosts")
