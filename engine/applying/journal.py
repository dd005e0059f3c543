"""The journal on disk: a file that only ever grows, each record on the disk before the run goes on."""

import errno
import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from engine.applying import chain
from engine.applying.records import Begun, Ended, Record, Resumed, Writing, Written
from engine.applying.report import Outcome, Report
from engine.applying.write_log import JournalFailed
from engine.planning.plan import Change

Clock = Callable[[], datetime]
"""The instant, in UTC. Nothing depends on its going forwards: the order of records is that of their numbers."""


class Journal:
    """An open journal. `records` are those that it held when it was opened. Not thread-safe; one at a time has it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the journal, made if need be with its folder, and go on after its last record. Raises JournalFailed."""
        self._path, self._clock = path, clock
        self._failed = False
        try:
            self._file = _opened(path)
        except OSError as error:
            raise self._failure(error) from None
        try:
            found = chain.read(_content(self._file))
            if found.broken is not None:
                raise JournalFailed(
                    f"the journal {path} was damaged: line {found.broken.line}: {found.broken.why}. {_DAMAGED}"
                )
            self.records = found.records
            self._number, self._head = found.number, found.head
            self._go_on(found)
        except OSError as error:
            self.close()
            raise self._failure(error) from None
        except JournalFailed:
            self.close()
            raise

    def append(self, record: Record) -> None:
        """Write a record and wait until it is on the disk. Raises JournalFailed, from then on always."""
        line = chain.line_of(self._number + 1, self._head, record)
        self._write(line)
        self._number, self._head = self._number + 1, chain.hash_of(line)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _go_on(self, found: chain.Chain) -> None:
        if found.cut_off is not None:
            resumed = Resumed(at=self._clock(), cut_off=chain.digest_of(found.cut_off))
            line = chain.line_of(self._number + 1, self._head, resumed)
            self._write(b"\n" + line if found.open else line)
            self._number, self._head = self._number + 1, chain.hash_of(line)
        elif found.open:
            # All of the last line but its line break arrived.
            self._write(b"\n")

    def _write(self, text: bytes) -> None:
        if self._failed:
            raise JournalFailed(f"the journal {self._path} could not be written before, so nothing more is added to it")
        try:
            while text:
                text = text[os.write(self._file, text) :]
            os.fsync(self._file)
        except OSError as error:
            self._failed = True
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> JournalFailed:
        if isinstance(error, BlockingIOError):
            return JournalFailed(f"another run is writing the journal {self._path}. Wait until it has ended.")
        return JournalFailed(f"the journal {self._path} cannot be written: {error.strerror or error}. {_UNWRITABLE}")


_UNWRITABLE = "Make room or give the right, or name another file as `apply: journal:` of the connection."
_DAMAGED = (
    "`cwctl journal verify` shows where. Find out who changed it; to begin a new one, move this one away and keep it."
)


class JournalRun:
    """The records of one run: a WriteLog."""

    def __init__(self, journal: Journal, begun: Begun, clock: Clock) -> None:
        """Note that the run begins. Raises JournalFailed: then nothing may be written."""
        self._journal, self._clock = journal, clock
        self.run = begun.run
        journal.append(begun)

    def writing(self, change: Change) -> None:
        """A change is about to be sent."""
        self._journal.append(Writing(run=self.run, at=self._clock(), change=change))

    def written(self, outcome: Outcome, requests: tuple[str, ...]) -> None:
        """What became of it."""
        self._journal.append(
            Written(
                run=self.run,
                at=self._clock(),
                address=outcome.address,
                status=outcome.status,
                object_id=outcome.object_id,
                message=outcome.message,
                requests=requests,
            )
        )

    def ended(self, report: Report) -> Report:
        """Note the end; the report with the run's name, which also says so where the end could not be noted."""
        counts = {str(status): number for status, number in report.counts.items()}
        try:
            self._journal.append(Ended(run=self.run, at=self._clock(), counts=counts, stopped=report.stopped))
        except JournalFailed as error:
            return replace(report, run=self.run, stopped=report.stopped or f"the end could not be noted: {error}")
        return replace(report, run=self.run)

    def refused(self, why: str) -> None:
        """Note that the plan was refused before anything was written. Raises JournalFailed."""
        self._journal.append(Ended(run=self.run, at=self._clock(), counts={}, stopped=why))


def read(path: Path) -> chain.Chain:
    """What a journal holds, without touching it. Raises OSError where there is none."""
    return chain.read(path.read_bytes())


def _opened(path: Path) -> int:
    """The file, which one process has at a time. Its own entry in its folder is on the disk too."""
    import fcntl  # not on every system, and needed only here

    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if new:
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError:
        os.close(file)
        raise
    return file


def _content(file: int) -> bytes:
    pieces = []
    os.lseek(file, 0, os.SEEK_SET)
    while piece := os.read(file, 2**20):
        pieces.append(piece)
    return b"".join(pieces)
