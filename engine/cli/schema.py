"""`cwctl schema`: the JSON Schemas of the workspace's files, and of a saved plan."""

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.output import print_text


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> int:
    """Print the JSON Schema called NAME; without one, list the names.

    \b
    Examples:
      cwctl schema
      cwctl schema customers > customers.schema.json
      cwctl schema plan
    """
    from engine.workspace.schemas import schema_names, schema_text

    if name is None:
        print_text("".join(f"{one}\n" for one in schema_names()))
        return exits.OK
    try:
        print_text(schema_text(name))
    except KeyError:
        raise Stop(f"there is no schema {name!r}", hint=f"There are {', '.join(schema_names())}.") from None
    return exits.OK
