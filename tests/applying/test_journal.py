"""The journal: only ever added to, noticed where it was changed, and readable after a run that was killed."""

import errno
import json
import os
import stat
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.applying import chain
from engine.applying.journal import Journal, JournalRun, read
from engine.applying.records import Begun, Ended, Resumed, Writing, Written
from engine.applying.report import Report
from engine.applying.runs import applied, applied_by, runs
from engine.applying.write import outcome
from engine.applying.write_log import JournalFailed
from tests.applying.journals import START, begun, clock, keep
from tests.applying.support import changed_line, new_line

LINE, OTHER = new_line("9001"), new_line("9002", "410002", 502)
CHANGED = changed_line(7, {"quantity": (Decimal(12), Decimal(14))}, subscription="9007")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journals" / "journal.jsonl"


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def broken(path: Path) -> chain.Broken:
    found = read(path).broken
    assert found is not None
    return found


def test_a_run_is_read_back_as_it_was_noted(path: Path) -> None:
    keep(path, LINE, OTHER)
    found = read(path)
    assert [type(one) for one in found.records] == [Begun, Writing, Written, Writing, Written, Ended]
    assert (found.broken, found.cut_off, found.open, found.number) == (None, None, False, 6)
    assert isinstance(found.records[1], Writing)
    assert found.records[1].change == LINE
    (run,) = runs(found.records)
    assert [one.written.status for one in run.writes if one.written] == ["applied", "applied"]
    assert (run.broken_off, run.ended and run.ended.counts) == (False, {"applied": 2})
    assert run.writes[0].written is not None
    assert run.writes[0].written.requests == ("request-1",)


def test_each_line_states_its_number_and_the_hash_before_it(path: Path) -> None:
    keep(path, LINE)
    documents = [json.loads(line) for line in lines(path)]
    assert [one["n"] for one in documents] == [1, 2, 3, 4]
    assert [one["previous"] for one in documents] == ["0" * 64, *(one["sha256"] for one in documents[:-1])]
    assert all(list(one) == ["n", "previous", "entry", "sha256"] for one in documents)


