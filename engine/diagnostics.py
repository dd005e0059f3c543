"""A problem as a value: what is wrong, where, and what to do about it."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["error", "warning", "notice"]


class Place(msgspec.Struct, frozen=True, order=True):
    """A position in a file of the workspace: relative path, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One problem. `code` is stable; `hint` says what to do; `subject` names an object where no file does."""

    code: str
    text: str
    severity: Severity = "error"
    hint: str | None = None
    place: Place | None = None
    subject: str | None = None
    customer: str | None = None


def errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics that stop a run."""
    return [found for found in diagnostics if found.severity == "error"]


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place, then code, with those that have no place at the end."""
    return sorted(diagnostics, key=lambda d: (d.place is None, d.place or Place("", 0, 0), d.code, d.text))
