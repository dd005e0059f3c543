"""The lock across machines, as `apply` takes it: on a bare repository that the connection names."""

import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.applying.git_lock_remote import opened_remote
from engine.applying.lock import Holder, to_note
from engine.cli import locking
from engine.cli.exits import Stop
from engine.cli.locking import REFS, Surroundings, one_writer
from engine.sandbox.faults import Fault
from engine.workspace.model import ApplySettings, Connection
from tests.cli.support import COMMAND, Cwctl, Served, environment
from tests.cli.test_lock import DAY, connection, writes

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed here")

REF = f"{REFS}served"
SINCE = datetime(2026, 6, 15, 4, 30, tzinfo=UTC)


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(("git", *arguments), cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "locks.git")
    return tmp_path / "locks.git"


@pytest.fixture
def locked(served: Served, remote: Path) -> Served:
    """The served workspace, whose connection names the bare repository."""
    name_remote(served, str(remote))
    return served


def name_remote(served: Served, remote: str) -> None:
    file = served.root / "config" / "connections.yaml"
    file.write_text(file.read_text() + f'    apply: {{lock_remote: "{remote}"}}\n')


def with_remote(remote: Path) -> Connection:
    return Connection(
        name="served",
        time_zone="UTC",
        manage_from=DAY_ONE.manage_from,
        place=DAY_ONE.place,
        apply=ApplySettings(lock_remote=str(remote), lock_expires_minutes=30),
    )


DAY_ONE = connection("served")


def standing(remote: Path) -> str:
    return git(remote, "for-each-ref", "refs/cwctl")


def elsewhere(remote: Path, tmp_path: Path, until: datetime) -> None:
    """A run on another machine takes the lock, in place of whatever is there."""
    other = Holder(run="other", who="Ada", where="build-7", process=4242, since=SINCE, until=until)
    with opened_remote(tmp_path, str(remote), REF, os.environ) as ref:
        ref.swap(ref.current(), ref.made(to_note(other).decode()))


def test_apply_takes_the_lock_and_gives_it_back(locked: Served, remote: Path, cwctl: Cwctl) -> None:
    seen = list[str]()
    locked.sandbox.faults.add(
        Fault(kind="edit_between", service="psa", verb="POST", after=True), lambda: seen.append(standing(remote))
    )
    assert cwctl("apply", *DAY, "--yes").code == 0
    assert REF in seen[0]
    assert standing(remote) == ""


def test_a_run_on_another_machine_holds_it_off(locked: Served, remote: Path, tmp_path: Path, cwctl: Cwctl) -> None:
    elsewhere(remote, tmp_path, datetime.now(UTC) + timedelta(minutes=5))
    ended = cwctl("apply", *DAY, "--yes", "--format", "json")
    assert (ended.code, ended.out) == (3, "")
    assert "another `cwctl apply` is writing; nothing was written (Ada on build-7, process 4242, since" in ended.err
    assert f"git push --delete REMOTE {REF}" in ended.err
    assert writes(locked) == []
    assert cwctl("plan", *DAY).code == 0


def test_a_lapsed_lock_is_taken_over_and_told(locked: Served, remote: Path, tmp_path: Path, cwctl: Cwctl) -> None:
    elsewhere(remote, tmp_path, datetime.now(UTC) - timedelta(minutes=5))
    ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 0
    assert f"Taking over the lock {REF} of a run that never gave it back: Ada on build-7, process 4242" in ended.err
    assert standing(remote) == ""


def test_a_lock_that_is_lost_ends_the_run(
    locked: Served, remote: Path, tmp_path: Path, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the run another one takes the lock over: after the next minute nothing more is written."""
    ticks = iter(range(0, 10**9, 45))
    monkeypatch.setattr(locking, "Surroundings", lambda: Surroundings(ticks=lambda: float(next(ticks))))

    def taken_over() -> None:
        elsewhere(remote, tmp_path, datetime.now(UTC) + timedelta(minutes=30))

    locked.sandbox.faults.add(Fault(kind="edit_between", service="psa", verb="POST", skip=3, after=True), taken_over)
    ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 4
    assert "another run took the lock over, or somebody removed it; nothing more was written" in ended.out
    posts = [request for request in writes(locked) if request.startswith("POST")]
    assert len(posts) <= 6
    assert REF in standing(remote)


def test_a_process_that_was_killed_leaves_no_lock_to_its_own_machine(
    locked: Served, remote: Path, cwctl: Cwctl
) -> None:
    """Its own machine knows that it is dead, and does not wait for the lock on the remote to lapse."""
    command, env = (*COMMAND, "apply", *DAY, "--yes"), environment(**locked.env)
    with subprocess.Popen(
        command, cwd=locked.root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not any(request.startswith("POST /finance") for request in locked.sandbox.faults.requests("psa")):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert REF in standing(remote)
    ended = cwctl("apply", *DAY, "--yes", "--allow", "monthly-change")
    assert ended.code == 0, ended.out
    assert f"process {process.pid}, since" in ended.err
    assert "Taking over the lock of a run that ended without giving it back" in ended.err
    assert f"Taking over the lock {REF} of a run that never gave it back" in ended.err
    assert standing(remote) == ""
    marks = [row["serialNumber"] for row in locked.snapshot()["addition"] if row.get("serialNumber")]
    assert len(marks) == len(set(marks)) == 40


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("origin", "in no git repository that could have a remote 'origin'"),
        ("./nowhere.git", "'./nowhere.git' does not appear to be a git repository"),
        ("--upload-pack=touch ran", "is no name or address of a remote"),
    ],
)
def test_a_remote_that_cannot_be_used_refuses_the_run(served: Served, cwctl: Cwctl, named: str, says: str) -> None:
    name_remote(served, named)
    ended = cwctl("apply", *DAY, "--yes", "--format", "json")
    assert (ended.code, ended.out) == (3, "")
    assert "the lock across machines cannot be had; nothing was written" in ended.err
    assert says in ended.err
    assert writes(served) == []
    assert (served.root / ".cwctl" / "apply-served.lock").read_bytes() == b""


def test_without_git_nothing_is_written(
    locked: Served, cwctl: Cwctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 3
    assert "git cannot be run (No such file or directory)" in ended.err
    assert writes(locked) == []


def test_waiting_for_another_machine_is_told_and_ends_when_it_is_done(
    workspace: Path, remote: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere(remote, tmp_path, SINCE + timedelta(minutes=30))
    pauses = list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            git(remote, "update-ref", "-d", REF)

    around = Surroundings(clock=lambda: SINCE, sleep=sleep)
    with one_writer(workspace, with_remote(remote), 60, around) as still_held:
        still_held()
    assert pauses == [5, 5, 5]
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Waiting up to 60 seconds for another `cwctl apply` that is writing: Ada on build-7" in told


def test_waiting_for_another_machine_ends_with_its_time(workspace: Path, remote: Path, tmp_path: Path) -> None:
    elsewhere(remote, tmp_path, SINCE + timedelta(minutes=30))
    pauses = list[float]()
    around = Surroundings(clock=lambda: SINCE, sleep=pauses.append)
    with pytest.raises(Stop) as refused, one_writer(workspace, with_remote(remote), 12, around):
        pass
    assert refused.value.code == 3
    assert pauses == [5, 5, 2]
