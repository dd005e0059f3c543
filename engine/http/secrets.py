"""Secrets as values that do not show themselves, and how a reference to one becomes its value."""

import os
from collections.abc import Mapping
from pathlib import Path

from engine.diagnostics import Place
from engine.workspace.model import SecretRef

_LARGEST = 16 * 1024


class Secret:
    """A text that no print, log or error shows. `reveal()` gives it, for the one place that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class SecretMissingError(Exception):
    """A reference whose secret cannot be had. `str()` names the reference and its place, never a value."""

    def __init__(self, reference: SecretRef, reason: str, hint: str) -> None:
        super().__init__(f"{reference.place}: {reference}: {reason}. {hint}")
        self.reference = reference
        self.place: Place = reference.place
        self.reason = reason
        self.hint = hint


def resolve(reference: SecretRef, env: Mapping[str, str], root: Path) -> Secret:
    """The secret behind `env:NAME` or `file:PATH` (relative paths from `root`), without surrounding white space.

    Raises SecretMissingError where there is none, or where it is empty or has several lines.
    """
    if reference.source == "env":
        found = env.get(reference.target)
        if found is None:
            raise SecretMissingError(
                reference, "the environment variable is not set", f"Set {reference.target} for this program."
            )
    else:
        found = _read(reference, path_of(reference.target, root))
    value = found.strip()
    if not value:
        raise SecretMissingError(reference, "it is empty", "Store the secret there.")
    if not value.isprintable():
        raise SecretMissingError(
            reference, "it has several lines or an unprintable character", "Store the secret alone, on one line."
        )
    return Secret(value)


def path_of(text: str, root: Path) -> Path:
    """A path as the workspace names it: `~` is the home folder, a relative one counts from `root`."""
    return root / os.path.expanduser(text)


def _read(reference: SecretRef, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            found = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise SecretMissingError(reference, "there is no such file", "Create it, readable by you alone.") from None
    except OSError as failure:
        reason = f"the file cannot be read ({failure.strerror})"
        raise SecretMissingError(reference, reason, "Check its permissions.") from None
    except UnicodeDecodeError:
        raise SecretMissingError(reference, "the file is not text", "Store the secret alone, as UTF-8.") from None
    if len(found) > _LARGEST:
        raise SecretMissingError(reference, "the file is too large for a secret", "Store the secret alone.")
    return found
