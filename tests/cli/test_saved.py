"""Plans in files: saved, shown, applied once, refused when they no longer hold."""

import json
import os
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.cli import saved
from engine.planning.plan_json import from_json, sealed, to_json
from tests.cli.support import COMMAND, Cwctl, Served, environment, execute, on_terminal

DAY = ("--as-of", "2026-06-15")


def resealed(file: Path, made_at: datetime, target: str | None = None, **changes: Any) -> None:
    """The plan of a file made anew with changes, as a forger who knows the format would."""
    found = from_json(file.read_bytes())
    assert found.seal is not None
    file.write_bytes(
        to_json(sealed(replace(found, **changes), target or found.seal.target, made_at, timedelta(days=1)))
    )


def test_a_saved_plan_shows_as_it_was_printed(cwctl: Cwctl, workspace: Path) -> None:
    made = cwctl("plan", "--out", "night.plan")
    assert made.code == 0
    digest = json.loads(Path("night.plan").read_text())["seal"]["digest"]
    assert made.err == (
        "Saved in night.plan; `cwctl apply night.plan` carries out exactly this.\n"
        f"Digest {digest}\n    `cwctl apply night.plan --digest` with it applies this plan and no other.\n"
    )
    assert cwctl("show", "night.plan").out == made.out
    assert cwctl("show", "night.plan", "--format", "markdown").out == cwctl("plan", "--format", "markdown").out
    shown = cwctl("show", "night.plan", "--format", "json").out
    assert shown == Path("night.plan").read_text()
    document = json.loads(shown)
    assert document["format_version"] == 2
    assert len(document["changes"]) == 52
    assert stat.S_IMODE(Path("night.plan").stat().st_mode) == 0o600
    assert [one.name for one in workspace.iterdir() if "partial" in one.name] == []


