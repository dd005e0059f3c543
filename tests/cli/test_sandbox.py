"""`cwctl sandbox`: serving until interrupted, its clock, its world."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.support import COMMAND, Cwctl, environment, execute

KEYS = {
    "psa": ["url", "company", "client_id", "public_key", "private_key"],
    "platform": ["url", "account", "access_token", "refresh_token", "api_key", "api_secret"],
}


@contextmanager
def serving(workspace: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        (*COMMAND, "sandbox", "serve", "--psa-port", "0", "--platform-port", "0", *options),
        cwd=workspace,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_one_line_and_ends_cleanly(workspace: Path, number: signal.Signals) -> None:
    with serving(workspace, "--format", "json") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = json.loads(line)
        assert {service: list(values) for service, values in told.items()} == KEYS
        assert all(isinstance(value, str) and value for values in told.values() for value in values.values())
        assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", values["url"]) for values in told.values())
        headers = {"Authorization": f"Bearer {told['platform']['access_token']}"}
        url = f"{told['platform']['url']}/api/v3/accounts/{told['platform']['account']}/subscriptions"
        assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_serve_in_words(workspace: Path) -> None:
    with serving(workspace) as process:
        assert process.stdout is not None
        said = ""
        while "Serving until interrupted" not in said:
            said += process.stdout.readline()
        assert "private_key   sandboxprivatekey" in said
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_a_served_sandbox_and_a_plan_share_one_world(workspace: Path) -> None:
    with serving(workspace, "--format", "json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert execute("apply", "--yes", cwd=workspace).code == 0
        assert execute("plan", "--detailed-exitcode", cwd=workspace).code == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_taken_port_is_said_so(cwctl: Cwctl) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        cwctl.fails(
            *("sandbox", "serve", "--psa-port", port, "--platform-port", "0"),
            says="the servers could not start: Address already in use",
            advises="--psa-port and --platform-port, or 0 for free ones",
        )


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(cwctl: Cwctl, port: str) -> None:
    cwctl.fails("sandbox", "serve", "--psa-port", port, says="Invalid value for '--psa-port'")


def test_the_clock_goes_on(cwctl: Cwctl) -> None:
    first = cwctl("sandbox", "advance", "--days", "1")
    assert (first.code, first.last) == (0, "The sandbox's day is 2026-06-16.")
    second = cwctl("sandbox", "advance", "--to", "2026-06-20", "--format", "json")
    assert json.loads(second.out)["today"] == "2026-06-20"
    assert len(json.loads(second.out)["happened"]) == 4
    assert "as of 2026-06-20" in cwctl("plan").out
    assert cwctl("sandbox", "advance", "--to", "2026-06-20").last == "The sandbox's day is 2026-06-20."


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "Say how far: either --days N or --to DATE."),
        (["--days", "1", "--to", "2026-07-01"], "Say how far"),
        (["--days", "0"], "Invalid value for '--days'"),
        (["--days", "-3"], "Invalid value for '--days'"),
        (["--days", "many"], "Invalid value for '--days'"),
        (["--to", "soon"], "'soon' is not a day"),
        (["--to", "2026-06-01"], "2026-06-01"),
        (["--to", "2999-01-01"], "more than ten years away"),
        (["--to", "9999-12-31"], "more than ten years away"),
    ],
)
def test_a_clock_cannot_go_there(cwctl: Cwctl, options: list[str], says: str) -> None:
    cwctl.fails("sandbox", "advance", *options, says=says)


def test_reset_makes_the_example_anew(cwctl: Cwctl) -> None:
    before = cwctl("plan").out
    assert cwctl("apply", "--yes").code == 0
    assert cwctl("sandbox", "advance", "--days", "5").code == 0
    ended = cwctl("sandbox", "reset")
    assert ended.out == "A new world on 2026-06-15: 12 customers, 41 subscriptions, 12 agreements.\n"
    assert cwctl("plan").out == before


def test_reset_makes_a_world_with_its_workspace(cwctl: Cwctl, tmp_path: Path) -> None:
    options = ("sandbox", "reset", "--customers", "4", "--subscriptions", "20", "--seed", "7", "--workspace")
    plans = []
    for name in ("one", "two"):
        ended = cwctl(*options, tmp_path / name)
        assert ended.code == 0
        assert f"try `cwctl -C {tmp_path / name} plan`" in ended.out
        plans.append(cwctl("-C", tmp_path / name, "plan"))
        assert (tmp_path / name / ".cwctl" / ".gitignore").exists()
    assert plans[0].code == 0
    assert plans[0].out == plans[1].out
    cwctl.fails(*options, tmp_path / "one", says="is not empty; nothing was written")
    assert json.loads(cwctl(*options, tmp_path / "three", "--format", "json").out)["customers"] == 4


def test_reset_makes_a_varied_world(cwctl: Cwctl, tmp_path: Path) -> None:
    ended = cwctl("sandbox", "reset", "--customers", "8", "--varied", "--workspace", tmp_path / "varied")
    assert ended.code == 0
    invoiced = cwctl("-C", tmp_path / "varied", "sandbox", "invoice", "--period", "2026-06").out
    assert "Cloud services, yearly, whole periods, in arrears (5008): 2026-06-01 to 2027-05-31" in invoiced


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--customers", "0"], "Invalid value for '--customers'"),
        (["--subscriptions", "-1"], "Invalid value for '--subscriptions'"),
        (["--seed", "x"], "Invalid value for '--seed'"),
        (["--varied"], "--varied goes with --customers or --subscriptions"),
        (["--workspace", "elsewhere"], "--workspace goes with --customers or --subscriptions"),
    ],
)
def test_a_world_that_cannot_be_made(cwctl: Cwctl, workspace: Path, options: list[str], says: str) -> None:
    cwctl.fails("sandbox", "reset", *options, says=says)
    assert not (workspace / "elsewhere").exists()
