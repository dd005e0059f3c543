"""Taking a run back, on the embedded sandbox: planned, looked at, applied, and taken back in its turn."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.applying.chain import FIRST, hash_of, line_of
from engine.applying.journal import read
from engine.applying.records import Begun
from engine.sandbox.sandbox import Sandbox
from engine.workspace.guards import GUARDS
from tests.cli.support import GOLDEN, REPOSITORY, Cwctl
from tests.docs.json_page import Page

Rows = dict[int, dict[str, Any]]
KINDS = ("company", "catalog_item", "manufacturer", "addition")


@pytest.fixture(autouse=True)
def _who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWCTL_WHO", "Night job")


@contextmanager
def world(workspace: Path) -> Iterator[Sandbox]:
    """The simulated services of the workspace, between two commands."""
    sandbox = Sandbox.open(workspace / ".cwctl" / "sandbox.sqlite")
    try:
        yield sandbox
    finally:
        sandbox.close()


def rows(workspace: Path) -> dict[str, Rows]:
    """What the PSA holds of what cwctl writes, without when it was written."""
    with world(workspace) as sandbox:
        return {kind: {one["id"]: _content(one) for one in sandbox.store.rows(kind)} for kind in KINDS}


def _content(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "_info" and value not in (None, "")}


def edit(workspace: Path, number: int, **values: Any) -> None:
    """Somebody changes an addition in the PSA."""
    with world(workspace) as sandbox:
        row = sandbox.store.get("addition", number)
        assert row is not None
        sandbox.store.put("addition", number, {**row, **values}, sandbox.store.parent("addition", number))


def journal(workspace: Path) -> Path:
    return workspace / ".cwctl" / "journal-sandbox.jsonl"


def runs(workspace: Path) -> list[str]:
    """The names of the runs in the journal, in their order."""
    entries = [json.loads(text)["entry"] for text in journal(workspace).read_text("utf-8").splitlines()]
    return [one["run"] for one in entries if one["record"] == "begun"]


def retracted(row: dict[str, Any]) -> bool:
    return float(row["quantity"]) == 0 and row["cancelledDate"][:10] == row["effectiveDate"][:10]


def back(cwctl: Cwctl, run: str = "last", code: int = 0) -> dict[str, Any]:
    """The plan that takes a run back, saved in back.plan."""
    ended = cwctl("rollback", run, "--format", "json", "--out", "back.plan")
    assert ended.code == code, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


ALLOWED = tuple(part for guard in GUARDS for part in ("--allow", guard))
"""Taking all of a first run back ends everything, which the guards would not let through unasked."""

SOME = ("--customer", "410001", "--customer", "410004")


@pytest.mark.parametrize(
    ("selection", "changes", "lines", "made"),
    [(SOME, 11, 10, 1), pytest.param((), 49, 40, 3, marks=pytest.mark.long)],
)
def test_a_run_taken_back_leaves_the_lines_as_they_were(
    cwctl: Cwctl, workspace: Path, selection: tuple[str, ...], changes: int, lines: int, made: int
) -> None:
    assert cwctl("sandbox", "reset").code == 0
    before = rows(workspace)
    assert cwctl("apply", "--yes", *selection).code == 0
    applied = rows(workspace)
    plan = back(cwctl)
    assert rows(workspace) == applied
    assert (plan["counts"]["create"], plan["counts"]["update"], plan["held"]) == (0, changes, [])
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).last == f"Applied: {changes} changes."

    restored = rows(workspace)
    for kind in KINDS:
        assert {number: row for number, row in restored[kind].items() if number in before[kind]} == before[kind]
    new = {number: row for number, row in restored["addition"].items() if number not in before["addition"]}
    assert len(new) == lines
    assert all(map(retracted, new.values()))
    marks = {number: applied["addition"][number]["serialNumber"] for number in new}
    assert {number: row["serialNumber"] for number, row in new.items()} == marks
    # What was made for good is named, and stays.
    stays = [one["subject"] for one in plan["notices"] if one["code"] == "made-stays"]
    assert len(stays) == made
    assert sum(len(restored[kind]) - len(before[kind]) for kind in KINDS[:3]) == made

    first = runs(workspace)[0]
    again = cwctl("rollback", first, "--detailed-exitcode")
    assert (again.code, again.last) == (0, f"No changes. {changes} objects are in step.")


def test_a_rollback_can_be_taken_back(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", *SOME).code == 0
    applied = rows(workspace)
    back(cwctl)
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    assert cwctl("rollback", "last", "--detailed-exitcode").code == 2
    back(cwctl)
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).last == "Applied: 11 changes."
    assert rows(workspace) == applied
    assert cwctl("plan", *SOME, "--detailed-exitcode").last.startswith("No changes.")


def test_the_guards_hold_it_back_as_any_plan(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410004").code == 0
    applied = rows(workspace)["addition"]
    assert [one["guard"] for one in back(cwctl)["findings"]] == ["monthly-change"]
    assert cwctl("apply", "back.plan", "--yes").code == 3
    assert rows(workspace)["addition"] == applied
    assert cwctl("apply", "back.plan", "--yes", "--allow", "monthly-change").code == 0
    assert all(map(retracted, (row for row in rows(workspace)["addition"].values() if row.get("serialNumber"))))


def test_a_line_taken_over_is_given_back(cwctl: Cwctl, workspace: Path) -> None:
    mapping = workspace / "mappings" / "services.yaml"
    entry = "  - { subscription: 710036, customer: 410010, name: Microsoft 365 Business Standard, addition: 1 }\n"
    mapping.write_text(mapping.read_text("utf-8") + entry, "utf-8")
    assert cwctl("sandbox", "reset").code == 0
    edit(workspace, 1, serialNumber="S/N 77")
    before = rows(workspace)["addition"][1]
    assert cwctl("apply", "--yes", "--target", "service:710036").code == 0
    taken = rows(workspace)["addition"][1]
    back(cwctl)
    assert "'S/N 77' stood in the place of its mark before: write it again by hand" in cwctl("show", "back.plan").out
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    given = rows(workspace)["addition"][1]
    assert given == {name: value for name, value in before.items() if name != "serialNumber"}
    # … and that taken back: it is ours once more.
    back(cwctl)
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    assert rows(workspace)["addition"][1] == taken


def test_the_next_apply_does_it_again_and_the_plan_says_so(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410001").code == 0
    applied = rows(workspace)["addition"]
    warned = {one["code"]: one for one in back(cwctl)["notices"]}["cause-remains"]
    assert "mappings/services.yaml" in warned["hint"]
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    assert cwctl("apply", "--yes", "--customer", "410001").code == 0
    assert rows(workspace)["addition"] == applied


def test_two_runs_are_taken_back_the_last_one_first(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", *SOME).code == 0
    one = rows(workspace)
    assert cwctl("sandbox", "advance", "--days", "30").code == 0
    assert cwctl("apply", "--yes", *SOME).code == 0
    first, second = runs(workspace)
    earlier = back(cwctl, first, code=4)
    moved = [held for held in earlier["held"] if held["code"] == "moved-since-run"]
    assert moved
    assert all(f"`cwctl rollback {second}`" in held["hint"] for held in moved)
    later = back(cwctl, second)
    assert later["held"] == []
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    standing = {number: row for number, row in rows(workspace)["addition"].items() if not retracted(row)}
    assert standing == one["addition"]
    # One after the other, the last one first, all of them can.
    assert back(cwctl, first)["held"] == []
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    assert all(map(retracted, (row for row in rows(workspace)["addition"].values() if row.get("serialNumber"))))


def test_what_somebody_changed_by_hand_is_left_alone(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410004").code == 0
    mine = next(
        number for number, row in rows(workspace)["addition"].items() if ".710013." in row.get("serialNumber", "")
    )
    edit(workspace, mine, quantity=40)
    plan = back(cwctl, code=4)
    (held,) = plan["held"]
    assert (held["subject"], held["code"]) == ("service:710013", "moved-since-run")
    assert f"made addition {mine}; its quantity moved since: 38 was left, now it is 40" in held["why"]
    assert {one["line"]["subscription"] for one in plan["changes"] if one["line"]} == {"710014", "710015", "710016"}
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 4
    assert float(rows(workspace)["addition"][mine]["quantity"]) == 40


def test_what_was_invoiced_since_stays_until_the_invoice_is_deleted(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410004", "--customer", "410003").code == 0
    assert cwctl("sandbox", "invoice", "--period", "2026-07", "--agreement", "504").code == 0
    plan = back(cwctl, code=4)
    assert {one["code"] for one in plan["held"]} == {"line-invoiced"}
    whys = {one["subject"]: one["why"] for one in plan["held"]}
    # 38 × 33.75 for June and for July.
    assert "agreement 504 has been invoiced through 2026-07-31 since: 2565.00 too much" in whys["service:710013"]
    assert {one["agreement"] for one in plan["changes"] if one["agreement"]} == {503}
    assert cwctl("sandbox", "invoice", "--period", "2026-07", "--agreement", "504", "--delete").code == 0
    assert back(cwctl)["held"] == []
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0


@pytest.mark.parametrize("made", [True, False])
def test_a_killed_run_is_taken_back_as_far_as_it_went(cwctl: Cwctl, workspace: Path, made: bool) -> None:
    """The journal ends with the record before a write, of which only the PSA knows whether it was made."""
    assert cwctl("apply", "--yes", "--customer", "410004").code == 0
    lines = journal(workspace).read_bytes().splitlines(keepends=True)
    last = max(number for number, text in enumerate(lines) if b'"record":"writing"' in text)
    journal(workspace).write_bytes(b"".join(lines[: last + 1]))
    address = json.loads(lines[last])["entry"]["change"]["address"]
    if not made:
        with world(workspace) as sandbox:
            sandbox.store.delete("addition", max(one["id"] for one in sandbox.store.rows("addition")))
    plan = back(cwctl)
    assert (address in {one["address"] for one in plan["changes"]}) == made
    assert plan["counts"]["unchanged"] == (0 if made else 1)
    shown = cwctl("rollback", "last").out
    assert "has no end in the journal: it broke off, or is still at work." in shown
    assert "Of 1 write the journal does not know whether it took effect" in shown
    assert cwctl("apply", "back.plan", "--yes", *ALLOWED).code == 0
    ours = [row for row in rows(workspace)["addition"].values() if row.get("serialNumber")]
    assert all(map(retracted, ours))
    assert cwctl("rollback", runs(workspace)[0]).last == "No changes. 5 objects are in step."


def test_it_reads_as_approved(cwctl: Cwctl, workspace: Path) -> None:
    """After a deliberate change: write what the command prints into the file, and read the difference."""
    assert cwctl("apply", "--yes", "--customer", "410004").code == 0
    edit(workspace, max(rows(workspace)["addition"]), quantity=40)
    (run,) = runs(workspace)
    for style, file in (("text", "rollback.txt"), ("markdown", "rollback.md")):
        shown = cwctl("rollback", run[:15], "--format", style)
        assert shown.code == 4
        text = re.sub(r"begun \S+ \S+ UTC by Night job on \S+;", "begun DAY TIME UTC by Night job on HOST;", shown.out)
        text = re.sub("`[0-9a-f]{64}`", "`DIGEST`", text.replace(run, "RUN"))
        assert text == (GOLDEN / file).read_text(encoding="utf-8")


def test_a_plan_is_saved_only_where_a_file_is_named(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410001").code == 0
    (run,) = runs(workspace)
    shown = cwctl("rollback", run)
    assert f"`cwctl rollback {run} --out FILE` saves this plan for `cwctl apply FILE`." in shown.err
    saved = cwctl("rollback", run, "--out", "back.plan")
    assert "Saved in back.plan; `cwctl apply back.plan` carries out exactly this." in saved.err
    assert cwctl("show", "back.plan").out == saved.out.partition("\n\n")[2]
    cwctl.fails("rollback", run, "--out", "back.yaml", says="a plan is no YAML file")


def test_its_json_is_that_of_any_plan(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410004").code == 0
    edit(workspace, max(rows(workspace)["addition"]), quantity=40)
    plan = back(cwctl, code=4)
    assert all(plan[name] for name in ("changes", "by_customer", "totals", "notices", "held"))
    assert plan == json.loads(Path("back.plan").read_bytes())
    page = Page((REPOSITORY / "docs" / "json.md").read_text("utf-8"))
    assert list(page.problems(plan, "plan-and-show")) == []


def test_names_of_runs(cwctl: Cwctl, workspace: Path) -> None:
    cwctl.fails("rollback", "last", says="there is no journal", advises="cwctl apply")
    for customer in ("410001", "410004"):
        assert cwctl("apply", "--yes", "--customer", customer).code == 0
    first, second = runs(workspace)
    cwctl.fails("rollback", "20990101-000000-000000", says="the journal holds no run '20990101", advises="journal show")
    cwctl.fails("rollback", first[:5], says="too short to name a run: give at least 6 characters")
    cwctl.fails("rollback", first[:6], says=f"2 runs begin with '{first[:6]}': {first}, {second}")
    assert cwctl("rollback", first).code == 0


def test_a_damaged_journal_takes_nothing_back(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410001").code == 0
    content = journal(workspace).read_bytes()
    journal(workspace).write_bytes(content.replace(b"410001", b"410009", 1))
    cwctl.fails("rollback", "last", code=3, says="was damaged: line ", advises="cwctl journal verify")


def test_a_run_of_another_connection(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410001").code == 0
    (run,) = runs(workspace)
    file = workspace / "config" / "connections.yaml"
    second = "  second: {sandbox: true, time_zone: UTC, manage_from: 2026-06-01, price_decimals: 2}\n"
    file.write_text(file.read_text("utf-8") + second, "utf-8")
    journal(workspace).rename(workspace / ".cwctl" / "journal-second.jsonl")
    cwctl.fails(
        *("rollback", run, "--connection", "second"),
        code=3,
        says=f"run {run} wrote to the connection 'sandbox', not to 'second'",
        advises="--connection sandbox",
    )


def test_a_run_that_wrote_to_other_services(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410001").code == 0
    records = [*read(journal(workspace)).records]
    assert isinstance(records[0], Begun)
    records[0] = replace(records[0], target="another PSA")
    text, head = b"", FIRST
    for number, record in enumerate(records, start=1):
        line = line_of(number, head, record)
        text, head = text + line, hash_of(line)
    journal(workspace).write_bytes(text)
    cwctl.fails(
        *("rollback", "last"),
        code=3,
        says="wrote to another PSA; the connection 'sandbox' is the embedded sandbox now",
        advises="whose connection is the one that it wrote to",
    )


def test_a_run_that_wrote_nothing(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("apply", "--yes", "--customer", "410005").code == 0
    assert cwctl("apply", "--yes", "--customer", "410005").code == 0
    if len(runs(workspace)) == 1:  # an apply of nothing is no run
        pytest.skip("no run is journalled that has nothing to write")
    ended = cwctl("rollback", "last")
    assert (ended.code, ended.last) == (0, "No changes. 0 objects are in step.")
    assert "it wrote 0 changes" in ended.out
