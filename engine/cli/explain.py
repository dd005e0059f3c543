"""`cwctl explain`: why a customer is billed what for one subscription."""

import sys
from datetime import date
from pathlib import Path

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import Day, connection_option, format_option
from engine.cli.output import colored, print_diagnostics, print_json, print_text, progress, width


@click.command()
@click.argument("subscription", metavar="SUBSCRIPTION")
@connection_option
@click.option("--as-of", type=Day(), help="Explain as known on this day. Default: today in the connection's zone.")
@format_option("json")
@click.pass_obj
def explain(directory: str | None, subscription: str, connection: str | None, as_of: date | None, style: str) -> int:
    """Explain one subscription: its history, its lines, and what is billed.

    SUBSCRIPTION is the platform's id, the provider's id, or a name that only one
    has. Shown are the rules that decide and where they stand, each event with what
    it did, the lines beside what the PSA has, and what three billing periods bill.
    Nothing is written. Exits with 4 if the service is held back by a plan.

    \b
    Examples:
      cwctl explain 2277242
      cwctl explain "Microsoft 365 E5" --as-of 2026-07-01
      cwctl explain 2277242 --format json
    """
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.pipeline import make_explanation
    from engine.planning.explanation_values import to_document
    from engine.planning.lookup import SubscriptionUnknown

    workspace, chosen = loaded(directory, connection)
    with opened(chosen, Path(workspace.root)) as (services, today):
        try:
            with progress() as told:
                found = make_explanation(workspace, chosen.name, services, as_of or today, subscription, told)
        except SubscriptionUnknown as error:
            raise Stop(str(error), hint=error.hint) from error
        print_diagnostics(list(services.platform.warnings()), sys.stderr)
    document = to_document(found)
    if style == "json":
        print_json(document)
    else:
        from engine.reporting.render import render_explanation_text

        print_text(render_explanation_text(document, width(sys.stdout), colored(sys.stdout)))
    return exits.PARTIAL if found.held else exits.OK
