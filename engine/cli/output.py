"""Printing: results to stdout, everything else to stderr; colour and progress on a terminal only.

Everything that is printed goes through here, and nothing that could drive a terminal gets out.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import msgspec

from engine.diagnostics import Diagnostic

Progress = Callable[[str, int, int], None]

_DRIVES = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
"""Controls, changes of direction, and what cannot be seen. A line's end and a tab are what they seem."""

_PLAIN = re.compile(_DRIVES)
_COLORED = re.compile(rf"(?!\x1b\[\d\d?m){_DRIVES}")


def colored(stream: TextIO) -> bool:
    """Whether the stream takes colour: a terminal, and neither NO_COLOR nor TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """Columns of the terminal; wide when the output is no terminal, so that nothing is cut in a file."""
    return max(shutil.get_terminal_size((100, 24)).columns, 40) if stream.isatty() else 10_000


def print_json(document: object) -> None:
    """Indented JSON on stdout."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    with _named():
        sys.stdout.buffer.write(_PLAIN.sub(_in_json, text).encode() + b"\n")
        sys.stdout.buffer.flush()


def print_text(text: str) -> None:
    """Text on stdout."""
    with _named():
        sys.stdout.write(_harmless(text, sys.stdout))
        sys.stdout.flush()


def say(text: str) -> None:
    """Text on stderr. That nobody can read it is no reason to end."""
    with suppress(OSError):
        sys.stderr.write(_harmless(text, sys.stderr))
        sys.stderr.flush()


def complain(message: str, hint: str | None = None) -> None:
    """An error on stderr."""
    message, hint = harmless(message), harmless(hint or "")
    label = "\x1b[31mError:\x1b[0m" if colored(sys.stderr) else "Error:"
    say(f"{label} {_wrapped(message, len('Error: '), 0)}\n")
    if hint:
        say(f"    {_wrapped(hint, 4, 4)}\n")


def harmless(text: str) -> str:
    """The text with every character that could drive a terminal written out, such as `\\x1b`."""
    return _PLAIN.sub(_written_out, text)


def _harmless(text: str, stream: TextIO) -> str:
    return _COLORED.sub(_written_out, text) if colored(stream) else harmless(text)


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _in_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


@contextmanager
def _named() -> Iterator[None]:
    """Names the stream in an error of writing to it."""
    try:
        yield
    except OSError as error:
        error.filename = "standard output"
        raise


def _wrapped(text: str, first: int, rest: int) -> str:
    """The text in the width of the terminal; `first` columns of its first line are taken, `rest` of the others."""
    from textwrap import wrap

    columns = width(sys.stderr)
    if columns >= len(text) + first:
        return text
    lines = wrap(
        text,
        columns,
        initial_indent=" " * first,
        subsequent_indent=" " * rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[first:]


def print_diagnostics(diagnostics: list[Diagnostic], stream: TextIO) -> None:
    """Diagnostics as text on a stream."""
    from engine.reporting.render import render_diagnostics_text

    documents: list[dict[str, Any]] = [diagnostic_document(one) for one in diagnostics]
    text = render_diagnostics_text(documents, width(stream), colored(stream))
    if stream is sys.stdout:
        print_text(text)
    else:
        say(text)


def diagnostic_document(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic's dict form with every key."""
    document: dict[str, Any] = msgspec.to_builtins(diagnostic)
    return document


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on stderr; silent when stderr is no terminal, or shows requests."""
    from engine.cli.verbose import shows_requests

    if not sys.stderr.isatty() or shows_requests():
        yield lambda label, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def told(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield told
