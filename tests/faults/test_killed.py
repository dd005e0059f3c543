"""`kill -9` in the middle of a run, again and again: the real command, a served simulator, the same end."""

import os
import random
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from engine.applying.chain import read
from engine.applying.runs import runs
from engine.sandbox.fault import Fault
from tests.cli.support import COMMAND, Cwctl, Served, environment
from tests.faults.conftest import ALLOW, Told
from tests.faults.holding import Holding, lines, others, twice

DAY = ("--as-of", "2026-06-15")
LATEST_SECONDS = 0.02
"""A kill comes so long after a write at most: within the note of it, or on the way to the next one."""


class Killer:
    """Starts `cwctl apply` and kills it at a point that a seed decides."""

    def __init__(self, served: Served, seed: int) -> None:
        self._served, self._chance = served, random.Random(seed)
        self._process: subprocess.Popen[str] | None = None

    def run(self, most: int) -> int:
        """The exit code of one run: -9 where it was killed, before or after one of its next `most` creations."""
        faults, chance = self._served.sandbox.faults, self._chance
        faults.clear()
        after, late = chance.random() < 0.5, chance.random() < 0.5
        fault = Fault(kind="edit_between", service="psa", verb="POST", skip=chance.randrange(most), after=after)
        seconds = chance.uniform(0, LATEST_SECONDS)

        def strike() -> None:
            if late:
                timer = threading.Timer(seconds, self._kill)
                timer.daemon = True
                timer.start()
            else:
                self._kill()

        faults.add(fault, strike)
        with subprocess.Popen(
            (*COMMAND, "apply", *DAY, *ALLOW, "--yes"),
            cwd=self._served.root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as self._process:
            told, _ = self._process.communicate(timeout=120)
        faults.clear()
        code = self._process.returncode
        assert code in (0, -signal.SIGKILL), told
        assert "Traceback" not in told
        return code

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)


def check_journal(path: Path) -> int:
    """Of how many writes of the last run nobody knows whether they were made."""
    chain = read(path.read_bytes())
    assert chain.broken is None
    last = runs(chain.records)[-1]
    unknown = sum(one.written is None for one in last.writes)
    assert unknown <= 1
    return unknown


def whole(served: Served, cwctl: Cwctl) -> tuple[Holding, Holding]:
    """What the PSA holds after a run that nobody kills. The world is as at first again afterwards."""
    assert cwctl("apply", *DAY, *ALLOW, "--yes").last == "Applied: 52 changes."
    found = lines(served.sandbox), others(served.sandbox)
    begin_again(served)
    return found


def begin_again(served: Served) -> None:
    served.sandbox.reset()
    served.token.write_text(served.sandbox.platform_credentials.refresh_token)


def kill_often(served: Served, cwctl: Cwctl, kills: int, most: int) -> str:
    """So many killed runs, on as many worlds as that takes, in words."""
    expected = whole(served, cwctl)
    journal = served.root / ".cwctl" / "journal-served.jsonl"
    killer = Killer(served, seed=20260615)
    killed = worlds = unknown = 0
    while killed < kills:
        worlds += 1
        while killed < kills and killer.run(most) == -signal.SIGKILL:
            killed += 1
            unknown += check_journal(journal)
            assert twice(served.sandbox) == []
        assert cwctl("apply", *DAY, *ALLOW, "--yes").code == 0
        assert cwctl("plan", *DAY, "--detailed-exitcode").code == 0
        assert (lines(served.sandbox), others(served.sandbox)) == expected
        assert cwctl("journal", "verify").code == 0
        begin_again(served)
    return (
        f"{killed} runs killed on {worlds} worlds of 52 changes, 0 duplicates, 0 lines lost, journal verified; "
        f"of {unknown} writes the journal does not know whether they were made"
    )


def test_a_run_is_killed_and_the_next_one_does_the_rest(served: Served, cwctl: Cwctl, told: Told) -> None:
    told(kill_often(served, cwctl, kills=1, most=20))


@pytest.mark.long
def test_fifty_runs_are_killed_at_random_points(served: Served, cwctl: Cwctl, told: Told) -> None:
    told(kill_often(served, cwctl, kills=50, most=6))
