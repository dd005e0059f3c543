"""No secret in any output or file, with every request shown, whether a command succeeds or fails."""

import json
from typing import Any

import pytest

from engine.cli.main import cli
from engine.sandbox.fault import Fault
from tests.cli.support import Cwctl, Served
from tests.security.watch import ASKED, PSA, TOKEN, V1, V3, Watch, forms

DAY = ("--as-of", "2026-06-15")
READS = (("plan", *DAY), ("explain", "710001", *DAY), ("ping",))
WRITES = ("apply", *DAY, "--yes")


@pytest.fixture
def watch(served: Served, cwctl: Cwctl) -> Watch:
    return Watch(cwctl, served)


def test_what_is_looked_for() -> None:
    """Else a search that finds nothing would say nothing."""
    found = forms("made-up+secret/0123456789")
    assert {"made-up+secr", "made-up%2Bse", "bWFkZS11cCtz"} <= found


@pytest.mark.parametrize("style", ["text", pytest.param("json", marks=pytest.mark.long)])
def test_every_command_that_succeeds(watch: Watch, style: str) -> None:
    for shown in (style, "markdown"):
        assert watch("plan", *DAY, "--format", shown, "--out", "night.plan").code == 0
        assert watch("show", "night.plan", "--format", shown).code == 0
    for command in (
        ("validate",),
        ("ping",),
        ("explain", "710001", *DAY),
        ("apply", *DAY, "--yes"),
        ("journal", "show"),
    ):
        assert watch(*command, "--format", style).code == 0
    assert watch("schema", "connections").code == 0


@pytest.mark.parametrize("verb", sorted(cli.list_commands(None)))  # type: ignore[arg-type]  # it needs no context
def test_every_command_there_is(watch: Watch, verb: str) -> None:
    """Also one that does not exist yet: by itself, and by what it says of itself."""
    watch(verb, "--help")
    if verb != "sandbox":
        watch(verb)
    group = cli.get_command(None, verb)  # type: ignore[arg-type]  # as above
    for name in getattr(group, "commands", {}):
        if verb != "sandbox":
            watch(verb, name)
            watch(verb, name, "--format", "json")


def test_the_requests_are_shown_and_tell_no_credential(watch: Watch) -> None:
    ended = watch("plan", *DAY)
    lines = [line for line in ended.err.splitlines() if line]
    assert any("ConnectWise PSA: GET /v" in line and ": 200 in 0." in line and " bytes, " in line for line in lines)
    assert any(line.startswith("StreamOne Ion: POST oauth/token: 200 in ") for line in lines)
    assert any("pagination.limit=1000" in line for line in lines)
    plain = watch.cwctl("-v", "plan", *DAY)
    assert "?" not in plain.err
    assert "ConnectWise PSA: GET /v" in plain.err
    assert "GET" not in watch.cwctl("plan", *DAY).err


def test_the_option_goes_before_the_command(cwctl: Cwctl) -> None:
    ended = cwctl("validate", "-vv")
    assert ended.code == 1
    assert "-v stands before the command: `cwctl -v plan`." in ended.err


def echoed(kind: str, text: str, **more: Any) -> Fault:
    """A fault that gives back all that the service was ever sent: a status and a form, such as `500 page`."""
    status, _, form = kind.partition(" ")
    page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body>{text}</body></html>"
    error = {"code": text[:70], "error": text, "message": text, "access_token": text, "errors": None}
    bodies = {
        "": (json.dumps(error), "application/json"),
        "page": (page, "text/html"),
        "text": (text, "text/plain"),
        "cut": (f'{{"access_token": "{text}", oh', "application/json"),
        "list": (json.dumps([{"id": text, "name": text}]), "application/json"),
    }
    body, content_type = bodies[form]
    return Fault(kind="status", status=int(status), body=body, content_type=content_type, times=None, **more)


