"""The command line and a connection over loopback as in its own tests, and words on what was counted."""

import sys
from collections.abc import Callable

import pytest

from engine.planning.guards import GUARDS
from tests.cli.conftest import cwctl, loopback, served, workspace

__all__ = ["cwctl", "loopback", "served", "told", "workspace"]

ALLOW = tuple(option for name in sorted(GUARDS) for option in ("--allow", name))
"""A run that goes on where another one was cut off may change more than a guard allows."""

Told = Callable[[str], None]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Prints a line that is seen without any option."""

    def tell(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return tell
