"""`cwctl journal`: the runs and their writes, and whether the record of them is as it was written."""

import getpass
import json
import socket
from pathlib import Path

import pytest

from tests.applying.journals import begun, keep
from tests.applying.support import change, new, new_line
from tests.cli.support import Cwctl, execute, on_terminal

HOSTILE = "Made\x1b[2J up\x9b31m \u202eevil\r\nError: all is lost"
HEAD = 64


@pytest.fixture
def journal(workspace: Path) -> Path:
    return workspace / ".cwctl" / "journal-sandbox.jsonl"


def test_a_run_is_listed_with_who_when_and_its_counts(cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cwctl("apply", "--yes").code == 0
    ended = cwctl("journal", "show")
    assert (ended.code, ended.err) == (0, "")
    assert "52 applied, 11 customers" in ended.out
    assert f"by {getpass.getuser()} on {socket.gethostname()}" in ended.out
    monkeypatch.setenv("CWCTL_WHO", "night job for finance")
    assert cwctl("apply", "--yes").code == 0
    assert "by night job for finance on" in cwctl("journal", "show", "--run", "last").out


def test_every_write_of_a_run_is_shown_with_before_and_after(cwctl: Cwctl) -> None:
    assert cwctl("apply", "--yes").code == 0
    document = json.loads(cwctl("journal", "show", "--run", "last", "--format", "json").out)
    (run,) = document["runs"]
    plan = json.loads(cwctl("plan", "--format", "json").out)
    assert plan["changes"] == []
    assert (len(run["written"]), run["writes"], run["counts"]) == (52, 52, {"applied": 52})
    company = next(one for one in run["written"] if one["kind"] == "company" and one["action"] == "update")
    (field,) = company["fields"]
    assert (company["status"], len(company["requests"])) == ("applied", 1)
    text = cwctl("journal", "show", "--run", run["run"]).out
    assert f"{field['before']} → {field['after']}" in text
    assert company["requests"][0] in text
    assert text.count(" UTC applied, request ") == 52


def test_only_one_customer(cwctl: Cwctl) -> None:
    assert cwctl("apply", "--customer", "410001", "--yes").code == 0
    assert cwctl("apply", "--customer", "410002", "--yes").code == 0
    runs = json.loads(cwctl("journal", "show", "--format", "json").out)["runs"]
    assert len(runs) == 2
    mine = json.loads(cwctl("journal", "show", "--customer", "410002", "--format", "json").out)["runs"]
    assert [one["run"] for one in mine] == [runs[1]["run"]]
    assert mine[0]["customers"] == ["410002"]
    shown = json.loads(
        cwctl("journal", "show", "--run", runs[1]["run"], "--customer", "410002", "--format", "json").out
    )
    assert {one["customer"] for one in shown["runs"][0]["written"]} == {"410002"}


def test_a_run_that_is_not_there(cwctl: Cwctl, journal: Path) -> None:
    cwctl.fails("journal", "show", says="there is no journal", advises="The first `cwctl apply` makes it.")
    cwctl.fails("journal", "verify", says="there is no journal")
    keep(journal)
    cwctl.fails("journal", "show", "--run", "another", says="holds no run 'another'", advises="cwctl journal show")


def test_the_beginning_of_a_name_is_enough_where_no_other_run_has_it(cwctl: Cwctl, journal: Path) -> None:
    keep(journal, new_line("9001"), run=begun("20260615-221503-aaaaaa"))
    keep(journal, new_line("9002"), run=begun("20260616-221503-bbbbbb"))
    found = json.loads(cwctl("journal", "show", "--run", "20260615", "--format", "json").out)["runs"]
    assert [one["run"] for one in found] == ["20260615-221503-aaaaaa"]
    cwctl.fails("journal", "show", "--run", "202606", says="2 runs begin with '202606'")
    cwctl.fails("journal", "show", "--run", "20260", says="too short to name a run: give at least 6")


def test_a_journal_without_a_record_is_warned_of(cwctl: Cwctl, journal: Path) -> None:
    keep(journal, new_line("9001"))
    journal.write_bytes(b"")
    ended = cwctl("journal", "verify")
    assert ended.code == 0
    assert "holds no record" in ended.err


def test_what_is_no_hash_is_refused(cwctl: Cwctl, journal: Path) -> None:
    keep(journal, new_line("9001"))
    for wrong in ("abc", "", "g" * HEAD):
        cwctl.fails("journal", "verify", "--contains", wrong, says="is no hash: it has 64 digits")


def test_a_whole_journal_is_verified(cwctl: Cwctl, journal: Path) -> None:
    keep(journal, new_line("9001"))
    ended = cwctl("journal", "verify")
    assert (ended.code, ended.err) == (0, "")
    assert "is as it was written: 4 records." in ended.out
    head = ended.last.removeprefix("Head ")
    assert len(head) == HEAD
    keep(journal, new_line("9002"), run=begun("second"))
    assert cwctl("journal", "verify", "--contains", head).code == 0
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:3]))
    assert cwctl("journal", "verify").code == 0
    missing = cwctl("journal", "verify", "--contains", head)
    assert missing.code == 1
    assert "or its end is missing" in missing.err


def test_a_changed_journal_is_named_with_its_line(cwctl: Cwctl, journal: Path) -> None:
    keep(journal, new_line("9001"))
    keep(journal, new_line("9002"), run=begun("second"))
    journal.write_bytes(journal.read_bytes().replace(b'"run":"second"', b'"run":"hidden"', 1))
    ended = cwctl("journal", "verify")
    assert (ended.code, ended.out) == (1, "")
    assert "line 5: it was changed: it does not have the hash that it states" in ended.err
    shown = cwctl("journal", "show")
    assert shown.code == 1
    assert begun().run in shown.out
    assert "hidden" not in shown.out
    assert "line 5: it was changed" in shown.err


def test_a_line_that_is_cut_off_is_a_notice(cwctl: Cwctl, journal: Path) -> None:
    keep(journal, new_line("9001"))
    journal.write_bytes(journal.read_bytes()[:-25])
    ended = cwctl("journal", "verify")
    assert ended.code == 0
    assert "Its last line is cut off: a run was killed while it wrote it." in ended.out
    assert "it broke off, or is still at work" in cwctl("journal", "show").out


def test_text_from_a_service_drives_no_terminal(cwctl: Cwctl, journal: Path, workspace: Path) -> None:
    keep(journal, change("manufacturer:x", "create", new({"name": HOSTILE}), name=HOSTILE))
    for arguments in (["journal", "show"], ["journal", "show", "--run", "last"], ["journal", "verify"]):
        out = execute(*arguments, cwd=workspace).out
        assert {char for char in out if not char.isprintable()} <= {"\n"}
        _, out, _ = on_terminal(*arguments, cwd=workspace, env={"NO_COLOR": "1"})
        assert "\x1b" not in out
        if "show" in arguments:
            assert max(map(len, out.splitlines())) <= 80


def test_a_journal_of_mappings_with_errors_can_still_be_read(cwctl: Cwctl, journal: Path, workspace: Path) -> None:
    keep(journal, new_line("9001"))
    (workspace / "mappings" / "services.yaml").write_text("nonsense: [")
    assert cwctl("journal", "verify").code == 0
    assert cwctl("journal", "show").code == 0
