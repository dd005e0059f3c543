"""One run at a time writes to a connection: on this machine by a file, across machines by a ref on a git remote."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec

from engine.applying.git_lock import GitLock, LockHeld
from engine.applying.git_lock_remote import GitFailed, opened_remote
from engine.applying.lock import Holder, from_note, to_note
from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.journaling import where, who
from engine.cli.output import say
from engine.cli.own_folder import own_folder
from engine.file_lock import LockError, exclusive_with_note
from engine.workspace.model import Connection

REFS = "refs/cwctl/locks/"
_ASK_AGAIN_SECONDS = 5.0
_WAIT = "Two runs at once could make a line twice: wait until the other one has ended, for instance with --lock-timeout"
_NOTHING = "nothing was written"


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Time and environment of a run. `ticks` are seconds that no change of the clock moves."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ticks: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    env: Mapping[str, str] = os.environ


class _Waiting:
    """How long there is still time to wait, over both locks."""

    def __init__(self, patience: float, around: Surroundings) -> None:
        self.left, self._around = patience, around

    def pause(self, seconds: float) -> None:
        self._around.sleep(seconds)
        self.left -= seconds

    def tell(self, holder: str) -> None:
        _tell(f"Waiting up to {self.left:.0f} seconds for another `cwctl apply` that is writing: {holder}.")


@contextmanager
def one_writer(
    root: Path, connection: Connection, patience: float = 0, around: Surroundings | None = None
) -> Iterator[Callable[[], None]]:
    """Holds off every other run that would write to the connection, waiting up to `patience` seconds for one.

    Gives a check that raises LockLost once the lock is not ours any more. Raises Stop with exit code 3.
    """
    around = around or Surroundings()
    waiting = _Waiting(patience, around)
    since = around.clock().replace(microsecond=0)
    me = Holder(run=uuid4().hex, who=who(), where=where(), process=os.getpid(), since=since)
    path = own_folder(root) / f"apply-{connection.name}.lock"
    with ExitStack() as stack:
        try:
            here = exclusive_with_note(
                path, to_note(me), patience, waiting.pause, lambda note: waiting.tell(_words(note))
            )
            left_behind = stack.enter_context(here)
        except LockError as error:
            raise _refused(error) from error
        if left_behind:
            _tell(
                f"Taking over the lock of a run that ended without giving it back: {_words(left_behind)}. "
                "`cwctl journal show` tells what it wrote."
            )
        if connection.apply.lock_remote is None:
            yield lambda: None
        else:
            holder = from_note(left_behind)
            dead = holder.run if holder else None
            yield stack.enter_context(_across(root, connection, me, dead, waiting, around))


@contextmanager
def _across(
    root: Path, connection: Connection, me: Holder, dead: str | None, waiting: _Waiting, around: Surroundings
) -> Iterator[Callable[[], None]]:
    """The lock across machines. `dead` is the run that left the lock of this machine behind. Raises Stop."""
    remote = connection.apply.lock_remote or ""
    life = timedelta(minutes=connection.apply.lock_expires_minutes)
    with ExitStack() as stack:
        try:
            ref = stack.enter_context(opened_remote(root, remote, REFS + connection.name, around.env))
            lock = GitLock(ref, me, life, around.clock, around.ticks)
            before = _taken(lock, dead, waiting, ref.ref)
        except GitFailed as error:
            hint = (
                f"The connection {connection.name!r} names its lock_remote; without it another machine may write too."
            )
            raise Stop(f"the lock across machines cannot be had; {_NOTHING} ({error})", exits.REFUSED, hint) from error
        if before is not None:
            _tell(f"Taking over the lock {ref.ref} of a run that never gave it back: {before.words}.")
        try:
            yield lock.still_held
        finally:
            try:
                lock.release()
            except GitFailed as error:
                _tell(f"The lock {ref.ref} could not be given back, and lapses by itself: {error}")


def _taken(lock: GitLock, dead: str | None, waiting: _Waiting, ref: str) -> Holder | None:
    """Take the lock as soon as it is free: whom it was taken over from. Raises Stop and GitFailed."""
    told = False
    while True:
        try:
            return lock.take(dead)
        except LockHeld as held:
            if waiting.left <= 0:
                hint = f"{_WAIT}. Of a run that is certainly dead: `git push --delete REMOTE {ref}`."
                raise Stop(f"another `cwctl apply` is writing; {_NOTHING} ({held})", exits.REFUSED, hint) from held
            if not told:
                waiting.tell(str(held))
                told = True
            waiting.pause(min(_ASK_AGAIN_SECONDS, waiting.left))


def _refused(error: LockError) -> Stop:
    if error.note is None:
        hint = "Without the lock two runs could write at once; make the workspace's folder .cwctl writable."
        return Stop(f"the lock cannot be had; {_NOTHING} ({error})", exits.REFUSED, hint)
    return Stop(
        f"another `cwctl apply` is writing; {_NOTHING} ({_words(error.note)}; {error})", exits.REFUSED, f"{_WAIT}."
    )


def _tell(text: str) -> None:
    say(f"{text}\n")


def _words(note: bytes) -> str:
    holder = from_note(note)
    return holder.words if holder else "it left no word of whom"
