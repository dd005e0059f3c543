"""docs/json.md against what the commands print: the same keys and types, everywhere."""

import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import run
from engine.sandbox.sandbox import Sandbox
from tests.docs.json_page import Page

ROOT = Path(__file__).parents[2]
PAGE = Page((ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
COMMANDS = {
    "validate",
    "test",
    "plan-and-show",
    "drift",
    "explain",
    "apply",
    "journal-show",
    "journal-verify",
    "ping",
    "sandbox-serve",
    "sandbox-advance",
    "sandbox-reset",
    "version",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("config", "mappings", "rules"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


class Command:
    """Runs commands on a workspace, in the process."""

    def __init__(self, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._workspace, self._capsys = workspace, capsys

    def __call__(self, *arguments: str, code: int = 0) -> Any:
        got = run(["-C", str(self._workspace), *arguments, "--format", "json"])
        told = self._capsys.readouterr()
        assert got == code, told.err
        return json.loads(told.out)


@pytest.fixture
def command(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(workspace, capsys)


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def _check(document: object, anchor: str) -> None:
    assert list(PAGE.problems(document, anchor)) == []


def test_every_command_has_its_table_and_example() -> None:
    assert PAGE.examples.keys() == COMMANDS
    assert PAGE.tables.keys() >= COMMANDS


@pytest.mark.parametrize("anchor", sorted(COMMANDS))
def test_examples_are_as_their_tables_say(anchor: str) -> None:
    _check(json.loads(PAGE.examples[anchor]), anchor)


def test_validate(command: Command, workspace: Path) -> None:
    _check(command("validate"), "validate")
    _edit(workspace / "mappings/customers.yaml", "agreement: 504, name", "agrement: 504, name")
    broken = command("validate", code=1)
    assert broken["diagnostics"]
    _check(broken, "validate")


def test_test(command: Command, workspace: Path) -> None:
    document = command("test")
    assert document["cases"]
    _check(document, "test")
    _edit(workspace / "rules/tests/one-time.yaml", "quantity: 1,", "quantity: 7,")
    _edit(workspace / "rules/tests/renewals.yaml", "purchase: 8", "purchase: -8")
    _edit(workspace / "rules/tests/usage.yaml", "billing: monthly", "billing: annual")
    broken = command("test", code=1)
    assert broken["failed"]
    assert broken["diagnostics"]
    assert any(day["error"] for case in broken["cases"] for day in case["expectations"])
    _check(broken, "test")


def test_plan_show_and_apply(command: Command, workspace: Path) -> None:
    # One service that the platform does not list, so that something is held back.
    _edit(workspace / "mappings/services.yaml", "subscription: 710030", "subscription: 799999")
    saved = workspace / "saved.plan"
    plan = command("plan", "--out", str(saved), code=4)
    assert all(plan[name] for name in ("changes", "by_customer", "notices", "held", "unmanaged", "unmapped"))
    assert any(change["source"] for change in plan["changes"])
    assert any(change["effect"] for change in plan["changes"])
    _check(plan, "plan-and-show")
    assert json.loads(saved.read_bytes()) == plan
    assert command("show", str(saved)) == plan
    report = command("apply", str(saved), "--yes", "--allow", "incomplete", code=4)
    assert report["outcomes"]
    assert report["counts"]
    _check(report, "apply")


def test_journal(command: Command, workspace: Path) -> None:
    command("apply", "--yes")
    listed = command("journal", "show")
    assert listed["runs"]
    _check(listed, "journal-show")
    shown = command("journal", "show", "--run", "last")
    assert any(one["requests"] for one in shown["runs"][0]["written"])
    _check(shown, "journal-show")
    _check(command("journal", "verify"), "journal-verify")
    (journal,) = (workspace / ".cwctl").glob("journal-*.jsonl")
    _edit(journal, '"record":"ended"', '"record":"begun"')
    broken = command("journal", "verify", code=1)
    assert broken["problem"]
    _check(broken, "journal-verify")


def test_drift(command: Command, workspace: Path) -> None:
    command("apply", "--yes")
    with closing(Sandbox.open(workspace / ".cwctl/sandbox.sqlite")) as sandbox:
        line = next(one for one in sandbox.store.rows("addition", 501) if one.get("serialNumber"))
        edited = {**line, "lessIncluded": 2, "taxableFlag": False, "cancelledDate": "2026-06-20T00:00:00Z"}
        sandbox.store.put("addition", line["id"], edited, 501)
    _edit(workspace / "mappings/services.yaml", "subscription: 710030", "subscription: 799999")
    document = command("drift", code=4)
    assert {one["field"] for one in document["drift"]} == {"less_included", "taxable", "cancelled"}
    assert document["held"]
    _check(document, "drift")
    plan = command("plan", code=4)
    assert plan["drift"] == document["drift"]
    assert ["cancelled"] in [change["drift"] for change in plan["changes"]]
    _check(plan, "plan-and-show")


def test_explain(command: Command, workspace: Path) -> None:
    command("apply", "--yes")
    command("sandbox", "advance", "--to", "2026-07-20")
    changed = command("explain", "710001")
    assert all(changed[name] for name in ("agreements", "events", "lines", "periods"))
    assert any(line["fields"] and line["effect"] for line in changed["lines"])
    assert any(event["rule"] for event in changed["events"])
    _check(changed, "explain")
    beside = command("explain", "710036")
    assert beside["state"] == "unmapped"
    assert beside["others"]
    _check(beside, "explain")
    # Nothing is billed before a day that is invoiced meanwhile: the line of June would have to go.
    command("sandbox", "invoice", "--period", "2026-07")
    _edit(
        workspace / "config/connections.yaml",
        "manage_from: 2026-06-01       # cwctl",
        "manage_from: 2026-06-10 # cwctl",
    )
    held = command("explain", "710014", code=4)
    assert held["held"]
    _check(held, "explain")


def test_ping(command: Command, workspace: Path) -> None:
    _check(command("ping"), "ping")
    _edit(workspace / "config/connections.yaml", "price_decimals: 2 ", "price_decimals: 1 ")
    found = command("ping")
    assert found["psa"]["findings"]
    _check(found, "ping")


def test_sandbox(command: Command) -> None:
    _check(command("sandbox", "reset"), "sandbox-reset")
    moved = command("sandbox", "advance", "--days", "2")
    assert moved["happened"]
    _check(moved, "sandbox-advance")


def test_sandbox_serve(workspace: Path) -> None:
    Sandbox.open(workspace / ".cwctl" / "sandbox.sqlite").close()
    ports = ("--psa-port", "0", "--platform-port", "0")
    serve = ("-m", "engine.cli.main", "-C", str(workspace), "sandbox", "serve", *ports, "--format", "json")
    with subprocess.Popen([sys.executable, *serve], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        process.terminate()
        assert process.stdout.read() == ""
    assert process.returncode == 0
    _check(json.loads(told), "sandbox-serve")


def test_version(command: Command) -> None:
    _check(command("version"), "version")


def test_a_difference_is_seen() -> None:
    example = json.loads(PAGE.examples["apply"])
    example["outcomes"][0]["status"] = 1
    del example["held"]
    assert list(PAGE.problems(example, "apply")) == [
        "$: has the keys ['canary', 'connection', 'counts', 'duplicates', 'outcomes', 'plan_held', 'run', 'stopped', "
        "'unsearched'], apply has ['canary', 'connection', 'counts', 'duplicates', 'held', 'outcomes', 'plan_held', "
        "'run', 'stopped', 'unsearched']",
        "$.outcomes[0].status: is text, not 1",
    ]


def test_every_table_is_of_something_printed() -> None:
    """Follows the links between tables from the commands on, so that no table is left over."""
    seen, todo = set[str](), set(COMMANDS)
    while todo:
        anchor = todo.pop()
        seen.add(anchor)
        for kind in PAGE.tables[anchor].values():
            if "](#" in kind:
                todo |= {kind.partition("](#")[2].partition(")")[0]} - seen
    assert seen == PAGE.tables.keys()
