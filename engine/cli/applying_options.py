"""The options of `apply` that say how a plan is carried out."""

import re
from typing import Any

import click

from engine.applying.options import Options
from engine.cli.options import Command
from engine.cli.saved import INCOMPLETE
from engine.planning.guards import GUARDS, unknown_guards
from engine.workspace.model import Mappings

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})", re.IGNORECASE)


class Digest(click.ParamType[str]):
    """A plan's digest, or at least its first 12 hexadecimal digits; in lower case."""

    name = "sha256"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = _DIGEST.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no digest: give all 64 hexadecimal digits, or the first 12 or more", param, ctx)
        return found[1].lower()


def applying_options(command: Command) -> Command:
    """`--digest`, `--allow`, `--strict`, `--canary`, `--stop-after-errors` and `--lock-timeout`."""
    for option in (
        click.option(
            "--lock-timeout",
            type=click.FloatRange(min=0),
            default=0,
            metavar="SECONDS",
            help="Wait so long for another `apply` to end. Default: do not wait.",
        ),
        click.option(
            "--stop-after-errors",
            type=click.IntRange(min=1),
            metavar="N",
            help="After N changes that failed, try no more.",
        ),
        click.option(
            "--canary",
            is_flag=False,
            flag_value="",
            metavar="[CUSTOMER]",
            help="Write one customer first (the first one, or --canary=ID|NAME), the others only if all went well.",
        ),
        click.option("--strict", is_flag=True, help="Refuse the whole plan if any of its objects moved."),
        click.option(
            "--allow",
            multiple=True,
            metavar="GUARD",
            help=f"Apply in spite of what this guard found, or `{INCOMPLETE}`; journalled. May be repeated.",
        ),
        click.option("--digest", type=Digest(), help="Apply only the plan with this digest, as `plan` printed it."),
    ):
        command = option(command)
    return command


def options_from(
    allow: tuple[str, ...], strict: bool, canary: str | None, stop_after_errors: int | None, mappings: Mappings
) -> Options:
    """The options as a value. Raises click.UsageError for a guard that does not exist, Stop for such a customer."""
    from engine.cli.planning import selection

    unknown = unknown_guards(name for name in allow if name != INCOMPLETE)
    if unknown:
        known = ", ".join(sorted((*GUARDS, INCOMPLETE)))
        raise click.UsageError(f"There is no guard {unknown[0]!r} to --allow. There are: {known}.")
    if canary:
        canary = selection(mappings, (canary,), ()).customers[0]
    return Options(allowed=frozenset(allow), strict=strict, canary=canary, stop_after_errors=stop_after_errors)
