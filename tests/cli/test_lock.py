"""Two runs at once could make a line twice: the second one is refused, and told who is writing."""

import errno
import getpass
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.cli.exits import Stop
from engine.cli.locking import Surroundings, one_writer
from engine.diagnostics import Place
from engine.workspace.model import Connection
from tests.cli.support import COMMAND, REPOSITORY, Cwctl, Served, environment, execute

DAY = ("--as-of", "2026-06-15")
SINCE = datetime(2026, 6, 15, 4, 30, tzinfo=UTC)
HOLDING = """
import sys
from pathlib import Path
from engine.cli.locking import one_writer
from tests.cli.test_lock import connection
with one_writer(Path(sys.argv[1]), connection("served")):
    print("held", flush=True)
    sys.stdin.read()
"""


def connection(name: str) -> Connection:
    place = Place(file="config/connections.yaml", line=1, column=1)
    return Connection(name=name, time_zone="UTC", manage_from=date(2026, 6, 1), place=place)


@contextmanager
def holder(root: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has the lock."""
    command = (sys.executable, "-c", HOLDING, str(root))
    env = environment()
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def writes(served: Served) -> list[str]:
    return [request for request in served.requests("psa") if request.startswith(("POST", "PATCH"))]


def test_a_second_run_that_writes_is_refused_and_told_who_is_writing(served: Served, cwctl: Cwctl) -> None:
    with one_writer(served.root, connection("served"), around=Surroundings(clock=lambda: SINCE)):
        ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 3
    assert "another `cwctl apply` is writing; nothing was written" in ended.err
    who = f"{getpass.getuser()} on {socket.gethostname()}, process {os.getpid()}, since 2026-06-15 04:30:00 UTC"
    assert who in ended.err
    assert "--lock-timeout" in ended.err
    assert writes(served) == []


def test_reading_needs_no_lock_and_another_connection_has_its_own(served: Served, cwctl: Cwctl) -> None:
    with one_writer(served.root, connection("served")):
        assert cwctl("plan", *DAY).code == 0
    with one_writer(served.root, connection("another")):
        assert cwctl("apply", *DAY, "--yes").code == 0


def test_two_applies_at_once_write_each_line_once(served: Served) -> None:
    """The first is stopped in the middle of its writes, and goes on when the second has ended."""
    command, env = (*COMMAND, "apply", *DAY, "--yes"), environment(**served.env)
    with subprocess.Popen(
        command, cwd=served.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        while not any(request.startswith("POST /finance") for request in served.sandbox.faults.requests("psa")):
            assert first.poll() is None
        first.send_signal(signal.SIGSTOP)
        try:
            second = execute("apply", *DAY, "--yes", cwd=served.root, **served.env)
        finally:
            first.send_signal(signal.SIGCONT)
        _, err = first.communicate(timeout=60)
    assert (first.returncode, err) == (0, "")
    assert second.code == 3
    assert f"process {first.pid}, since" in second.err
    marks = [row["serialNumber"] for row in served.snapshot()["addition"] if row.get("serialNumber")]
    assert len(marks) == len(set(marks)) == 40


def test_the_lock_of_a_process_that_was_killed_is_taken_over_and_told_as_such(served: Served, cwctl: Cwctl) -> None:
    with holder(served.root) as process:
        refused = cwctl("apply", *DAY, "--yes")
        assert refused.code == 3
        assert f"process {process.pid}, since" in refused.err
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        ended = cwctl("apply", *DAY, "--yes")
    assert ended.code == 0
    assert "Taking over the lock of a run that ended without giving it back" in ended.err
    assert f"process {process.pid}, since" in ended.err
    assert "Taking over" not in cwctl("apply", *DAY, "--yes").err


def test_waiting_for_the_lock_is_told_and_ends_when_it_is_free(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, pauses = one_writer(workspace, connection("served")), list[float]()
    first.__enter__()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 20:
            first.__exit__(None, None, None)

    with one_writer(workspace, connection("served"), 30, Surroundings(sleep=sleep)) as still_held:
        still_held()
    assert 0 < sum(pauses) < 30
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Waiting up to 30 seconds for another `cwctl apply` that is writing: " in told
    assert f"process {os.getpid()}" in told


def test_waiting_ends_with_the_time_that_was_given_for_it(workspace: Path) -> None:
    pauses = list[float]()
    with (
        one_writer(workspace, connection("served")),
        pytest.raises(Stop) as refused,
        one_writer(workspace, connection("served"), 2, Surroundings(sleep=pauses.append)),
    ):
        pass
    assert refused.value.code == 3
    assert sum(pauses) == pytest.approx(2)
    assert "for 2 seconds" in refused.value.message


@pytest.mark.parametrize("note", [b"\xff\x00 garbage", b'{"run": 7}', b"[]"])
def test_a_lock_file_with_something_else_in_it_hinders_nobody(
    workspace: Path, capsys: pytest.CaptureFixture[str], note: bytes
) -> None:
    (workspace / ".cwctl").mkdir()
    (workspace / ".cwctl" / "apply-served.lock").write_bytes(note)
    with one_writer(workspace, connection("served")):
        pass
    assert "it left no word of whom" in capsys.readouterr().err
    assert (workspace / ".cwctl" / "apply-served.lock").read_bytes() == b""


def test_a_lock_file_that_is_a_link_is_refused(workspace: Path) -> None:
    (workspace / ".cwctl").mkdir()
    (workspace / "victim").write_text("mine")
    (workspace / ".cwctl" / "apply-served.lock").symlink_to(workspace / "victim")
    with pytest.raises(Stop) as refused, one_writer(workspace, connection("served")):
        pass
    assert refused.value.code == 3
    assert "cannot be opened" in refused.value.message
    assert (workspace / "victim").read_text() == "mine"


def test_a_full_disk_refuses_the_run_and_leaves_the_lock_free(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        with pytest.raises(Stop) as refused, one_writer(workspace, connection("served")):
            pass
    assert refused.value.code == 3
    assert "cannot be written (No space left on device)" in refused.value.message
    with one_writer(workspace, connection("served")):
        pass
