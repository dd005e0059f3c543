"""A lock between processes, and between the threads of one."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_STEP_SECONDS = 0.05


class LockError(Exception):
    """The lock cannot be had: another process has it for too long, or its file cannot be made."""


@contextlib.contextmanager
def exclusive(path: Path, patience: float = 120, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Holds the lock file `path`, waiting up to `patience` seconds for whoever has it. The file stays.

    The system releases the lock of a process that dies. Raises LockError.
    """
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
                    raise LockError(f"another run has held {path}{since}") from None
                sleep(_STEP_SECONDS)
                waited += _STEP_SECONDS
        yield
    finally:
        os.close(descriptor)
