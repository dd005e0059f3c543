"""Plans as somebody else would write them: edited, and sealed anew with a digest that fits."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from engine.planning.plan import Change, FieldChange, Plan
from engine.planning.plan_json import from_json, sealed, to_json


def resealed(plan: Plan) -> Plan:
    """The plan with a seal of its own, valid in every way that the file can be."""
    assert plan.seal is not None
    life = plan.seal.expires_at - plan.seal.made_at
    return sealed(replace(plan, seal=None), plan.seal.target, plan.seal.made_at, max(life, timedelta(hours=1)))


def with_change(plan: Plan, address: str, edit: Callable[[Change], Change]) -> Plan:
    """The plan with one of its changes edited, sealed anew."""
    changes = tuple(edit(one) if one.address == address else one for one in plan.changes)
    assert changes != plan.changes
    return resealed(replace(plan, changes=changes))


def with_field(change: Change, name: str, **new: Any) -> Change:
    """The change with one of its fields edited."""
    fields = tuple(replace(one, **new) if one.field == name else one for one in change.fields)
    assert fields != change.fields
    return replace(change, fields=fields)


def with_more(change: Change, *more: FieldChange) -> Change:
    """The change with further fields."""
    return replace(change, fields=(*change.fields, *more))


def read(file: Path) -> Plan:
    return from_json(file.read_bytes())


def write(file: Path, plan: Plan) -> Path:
    """Saves it as `plan --out` does."""
    file.write_bytes(to_json(plan))
    return file


def document(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(plan)
    return found
