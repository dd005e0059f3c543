"""Options that several verbs share."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A calendar day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            if len(value) != len("2026-01-31"):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day: write it as YYYY-MM-DD", param, ctx)


def connection_option(command: Command) -> Command:
    """`--connection NAME`."""
    return click.option(
        "--connection", metavar="NAME", help="A connection of config/connections.yaml. Default: the one named there."
    )(command)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format`, text by default."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(["text", *formats]),
        default="text",
        show_default=True,
        help="How to print the result.",
    )


def selection_options(command: Command) -> Command:
    """`--customer`, `--target` and `--as-of`."""
    for option in (
        click.option("--as-of", type=Day(), help="Plan as known on this day. Default: today in the connection's zone."),
        click.option(
            "--target",
            "targets",
            multiple=True,
            metavar="KIND:ID",
            help="Only customer:ID, product:PROVIDER/PRODUCT/PLAN or service:ID. May be repeated.",
        ),
        click.option(
            "--customer",
            "customers",
            multiple=True,
            metavar="ID|NAME",
            help="Only this customer, by platform id or name in its mapping. May be repeated.",
        ),
    ):
        command = option(command)
    return command
