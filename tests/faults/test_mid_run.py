"""What may happen in the middle of a run of the command: each with its message, its exit code, and the same end."""

import errno
import json
import os
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.cli import journaling
from engine.sandbox.fault import Fault, Kind
from tests.cli.support import COMMAND, Cwctl, Served, environment
from tests.faults.conftest import ALLOW
from tests.faults.holding import twice

DAY = ("--as-of", "2026-06-15")
ADDITIONS = "/finance/agreements/*/additions"


def at_post(served: Served, number: int, happens: Callable[[], object], after: bool = True) -> None:
    """Let something happen before or after the creation with this number, counted from 0."""

    def happen() -> None:
        happens()

    fault = Fault(kind="edit_between", service="psa", verb="POST", path=ADDITIONS, skip=number, after=after)
    served.sandbox.faults.add(fault, happen)


def additions(served: Served) -> int:
    return sum(1 for one in served.sandbox.store.rows("addition") if one.get("serialNumber"))


def journal_of(served: Served) -> Path:
    return served.root / ".cwctl" / "journal-served.jsonl"


def the_rest_follows(served: Served, cwctl: Cwctl) -> None:
    """The next run does what is left, the plan after it is empty, no line exists twice, the journal is whole."""
    served.sandbox.faults.clear()
    assert cwctl("apply", *DAY, *ALLOW, "--yes").code == 0
    assert cwctl("plan", *DAY, "--detailed-exitcode").code == 0
    assert (additions(served), twice(served.sandbox)) == (40, [])
    assert cwctl("journal", "verify").code == 0


LONG = [
    pytest.param(kind, marks=pytest.mark.long)
    for kind in ("timeout_before", "timeout_after_commit", "drop_before", "status", "html_page", "truncate")
]


@pytest.mark.parametrize("kind", ["drop_after_commit", "throttle", *LONG])
def test_a_served_psa_fails_one_creation(served: Served, cwctl: Cwctl, kind: Kind) -> None:
    served.sandbox.faults.add(Fault(kind=kind, service="psa", verb="POST", path=ADDITIONS, skip=7))
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    found = kind in ("timeout_after_commit", "drop_after_commit", "truncate")
    assert ended.code == (0 if found else 4)
    assert additions(served) == (40 if found else 39)
    if not found:
        assert "It was read again: it did not" in " ".join(ended.out.split())
    the_rest_follows(served, cwctl)


