"""Standard streams that are closed, full or of another encoding, and Ctrl-C in the first instants."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.support import COMMAND, environment

START = (sys.executable, "-m", "engine.cli.start")
FULL = Path("/dev/full")
TELLS = """
import os, sys
class Tells:
    def find_spec(self, name, *_):
        if name == "engine.cli.main":
            os.write(2, b".")
sys.meta_path.insert(0, Tells())
from engine.cli.start import main
main()
"""
"""Tells on stderr when the way in has begun: what comes before is the interpreter's own."""


def shell(line: str, cwd: Path, **env: str) -> tuple[int, str]:
    """Runs a line of sh with $CWCTL as the command; its exit code and what came on either stream."""
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=cwd,
        env=environment(CWCTL=" ".join(START), **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    assert "fault of cwctl" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


ALL, EACH = "<&- >&- 2>&-", (">&-", "2>&-", "<&-")


@pytest.mark.parametrize("closed", [ALL, *(pytest.param(one, marks=pytest.mark.long) for one in EACH)])
def test_a_closed_stream_ends_nothing(workspace: Path, closed: str) -> None:
    code, _ = shell(f"$CWCTL validate {closed}", workspace)
    assert code == 0
    code, _ = shell(f"$CWCTL show missing.plan {closed}", workspace)
    assert code == 1


@pytest.mark.long
@pytest.mark.parametrize("closed", [ALL, *EACH])
def test_a_run_that_writes_does_so_with_closed_streams(workspace: Path, closed: str) -> None:
    """No file takes the place of a stream: what is printed would end up in it."""
    code, _ = shell(f"$CWCTL apply --yes {closed}", workspace)
    assert code == 0
    code, out = shell("$CWCTL plan --detailed-exitcode", workspace)
    assert (code, "No changes." in out) == (0, True)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full on this system")
@pytest.mark.parametrize(
    "command",
    ["validate", *(pytest.param(one, marks=pytest.mark.long) for one in ("plan", "plan --format json", "--help"))],
)
def test_a_full_disk_behind_the_output(workspace: Path, command: str) -> None:
    code, out = shell(f"$CWCTL {command} > /dev/full", workspace)
    assert code == 1
    assert "No space left on device" in out


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full on this system")
def test_a_full_disk_behind_the_messages_changes_no_outcome(workspace: Path) -> None:
    assert shell("$CWCTL show missing.plan 2> /dev/full", workspace)[0] == 1
    assert shell("$CWCTL nonsense 2> /dev/full > /dev/full", workspace)[0] == 1


@pytest.mark.long
def test_a_reader_that_leaves(workspace: Path) -> None:
    code, out = shell("$CWCTL schema connections | head -1", workspace)
    assert (code, len(out.splitlines())) == (0, 1)


NARROW = ({"LANG": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"})


@pytest.mark.long
@pytest.mark.parametrize("env", NARROW)
def test_a_narrow_encoding_ends_nothing(workspace: Path, env: dict[str, str]) -> None:
    file = workspace / "mappings" / "customers.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Larkspur", "Lärkspür 例"), encoding="utf-8")
    code, out = shell("$CWCTL plan; echo; $CWCTL show ä.plan", workspace, **env)
    assert "rkspur" in out
    assert code == 1
    assert "plan: No such file or directory" in out


LATER = [pytest.param(hundredths, marks=pytest.mark.long) for hundredths in range(1, 40, 3)]


@pytest.mark.parametrize("after", [0, 3, *LATER])
def test_an_early_ctrl_c_leaves_no_traceback(workspace: Path, after: int) -> None:
    process = subprocess.Popen(
        (sys.executable, "-c", TELLS, "plan"),
        cwd=workspace,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    os.read(process.stderr.fileno(), 1)
    begun = time.monotonic()
    while time.monotonic() - begun < after / 100:
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in out + err
    assert b"KeyboardInterrupt" not in out + err
    assert process.returncode in {0, 1, -signal.SIGINT}


@pytest.mark.long
def test_both_ways_in_are_the_same(workspace: Path) -> None:
    for way in (START, COMMAND):
        done = subprocess.run(
            (*way, "version"), cwd=workspace, env=environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.startswith("cwctl "), done.stderr) == (0, True, "")
