"""Journals for tests: a clock that may jump, and the records of a run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.applying.journal import Journal, JournalRun
from engine.applying.records import Begun
from engine.applying.report import Report, Status
from engine.applying.write import outcome
from engine.planning.plan import Change

START = datetime(2026, 6, 15, 22, 0, tzinfo=UTC)


def clock(*minutes: int) -> Callable[[], datetime]:
    """Tells these minutes after the start, one after another, then goes on by seconds."""
    told: Iterator[int] = iter(minutes)
    last = START

    def now() -> datetime:
        nonlocal last
        step = next(told, None)
        last = START + timedelta(minutes=step) if step is not None else last + timedelta(seconds=1)
        return last

    return now


def begun(run: str = "20260615-220000-abc123", plan_id: str = "0123456789abcdef") -> Begun:
    return Begun(
        run=run,
        at=START,
        plan_id=plan_id,
        plan_digest="d" * 64,
        connection="sandbox",
        target="the embedded sandbox",
        as_of="2026-06-15",
        who="night job",
        where="a machine of tests",
        made_by="cwctl test",
    )


def keep(path: Path, *changes: Change, status: Status = "applied", end: bool = True, run: Begun | None = None) -> str:
    """Adds a run with these writes to a journal, and gives its name."""
    journal = Journal(path, clock())
    try:
        noted = JournalRun(journal, run or begun(), clock())
        for change in changes:
            noted.writing(change)
            noted.written(outcome(change, status, 7), ("request-1",))
        if end:
            counts: dict[Status, int] = {status: len(changes)} if changes else {}
            noted.ended(Report(connection="sandbox", outcomes=(), counts=counts, held=0))
    finally:
        journal.close()
    return noted.run
