"""What can be wrong with limits in rules/guards.yaml that have the right shape."""

from collections.abc import Iterator

from engine.diagnostics import Diagnostic
from engine.workspace.build_guards import OFF, build_guards
from engine.workspace.draft import Draft
from engine.workspace.guards import GUARDS, Limit, field_of


def limits_limit(draft: Draft) -> Iterator[Diagnostic]:
    """A guard that is written as a mapping limits something, and has a minimum base for a share only."""
    if draft.guards is None:
        return
    rules = build_guards(draft.guards)
    for name in GUARDS:
        entry, limit = draft.guards.child(name), getattr(rules, field_of(name))
        if entry is None or not isinstance(limit, Limit):
            continue
        if limit.most is None and limit.share is None:
            text = f"{name} limits nothing, as all of it is off"
            yield draft.guards.problem("guard-empty", name, text, f"Write `{name}: {OFF}`, or give it a limit.")
        elif entry.has("minimum_base") and limit.share is None:
            text = f"{name} has no share, so its minimum base has no effect"
            hint = "Give it a share, or remove the minimum base."
            yield entry.problem("guard-base", "minimum_base", text, hint)
