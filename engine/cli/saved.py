"""Reading a saved plan, and whether it may still be applied."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.applying.lock import instant
from engine.cli import exits
from engine.cli.exits import Stop
from engine.planning.plan import Plan, Seal
from engine.planning.plan_json import PlanRefused, PlanUnreadable, from_json
from engine.workspace.model import Connection, Workspace

if TYPE_CHECKING:
    from engine.applying.records import Record
    from engine.pipeline import Services

INCOMPLETE = "incomplete"
"""What `--allow` calls a plan of which something could not be read."""

_LARGEST = 512 * 2**20
_AGAIN = "Make a new plan, and have it approved."
_LEFT = "Make a new plan of what is left, with `cwctl plan --out FILE`, and apply that, with --allow for a guard."
_CLOCKS_DIFFER = timedelta(minutes=5)
_SHOWN = 3


def read_plan(file: Path, refused: int = exits.ERROR) -> Plan:
    """The plan of a file. Raises Stop where there is none.

    `refused` is the exit code for a plan that is one, but of another format, or changed after it was made.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise Stop(f"{file}: it is too large to be a plan")
        return from_json(_content(file))
    except PlanUnreadable as error:
        code = refused if isinstance(error, PlanRefused) else exits.ERROR
        raise Stop(f"{file}: {error}", code, "Make a new one with `cwctl plan --out FILE`.") from error
    except OSError as error:
        raise Stop(f"{file}: {error.strerror}", hint="`cwctl plan --out FILE` saves a plan.") from error


def _content(file: Path) -> bytes:
    """What is in it; of what cannot be a plan only the beginning, as it may be a device without an end."""
    with file.open("rb") as stream:
        begins = stream.read(64)
        return begins + stream.read(_LARGEST) if begins.lstrip().startswith(b"{") else begins


def check_day(as_of: date, today: date) -> None:
    """A plan of a day to come holds what is not known yet. Raises Stop with exit code 3."""
    if as_of > today:
        raise Stop(
            f"the plan is as of {as_of}, today is {today}: nobody knows yet what that day will bring",
            exits.REFUSED,
            "Plan for the day to come to look at it; apply on the day itself.",
        )


def must_apply(
    plan: Plan, file: Path, workspace: Workspace, connection: Connection, allowed: Collection[str], now: datetime
) -> None:
    """Raises Stop with exit code 3, naming what differs, unless the plan is of this workspace and connection, whole and
    not yet past its time. `now` is in UTC."""
    if plan.connection != connection.name:
        raise Stop(
            f"{file} is for the connection {plan.connection!r}, not for {connection.name!r}",
            exits.REFUSED,
            f"Apply it with --connection {plan.connection}.",
        )
    if plan.seal is None:
        raise Stop(f"{file} has no seal: nothing tells when it was made and where to", exits.REFUSED, _AGAIN)
    if plan.seal.target != connection.target:
        raise Stop(
            f"{file} is for {plan.seal.target}, but the connection {connection.name!r} is {connection.target}",
            exits.REFUSED,
            _AGAIN,
        )
    if plan.workspace_digest != workspace.digest:
        raise Stop(
            f"the workspace changed since {file} was made: its digest was {plan.workspace_digest[:12]}…, "
            f"now it is {workspace.digest[:12]}…",
            exits.REFUSED,
            _AGAIN,
        )
    check_time(plan.seal, f"{file}", connection, now)
    _check_whole(plan, file, allowed)


def check_time(seal: Seal, named: str, connection: Connection, now: datetime) -> None:
    """Raises Stop with exit code 3 for a plan past its time. The connection's own setting limits what the plan says."""
    hours = connection.apply.plan_valid_hours
    expires = min(seal.expires_at, seal.made_at + timedelta(hours=hours))
    if now >= expires:
        raise Stop(
            f"{named} was made at {instant(seal.made_at)} and could be applied until {instant(expires)}; "
            f"it is {instant(now)} now",
            exits.REFUSED,
            f"{_AGAIN} `apply: plan_valid_hours` of the connection says for how long one holds.",
        )
    if seal.made_at > now + _CLOCKS_DIFFER:
        raise Stop(
            f"{named} was made at {instant(seal.made_at)}, and it is only {instant(now)} here",
            exits.REFUSED,
            "One of the two clocks is wrong: set it right, then make a new plan.",
        )


def _check_whole(plan: Plan, file: Path, allowed: Collection[str]) -> None:
    if INCOMPLETE in allowed:
        return
    missing = [f"{one.name}: {one.why}" for one in plan.held if one.kind == "incomplete"]
    missing += [one.text for one in plan.notices if one.severity == "error"]
    if missing:
        raise Stop(
            f"{file} is incomplete: {_first(missing)}",
            exits.REFUSED,
            f"{_AGAIN} If what is there is to be applied without the rest: --allow {INCOMPLETE}.",
        )


def check_digest(plan: Plan, demanded: str | None) -> None:
    """Raises Stop with exit code 3 unless the plan has the digest that was approved, or begins with it."""
    digest = plan.seal.digest if plan.seal is not None else "none"
    if demanded is not None and not digest.startswith(demanded):
        raise Stop(
            f"this is not the plan that was approved: --digest demands {demanded}, its digest is {digest}",
            exits.REFUSED,
            "Read the plan as it is now, and have it approved.",
        )


def check_unapplied(plan: Plan, file: Path, records: Iterable["Record"]) -> None:
    """Raises Stop with exit code 3 for a plan that a run of the journal applied."""
    from engine.applying.runs import applied, applied_by, applied_in_part

    before = applied(records, plan.seal.id) if plan.seal is not None and plan.changes else None
    if before is not None:
        raise Stop(
            f"{file} is not applied again: {applied_by(before)}",
            exits.REFUSED,
            _LEFT if applied_in_part(before) else "A new plan holds what is left to do, if anything is.",
        )


def check_hindsight(plan: Plan, made_on: date, services: "Services", zone: str) -> None:
    """Raises Stop with exit code 3 where a plan, made for a day before `made_on`, would undo what is known since."""
    from engine.applying.hindsight import known_later

    if plan.as_of >= made_on:
        return
    later = known_later(plan, services.psa, ZoneInfo(zone))
    if later:
        raise Stop(
            f"the plan is as of {plan.as_of}, a day that is over, and would undo what became known since: "
            f"{_first(list(later))}",
            exits.REFUSED,
            "Apply a plan as of today. One of a past day is for looking, unless nothing was written after that day.",
        )


def _first(texts: list[str]) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more
