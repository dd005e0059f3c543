"""What `plan`, `apply` and `show` share: making a plan from options, and printing one."""

import sys
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.output import colored, print_diagnostics, print_json, print_text, progress, say, width
from engine.pipeline import Services, make_plan
from engine.planning.plan import Plan, Selection
from engine.planning.plan_json import sealed, to_document
from engine.planning.selection import SelectionUnknown, parse
from engine.workspace.model import Connection, Mappings, Workspace


def selection(mappings: Mappings, customers: tuple[str, ...], targets: tuple[str, ...]) -> Selection:
    """The selection of `--customer` and `--target`. Raises Stop."""
    try:
        return parse(mappings, customers, targets)
    except SelectionUnknown as error:
        raise Stop(str(error)) from error


def planned(workspace: Workspace, connection: Connection, services: Services, day: date, chosen: Selection) -> Plan:
    """A plan, sealed, with progress on stderr, and there too what the platform's tokens give cause to say."""
    with progress() as told:
        made = make_plan(workspace, connection.name, services, day, chosen, told)
    print_diagnostics(list(services.platform.warnings()), sys.stderr)
    return sealed(made, connection.target, datetime.now(UTC), timedelta(hours=connection.apply.plan_valid_hours))


def print_plan(plan: Plan, style: str, file: Path | None = None, allowed: Collection[str] = ()) -> None:
    """The plan on stdout: `text`, `json`, `markdown`, or `summary`, what guards found and its last line.

    `file` is where it is saved; `allowed` are guards that hold nothing back.
    """
    document = to_document(plan)
    if style == "json":
        print_json(document)
        return
    from engine.reporting.render import render_plan_markdown, render_plan_summary, render_plan_text

    if style == "markdown":
        print_text(render_plan_markdown(document))
        return
    render = render_plan_summary if style == "summary" else render_plan_text
    named = None if file is None else f"{file}"
    print_text(render(document, width(sys.stdout), colored(sys.stdout), allowed, named))


def tell_digest(plan: Plan, style: str, saved: Path | None) -> None:
    """The plan's digest on stderr, for an approval that is bound to it. JSON and Markdown have it in the result."""
    if style == "text" and plan.seal is not None:
        command = " ".join(["cwctl apply", *([str(saved)] if saved else []), "--digest"])
        say(f"Digest {plan.seal.digest}\n    `{command}` with it applies this plan and no other.\n")


def plan_exit(plan: Plan, detailed: bool) -> int:
    """The exit code of a plan: 4 if something could not be planned, 2 for changes with `--detailed-exitcode`."""
    if not plan.complete:
        return exits.PARTIAL
    return exits.CHANGES if detailed and plan.changes else exits.OK
