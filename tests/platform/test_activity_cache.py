"""Logs read before: found again while nothing moved, and never a reason for a run to fail."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from engine.platform import activity
from engine.platform.activity_cache import FORMAT, ActivityCache
from engine.platform.models import Activity, ActivityLog

MOVED = "2026-05-01T08:00:00.123Z"


def log(number: int, last_updated: str = MOVED, quantity: int = 10) -> ActivityLog:
    told = Activity(
        on=date(2026, 3, 16), kind="quantity", quantity=quantity, product="CFQ7/000D", text="New Quantity: 10"
    )
    ended = Activity(on=date(2026, 4, 1), kind="renewed", end=date(2027, 3, 31), text="…")
    return ActivityLog(subscription=str(number), items=(told, ended), whole=False, last_updated=last_updated)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a cache that holds logs 1 to 3."""
    assert ActivityCache(tmp_path / "own").put_many("4711", [log(1), log(2), log(3)])
    return tmp_path / "own" / "activity.sqlite"


def changed(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_log_is_found_again(tmp_path: Path) -> None:
    cache = ActivityCache(tmp_path / "not" / "there yet?#%")
    assert cache.get("4711", "1", MOVED) is None
    assert cache.put("4711", log(1))
    assert cache.get("4711", "1", MOVED) == log(1)


def test_many_are_found_at_once_and_the_others_are_missing(file: Path) -> None:
    wanted = {"1": MOVED, "2": "2026-05-01T08:00:00.124Z", "9": MOVED}
    assert ActivityCache(file.parent).get_many("4711", wanted) == {"1": log(1)}


def test_another_account_has_its_own(file: Path) -> None:
    cache = ActivityCache(file.parent)
    cache.put("4712", log(1, quantity=99))
    assert cache.get("4711", "1", MOVED) == log(1)
    assert cache.get("4712", "1", MOVED) == log(1, quantity=99)


def test_the_younger_log_takes_the_place_of_the_older(file: Path) -> None:
    cache = ActivityCache(file.parent)
    cache.put("4711", log(1, "2026-06-01T00:00:00Z"))
    assert cache.get("4711", "1", MOVED) is None
    assert cache.get("4711", "1", "2026-06-01T00:00:00Z") == log(1, "2026-06-01T00:00:00Z")


def test_a_log_of_an_unknown_moment_is_not_kept(tmp_path: Path) -> None:
    cache = ActivityCache(tmp_path)
    cache.put("4711", log(1, ""))
    assert cache.get("4711", "1", "") is None


def test_what_others_wrote_is_found_in_the_same_file(file: Path) -> None:
    writer, reader = ActivityCache(file.parent), ActivityCache(file.parent)
    writer.put("4711", log(4))
    assert reader.get("4711", "4", MOVED) == log(4)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE logs SET log = CAST(replace(log, 'quantity\":10', 'quantity\":90') AS BLOB) WHERE subscription = '1'",
        "UPDATE logs SET log = substr(log, 1, 20) WHERE subscription = '1'",
        "UPDATE logs SET log = CAST(log AS TEXT) WHERE subscription = '1'",
        "UPDATE logs SET log = NULL WHERE subscription = '1'",
        "UPDATE logs SET log = 7, digest = 7 WHERE subscription = '1'",
        "UPDATE logs SET log = (SELECT log FROM logs WHERE subscription = '2'), "
        "digest = (SELECT digest FROM logs WHERE subscription = '2') WHERE subscription = '1'",
    ],
    ids=["another number", "cut", "text", "nothing", "numbers", "another's"],
)
def test_a_damaged_entry_is_a_miss_and_leaves_the_others(file: Path, damage: str) -> None:
    changed(file, damage)
    cache = ActivityCache(file.parent)
    assert cache.get_many("4711", {"1": MOVED, "2": MOVED}) == {"2": log(2)}
    assert cache.put("4711", log(1))
    assert cache.get("4711", "1", MOVED) == log(1)


def test_an_entry_that_was_moved_to_another_account_is_a_miss(file: Path) -> None:
    changed(file, "UPDATE logs SET account = '4712'")
    assert ActivityCache(file.parent).get("4712", "1", MOVED) is None


