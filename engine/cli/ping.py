"""`cwctl ping`: do the credentials of a connection work, and what may the API member do?"""

import sys

import click

from engine.cli.options import connection_option, format_option


@click.command()
@connection_option
@format_option("json")
@click.pass_obj
def ping(directory: str | None, connection: str | None, style: str) -> int:
    """Test a connection: both services' credentials, the API member's rights by name, the refresh token's life.

    Mappings and rules need not be there yet. Exits with 1 if anything that is needed is missing.

    \b
    Examples:
      cwctl ping
      cwctl ping --connection production --format json
    """
    from engine.cli import exits
    from engine.cli.output import colored, print_json, print_text, width
    from engine.cli.pinging import pinged
    from engine.cli.workspace import connection_named, root_of
    from engine.reporting.render import render_ping_text

    root = root_of(directory)
    document = pinged(connection_named(root, connection), root)
    if style == "json":
        print_json(document)
    else:
        print_text(render_ping_text(document, width(sys.stdout), colored(sys.stdout)))
    return exits.OK if document["ok"] else exits.ERROR
