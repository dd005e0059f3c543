"""One example world per test, in memory."""

from collections.abc import Iterator

import pytest

from engine.sandbox.sandbox import Sandbox
from tests.sandbox.platform_calls import Caller


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The example world."""
    made = Sandbox.in_memory()
    yield made
    made.close()


@pytest.fixture
def platform(sandbox: Sandbox) -> Iterator[Caller]:
    """A caller of its platform."""
    caller = Caller(sandbox)
    yield caller
    caller.http.close()
