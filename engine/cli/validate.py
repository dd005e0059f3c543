"""`cwctl validate`: every problem of every file, without any network."""

import sys

import click

from engine.cli import exits
from engine.cli.options import format_option
from engine.cli.output import diagnostic_document, print_diagnostics, print_json, print_text


@click.command()
@format_option("json")
@click.pass_obj
def validate(directory: str | None, style: str) -> int:
    """Check the workspace's files: syntax, schemas and what they say of each other.

    Every problem is listed as file:line:column. Exits with 1 if there is an error.

    \b
    Examples:
      cwctl validate
      cwctl -C billing validate --format json
    """
    from engine.cli.workspace import read
    from engine.diagnostics import errors
    from engine.reporting.formats import counted

    workspace, found = read(directory)
    failed = bool(errors(found))
    if style == "json":
        print_json({"valid": not failed, "diagnostics": [diagnostic_document(one) for one in found]})
        return exits.ERROR if failed else exits.OK
    print_diagnostics(found, sys.stdout)
    if workspace is None:
        print_text(f"{counted(len(errors(found)), 'error')}.\n")
        return exits.ERROR
    mappings = workspace.mappings
    print_text(
        f"The workspace is valid. Mapped are {counted(len(mappings.customers), 'customer')}, "
        f"{counted(len(mappings.products), 'product')} and {counted(len(mappings.services), 'service')}.\n"
    )
    return exits.OK
