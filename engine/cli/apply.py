"""`cwctl apply`: carry out a plan."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import connection_option, format_option, selection_options

if TYPE_CHECKING:
    from engine.pipeline import Services
    from engine.planning.plan import Plan


@click.command()
@click.argument("file", metavar="[PLAN]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@connection_option
@selection_options
@format_option("json")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def apply(
    directory: str | None,
    file: Path | None,
    connection: str | None,
    customers: tuple[str, ...],
    targets: tuple[str, ...],
    as_of: date | None,
    style: str,
    yes: bool,
) -> int:
    """Carry out a saved PLAN exactly; without one, make a plan, show it, and ask.

    Objects that moved since the plan are left alone, with the rest of their customer.
    Exits with 0 if all was done, 3 if the plan is refused, 4 if it was done in part.

    \b
    Examples:
      cwctl apply
      cwctl apply night.plan --yes
      cwctl apply --customer 306870
    """
    from engine.cli.locking import one_writer
    from engine.cli.planning import planned, print_plan, selection
    from engine.cli.saved import check_day, must_apply, read_plan
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.planning.plan_json import from_json, to_json

    if file is not None and (customers or targets or as_of is not None):
        raise click.UsageError("A saved plan is applied as it is: --customer, --target and --as-of belong to `plan`.")
    saved = read_plan(file) if file is not None else None
    workspace, chosen = loaded(directory, connection or (saved.connection if saved else None))
    if saved is not None and file is not None:
        must_apply(saved, file, workspace, chosen)
    with opened(chosen, Path(workspace.root)) as (services, today):
        check_day(saved.as_of if saved else as_of or today, today)
        if saved is None:
            picked = selection(workspace.mappings, customers, targets)
            # Through the saved form, so that both ways are one path.
            plan = from_json(to_json(planned(workspace, chosen, services, as_of or today, picked)))
        else:
            plan = saved
        if style == "text":
            print_plan(plan, "text" if saved is None else "summary")
        if plan.changes and not yes:
            _ask(len(plan.changes), chosen.name, style)
        with one_writer(Path(workspace.root), chosen):
            return _carry_out(plan, services, style)


def _ask(changes: int, connection: str, style: str) -> None:
    """Only a written `yes` goes on. Raises Stop."""
    if not sys.stdin.isatty():
        raise Stop("nobody is there to say yes; nothing was written", hint="Run it with --yes, or on a terminal.")
    from engine.reporting.formats import counted

    sys.stderr.write(f"\nApply {counted(changes, 'change')} to {connection!r}? Only `yes` goes on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise Stop("not applied, as the answer was not `yes`; nothing was written")


def _carry_out(plan: "Plan", services: "Services", style: str) -> int:
    from engine.applying.report import to_document
    from engine.cli.output import colored, complain, print_json, print_text, progress, width
    from engine.pipeline import apply_plan
    from engine.reporting.render import render_report_text

    try:
        with progress() as told:
            report = apply_plan(plan, services, told)
    except KeyboardInterrupt:
        hint = "`cwctl plan` shows what is left to do; what was written is not written again."
        raise Stop("interrupted: a part of the plan may have been written", exits.PARTIAL, hint) from None
    document = to_document(report)
    try:
        if style == "json":
            print_json(document)
        else:
            print_text(render_report_text(document, width(sys.stdout), colored(sys.stdout)))
    except (OSError, AttributeError) as error:
        # The writing is done: what cannot be printed must not look like a run that did nothing.
        complain(f"the plan was carried out, but its report could not be printed ({error})")
        return exits.PARTIAL
    return exits.OK if report.complete else exits.PARTIAL
