"""`cwctl rollback`: the plan that takes a journalled run back."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import connection_option, format_option
from engine.cli.run_named import run_named

if TYPE_CHECKING:
    from engine.applying.runs import Run
    from engine.workspace.model import Connection


@click.command()
@click.argument("name", metavar="RUN")
@connection_option
@format_option("json", "markdown")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan in this file, for `apply`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there is something to take back.")
@click.pass_obj
def rollback(
    directory: str | None, name: str, connection: str | None, style: str, out: Path | None, detailed_exitcode: bool
) -> int:
    """Plan how a RUN of `cwctl apply` is taken back. Nothing is written to the PSA.

    RUN is its name in the journal, or the beginning of it; `last` is the last run.
    Changed fields get their former values, new lines are retracted; nothing is
    deleted, and what moved or was invoiced since is held back. `cwctl apply FILE`
    then carries the plan out.

    Exits with 0, with 2 for changes (only with --detailed-exitcode), with 3 if it is
    refused, with 4 if something cannot be taken back.

    \b
    Examples:
      cwctl rollback 20260615-221503-4be1a0
      cwctl rollback 20260615-2215 --out back.plan
    """
    from engine.applying.taken import taken_run
    from engine.cli.output import progress, say
    from engine.cli.plan import check_place, save
    from engine.cli.planning import plan_exit, print_plan, tell_digest
    from engine.cli.services import opened
    from engine.cli.workspace import loaded
    from engine.pipeline import make_rollback
    from engine.planning.plan_json import sealed, to_json

    if out is not None:
        check_place(out)
    workspace, chosen = loaded(directory, connection)
    runs = _runs(chosen, Path(workspace.root))
    run = run_named(runs, name)
    _check_same(run, chosen)
    with opened(chosen, Path(workspace.root)) as (services, today), progress() as told:
        made = make_rollback(workspace, chosen.name, services, today, taken_run(runs, run), told)
    made = sealed(made, chosen.target, datetime.now(UTC), timedelta(hours=chosen.apply.plan_valid_hours))
    if style != "json":
        _introduce(run, style)
    print_plan(made, style, out or Path("FILE"))
    if out is None:
        if made.changes and style == "text":
            say(f"`cwctl rollback {run.begun.run} --out FILE` saves this plan for `cwctl apply FILE`.\n")
    else:
        tell_digest(made, style, out)
        save(out, to_json(made))
        say(f"Saved in {out}; `cwctl apply {out}` carries out exactly this.\n")
    return plan_exit(made, detailed_exitcode)


def _runs(connection: "Connection", root: Path) -> "tuple[Run, ...]":
    """The runs of the connection's journal. Raises Stop where it cannot be read, or was damaged."""
    from engine.applying.journal import read
    from engine.applying.runs import runs
    from engine.cli.journaling import journal_path

    path = journal_path(connection, root)
    try:
        chain = read(path)
    except FileNotFoundError as error:
        raise Stop(
            f"there is no journal {path}: no run of the connection {connection.name!r} can be taken back",
            hint="A journal begins with the first `cwctl apply`; `apply: journal:` of the connection says where it is.",
        ) from error
    except OSError as error:
        raise Stop(f"the journal {path} cannot be read: {error.strerror}") from error
    if chain.broken is not None:
        raise Stop(
            f"the journal {path} was damaged: line {chain.broken.line}: {chain.broken.why}",
            exits.REFUSED,
            "`cwctl journal verify` shows where. Take back by hand what has to be.",
        )
    return runs(chain.records)


def _check_same(run: "Run", connection: "Connection") -> None:
    """Raises Stop with exit code 3 for a run that wrote to something else."""
    begun = run.begun
    if begun.connection != connection.name:
        raise Stop(
            f"run {begun.run} wrote to the connection {begun.connection!r}, not to {connection.name!r}",
            exits.REFUSED,
            f"Name that one with --connection {begun.connection}.",
        )
    if begun.target != connection.target:
        raise Stop(
            f"run {begun.run} wrote to {begun.target}; the connection {connection.name!r} is {connection.target} now",
            exits.REFUSED,
            "Take it back in a workspace whose connection is the one that it wrote to.",
        )


def _introduce(run: "Run", style: str) -> None:
    """Which run is taken back, on stdout above the plan."""
    from engine.cli.output import print_text, width
    from engine.reporting.render import render_rollback_markdown, render_rollback_text

    shown = {
        "run": run.begun.run,
        "at": f"{run.begun.at:%Y-%m-%d %H:%M} UTC",
        "who": run.begun.who,
        "where": run.begun.where,
        "writes": len(run.writes),
        "unknown": sum(1 for write in run.writes if write.written is None or write.written.status == "failed"),
        "ended": run.ended is not None,
    }
    if style == "markdown":
        print_text(render_rollback_markdown(shown))
    else:
        print_text(render_rollback_text(shown, width(sys.stdout)))
