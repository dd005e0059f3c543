"""`cwctl version`."""

import platform

import click

from engine import __version__
from engine.cli import exits
from engine.cli.options import format_option
from engine.cli.output import print_json, print_text


@click.command()
@format_option("json")
def version(style: str) -> int:
    """Print the version of cwctl and of Python.

    \b
    Example:
      cwctl version --format json
    """
    if style == "json":
        print_json({"cwctl": __version__, "python": platform.python_version()})
    else:
        print_text(f"cwctl {__version__} (Python {platform.python_version()})\n")
    return exits.OK
