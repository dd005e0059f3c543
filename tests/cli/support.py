"""Running the command line: in the process, as a process, and on a terminal of its own."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

import pytest

from engine.cli.main import run
from engine.sandbox.sandbox import Sandbox

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "engine.cli.main")
GOLDEN = Path(__file__).parent / "golden"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

# A process with a terminal that controls it, so that Ctrl-C typed there interrupts.
_ON_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from engine.cli.main import main
main()
"""

CONNECTION = """
version: 1
default: served
connections:
  served:
    time_zone: America/New_York
    manage_from: 2026-06-01
    price_decimals: 2
    psa:
      url: {psa}
      company: {company}
      client_id: env:TEST_CLIENT_ID
      public_key: env:TEST_PUBLIC_KEY
      private_key: env:TEST_PRIVATE_KEY
    platform:
      url: {platform}
      account: "{account}"
      token_store:
        file: {token}
      api_key: env:TEST_API_KEY
      api_secret: env:TEST_API_SECRET
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of what was printed."""
        return self.out.rstrip("\n").rpartition("\n")[2]


@dataclass
class Cwctl:
    """Runs commands in the process. No output of any may hold a traceback or one of `secrets`."""

    capsys: pytest.CaptureFixture[str]
    secrets: set[str] = field(default_factory=set)

    def __call__(self, *arguments: str | Path) -> Ended:
        self.capsys.readouterr()
        code = run([str(one) for one in arguments])
        out, err = self.capsys.readouterr()
        for text in (out, err):
            assert "Traceback" not in text
            assert not [secret for secret in self.secrets if secret in text]
        return Ended(code, out, err)

    def fails(self, *arguments: str | Path, code: int = 1, says: str = "", advises: str = "") -> Ended:
        """Runs a command that must end with this code, say so on stderr, and print no result."""
        ended = self(*arguments)
        assert (ended.code, ended.out) == (code, ""), ended
        assert says in ended.err
        assert advises in ended.err
        return ended


def copy_workspace(folder: Path) -> Path:
    """A copy of the example workspace."""
    for name in ("config", "mappings", "rules"):
        shutil.copytree(REPOSITORY / name, folder / name)
    return folder


def environment(**more: str) -> dict[str, str]:
    """The environment of a process: this one's, without what steers cwctl or colours."""
    dropped = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped and not name.startswith("CWCTL_")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm-256color", **more}


def execute(*arguments: str, cwd: Path, stdin: str | None = None, **env: str) -> Ended:
    """Runs a command as a process whose streams are pipes."""
    done = subprocess.run(
        (*COMMAND, *arguments),
        cwd=cwd,
        env=environment(**env),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def on_terminal(
    *arguments: str, cwd: Path, columns: int = 80, types: bytes = b"", env: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Runs a command on a terminal: its exit code, what stdout got, and what stderr got, each a terminal of its own.

    `types` is typed as soon as the command has asked whether to go on.
    """
    ends = [pty.openpty() for _ in range(2)]
    for _, terminal in ends:
        ioctl(terminal, TIOCSWINSZ, pack("HHHH", 24, columns, 0, 0))
    (out, out_terminal), (err, err_terminal) = ends
    process = subprocess.Popen(
        (sys.executable, "-c", _ON_TERMINAL, *arguments),
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=out_terminal,
        stdout=out_terminal,
        stderr=err_terminal,
        start_new_session=True,
    )
    os.close(out_terminal)
    os.close(err_terminal)
    texts = {out: b"", err: b""}
    open_ends, typed, deadline = {out, err}, False, time.monotonic() + 30
    while open_ends and time.monotonic() < deadline:
        ready, _, _ = select.select(list(open_ends), [], [], 1)
        for end in ready:
            try:
                got = os.read(end, 65536)
            except OSError:  # the other side of a terminal that was closed
                got = b""
            texts[end] += got
            if not got:
                open_ends.discard(end)
        if types and not typed and texts[err].rstrip().endswith(b"goes on:"):
            os.write(out, types)
            typed = True
    if open_ends:
        process.kill()
    code = process.wait(timeout=10)
    os.close(out)
    os.close(err)
    assert not open_ends, f"it did not end: {texts}"
    return code, texts[out].decode().replace("\r\n", "\n"), texts[err].decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    """The text without escape sequences."""
    return ESCAPE.sub("", text)


@dataclass(frozen=True)
class Served:
    """A workspace whose connection goes over loopback to a sandbox, kept in the memory of this process."""

    sandbox: Sandbox
    root: Path
    token: Path
    env: dict[str, str]

    def requests(self, service: str) -> dict[str, int]:
        """The requests since the last call, by verb and path."""
        found = self.sandbox.faults.requests(service)
        self.sandbox.faults.reset_requests(service)
        return found

    def connect(self, psa: str, platform: str, company: str = "sandbox", account: str = "900100") -> None:
        """Writes the connection."""
        text = CONNECTION.format(psa=psa, platform=platform, company=company, account=account, token=self.token)
        (self.root / "config" / "connections.yaml").write_text(text)

    def snapshot(self) -> dict[str, list[dict[str, object]]]:
        """Everything that the PSA holds of what cwctl writes."""
        return {
            kind: list(self.sandbox.store.rows(kind))
            for kind in ("company", "catalog_item", "manufacturer", "addition")
        }
