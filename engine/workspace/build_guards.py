"""Builds the typed limits of rules/guards.yaml from entries that have passed every check."""

from typing import Any, cast

from engine.workspace.guards import GUARDS, GuardRules, Limit, QuantityJump, field_of
from engine.workspace.nodes import Entry

OFF = "off"


def build_guards(entry: Entry) -> GuardRules:
    """What the file says; what it leaves out has its default."""
    stated = [name for name in GUARDS if entry.has(name)]
    defaults = GuardRules()
    values = {field_of(name): _limit(entry, name, getattr(defaults, field_of(name))) for name in stated}
    return GuardRules(**values, places={name: entry.at(name) for name in stated})


def _limit(entry: Entry, name: str, default: object) -> Any:
    """One guard's limit; None where it is off, False for one that is only switched."""
    value, child = entry.node[name], entry.child(name)
    if isinstance(default, bool):
        return value != OFF
    if child is None:
        return None if value == OFF else value
    if isinstance(default, QuantityJump):
        return QuantityJump(
            times=cast(int, child.node.get("times", default.times)),
            minimum=cast(int, child.node.get("minimum", default.minimum)),
        )
    assert isinstance(default, Limit)
    most = "amount" if child.has("amount") else "number"
    return Limit(
        most=_part(child, most, default.most),
        share=_part(child, "share", default.share),
        minimum_base=cast(int, child.node.get("minimum_base", default.minimum_base)),
    )


def _part(entry: Entry, key: str, default: int | None) -> int | None:
    if not entry.has(key):
        return default
    value = entry.node[key]
    return None if value == OFF else cast(int, value)
