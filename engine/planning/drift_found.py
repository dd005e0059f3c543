"""What `cwctl drift` tells: of a plan, the edits by hand alone, and what could not be compared."""

from datetime import date
from typing import Any

import msgspec

from engine.planning.plan import Drift, Held, Plan, Selection

_COMPARED = frozenset({"line-invoiced", "line-moved", "late-change"})
"""Why services are held back whose lines have been compared all the same."""


class DriftFound(msgspec.Struct, frozen=True, kw_only=True):
    """The edits by hand as of a day, and what is not known of: `held` could not be compared."""

    connection: str
    as_of: date
    selection: Selection
    drift: tuple[Drift, ...]
    held: tuple[Held, ...]


def drift_found(plan: Plan) -> DriftFound:
    """The drift that a plan found on its way."""
    return DriftFound(
        connection=plan.connection,
        as_of=plan.as_of,
        selection=plan.selection,
        drift=plan.drift,
        held=tuple(one for one in plan.held if one.code not in _COMPARED),
    )


def to_document(found: DriftFound) -> dict[str, Any]:
    """The dict form: JSON values only."""
    document: dict[str, Any] = msgspec.to_builtins(found)
    return document