def test_a_saved_plan_is_applied_exactly_and_once(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--out", "night.plan").code == 0
    served.requests("psa")
    first = cwctl("apply", "night.plan", "--yes")
    assert (first.code, first.last) == (0, "Applied: 52 changes.")
    done = served.snapshot()
    served.requests("psa")
    cwctl.fails(
        *("apply", "night.plan", "--yes", "--format", "json"),
        code=3,
        says="night.plan is not applied again: it was applied already by ",
        advises="A new plan holds what is left to do",
    )
    assert served.snapshot() == done
    assert {request.partition(" ")[0] for request in served.requests("psa")} <= {"GET"}


def test_a_plan_that_is_found_done_writes_nothing(served: Served, cwctl: Cwctl) -> None:
    for name in ("first.plan", "second.plan"):
        assert cwctl("plan", *DAY, "--out", name).code == 0
    resealed(Path("second.plan"), datetime.now(UTC) - timedelta(hours=1))
    assert cwctl("apply", "first.plan", "--yes").code == 0
    done = served.snapshot()
    served.requests("psa")
    second = cwctl("apply", "second.plan", "--yes", "--format", "json")
    assert second.code == 0
    report = json.loads(second.out)
    assert report["counts"] == {"already": 52}
    assert {one["status"] for one in report["outcomes"]} == {"already"}
    assert served.snapshot() == done
    assert {request.partition(" ")[0] for request in served.requests("psa")} == {"GET"}


def test_apply_reports_every_change_as_json_alone(cwctl: Cwctl) -> None:
    ended = cwctl("apply", "--yes", "--format", "json")
    report = json.loads(ended.out)
    assert ended.code == 0
    assert report["counts"] == {"applied": 52}
    assert len({one["address"] for one in report["outcomes"]}) == 52


def test_nobody_there_means_no(served: Served, cwctl: Cwctl) -> None:
    before = served.snapshot()
    for given in (None, "yes\n", ""):
        ended = execute("apply", *DAY, cwd=served.root, stdin=given, **served.env)
        assert ended.code == 1
        assert "nobody is there to say yes; nothing was written" in ended.err
        assert "--yes" in ended.err
    assert served.snapshot() == before


@pytest.mark.parametrize("answer", [b"no\n", b"y\n", b"YES please\n", b"\n", b"\x04"])
def test_only_a_written_yes_goes_on(served: Served, answer: bytes) -> None:
    before = served.snapshot()
    code, out, err = on_terminal("apply", *DAY, "--customer", "410005", cwd=served.root, types=answer, env=served.env)
    assert code == 1
    assert "Plan: 2 to create" in out
    assert "Apply 2 changes to 'served'? Only `yes` goes on:" in err
    assert "not applied, as the answer was not `yes`; nothing was written" in " ".join(err.split())
    assert served.snapshot() == before


def test_a_written_yes_goes_on(served: Served) -> None:
    code, out, _ = on_terminal("apply", *DAY, "--customer", "410005", cwd=served.root, types=b"yes\n", env=served.env)
    assert code == 0
    assert "Applied: 2 changes." in out


def test_ctrl_c_at_the_question_writes_nothing(served: Served) -> None:
    before = served.snapshot()
    code, _, err = on_terminal("apply", *DAY, cwd=served.root, types=b"\x03", env=served.env)
    assert code == 1
    assert "interrupted; nothing further was done" in err
    assert served.snapshot() == before


def test_a_plan_of_another_workspace_state_is_stale(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("plan", "--out", "night.plan").code == 0
    with (workspace / "rules" / "sync.yaml").open("a") as file:
        file.write("# reviewed\n")
    ended = cwctl.fails("apply", "night.plan", "--yes", code=3, says="the workspace changed since night.plan was made")
    assert "Make a new plan" in ended.err
    assert cwctl("plan", "--detailed-exitcode").code == 2


def test_a_plan_of_another_connection_is_refused(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("plan", "--out", "night.plan").code == 0
    with (workspace / "config" / "connections.yaml").open("a") as file:
        file.write("  second: {sandbox: true, time_zone: UTC, manage_from: 2026-06-01, price_decimals: 2}\n")
    cwctl.fails(
        *("apply", "night.plan", "--yes", "--connection", "second"),
        code=3,
        says="night.plan is for the connection 'sandbox', not for 'second'",
        advises="--connection sandbox",
    )


def test_objects_that_moved_hold_their_customer_back(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--out", "night.plan").code == 0
    store = served.sandbox.store
    company = store.get("company", 304)
    assert company is not None
    store.put("company", 304, {**company, "city": "Elsewhere"})
    ended = cwctl("apply", "night.plan", "--yes")
    assert ended.code == 4
    assert "its city moved since the plan: planned from Montpelier, now Elsewhere" in ended.out
    assert "Applied in part: 47 applied, 0 failed, 5 stale, 0 held, 0 skipped." in ended.out
    again = store.get("company", 304)
    assert again is not None
    assert again["city"] == "Elsewhere"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "this is not a saved plan"),
        (b"\x00\xff garbage", "this is not a saved plan"),
        (b"[]", "this is not a saved plan"),
        (b"{}", "this is not a saved plan"),
        (b'{"format_version": 2}', "this is not a saved plan"),
        (b'{"format_version": 2, "changes": [{"fields": [7]}]}', "this is not a saved plan"),
        (b"[" * 100_000, "this is not a saved plan"),
    ],
)
@pytest.mark.parametrize("command", ["show", "apply"])
def test_what_is_no_plan_is_refused(cwctl: Cwctl, content: bytes, says: str, command: str) -> None:
    Path("odd.plan").write_bytes(content)
    cwctl.fails(command, "odd.plan", says=f"odd.plan: {says}", advises="Make a new one with `cwctl plan --out FILE`.")


def test_a_plan_of_another_format_is_refused(cwctl: Cwctl) -> None:
    for version in (1, 3, 99):
        Path("odd.plan").write_text(f'{{"format_version": {version}, "changes": []}}')
        says = f"odd.plan: its format version is {version}; this program reads version 2"
        cwctl.fails("apply", "odd.plan", "--yes", code=3, says=says, advises="Make a new one")
        cwctl.fails("show", "odd.plan", says=says)


def test_a_damaged_value_is_refused_before_anything_is_written(cwctl: Cwctl) -> None:
    assert cwctl("plan", "--out", "night.plan").code == 0
    document = json.loads(Path("night.plan").read_text())
    addition = next(one for one in document["changes"] if one["kind"] == "addition")
    for field in addition["fields"]:
        if field["field"] == "unit_price":
            field["after"] = "twelve"
    Path("night.plan").write_bytes(msgspec.json.encode(document))
    cwctl.fails("apply", "night.plan", "--yes", says="this is not a saved plan")


@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_plan_that_cannot_be_read(cwctl: Cwctl, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cwctl.fails(command, "missing.plan", says="missing.plan: No such file or directory", advises="cwctl plan --out")
    Path("folder").mkdir()
    cwctl.fails(command, "folder", says="folder")
    Path("huge.plan").write_bytes(b"{}")
    monkeypatch.setattr(saved, "_LARGEST", 1)
    cwctl.fails(command, "huge.plan", says="huge.plan: it is too large to be a plan")


def test_a_plan_that_others_locked_away(cwctl: Cwctl) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    Path("locked.plan").write_bytes(b"{}")
    Path("locked.plan").chmod(0)
    cwctl.fails("show", "locked.plan", says="locked.plan: Permission denied")


def test_a_plan_that_cannot_be_saved_is_an_error(cwctl: Cwctl, workspace: Path) -> None:
    Path("folder").mkdir()
    cwctl.fails(
        "plan", "--out", "missing/night.plan", says="there is no folder missing; nothing was read", advises="Make that"
    )
    cwctl.fails("plan", "--out", "folder", says="is a directory")


def test_a_plan_is_for_its_owner_alone_whatever_lies_beside_it(cwctl: Cwctl, workspace: Path) -> None:
    Path("victim").write_text("mine")
    Path("night.plan.partial").symlink_to("victim")
    assert cwctl("plan", "--out", "night.plan").code == 0
    assert Path("victim").read_text() == "mine"
    assert Path("night.plan").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_plan_and_no_rest(served: Served) -> None:
    assert execute("plan", *DAY, "--out", "night.plan", cwd=served.root, **served.env).code == 0
    before = (served.root / "night.plan").read_bytes()
    limited = subprocess.run(
        ("sh", "-c", 'ulimit -f 16; exec "$@"', "sh", *COMMAND, "plan", *DAY, "--out", "night.plan"),
        cwd=served.root,
        env=environment(**served.env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert limited.returncode == 1
    assert limited.stderr == (
        "Error: night.plan: File too large; the plan was not saved\n    Save it in another place.\n"
    )
    assert (served.root / "night.plan").read_bytes() == before
    assert not list(served.root.glob("*.partial"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("mappings/customers.yaml", None, "a plan is no YAML file"),
        ("notes.txt", "not to be lost", "this file is there and is no plan"),
        ("other.json", '{"format_version": 1}', "this file is there and is no plan"),
    ],
)
def test_a_plan_replaces_no_file_but_an_older_plan(
    served: Served, cwctl: Cwctl, name: str, content: str | None, says: str
) -> None:
    file = served.root / name
    if content is not None:
        file.write_text(content)
    before = file.read_bytes()
    cwctl.fails("plan", *DAY, "--out", file, says=says)
    assert file.read_bytes() == before
    assert served.requests("psa") == {}


def test_a_plan_replaces_an_older_plan(served: Served, cwctl: Cwctl) -> None:
    file = served.root / "night.plan"
    for _ in range(2):
        assert cwctl("plan", *DAY, "--out", file).code == 0
    assert cwctl("show", file).code == 0


def test_a_day_to_come_can_be_looked_at_but_not_applied(cwctl: Cwctl) -> None:
    assert cwctl("plan", "--as-of", "2026-06-16", "--out", "tomorrow.plan").code == 0
    for arguments in (("--as-of", "2026-06-16"), ("tomorrow.plan",)):
        ended = cwctl("apply", *arguments, "--yes")
        assert (ended.code, ended.out) == (3, "")
        assert "as of 2026-06-16, today is 2026-06-15" in ended.err
