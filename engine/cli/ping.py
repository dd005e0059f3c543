"""`cwctl ping`: do the credentials of a connection work, and what may the API member do?"""

import sys
from pathlib import Path

import click

from engine.cli.options import connection_option, format_option


@click.command()
@connection_option
@format_option("json")
@click.pass_obj
def ping(directory: str | None, connection: str | None, style: str) -> int:
    """Test a connection: both services' credentials, the API member's rights by name, the refresh token's life.

    Exits with 1 if anything that cwctl needs is missing.

    \b
    Examples:
      cwctl ping
      cwctl ping --connection production --format json
    """
    from engine.cli import exits
    from engine.cli.output import colored, print_json, print_text, width
    from engine.cli.pinging import pinged
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.reporting.render import render_ping_text

    workspace, chosen = loaded(directory, connection)
    with opened(chosen, Path(workspace.root)) as (services, _):
        document = pinged(chosen, services)
    if style == "json":
        print_json(document)
    else:
        print_text(render_ping_text(document, width(sys.stdout), colored(sys.stdout)))
    return exits.OK if document["ok"] else exits.ERROR
