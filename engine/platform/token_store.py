"""Where the rotating refresh token is kept, so that a crash at any moment loses none."""

import contextlib
import hashlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from engine.file_lock import LockError, exclusive
from engine.http.errors import AuthenticationFailed

SERVICE = "StreamOne Ion"
NEW_TOKEN = "get a new refresh token from the platform's API settings and write it into the token store"  # noqa: S105
_COMMAND_SECONDS = 60


class TokenStoreError(AuthenticationFailed):
    """The token store cannot be read or written. `str()` says what to do and holds no token."""

    def __init__(self, where: str, message: str, hint: str) -> None:
        super().__init__(message, service=SERVICE, verb="token store", path=where, hint=hint)


class Tokens(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a store keeps. Instants are UTC; `expires_at` is the refresh token's end, where the platform told it.

    `previous` is the refresh token before this one. `rotating_since` marks an exchange that has begun.
    """

    refresh_token: str
    previous: str | None = None
    obtained_at: datetime | None = None
    expires_at: datetime | None = None
    access_token: str | None = None
    access_expires_at: datetime | None = None
    rotating_since: datetime | None = None

    def __repr__(self) -> str:
        return f"Tokens(***, obtained_at={self.obtained_at}, expires_at={self.expires_at})"


class TokenStore(Protocol):
    """Keeps one set of tokens."""

    def locked(self) -> AbstractContextManager[None]:
        """Held by one thread of one process at a time, over reading, exchange and writing."""

    def get(self) -> Tokens:
        """What is kept. Raises TokenStoreError."""

    def put(self, tokens: Tokens) -> None:
        """Keeps them durably before it returns. Raises TokenStoreError, and then what was kept before still is."""


class MemoryStore:
    """Keeps tokens for the length of a run: for services in the process, which know the current token."""

    def __init__(self, refresh_token: str) -> None:
        self._tokens = Tokens(refresh_token=refresh_token)
        self._lock = threading.Lock()

    def locked(self) -> AbstractContextManager[None]:
        return _holding(self._lock)

    def get(self) -> Tokens:
        return self._tokens

    def put(self, tokens: Tokens) -> None:
        self._tokens = tokens


class FileStore:
    """A JSON file of mode 0600, replaced as a whole. To begin, it may hold nothing but the refresh token."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def locked(self) -> AbstractContextManager[None]:
        real = self._real()
        if real.is_dir():
            raise self._error("it is a folder", "Name a file in it.")
        return _locked(real.with_name(f"{real.name}.lock"), str(self._path))

    def get(self) -> Tokens:
        try:
            with self._path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(1_000_000)
        except FileNotFoundError:
            raise self._error(
                "it does not exist",
                f"Write the platform's refresh token into it, alone on one line, and run: chmod 600 {self._path}",
            ) from None
        except OSError as failure:
            raise self._error(f"it cannot be read ({failure.strerror})", "Check its permissions.") from None
        if os.name == "posix" and mode & 0o077:
            raise self._error(
                f"it can be read by others (mode {mode & 0o777:04o}), so it is not used",
                f"Run: chmod 600 {self._path}; if others could see it, get a new refresh token.",
            )
        return parse(content, str(self._path))

    def put(self, tokens: Tokens) -> None:
        real = self._real()
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
        except OSError as failure:
            raise self._unwritable(failure) from None
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(tokens)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(real)
            _sync_folder(real.parent)
        except OSError as failure:
            raise self._unwritable(failure) from None
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()

    def _real(self) -> Path:
        # A link is followed, so that the replacement lands where the file is.
        return self._path.resolve()

    def _unwritable(self, failure: OSError) -> TokenStoreError:
        return self._error(
            f"it cannot be written ({failure.strerror})",
            "Each use of the refresh token replaces it, so the folder of the store must be writable.",
        )

    def _error(self, message: str, hint: str) -> TokenStoreError:
        return TokenStoreError(str(self._path), message, hint)


class CommandStore:
    """A command that prints what is kept, and one that takes it on standard input. Neither sees it as an argument."""

    def __init__(self, get_command: Sequence[str], put_command: Sequence[str]) -> None:
        self._get = tuple(get_command)
        self._put = tuple(put_command)

    def locked(self) -> AbstractContextManager[None]:
        # Commands have no lock of their own; this one holds between the processes of one user on one machine.
        digest = hashlib.sha256("\0".join(self._put).encode()).hexdigest()[:16]
        folder = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return _locked(Path(folder) / f"cwctl-{_user()}-{digest}.lock", f"`{self._put[0]}`")

    def get(self) -> Tokens:
        return parse(self._run(self._get, b""), f"`{self._get[0]}`")

    def put(self, tokens: Tokens) -> None:
        self._run(self._put, msgspec.json.encode(tokens) + b"\n")

    def _run(self, command: tuple[str, ...], given: bytes) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 (the workspace's own command, without a shell)
                command, input=given, capture_output=True, timeout=_COMMAND_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            failed = f"the command did not end within {_COMMAND_SECONDS} seconds"
        except OSError as failure:
            failed = f"the command cannot be run ({failure.strerror})"
        else:
            if done.returncode == 0:
                return done.stdout
            # What it printed may hold the token, so it is not shown.
            failed = f"the command ended with exit code {done.returncode}"
        raise TokenStoreError(f"`{command[0]}`", failed, "Run it by hand to see why.") from None


def parse(content: bytes, where: str) -> Tokens:
    """Tokens from a store's JSON, or from a refresh token alone. Raises TokenStoreError naming `where`."""
    stripped = content.strip()
    if stripped.startswith(b"{"):
        try:
            return msgspec.json.decode(stripped, type=Tokens)
        except msgspec.DecodeError:
            raise TokenStoreError(
                where, "it does not hold a token store's JSON", 'It needs at least: {"refresh_token": "…"}'
            ) from None
    if len(stripped.split()) != 1 or not stripped.isascii():
        raise TokenStoreError(where, "it holds no refresh token", "Write the refresh token into it, alone on one line.")
    return Tokens(refresh_token=stripped.decode())


@contextlib.contextmanager
def _locked(path: Path, where: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(path))
        except LockError as failure:
            raise TokenStoreError(where, str(failure), "See that no other run hangs, and try again.") from None
        yield


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


@contextlib.contextmanager
def _holding(lock: threading.Lock) -> Iterator[None]:
    with lock:
        yield
