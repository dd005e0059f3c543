"""A lock between processes, and between the threads of one."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_STEP_SECONDS = 0.05
_LONGEST_NOTE = 4096


class LockError(Exception):
    """The lock cannot be had: another process has it for too long, or its file cannot be made.

    `note` is what the one who has it wrote into the file, None where nobody has it.
    """

    def __init__(self, message: str, note: bytes | None = None) -> None:
        super().__init__(message)
        self.note = note


@contextlib.contextmanager
def exclusive(path: Path, patience: float = 120, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Holds the lock file `path`, waiting up to `patience` seconds for whoever has it. The file stays.

    The system releases the lock of a process that dies. Raises LockError.
    """
    with _locked(path, patience, sleep, lambda note: None):
        yield


@contextlib.contextmanager
def exclusive_with_note(
    path: Path,
    note: bytes,
    patience: float,
    sleep: Callable[[float], None] = time.sleep,
    waiting: Callable[[bytes], None] = lambda note: None,
) -> Iterator[bytes]:
    """As `exclusive`, with a note in the file, as long as the lock is held, for those who find it held.

    Gives the note of a holder that died, empty where the last one gave the lock back. `waiting` is told once, with the
    note of the holder, before the wait begins. Raises LockError.
    """
    with _locked(path, patience, sleep, waiting) as descriptor:
        left_behind = _read(descriptor)
        try:
            _write(descriptor, note)
        except OSError as failure:
            raise LockError(f"the lock file {path} cannot be written ({failure.strerror})") from None
        try:
            yield left_behind
        finally:
            # Emptying a file takes no space; where even that fails, the note is taken for that of a dead process.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)


@contextlib.contextmanager
def _locked(
    path: Path, patience: float, sleep: Callable[[float], None], waiting: Callable[[bytes], None]
) -> Iterator[int]:
    try:
        import fcntl  # not on every system, and needed only here

        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except ImportError:
        raise LockError("this system has no file locks") from None
    except OSError as failure:
        raise LockError(f"the lock file {path} cannot be opened ({failure.strerror})") from None
    try:
        waited = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if waited >= patience:
                    since = f" for {patience:.0f} seconds" if patience else ""
                    raise LockError(f"another run has held {path}{since}", _read(descriptor)) from None
                if not waited:
                    waiting(_read(descriptor))
                sleep(_STEP_SECONDS)
                waited += _STEP_SECONDS
            except OSError as failure:
                raise LockError(f"the lock file {path} cannot be locked ({failure.strerror})") from None
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> bytes:
    with contextlib.suppress(OSError):
        return os.pread(descriptor, _LONGEST_NOTE, 0)
    return b""


def _write(descriptor: int, note: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, note, 0)
    os.fsync(descriptor)
