"""`cwctl show`: a saved plan, as it would be carried out."""

from pathlib import Path

import click

from engine.cli import exits
from engine.cli.options import format_option


@click.command()
@click.argument("file", metavar="PLAN", type=click.Path(dir_okay=False, path_type=Path))
@format_option("json", "markdown")
def show(file: Path, style: str) -> int:
    """Show a plan that `cwctl plan --out` saved.

    \b
    Examples:
      cwctl show night.plan
      cwctl show night.plan --format json
    """
    from engine.cli.planning import print_plan, tell_digest
    from engine.cli.saved import read_plan

    plan = read_plan(file)
    print_plan(plan, style, file)
    tell_digest(plan, style, file)
    return exits.OK
