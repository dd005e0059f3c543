"""Printing: results to stdout, everything else to stderr; colour and progress on a terminal only."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import msgspec

from engine.diagnostics import Diagnostic

Progress = Callable[[str, int, int], None]


def colored(stream: TextIO) -> bool:
    """Whether the stream takes colour: a terminal, and neither NO_COLOR nor TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """Columns of the terminal; wide when the output is no terminal, so that nothing is cut in a file."""
    return max(shutil.get_terminal_size((100, 24)).columns, 40) if stream.isatty() else 10_000


def print_json(document: object) -> None:
    """Indented JSON on stdout."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    sys.stdout.buffer.flush()


def print_text(text: str) -> None:
    """Text on stdout."""
    sys.stdout.write(text)
    sys.stdout.flush()


def complain(message: str, hint: str | None = None) -> None:
    """An error on stderr."""
    message = "".join(char if char.isprintable() or char == "\n" else "?" for char in message)
    label = "\x1b[31mError:\x1b[0m" if colored(sys.stderr) else "Error:"
    sys.stderr.write(f"{label} {_wrapped(message, len('Error: '), 0)}\n")
    if hint:
        sys.stderr.write(f"    {_wrapped(hint, 4, 4)}\n")


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
    stream.write(render_diagnostics_text(documents, width(stream), colored(stream)))


def diagnostic_document(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic's dict form with every key."""
    document: dict[str, Any] = msgspec.to_builtins(diagnostic)
    return document


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on stderr; silent when stderr is no terminal."""
    if not sys.stderr.isatty():
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
