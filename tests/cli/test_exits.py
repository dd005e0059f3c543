"""How commands end: exit codes, interruption, closed pipes, and faults of the program itself."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from engine.cli import planning
from engine.sandbox.faults import Fault
from tests.cli.support import COMMAND, Cwctl, Served, environment, execute


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plna"], "There is no command `plna`. Did you mean `plan`?"),
        (["frobnicate"], "There is no command `frobnicate`."),
        (["plan", "--colour"], "No such option"),
        (["plan", "surplus"], "unexpected extra argument"),
        (["plan", "--format", "yaml"], "'yaml' is not one of 'text', 'json', 'markdown'"),
        (["plan", "--as-of", "01.07.2026"], "'01.07.2026' is not a day: write it as YYYY-MM-DD"),
        (["plan", "--as-of", "20260701"], "is not a day"),
        (["plan", "--as-of", "2026-02-30"], "is not a day"),
        (["show"], "Missing argument"),
        (["sandbox", "dance"], "No such command"),
        (["apply", "a.plan", "--customer", "410001"], "A saved plan is applied as it is"),
    ],
)
def test_a_wrong_call_is_an_error(cwctl: Cwctl, arguments: list[str], says: str) -> None:
    ended = cwctl.fails(*arguments, says=says)
    assert "Usage: cwctl" in ended.err


def test_changes_are_an_exit_code_only_if_asked_for(cwctl: Cwctl) -> None:
    assert cwctl("plan").code == 0
    assert cwctl("plan", "--detailed-exitcode").code == 2


def test_no_command_shows_the_help(cwctl: Cwctl) -> None:
    ended = cwctl()
    assert ended.code == 1
    assert "Examples:" in ended.out + ended.err


def test_a_fault_of_the_program_is_no_traceback(cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(planning, "make_plan", broken)
    ended = cwctl.fails("plan", says="this is a fault of cwctl itself: ZeroDivisionError: division by zero")
    assert "report it with the output of `cwctl version`" in ended.err
    monkeypatch.setenv("CWCTL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cwctl("plan")


def test_memory_that_runs_out_is_no_traceback(cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(planning, "make_plan", greedy)
    cwctl.fails("plan", says="MemoryError")


def test_interrupted_while_reading(cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(planning, "make_plan", interrupted)
    cwctl.fails("plan", says="interrupted; nothing further was done")


def test_interrupted_while_writing(served: Served, cwctl: Cwctl) -> None:
    """The third write is interrupted: two are done, and the rest follows with the next apply."""

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)

    served.sandbox.faults.add(Fault(kind="edit_between", service="psa", verb="POST", skip=2, after=True), interrupt)
    ended = cwctl("apply", "--as-of", "2026-06-15", "--yes")
    assert ended.code == 4
    assert "ended early: interrupted by SIGINT" in ended.out
    # Of the customer that was written in part, what is left is a large share of what is billed by now.
    assert cwctl("apply", "--as-of", "2026-06-15", "--yes", "--allow", "monthly-change").code == 0
    marks = [row["serialNumber"] for row in served.snapshot()["addition"] if row.get("serialNumber")]
    assert len(marks) == len(set(marks)) == 40
    assert cwctl("plan", "--as-of", "2026-06-15", "--detailed-exitcode").code == 0


def test_interrupted_while_reading_ends_at_once(served: Served) -> None:
    """Ctrl-C does not wait for the agreements whose turn has not come."""
    served.sandbox.faults.add(Fault(kind="slow", service="psa", path="*/additions", seconds=0.7, times=None))
    env = environment(**served.env)
    process = subprocess.Popen(
        (*COMMAND, "plan"), cwd=served.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not any("additions" in request for request in served.sandbox.faults.requests("psa")):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert "interrupted; nothing further was done" in err
    assert "Traceback" not in err
    assert served.requests("psa")["GET /finance/agreements/{id}/additions"] <= 8


def test_a_reader_that_goes_away_is_no_traceback(workspace: Path) -> None:
    """As in `cwctl plan | head -1`."""
    for command in (["plan"], ["plan", "--format", "json"], ["plan", "--format", "markdown"], ["apply", "--help"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            (*COMMAND, *command),
            cwd=workspace,
            env=environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        os.close(writer)
        assert done.stderr == ""


def test_a_full_disk_behind_the_output_is_an_error(workspace: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full on this system")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            (*COMMAND, "plan"),
            cwd=workspace,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "Error: standard output: No space left on device\n"


def test_a_process_ends_with_the_code(workspace: Path) -> None:
    assert execute("plan", "--detailed-exitcode", cwd=workspace).code == 2
    assert execute("plan", "--bogus", cwd=workspace).code == 1
