"""`cwctl apply`: carry out a plan."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from engine.cli import exits
from engine.cli.applying_options import applying_options, options_from
from engine.cli.exits import Stop
from engine.cli.options import connection_option, format_option, selection_options

if TYPE_CHECKING:
    from engine.applying.options import Options
    from engine.applying.report import Report
    from engine.applying.write_log import WriteLog
    from engine.pipeline import Services
    from engine.planning.plan import Plan
    from engine.workspace.model import Connection


@click.command()
@click.argument("file", metavar="[PLAN]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@connection_option
@selection_options
@applying_options
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
    digest: str | None,
    allow: tuple[str, ...],
    strict: bool,
    canary: str | None,
    stop_after_errors: int | None,
    lock_timeout: float,
    style: str,
    yes: bool,
) -> int:
    """Carry out a saved PLAN exactly; without one, make a plan, show it, and ask.

    Objects that moved since the plan are left alone, with the rest of their customer; so is a customer whom a guard
    holds back. Exits with 0 if all was done, 3 if nothing was (refused, or all of it held), 4 if it was done in part.

    \b
    Examples:
      cwctl apply
      cwctl apply night.plan --yes
      cwctl apply night.plan --yes --digest 3fa85f6457174562b3fc2c963f66afa6
      cwctl apply --customer 306870
      cwctl apply night.plan --canary=306870 --stop-after-errors 3
      cwctl apply night.plan --allow monthly-change --lock-timeout 600
    """
    from engine.cli.planning import planned, print_plan, selection
    from engine.cli.saved import check_day, check_digest, must_apply, read_plan
    from engine.cli.scope import check_scope
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.planning.plan_json import from_json, to_json

    if file is not None and (customers or targets or as_of is not None):
        raise click.UsageError("A saved plan is applied as it is: --customer, --target and --as-of belong to `plan`.")
    if canary and file is None and Path(canary).is_file():
        raise click.UsageError(f"--canary takes {canary} for a customer: write --canary=CUSTOMER, or put it last.")
    saved = read_plan(file, exits.REFUSED) if file is not None else None
    workspace, chosen = loaded(directory, connection or (saved.connection if saved else None))
    options = options_from(allow, strict, canary, stop_after_errors, workspace.mappings)
    if saved is not None and file is not None:
        must_apply(saved, file, workspace, chosen, options.allowed, datetime.now(UTC))
        check_digest(saved, digest)
    root = Path(workspace.root)
    with opened(chosen, root) as (services, today):
        check_day(saved.as_of if saved else as_of or today, today)
        if saved is None:
            picked = selection(workspace.mappings, customers, targets)
            # Through the saved form, so that both ways are one path.
            plan = from_json(to_json(planned(workspace, chosen, services, as_of or today, picked)))
        else:
            plan = saved
        check_scope(plan, workspace.mappings, services.account)
        if style == "text":
            print_plan(plan, "text" if saved is None else "summary", file, options.allowed)
        check_digest(plan, digest)
        if plan.changes and not yes:
            _ask(plan, options, chosen.name)
        return _alone(plan, file, chosen, root, services, today, options, lock_timeout, style)


def _ask(plan: "Plan", options: "Options", connection: str) -> None:
    """Only a written `yes` goes on, or a plan of which guards let nothing be written. Raises Stop."""
    from engine.cli.output import say
    from engine.planning.guards import held_customers, stopping
    from engine.reporting.formats import counted

    held = held_customers(plan.findings, options.allowed)
    changes, of = sum(change.customer not in held for change in plan.changes), len(plan.changes)
    if not changes or stopping(plan.findings, options.allowed):
        say("Guards let nothing of this plan be written, so nothing is asked.\n")
        return
    if not sys.stdin.isatty():
        raise Stop("nobody is there to say yes; nothing was written", hint="Run it with --yes, or on a terminal.")
    if changes < of:
        say(f"\nOf {of:,} changes guards hold back {of - changes:,}; {changes:,} will be written.")
    say(f"\nApply {counted(changes, 'change')} to {connection!r}? Only `yes` goes on: ")
    if sys.stdin.readline().strip() != "yes":
        raise Stop("not applied, as the answer was not `yes`; nothing was written")


def _alone(
    plan: "Plan",
    file: Path | None,
    connection: "Connection",
    root: Path,
    services: "Services",
    today: date,
    options: "Options",
    patience: float,
    style: str,
) -> int:
    """Carry the plan out while no other run writes, if it may be after the wait for that. Raises Stop."""
    from engine.applying.lock_log import LockedLog
    from engine.cli.journaling import carried_out, opened_journal
    from engine.cli.locking import one_writer
    from engine.cli.output import progress
    from engine.cli.saved import check_hindsight, check_time, check_unapplied
    from engine.planning.guards import held_customers

    with one_writer(root, connection, patience) as still_held, opened_journal(connection, root) as journal:
        made_on = today
        if file is not None and plan.seal is not None:
            check_unapplied(plan, file, journal.records)
            check_time(plan.seal, f"{file}", connection, datetime.now(UTC))
            if not connection.embedded:
                made_on = plan.seal.made_at.astimezone(ZoneInfo(connection.time_zone)).date()
        check_hindsight(plan, made_on, services, connection.time_zone)

        def guarded(log: "WriteLog") -> "WriteLog":
            return LockedLog(log, still_held)

        try:
            with progress() as told:
                report = carried_out(plan, services, journal, options, told, guarded)
        except KeyboardInterrupt:
            hint = "`cwctl plan` shows what is left to do; what was written is not written again."
            raise Stop("interrupted: a part of the plan may have been written", exits.PARTIAL, hint) from None
    held = {one.customer for one in report.outcomes if one.status == "held"}
    by = held_customers(plan.findings, options.allowed)
    guards = sorted({one.guard for customer in held for one in by.get(customer or "", ())})
    return _reported(report, style, guards, file)


def _reported(report: "Report", style: str, guards: list[str], file: Path | None) -> int:
    """Print the report: the exit code. `guards` held changes back; `file` is where the plan is saved."""
    from engine.applying.report import to_document
    from engine.cli.output import colored, complain, print_json, print_text, width
    from engine.reporting.render import render_report_text

    document = to_document(report)
    named = None if file is None else f"{file}"
    try:
        if style == "json":
            print_json(document)
        else:
            print_text(render_report_text(document, width(sys.stdout), colored(sys.stdout), guards, named))
    except (OSError, AttributeError) as error:
        # The writing is done: what cannot be printed must not look like a run that did nothing.
        complain(f"the plan was carried out, but its report could not be printed ({error})")
        return exits.PARTIAL
    if report.refused:
        return exits.REFUSED
    return exits.OK if report.complete else exits.PARTIAL
