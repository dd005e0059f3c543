"""One ref of a git remote, changed by compare-and-swap: nothing else of any repository is read or written.

Objects are made in a folder of their own, so that the repository of the workspace lends its remotes and credentials
and is otherwise left alone: its worktree, index, branches, configuration and objects.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_OBJECT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_HEADERS = re.compile(r"(?i)(authorization|token|password)\S*[:=].*")
_AUTHOR = "cwctl"
_EMAIL = "cwctl@localhost"
_PROTOCOLS = "file:git:http:https:ssh"
"""Those that run no program of the address's own choosing."""

# What ties git to another repository than the one asked for, or makes it print what it sends.
_DROPPED = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|PREFIX"
    r"|CURL_VERBOSE|TRACE.*|REDIRECT_STD.*|AUTHOR_.*|COMMITTER_.*)|LANGUAGE"
)
_SETTINGS = ("core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false", "push.pushOption=", "color.ui=false")
_PUSH = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")


class GitFailed(Exception):
    """git is missing, or did not do what was asked of it. `str()` holds no credentials."""


class Git:
    """git in one folder with one environment. It can ask nobody, and is ended with all that it started in time."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float) -> None:
        self._command, self._folder, self._env, self._seconds = tuple(command), folder, dict(env), seconds

    def __call__(self, *arguments: str, given: str | None = None) -> str:
        """What git prints. Raises GitFailed."""
        settings = [part for one in _SETTINGS for part in ("-c", one)]
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and only names that cannot be taken for options
                (*self._command, *settings, *arguments),
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise GitFailed(f"git cannot be run ({error.strerror})") from None
        try:
            out, err = process.communicate(given, timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise GitFailed(f"git {arguments[0]}: no answer within {self._seconds:g} seconds") from None
        finally:
            _end(process)
        if process.returncode:
            raise GitFailed(f"git {arguments[0]}: {_said(err, out)}")
        return out


class GitRef:
    """A ref on a remote, which is told by its name or its address. Every method raises GitFailed."""

    def __init__(self, git: Git, remote: str, ref: str) -> None:
        self._git, self._remote, self.ref = git, remote, ref

    def current(self) -> str | None:
        """The id of the object that the ref names on the remote, None where there is no such ref."""
        for line in self._git("ls-remote", "--", self._remote, self.ref).splitlines():
            found, _, name = line.partition("\t")
            if name == self.ref:
                return _object_id(found)
        return None

    def text(self, object_id: str) -> str:
        """The text that the ref's object was made with."""
        apart = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--refmap=")
        self._git("fetch", *apart, "--", self._remote, self.ref)
        _, _, message = self._git("cat-file", "commit", object_id).partition("\n\n")
        return message

    def made(self, text: str) -> str:
        """The id of a new commit without files that has this text. It is on no ref yet."""
        tree = _object_id(self._git("mktree", given=""))
        return _object_id(self._git("commit-tree", tree, "-F", "-", given=text))

    def swap(self, old: str | None, new: str | None) -> None:
        """Let the ref name `new` instead of `old`, only if it names `old` right then; None is no ref."""
        lease = f"--force-with-lease={self.ref}:{old or ''}"
        self._git("push", *_PUSH, lease, "--", self._remote, f"{new or ''}:{self.ref}")


@contextmanager
def opened_remote(root: Path, remote: str, ref: str, env: Mapping[str, str], seconds: float = 30) -> Iterator[GitRef]:
    """Access to a ref of a remote of the repository that holds `root`, or of an address. Raises GitFailed.

    Each call of git may take so many seconds.
    """
    if remote.startswith("-") or any(not char.isprintable() for char in remote):
        raise GitFailed(f"{remote!r} is no name or address of a remote")
    with TemporaryDirectory(prefix="cwctl-lock-") as folder:
        clean = {name: value for name, value in env.items() if not _DROPPED.fullmatch(name)}
        clean |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        clean |= {f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in _identity()}
        clean.setdefault("GIT_ALLOW_PROTOCOL", _PROTOCOLS)
        git = Git(("git",), root, clean, seconds)
        try:
            objects = root / git("rev-parse", "--git-path", "objects").strip()
        except GitFailed as error:
            if "not a git repository" not in str(error):
                raise
            if not re.search(r"[/:\\]", remote):
                raise GitFailed(f"the workspace is in no git repository that could have a remote {remote!r}") from None
            git("init", "--quiet", "--bare", "--template=", folder)
            yield GitRef(Git(("git", f"--git-dir={folder}"), root, clean, seconds), remote, ref)
            return
        own = {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve())}
        yield GitRef(Git(("git",), root, {**clean, **own}, seconds), remote, ref)


def _identity() -> tuple[tuple[str, str], ...]:
    return (("NAME", _AUTHOR), ("EMAIL", _EMAIL))


def _object_id(text: str) -> str:
    if not _OBJECT_ID.fullmatch(text.strip()):
        raise GitFailed("git printed no object id where one was due")
    return text.strip()


def _said(err: str, out: str) -> str:
    """The words of git's own that say why, on one line, without credentials."""
    lines = [line.strip() for line in (*err.splitlines(), *out.splitlines())]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!", "ssh:"))] or lines
    text = "; ".join(" ".join(line.split()) for line in telling if line)[:600]
    return _HEADERS.sub(r"\1 …", _CREDENTIALS.sub("…@", text)) or "it failed without a word"


def _end(process: "subprocess.Popen[str]") -> None:
    """Nothing that git started outlives it: a transport that hangs would keep its pipes open."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError, ValueError):
                pipe.close()
    process.wait()