def test_an_entry_of_another_format_is_a_miss(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.platform.activity_cache.FORMAT", FORMAT + 1)
    cache = ActivityCache(file.parent)
    assert cache.get("4711", "1", MOVED) is None
    assert cache.put("4711", log(1))
    assert cache.get_many("4711", {"1": MOVED, "2": MOVED}) == {"1": log(1)}


def filled(file: Path) -> None:
    file.write_bytes(b"this is no database " * 1000)


def scribbled(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def deleted(file: Path) -> None:
    file.unlink()


def of_older_columns(file: Path) -> None:
    changed(file, "DROP TABLE logs", "CREATE TABLE logs (log TEXT)", "PRAGMA user_version = 0")


@pytest.mark.parametrize("damage", [filled, scribbled, cut, emptied, deleted, of_older_columns])
def test_a_damaged_or_foreign_file_is_all_misses_and_is_made_anew(file: Path, damage: Callable[[Path], None]) -> None:
    damage(file)
    cache = ActivityCache(file.parent)
    assert cache.get_many("4711", {"1": MOVED, "2": MOVED}) == {}
    assert cache.put("4711", log(1))
    assert cache.get("4711", "1", MOVED) == log(1)


def test_a_place_that_cannot_be_a_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "activity.sqlite").mkdir()
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path, tmp_path / "taken", tmp_path / "taken" / "deeper"):
        cache = ActivityCache(folder)
        assert not cache.put("4711", log(1))
        assert cache.get("4711", "1", MOVED) is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_read_all_the_same(file: Path) -> None:
    file.chmod(0o400)
    file.parent.chmod(0o500)
    try:
        cache = ActivityCache(file.parent)
        assert not cache.put("4711", log(4))
        assert cache.get("4711", "1", MOVED) == log(1)
        assert not ActivityCache(file.parent / "below").put("4711", log(4))
    finally:
        file.parent.chmod(0o700)


def test_a_file_that_another_run_holds_is_not_waited_for_in_vain(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.platform.activity_cache._WAIT_SECONDS", 0)
    other = sqlite3.connect(file)
    try:
        other.execute("BEGIN EXCLUSIVE")
        cache = ActivityCache(file.parent)
        assert not cache.put("4711", log(4))
        assert cache.get("4711", "1", MOVED) is None
    finally:
        other.close()
    assert cache.get("4711", "1", MOVED) == log(1)


def test_threads_may_share_it(tmp_path: Path) -> None:
    cache = ActivityCache(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda number: cache.put("4711", log(number)), range(20)))
    assert len(cache.get_many("4711", {str(number): MOVED for number in range(20)})) == 20


WRITER = """
import sys
from pathlib import Path
from engine.platform.activity_cache import ActivityCache
from engine.platform.models import ActivityLog
cache = ActivityCache(Path(sys.argv[1]))
for number in range(10):
    assert cache.put("4711", ActivityLog(subscription=f"{sys.argv[2]}{number}", items=(), last_updated="now"))
"""


def test_processes_may_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    wanted = {f"{name}{number}": "now" for name in ("a", "b") for number in range(10)}
    assert ActivityCache(tmp_path).get_many("4711", wanted).keys() == wanted.keys()


def test_nothing_of_a_person_is_kept(tmp_path: Path) -> None:
    item = {
        "actionType": "Subscription Handed Over",
        "actionDate": "2026-03-16T14:49:52Z",
        "actionDetails": "To: Mallory Example, other@example.com; ",
        "ccpUserName": "Mallory Example",
        "ccpUserEmail": "mallory@example.com",
    }
    read = activity.log("1", activity.WireDetail(last_updated_date=MOVED, activity_logs={"items": [item]}))
    ActivityCache(tmp_path).put("4711", read)
    content = (tmp_path / "activity.sqlite").read_bytes()
    assert b"Handed Over" in content
    assert not any(name in content for name in (b"Mallory", b"mallory", b"@example"))


def test_the_format_is_raised_with_the_form_of_a_log() -> None:
    """A log of another form must not be read as one of this: change FORMAT together with this test."""
    fields = {struct.__name__: struct.__struct_fields__ for struct in (ActivityLog, Activity)}
    assert (FORMAT, fields) == (
        1,
        {
            "ActivityLog": ("subscription", "items", "whole", "last_updated"),
            "Activity": ("on", "kind", "quantity", "end", "product", "text"),
        },
    )
