"""The lock across machines, on a bare repository of this machine: made once, renewed, taken over, given back."""

import json
import os
import select
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.applying.git_lock import GRACE, MARGIN, GitLock, LockHeld, LockLost
from engine.applying.git_lock_remote import GitFailed, GitRef, opened_remote
from engine.applying.lock import Holder
from engine.applying.lock_log import LockedLog
from engine.applying.write_log import UNLOGGED, JournalFailed
from tests.planning.builders import observed, plan

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed here")

REF = "refs/cwctl/locks/production"
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
LIFE = timedelta(minutes=30)


def git(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ("git", "-c", "user.name=Tester", "-c", "user.email=tester@example.com", *arguments)
    return subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True).stdout


class Time:
    """A clock and ticks that tests move; the clock can jump alone."""

    def __init__(self) -> None:
        self.now, self.ticks = NOON, 0.0

    def passes(self, of: timedelta) -> None:
        self.now += of
        self.ticks += of.total_seconds()


class Machine:
    """A clone of the workspace's repository, and the lock of one run on it."""

    def __init__(self, ref: GitRef, name: str, time: Time) -> None:
        self.ref, self.time = ref, time
        self.holder = Holder(run=f"run of {name}", who="Ada", where=name, process=4242, since=NOON)
        self.lock = GitLock(ref, self.holder, LIFE, lambda: time.now, lambda: time.ticks)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "locks.git")
    return tmp_path / "locks.git"


@pytest.fixture
def clone(tmp_path: Path, bare: Path) -> Path:
    """A workspace with a commit, a branch, something staged and something not."""
    root = tmp_path / "workspace"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", str(bare))
    (root / "rules.yaml").write_text("one\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Begin")
    git(root, "push", "--quiet", "--set-upstream", "origin", "main")
    (root / "rules.yaml").write_text("two\n")
    git(root, "add", ".")
    (root / "rules.yaml").write_text("three\n")
    return root


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
def first(clone: Path, time_: Time) -> Iterator[Machine]:
    with opened_remote(clone, "origin", REF, os.environ) as ref:
        yield Machine(ref, "first", time_)


