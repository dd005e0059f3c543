"""`cwctl drift`: what somebody edited by hand of our lines in the PSA."""

import sys
from datetime import date
from pathlib import Path

import click

from engine.cli import exits
from engine.cli.options import connection_option, format_option, selection_options
from engine.cli.output import colored, print_diagnostics, print_json, print_text, progress, width


@click.command()
@connection_option
@selection_options
@format_option("json")
@click.pass_obj
def drift(
    directory: str | None,
    connection: str | None,
    customers: tuple[str, ...],
    targets: tuple[str, ...],
    as_of: date | None,
    style: str,
) -> int:
    """List what somebody edited by hand of our lines in the PSA, and what to do about it.

    It only compares: its client of the PSA cannot write. Exits with 0 if nothing was
    edited by hand, 2 if something was, 4 if not everything could be compared.

    \b
    Examples:
      cwctl drift
      cwctl drift --customer 306870
      cwctl drift --format json
    """
    from engine.cli.planning import selection
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.pipeline import make_plan
    from engine.planning.drift_found import drift_found, to_document

    workspace, chosen = loaded(directory, connection)
    picked = selection(workspace.mappings, customers, targets)
    with opened(chosen, Path(workspace.root), writes=False) as (services, today):
        with progress() as told:
            found = drift_found(make_plan(workspace, chosen.name, services, as_of or today, picked, told))
        print_diagnostics(list(services.platform.warnings()), sys.stderr)
    document = to_document(found)
    if style == "json":
        print_json(document)
    else:
        from engine.reporting.render import render_drift_text

        print_text(render_drift_text(document, width(sys.stdout), colored(sys.stdout)))
    if found.held:
        return exits.PARTIAL
    return exits.CHANGES if found.drift else exits.OK