def test_somebody_edits_a_company_between_plan_and_apply(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--out", "night.plan").code == 0
    plan = json.loads((served.root / "night.plan").read_text())
    change = next(one for one in plan["changes"] if one["kind"] == "company" and one["action"] == "update")
    company = served.sandbox.store.get("company", change["object_id"])
    assert company is not None
    (field,) = change["fields"]
    served.sandbox.store.put("company", change["object_id"], {**company, field["writes"]: "By hand"})
    strict = cwctl("apply", "night.plan", *ALLOW, "--yes", "--strict")
    assert (strict.code, additions(served)) == (3, 0)
    assert "not all is as it was when the plan was made" in strict.err
    ended = cwctl("apply", "night.plan", *ALLOW, "--yes")
    assert ended.code == 4
    assert f"its {field['field']} moved since the plan" in " ".join(ended.out.split())
    stale = sum(one["customer"] == change["customer"] for one in plan["changes"])
    assert f"{52 - stale} applied, 0 failed, {stale} stale" in ended.last
    served.sandbox.store.put("company", change["object_id"], company)
    the_rest_follows(served, cwctl)


# -- the journal


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes the disk of the journal still has."""
    left = [10**9]
    write = os.write

    def limited(file: int, text: bytes) -> int:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = write(file, text[: left[0]])
        left[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", limited)
    return left


def test_a_disk_that_fills_up_ends_the_run(served: Served, cwctl: Cwctl, room: list[int]) -> None:
    def fill() -> None:
        room[0] = 100

    at_post(served, 5, fill)
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert ended.code == 4
    said = " ".join(ended.out.split())
    assert "ended early: the journal" in said
    assert "No space left on device. Make room" in said
    assert additions(served) == 6
    room[0] = 10**9
    the_rest_follows(served, cwctl)


def test_a_disk_that_is_full_refuses_the_run(served: Served, cwctl: Cwctl, room: list[int]) -> None:
    room[0] = 0
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert ended.code == 3
    assert "nothing was written: the journal" in ended.err
    assert "No space left on device" in ended.err
    assert additions(served) == 0


def test_a_journal_that_was_changed_refuses_the_run(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("apply", *DAY, *ALLOW, "--customer", "410001", "--yes").code == 0
    written = additions(served)
    journal_of(served).write_text(journal_of(served).read_text().replace('"status":"applied"', '"status":"failed"', 1))
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert ended.code == 3
    assert "nothing was written: the journal" in ended.err
    assert "was damaged: line" in ended.err
    assert additions(served) == written
    checked = cwctl("journal", "verify")
    assert checked.code == 1
    assert "it was changed: it does not have the hash that it states" in checked.err


def test_a_journal_that_is_a_folder_refuses_the_run(served: Served, cwctl: Cwctl) -> None:
    journal_of(served).mkdir(parents=True)
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert ended.code == 3
    assert "Is a directory" in ended.err
    assert additions(served) == 0


def test_a_journal_elsewhere(served: Served, cwctl: Cwctl) -> None:
    file = served.root / "config" / "connections.yaml"
    text = file.read_text()
    file.write_text(f"{text}    apply:\n      journal: kept/here.jsonl\n")
    assert cwctl("apply", *DAY, *ALLOW, "--yes").code == 0
    assert (served.root / "kept" / "here.jsonl").is_file()
    assert not journal_of(served).exists()
    assert "52 applied" in cwctl("journal", "show").out


def test_a_clock_that_jumps_back_and_forth(served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[datetime] = []

    def jumping() -> datetime:
        told.append(datetime(2026, 6, 15, tzinfo=UTC) + timedelta(days=(-1) ** len(told) * len(told)))
        return told[-1]

    monkeypatch.setattr(journaling, "now", jumping)
    assert cwctl("apply", *DAY, *ALLOW, "--yes").code == 0
    assert len(told) > 100
    assert cwctl("journal", "verify").code == 0
    document = json.loads(cwctl("journal", "show", "--run", "last", "--format", "json").out)
    assert document["runs"][0]["counts"] == {"applied": 52}
    the_rest_follows(served, cwctl)


# -- the services


def test_keys_of_the_psa_that_end_in_mid_run(served: Served, cwctl: Cwctl) -> None:
    key = served.sandbox.psa_credentials.private_key
    at_post(served, 4, lambda: served.sandbox.store.set_setting("psa.private_key", "renewed"))
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert ended.code == 4
    said = " ".join(ended.out.split())
    assert "ended early: ConnectWise PSA could not be used any more" in said
    assert "Check the company id, the public key and the private key of the connection" in said
    assert additions(served) == 5
    served.sandbox.store.set_setting("psa.private_key", key)
    the_rest_follows(served, cwctl)


def test_an_access_token_of_the_platform_that_ends_in_mid_run_is_renewed(served: Served, cwctl: Cwctl) -> None:
    def end() -> None:
        served.sandbox.store.set_setting("platform.access_tokens", "{}")

    fault = Fault(kind="edit_between", service="platform", verb="GET", skip=3)
    served.sandbox.faults.add(fault, end)
    before = served.sandbox.platform_credentials.refresh_token
    assert cwctl("apply", *DAY, *ALLOW, "--yes").code == 0
    assert served.sandbox.platform_credentials.refresh_token != before
    the_rest_follows(served, cwctl)


def test_a_platform_that_takes_no_token_any_more_stops_the_run_before_it_writes(served: Served, cwctl: Cwctl) -> None:
    def end() -> None:
        served.sandbox.store.set_setting("platform.access_tokens", "{}")
        served.sandbox.faults.add(
            Fault(kind="status", service="platform", path="*/oauth/token", status=401, times=None)
        )

    fault = Fault(kind="edit_between", service="platform", verb="GET", skip=3)
    served.sandbox.faults.add(fault, end)
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert ended.code != 0
    assert "StreamOne Ion" in ended.err + ended.out
    assert "token" in ended.err + ended.out
    assert additions(served) == 0


def test_a_codebase_that_moves_in_mid_run_is_followed(served: Served, cwctl: Cwctl) -> None:
    at_post(served, 6, lambda: served.sandbox.store.set_setting("psa.codebase", "v2026_1"))
    ended = cwctl("apply", *DAY, *ALLOW, "--yes")
    assert (ended.code, ended.last) == (0, "Applied: 52 changes.")
    requests = served.requests("psa")
    assert requests["GET /login/companyinfo/sandbox"] == 2
    served.sandbox.store.set_setting("psa.codebase", "v2025_1")
    the_rest_follows(served, cwctl)


# -- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_run_after_the_write_under_way(served: Served, cwctl: Cwctl, number: signal.Signals) -> None:
    command: Any = (*COMMAND, "apply", *DAY, *ALLOW, "--yes")
    with subprocess.Popen(
        command, cwd=served.root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        at_post(served, 8, lambda: process.send_signal(number), after=False)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (4, "")
    assert f"ended early: interrupted by {number.name}" in out
    assert additions(served) == 9
    document = json.loads(cwctl("journal", "show", "--format", "json").out)
    assert document["runs"][-1]["stopped"] == f"interrupted by {number.name}"
    assert "unknown" not in document["runs"][-1]["counts"]
    the_rest_follows(served, cwctl)