def test_only_its_owner_can_read_it(path: Path) -> None:
    keep(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_later_runs_are_added(path: Path) -> None:
    keep(path, LINE)
    first = path.read_bytes()
    keep(path, OTHER, run=begun("second"))
    assert path.read_bytes().startswith(first)
    assert [run.begun.run for run in runs(read(path).records)] == [begun().run, "second"]


@pytest.mark.parametrize("number", range(6))
def test_a_changed_record_is_noticed(path: Path, number: int) -> None:
    keep(path, LINE, OTHER)
    found = lines(path)
    found[number] = found[number].replace(b'"at":"2026-06-15', b'"at":"2026-06-16')
    path.write_bytes(b"".join(found))
    assert broken(path).line == number + 1
    assert "it was changed" in broken(path).why
    assert len(read(path).records) == number


@pytest.mark.parametrize("number", range(5))
def test_a_missing_record_is_noticed(path: Path, number: int) -> None:
    keep(path, LINE, OTHER)
    found = lines(path)
    del found[number]
    path.write_bytes(b"".join(found))
    assert broken(path).line == number + 1
    assert "missing" in broken(path).why


def test_a_missing_end_is_noticed_by_the_hash_that_was_kept(path: Path) -> None:
    keep(path, LINE)
    before = read(path)
    path.write_bytes(b"".join(lines(path)[:-1]))
    after = read(path)
    assert after.broken is None
    assert before.head not in after.hashes
    assert before.hashes > after.hashes


@pytest.mark.parametrize("number", range(5))
def test_records_in_another_order_are_noticed(path: Path, number: int) -> None:
    keep(path, LINE, OTHER)
    found = lines(path)
    found[number], found[number + 1] = found[number + 1], found[number]
    path.write_bytes(b"".join(found))
    assert broken(path).line == number + 1


@pytest.mark.parametrize(
    "text",
    [
        b"\n",
        b"by hand\n",
        b'{"n":2}\n',
        chain.line_of(1, chain.FIRST, begun()),
        chain.line_of(5, chain.FIRST, begun()),
        chain.line_of(4, "f" * 64, begun()),
    ],
    ids=["empty", "text", "json", "first", "number", "previous"],
)
@pytest.mark.parametrize("place", [2, 4])
def test_a_record_put_in_by_hand_is_noticed(path: Path, text: bytes, place: int) -> None:
    keep(path, LINE)
    found = lines(path)
    found.insert(place, text)
    path.write_bytes(b"".join(found))
    if text == b"\n" and place == 4:
        # What was to come was cut off before its first character: no record is touched.
        assert read(path).cut_off == b""
    else:
        assert broken(path).line == place + 1


def test_a_damaged_journal_takes_no_more_records(path: Path) -> None:
    keep(path, LINE)
    text = path.read_bytes().replace(b"night job", b"somebody!")
    path.write_bytes(text)
    with pytest.raises(JournalFailed, match=r"was damaged: line 1: it was changed.*cwctl journal verify"):
        Journal(path, clock())
    assert path.read_bytes() == text


# -- runs that were killed


def test_wherever_the_last_line_is_cut_off_the_next_run_goes_on_below_it(path: Path) -> None:
    keep(path, LINE)
    whole = path.read_bytes()
    start = len(whole) - len(lines(path)[-1])
    for end in range(start + 1, len(whole)):
        path.write_bytes(whole[:end])
        found = read(path)
        assert found.broken is None
        assert (found.cut_off is None) == (end == len(whole) - 1), end
        assert len(found.records) == (4 if end == len(whole) - 1 else 3)
        keep(path, OTHER, run=begun("second"))
        after = read(path)
        assert path.read_bytes().startswith(whole[:end])
        assert (after.broken, after.cut_off) == (None, None)
        assert sum(isinstance(one, Resumed) for one in after.records) == (end < len(whole) - 1)
        assert [run.broken_off for run in runs(after.records)] == [end < len(whole) - 1, False]


def test_a_run_that_is_killed_as_it_goes_on_leaves_a_journal_that_can_go_on(path: Path) -> None:
    keep(path, LINE)
    torn = path.read_bytes()[:-20]
    path.write_bytes(torn)
    Journal(path, clock()).close()
    resumed = path.read_bytes()
    for end in range(len(torn), len(resumed)):
        path.write_bytes(resumed[:end])
        assert read(path).broken is None, end
        keep(path, OTHER, run=begun("second"))
        assert (read(path).broken, read(path).cut_off) == (None, None)


def test_what_was_cut_off_cannot_be_changed_later(path: Path) -> None:
    keep(path, LINE)
    path.write_bytes(path.read_bytes()[:-20])
    keep(path, OTHER, run=begun("second"))
    found = lines(path)
    path.write_bytes(b"".join([*found[:3], found[3].replace(b"applied", b"already"), *found[4:]]))
    assert "what was cut off here was changed" in broken(path).why
    path.write_bytes(b"".join([*found[:3], *found[4:]]))
    assert "what was cut off before it is missing" in broken(path).why


def test_zeros_that_a_lost_power_leaves_are_cut_off_too(path: Path) -> None:
    keep(path, LINE)
    path.write_bytes(path.read_bytes()[:-30] + b"\0" * 30)
    assert read(path).broken is None
    keep(path, OTHER, run=begun("second"))
    assert read(path).broken is None


# -- what a run meets


def test_a_clock_that_goes_backwards_changes_no_order(path: Path) -> None:
    journal = Journal(path, clock())
    run = JournalRun(journal, begun(), clock(0, -600, 900_000, -3))
    for change in (LINE, CHANGED):
        run.writing(change)
        run.written(outcome(change, "applied", 7), ())
    run.ended(Report(connection="sandbox", outcomes=(), counts={"applied": 2}, held=0))
    journal.close()
    found = read(path)
    assert found.broken is None
    told = [one.at - START for one in found.records if not isinstance(one, Begun)]
    assert told[:3] == [timedelta(0), timedelta(minutes=-600), timedelta(minutes=900_000)]
    assert [one.writing.change.address for one in runs(found.records)[0].writes] == [LINE.address, CHANGED.address]


def test_two_runs_cannot_have_it_at_once(path: Path) -> None:
    journal = Journal(path, clock())
    with pytest.raises(JournalFailed, match="another run is writing the journal"):
        Journal(path, clock())
    journal.close()
    Journal(path, clock()).close()


def test_a_full_disk_is_said_and_nothing_more_is_added(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path, clock())
    run = JournalRun(journal, begun(), clock())
    real = os.write
    room = [100]

    def nearly_full(file: int, text: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = real(file, text[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", nearly_full)
    with pytest.raises(JournalFailed, match=r"No space left on device\. Make room"):
        run.writing(LINE)
    room[0] = 10_000
    with pytest.raises(JournalFailed, match="could not be written before"):
        run.writing(LINE)
    report = run.ended(Report(connection="sandbox", outcomes=(), counts={}, held=0))
    assert "the end could not be noted" in (report.stopped or "")
    assert not report.complete
    journal.close()
    assert read(path).cut_off is not None
    keep(path, OTHER, run=begun("second"))
    assert read(path).broken is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalFailed, match="cannot be written: File exists"):
        Journal(tmp_path / "file" / "journal.jsonl", clock())


def test_a_device_is_no_journal() -> None:
    with pytest.raises(JournalFailed, match="cannot be written: it is no plain file"):
        Journal(Path(os.devnull), clock())


def test_it_does_not_follow_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalFailed, match="cannot be written"):
        Journal(tmp_path / "link.jsonl", clock())
    assert not (tmp_path / "elsewhere").exists()


# -- whether a plan was applied


def test_a_plan_counts_as_applied_once_a_write_was_begun(path: Path) -> None:
    keep(path, LINE)
    records = read(path).records
    run = applied(records, begun().plan_id)
    assert run is not None
    assert "applied already by night job on a machine of tests, run 20260615-220000-abc123" in applied_by(run)
    assert applied(records, "another") is None
    assert applied(records[:1], begun().plan_id) is None
    part = applied(records[:2], begun().plan_id)
    assert part is not None
    assert "that run broke off, and running the rest again needs a new plan" in applied_by(part)


def test_a_plan_of_which_everything_was_found_done_counts_as_applied(path: Path) -> None:
    keep(path)
    assert applied(read(path).records, begun().plan_id) is not None


def test_a_refused_plan_may_be_applied_later(path: Path) -> None:
    journal = Journal(path, clock())
    JournalRun(journal, begun(), clock()).refused("a guard refuses it")
    held = JournalRun(journal, begun("second"), clock())
    held.ended(Report(connection="sandbox", outcomes=(), counts={"held": 3}, held=0))
    journal.close()
    assert applied(read(path).records, begun().plan_id) is None
