"""The workspace's sandbox, for the verbs below `cwctl sandbox`, and values that they are given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.sandbox.sandbox import Sandbox

_MONEY = re.compile(r"-?\d{1,12}(\.\d{1,10})?")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@contextmanager
def opened(directory: str | None) -> Iterator["Sandbox"]:
    """The sandbox of the workspace at `directory`."""
    from engine.cli.embedded import embedded
    from engine.cli.workspace import root_of

    with embedded(root_of(directory)) as sandbox:
        yield sandbox


class Money(click.ParamType[Decimal]):
    """An amount, 0 or more, exactly as written."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        if _MONEY.fullmatch(str(value)) is None:
            self.fail(f"{value!r} is not an amount: write it as 12.50", param, ctx)
        if Decimal(value) < 0:
            self.fail(f"{value} is negative", param, ctx)
        return Decimal(value)


class Month(click.ParamType[str]):
    """A month as YYYY-MM."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if _MONTH.fullmatch(str(value)) is None:
            self.fail(f"{value!r} is not a month: write it as YYYY-MM", param, ctx)
        return str(value)


class Plan(click.ParamType[tuple[str, str, str]]):
    """A plan that the platform offers, as PROVIDER/PRODUCT/PLAN."""

    name = "plan"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str, str]:
        parts = str(value).split("/")
        if len(parts) != len(("provider", "product", "plan")) or not all(parts):
            self.fail(f"{value!r} is not a plan: write it as PROVIDER/PRODUCT/PLAN", param, ctx)
        return parts[0], parts[1], parts[2]
