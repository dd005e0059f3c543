"""Reading a saved plan, and whether it may still be applied."""

from datetime import date
from pathlib import Path

from engine.cli import exits
from engine.cli.exits import Stop
from engine.planning.plan import Plan
from engine.planning.plan_json import PlanUnreadable, from_json
from engine.workspace.model import Connection, Workspace

_LARGEST = 512 * 2**20


def read_plan(file: Path) -> Plan:
    """The plan of a file. Raises Stop where there is none."""
    try:
        if file.stat().st_size > _LARGEST:
            raise Stop(f"{file}: it is too large to be a plan")
        return from_json(file.read_bytes())
    except PlanUnreadable as error:
        raise Stop(f"{file}: {error}", hint="Make a new one with `cwctl plan --out FILE`.") from error
    except OSError as error:
        raise Stop(f"{file}: {error.strerror}", hint="`cwctl plan --out FILE` saves a plan.") from error


def check_day(as_of: date, today: date) -> None:
    """A plan of a day to come holds what is not known yet. Raises Stop with exit code 3."""
    if as_of > today:
        raise Stop(
            f"the plan is as of {as_of}, today is {today}: nobody knows yet what that day will bring",
            exits.REFUSED,
            "Plan for the day to come to look at it; apply on the day itself.",
        )


def must_apply(plan: Plan, file: Path, workspace: Workspace, connection: Connection) -> None:
    """Raises Stop with exit code 3, naming what differs, unless the plan is of this workspace and connection."""
    again = "Make a new plan, and have it approved."
    if plan.connection != connection.name:
        raise Stop(
            f"{file} is for the connection {plan.connection!r}, not for {connection.name!r}",
            exits.REFUSED,
            f"Apply it with --connection {plan.connection}.",
        )
    if plan.workspace_digest != workspace.digest:
        raise Stop(
            f"the workspace changed since {file} was made: its digest was {plan.workspace_digest[:12]}…, "
            f"now it is {workspace.digest[:12]}…",
            exits.REFUSED,
            again,
        )