@pytest.fixture
def second(bare: Path, tmp_path: Path, time_: Time) -> Iterator[Machine]:
    """A machine whose workspace is in no repository, and which names the remote by its address."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    with opened_remote(root, str(bare), REF, os.environ) as ref:
        yield Machine(ref, "second", time_)


def everything(root: Path) -> dict[str, bytes | str]:
    files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {**files, "status": git(root, "status", "--porcelain", "--branch")}


def test_only_one_of_two_has_it_and_the_other_is_told_of_whom(first: Machine, second: Machine) -> None:
    assert first.lock.take() is None
    with pytest.raises(LockHeld) as held:
        second.lock.take()
    assert str(held.value) == (
        "Ada on first, process 4242, since 2026-06-15 12:00:00 UTC, until 2026-06-15 12:30:00 UTC unless renewed"
    )
    first.lock.release()
    assert second.lock.take() is None
    second.lock.release()
    assert first.ref.current() is None


def test_the_repository_of_the_workspace_is_left_as_it_is(clone: Path, bare: Path, time_: Time) -> None:
    before = everything(clone)
    heads = git(bare, "for-each-ref")
    with opened_remote(clone, "origin", REF, os.environ) as ref:
        machine = Machine(ref, "first", time_)
        machine.lock.take()
        time_.passes(timedelta(minutes=5))
        machine.lock.still_held()
        with pytest.raises(LockHeld):
            Machine(ref, "again", time_).lock.take()
        machine.lock.release()
    assert everything(clone) == before
    assert git(bare, "for-each-ref") == heads


def test_hooks_of_the_repository_do_not_run(clone: Path, tmp_path: Path, first: Machine) -> None:
    for name in ("pre-push", "reference-transaction"):
        hook = clone / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    first.lock.take()
    first.lock.release()
    assert not (tmp_path / "ran").exists()


def test_a_lapsed_lock_is_taken_over_and_its_holder_stops(first: Machine, second: Machine, time_: Time) -> None:
    first.lock.take()
    time_.passes(LIFE + GRACE - timedelta(seconds=1))
    with pytest.raises(LockHeld):
        second.lock.take()
    time_.passes(timedelta(seconds=1))
    before = second.lock.take()
    assert before is not None
    assert before.where == "first"
    with pytest.raises(LockLost, match="another run took the lock over"):
        first.lock.still_held()
    first.lock.release()
    second.lock.still_held()
    with pytest.raises(LockHeld):
        first.lock.take()


def test_the_lock_of_a_process_known_to_be_dead_is_taken_over_at_once(first: Machine, second: Machine) -> None:
    first.lock.take()
    with pytest.raises(LockHeld):
        second.lock.take(dead="run of somebody else")
    before = second.lock.take(dead="run of first")
    assert before is not None
    assert before.run == "run of first"


def test_a_run_that_lasts_renews_its_lock(first: Machine, second: Machine, time_: Time) -> None:
    first.lock.take()
    for _ in range(8):
        time_.passes(LIFE / 4)
        first.lock.still_held()
    with pytest.raises(LockHeld, match="until 2026-06-15 13:30:00 UTC unless renewed"):
        second.lock.take()


def test_within_a_minute_nobody_is_asked_again(first: Machine, bare: Path, time_: Time) -> None:
    first.lock.take()
    bare.rename(bare.with_name("gone"))
    time_.passes(timedelta(seconds=59))
    first.lock.still_held()


def test_a_remote_that_is_away_is_borne_until_the_lock_is_about_to_lapse(
    first: Machine, bare: Path, time_: Time
) -> None:
    first.lock.take()
    bare.rename(bare.with_name("gone"))
    time_.passes(LIFE - MARGIN - timedelta(seconds=1))
    first.lock.still_held()
    time_.passes(timedelta(seconds=1))
    with pytest.raises(LockLost, match="lapses at 2026-06-15 12:30:00 UTC and cannot be renewed"):
        first.lock.still_held()
    with pytest.raises(GitFailed):
        first.lock.release()


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_jumps_makes_nobody_write_without_the_lock(
    first: Machine, second: Machine, time_: Time, jump: timedelta
) -> None:
    """The holder asks the remote again; and what its own clock says, time that has passed counts."""
    first.lock.take()
    time_.now += jump
    first.lock.still_held()
    time_.now -= jump
    time_.passes(LIFE + GRACE)
    second.lock.take(dead="run of first")
    time_.now -= timedelta(days=1)
    with pytest.raises(LockLost):
        first.lock.still_held()


def test_a_lock_that_somebody_removed_is_lost(first: Machine, bare: Path, time_: Time) -> None:
    first.lock.take()
    git(bare, "update-ref", "-d", REF)
    time_.passes(timedelta(minutes=2))
    with pytest.raises(LockLost, match="somebody removed it"):
        first.lock.still_held()
    first.lock.release()


def test_what_stands_there_and_is_no_lock_is_never_taken_over(
    clone: Path, bare: Path, first: Machine, time_: Time
) -> None:
    git(clone, "push", "--quiet", "origin", f"main:{REF}")
    time_.passes(timedelta(days=365))
    with pytest.raises(LockHeld, match="somebody whose name cannot be read"):
        first.lock.take()
    assert git(bare, "rev-parse", REF) == git(clone, "rev-parse", "main")


def test_the_lock_says_who_when_and_where(first: Machine) -> None:
    first.lock.take()
    standing = first.ref.current()
    assert standing is not None
    assert json.loads(first.ref.text(standing)) == {
        "run": "run of first",
        "who": "Ada",
        "where": "first",
        "process": 4242,
        "since": "2026-06-15T12:00:00Z",
        "until": "2026-06-15T12:30:00Z",
    }


class Lossy:
    """A ref whose next change takes effect, but whose reply is lost."""

    def __init__(self, ref: GitRef) -> None:
        self._ref, self.lost = ref, 0
        self.current, self.text, self.made = ref.current, ref.text, ref.made

    def swap(self, old: str | None, new: str | None) -> None:
        self._ref.swap(old, new)
        if self.lost:
            self.lost -= 1
            raise GitFailed("git push: the connection was cut")


def test_a_lost_reply_leaves_no_doubt(first: Machine, time_: Time) -> None:
    lossy = Lossy(first.ref)
    lock = GitLock(lossy, first.holder, LIFE, lambda: time_.now, lambda: time_.ticks)
    lossy.lost = 3
    lock.take()
    time_.passes(timedelta(minutes=2))
    lock.still_held()
    lock.release()
    assert (lossy.lost, first.ref.current()) == (0, None)


@pytest.mark.parametrize("meanwhile", ["renewed", "given back"])
def test_a_lock_that_changes_while_it_is_looked_at_is_looked_at_again(
    first: Machine, second: Machine, time_: Time, meanwhile: str
) -> None:
    first.lock.take()
    looked = list[str]()

    class Slow(Lossy):
        """A ref of which another run does something before its text can be fetched."""

        def __init__(self, ref: GitRef) -> None:
            super().__init__(ref)
            self.text = self.late

        def late(self, object_id: str) -> str:
            if not looked:
                time_.passes(timedelta(minutes=2))
                first.lock.still_held() if meanwhile == "renewed" else first.lock.release()
            looked.append(object_id)
            return second.ref.text(object_id)

    lock = GitLock(Slow(second.ref), second.holder, LIFE, lambda: time_.now, lambda: time_.ticks)
    if meanwhile == "renewed":
        with pytest.raises(LockHeld, match="Ada on first"):
            lock.take()
        assert len(set(looked)) == 2
    else:
        assert lock.take() is None


def test_a_remote_that_takes_nothing_is_an_error(first: Machine, bare: Path) -> None:
    hook = bare / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no locks here >&2\nexit 1\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(GitFailed, match="no locks here"):
        first.lock.take()


@pytest.mark.parametrize("remote", ["--upload-pack=touch ran", "-origin", "origin\n", "ext::sh -c touch% ran"])
def test_an_address_that_would_run_something_is_refused(clone: Path, remote: str) -> None:
    with pytest.raises(GitFailed), opened_remote(clone, remote, REF, os.environ) as ref:
        ref.current()
    assert not (clone / "ran").exists()


def test_a_name_without_a_repository_is_an_error(tmp_path: Path) -> None:
    said = "in no git repository that could have a remote 'origin'"
    with pytest.raises(GitFailed, match=said), opened_remote(tmp_path, "origin", REF, os.environ):
        pass


def test_a_remote_that_does_not_exist_is_an_error(clone: Path) -> None:
    with (
        opened_remote(clone, "upstream", REF, os.environ) as ref,
        pytest.raises(GitFailed, match="'upstream' does not appear to be a git repository"),
    ):
        ref.current()


def test_without_git_there_is_no_lock(clone: Path) -> None:
    with (
        pytest.raises(GitFailed, match="git cannot be run"),
        opened_remote(clone, "origin", REF, {"PATH": "/nonexistent"}),
    ):
        pass


def test_credentials_of_an_address_are_in_no_error(tmp_path: Path) -> None:
    address = "http://cwctl:hunter2@127.0.0.1:9/locks.git"
    with opened_remote(tmp_path, address, REF, os.environ) as ref, pytest.raises(GitFailed) as failed:
        ref.swap(None, ref.made("text"))
    assert "127.0.0.1" in str(failed.value)
    assert "hunter2" not in str(failed.value)


def test_a_remote_that_hangs_is_given_up_with_all_that_it_started(clone: Path, tmp_path: Path) -> None:
    """ssh is stood in for by a program that never answers; it is gone afterwards."""
    hanging = tmp_path / "ssh"
    hanging.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    hanging.chmod(0o700)
    env = {**os.environ, "GIT_SSH": str(hanging), "GIT_SSH_VARIANT": "simple"}
    began = time.monotonic()
    with (
        opened_remote(clone, "ssh://git.example.com/locks.git", REF, env, seconds=1) as ref,
        pytest.raises(GitFailed, match="git ls-remote: no answer within 1 seconds"),
    ):
        ref.current()
    assert time.monotonic() - began < 20
    assert _ends(int((tmp_path / "pid").read_text()))


def _ends(process: int) -> bool:
    """Whether a process that was told to end has done so within a while: on a busy machine it takes its time."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    with os.fdopen(descriptor) as waited:
        return bool(select.select([waited], [], [], 20)[0])


def test_a_write_goes_ahead_only_while_the_lock_is_held() -> None:
    (change, *_) = plan(seen=observed(additions=[])).changes
    LockedLog(UNLOGGED, lambda: None).writing(change)

    def lost() -> None:
        raise LockLost("another run took the lock over")

    with pytest.raises(JournalFailed, match="took the lock over; nothing more was written"):
        LockedLog(UNLOGGED, lost).writing(change)
