"""`cwctl plan`: what would change in the PSA, in lines and in money."""

import os
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import mkstemp

import click

from engine.cli.exits import Stop
from engine.cli.options import connection_option, format_option, selection_options
from engine.cli.output import say


@click.command()
@connection_option
@selection_options
@format_option("json", "markdown")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan in this file, for `apply`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
@click.pass_obj
def plan(
    directory: str | None,
    connection: str | None,
    customers: tuple[str, ...],
    targets: tuple[str, ...],
    as_of: date | None,
    style: str,
    out: Path | None,
    detailed_exitcode: bool,
) -> int:
    """Read both services and show what would change in the PSA. Nothing is written there.

    Exits with 0, with 2 for changes (only with --detailed-exitcode), with 4 if something could not be planned.

    \b
    Examples:
      cwctl plan
      cwctl plan --customer 306870 --out one.plan
      cwctl plan --target service:2277242 --as-of 2026-07-01
      cwctl plan --format markdown >> "$GITHUB_STEP_SUMMARY"
    """
    from engine.cli.planning import plan_exit, planned, print_plan, selection, tell_digest
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.planning.plan_json import to_json

    if out is not None:
        check_place(out)
    workspace, chosen_connection = loaded(directory, connection)
    chosen = selection(workspace.mappings, customers, targets)
    with opened(chosen_connection, Path(workspace.root)) as (services, today):
        made = planned(workspace, chosen_connection, services, as_of or today, chosen)
    print_plan(made, style, out)
    if out is not None:
        save(out, to_json(made))
        say(f"Saved in {out}; `cwctl apply {out}` carries out exactly this.\n")
    tell_digest(made, style, out)
    return plan_exit(made, detailed_exitcode)


def check_place(path: Path) -> None:
    """Nothing but an older plan is ever replaced. Raises Stop before anything is read."""
    if not path.parent.is_dir():
        raise Stop(f"{path}: there is no folder {path.parent}; nothing was read", hint="Make that folder first.")
    if path.suffix.lower() in {".yaml", ".yml"}:
        raise Stop(f"{path}: a plan is no YAML file; nothing was read", hint="Choose a name such as night.plan.")
    if path.exists() and not path.is_file():
        raise Stop(f"{path}: this is no ordinary file; nothing was read", hint="Choose another name.")
    if (
        path.is_file()
        and path.stat().st_size
        and not path.read_bytes()[:64].lstrip().startswith(b'{\n  "format_version"')
    ):
        raise Stop(f"{path}: this file is there and is no plan; it was left as it is", hint="Choose another name.")


def save(path: Path, content: bytes) -> None:
    """Written whole or not at all, readable by the owner alone: a plan names customers and prices. Raises Stop."""
    partial: Path | None = None
    try:
        descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
        partial = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.replace(path)
    except OSError as error:
        if partial is not None:
            with suppress(OSError):
                partial.unlink()
        raise Stop(f"{path}: {error.strerror}; the plan was not saved", hint="Save it in another place.") from error