FEW = ("401", "500 page")
MORE = ("200 page", "200 cut", "400", "403", "404", "409", "429", "500", "503", "403 page", "500 text", "200 list")
BREAKS = ("drop_before", "drop_after_commit", "truncate", "timeout_after_commit", "throttle")
KINDS = [*FEW, *(pytest.param(one, marks=pytest.mark.long) for one in MORE)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_gives_back_what_it_was_sent(watch: Watch, kind: str) -> None:
    assert watch("ping").code == 0
    hidden = 0
    for path in (PSA, V3, V1, ASKED):
        watch.served.sandbox.faults.add(echoed(kind, watch.echo(path), path=path))
        for command in (("ping",), ("plan", *DAY)) if path in {PSA, V3} else (("ping",),):
            watch(*command)
            hidden += watch.shown.count("***")
        watch.served.sandbox.faults.clear()
    assert hidden or kind.startswith("200"), "nothing of what came back was shown at all: then nothing is tested"
    text = watch.echo(TOKEN)
    watch.served.token.write_text(json.loads(watch.served.token.read_text())["refresh_token"])
    watch.served.sandbox.faults.add(echoed(kind, text, path=TOKEN))
    assert watch("plan", *DAY).code != 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_gives_back_what_it_was_sent_with_a_write(watch: Watch, kind: str) -> None:
    assert watch("ping").code == 0
    for verb in ("POST", "PATCH"):
        watch.served.sandbox.faults.add(echoed(kind, watch.echo(PSA), path=PSA, verb=verb))
    assert watch(*WRITES).code != 0


@pytest.mark.long
@pytest.mark.parametrize("kind", BREAKS)
def test_a_service_that_breaks_off(watch: Watch, kind: Any) -> None:
    for service in ("psa", "platform"):
        watch.served.sandbox.faults.add(Fault(kind=kind, service=service, times=None))
        for command in (*READS, WRITES):
            watch(*command)
        watch.served.sandbox.faults.clear()


def test_credentials_in_files(watch: Watch) -> None:
    root = watch.served.root
    file = root / "config" / "connections.yaml"
    text = file.read_text()
    outside = root.parent
    for name, value in watch.served.env.items():
        (outside / name).write_text(value + "\n")
        text = text.replace(f"env:{name}", f"file:{outside / name}")
    file.write_text(text)
    assert watch("ping").code == 0
    assert watch("plan", *DAY).code == 0
    (outside / "TEST_PRIVATE_KEY").write_text("wrong-" + watch.served.env["TEST_PRIVATE_KEY"])
    assert watch("plan", *DAY).code == 1
    (outside / "TEST_PRIVATE_KEY").write_bytes(b"\xff" + watch.served.env["TEST_PRIVATE_KEY"].encode())
    assert watch("plan", *DAY).code == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9", "https://psa.example.com", "https://me:{secret}@psa.example.com", "http://psa.example.com"],
)
def test_a_wrong_address(watch: Watch, url: str) -> None:
    wrong = url.format(secret=watch.served.env["TEST_PRIVATE_KEY"])
    file = watch.served.root / "config" / "connections.yaml"
    text = file.read_text()
    line = next(line for line in text.splitlines() if "url:" in line)
    file.write_text(text.replace(line, f"      url: {wrong}"))
    for command in READS:
        ended = watch.cwctl("-vvv", *command)
        assert ended.code == 1
        assert watch.served.env["TEST_PRIVATE_KEY"][:12] not in ended.out + ended.err
    assert watch.served.requests("psa") == {}


def test_a_fault_of_our_own_shows_no_credential(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an unexpected error says: it may quote a header."""
    from engine.psa.client import PsaClient

    def broken(self: PsaClient, *_: object) -> None:
        raise RuntimeError(f"Authorization: Bearer {watch.served.env['TEST_PRIVATE_KEY']}")

    monkeypatch.setattr(PsaClient, "companies", broken)
    ended = watch("plan", *DAY)
    assert ended.code == 1
    assert "this is a fault of cwctl itself: RuntimeError" in ended.err
