"""Who is noted in the journal, and what signals do while a plan is carried out."""

import getpass
import os
import signal
import socket
import threading

import pytest

from engine.applying.options import Options
from engine.cli import exits, journaling
from engine.cli.exits import Stop
from tests.applying.support import plan


def test_a_job_says_whom_it_runs_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWCTL_WHO", " finance, by pull request 12 ")
    assert journaling.who() == "finance, by pull request 12"
    monkeypatch.setenv("CWCTL_WHO", " ")
    assert journaling.who() == getpass.getuser()
    assert journaling.where() == socket.gethostname()


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("no such user")

    monkeypatch.delenv("CWCTL_WHO", raising=False)
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert journaling.who() == f"user {os.getuid()}"


def test_a_plan_that_was_never_handed_out_is_refused() -> None:
    with pytest.raises(Stop, match="the plan has no seal") as caught:
        journaling._begun(plan(), Options())
    assert caught.value.code == exits.REFUSED


def test_a_signal_is_told_once_and_does_its_own_the_second_time() -> None:
    before = signal.getsignal(signal.SIGINT)
    with journaling._signals() as interrupted:
        assert interrupted() is None
        signal.raise_signal(signal.SIGINT)
        assert interrupted() == "interrupted by SIGINT"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert interrupted() == "interrupted by SIGTERM"
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == before


def test_in_another_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def work() -> None:
        with journaling._signals() as interrupted:
            seen.extend((interrupted(), signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=10)
    assert seen == [None, before]
