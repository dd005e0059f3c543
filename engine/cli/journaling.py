"""Carrying a plan out under the connection's journal: who runs it and where, and how it can be ended in the middle."""

import getpass
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from engine import __version__
from engine.applying.journal import Journal, JournalRun
from engine.applying.options import Options
from engine.applying.records import Begun
from engine.applying.refusal import Refused
from engine.applying.report import Report
from engine.applying.write_log import JournalFailed, WriteLog
from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.output import Progress
from engine.cli.own_folder import own_folder
from engine.pipeline import Services, apply_plan
from engine.planning.plan import Plan
from engine.workspace.model import Connection


def journal_path(connection: Connection, root: Path) -> Path:
    """Where the connection's journal lies, whether it is there or not. Makes the folder that is cwctl's own."""
    if connection.apply.journal is not None:
        return root / connection.apply.journal
    return own_folder(root) / f"journal-{connection.name}.jsonl"


@contextmanager
def opened_journal(connection: Connection, root: Path) -> Iterator[Journal]:
    """The connection's journal, which no other run has meanwhile. Raises Stop with exit code 3."""
    try:
        journal = Journal(journal_path(connection, root), now)
    except JournalFailed as error:
        raise Stop(f"nothing was written: {error}", exits.REFUSED) from error
    try:
        yield journal
    finally:
        journal.close()


def carried_out(
    plan: Plan,
    services: Services,
    journal: Journal,
    options: Options,
    told: Progress,
    guarded: Callable[[WriteLog], WriteLog] = lambda log: log,
) -> Report:
    """Apply a plan, its writes noted in the journal. SIGINT and SIGTERM end it after the write under way.

    `guarded` puts further conditions of a write around the log, such as a lock that is still held. Raises Stop
    with exit code 3 where the plan is refused, or the journal cannot be written before the first write.
    """
    try:
        run = JournalRun(journal, _begun(plan, options), now)
    except JournalFailed as error:
        raise Stop(f"nothing was written: {error}", exits.REFUSED) from error
    try:
        with _signals() as interrupted:
            report = apply_plan(plan, services, told, options, guarded(run), interrupted)
    except Refused as error:
        with suppress(JournalFailed):
            run.refused(str(error))
        raise Stop(f"{error}; nothing was written", exits.REFUSED, error.hint) from error
    return run.ended(report)


def who() -> str:
    """Who runs this: CWCTL_WHO, by which a job names whoever it runs for, or the system's user."""
    named = os.environ.get("CWCTL_WHO", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def where() -> str:
    """The machine that this runs on."""
    return socket.gethostname()


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


def _begun(plan: Plan, options: Options) -> Begun:
    at, seal = now(), plan.seal
    if seal is None:
        raise Stop(
            "the plan has no seal; nothing was written", exits.REFUSED, "Make a new one with `cwctl plan --out`."
        )
    return Begun(
        run=f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        at=at,
        plan_id=seal.id,
        plan_digest=seal.digest,
        connection=plan.connection,
        target=seal.target,
        as_of=f"{plan.as_of}",
        who=who(),
        where=where(),
        made_by=f"cwctl {__version__}",
        allowed=tuple(sorted(options.allowed)),
    )


class _Interruption:
    """What a signal says once; a second one of the same kind does what it does by itself."""

    def __init__(self) -> None:
        self._why: str | None = None

    def __call__(self) -> str | None:
        return self._why

    def noted(self, number: int, frame: FrameType | None) -> None:
        self._why = f"interrupted by {signal.Signals(number).name}"
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        if number == signal.SIGINT and sys.stderr.isatty():
            # Not through the stream, which may be at work itself.
            os.write(sys.stderr.fileno(), b"\nEnding after the write under way. Press Ctrl-C again to end at once.\n")


@contextmanager
def _signals() -> Iterator[_Interruption]:
    """Whether SIGINT or SIGTERM came, asked between writes instead of cutting one off."""
    interruption = _Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interruption.noted) for number in numbers}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
