"""Whether the PSA holds what became known after the day that a plan is as of.

Such a plan takes it for unknown and would take it back: a quantity, an end, a whole line. So a plan for a day that is
over is carried out only while no line of its services was entered or changed after that day.
"""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from engine.planning.plan import Plan
from engine.psa.client import PsaClient
from engine.psa.mark import MarkDamaged, decode
from engine.psa.models import Addition


def known_later(plan: Plan, psa: PsaClient, zone: ZoneInfo) -> tuple[str, ...]:
    """What of the plan's services was written after its day, in words. Raises ServiceError.

    A line of which the PSA does not tell when it was written counts too.
    """
    agreements = sorted({change.agreement for change in plan.changes if change.agreement is not None})
    services = {change.line.subscription for change in plan.changes if change.line is not None}
    objects = {change.object_id for change in plan.changes if change.kind == "addition"}
    found = (addition for agreement in agreements for addition in psa.additions(agreement))
    return tuple(_written_later(found, services, objects, plan.as_of, zone))


def _written_later(
    additions: Iterator[Addition], services: set[str], objects: set[int | None], as_of: date, zone: ZoneInfo
) -> Iterator[str]:
    for addition in additions:
        if _subscription(addition) not in services and addition.id not in objects:
            continue
        written = _day(addition.last_updated, zone)
        if written is None:
            yield f"when addition {addition.id} of agreement {addition.agreement_id} was written is not known"
        elif written > as_of:
            yield f"addition {addition.id} of agreement {addition.agreement_id} was written on {written}"


def _subscription(addition: Addition) -> str | None:
    try:
        mark = decode(addition.mark)
    except MarkDamaged:
        return None
    return mark.subscription if mark is not None and mark.agreement == addition.agreement_id else None


def _day(instant: str, zone: ZoneInfo) -> date | None:
    try:
        found = datetime.fromisoformat(instant)
    except ValueError:
        return None
    return found.astimezone(zone).date() if found.tzinfo is not None else None
