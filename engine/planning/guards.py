"""The guards: what of a plan exceeds its limits, and what that does unless its guard is allowed.

A finding holds a customer back, or stops the whole run. Pure; source of the rules: rules/guards.yaml, docs/guards.md.
"""

from collections.abc import Collection, Iterable
from datetime import date

from engine.planning.billed import Billed
from engine.planning.guard_counts import count_findings
from engine.planning.guard_lines import line_findings
from engine.planning.guard_money import money_findings
from engine.planning.guarded import guarded
from engine.planning.plan import Change, Finding
from engine.workspace.guards import GUARDS, GuardRules

__all__ = ["GUARDS", "findings", "held_customers", "stopping", "unknown_guards"]


def findings(
    rules: GuardRules, changes: Iterable[Change], billed: tuple[Billed, ...], as_of: date
) -> tuple[Finding, ...]:
    """What exceeds the limits: what stops the run first, then by customer."""
    plan = guarded(rules, changes, billed, as_of)
    found = [*count_findings(plan), *money_findings(plan), *line_findings(plan)]
    return tuple(sorted(found, key=lambda one: (one.customer is not None, one.customer or "")))


def unknown_guards(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names, in their order, that no guard has: an override of them would allow nothing."""
    return tuple(name for name in dict.fromkeys(names) if name not in GUARDS)


def held_customers(findings: Iterable[Finding], allowed: Collection[str]) -> dict[str, tuple[Finding, ...]]:
    """The findings that hold a customer back, by its platform id. `allowed` are names of guards that hold nothing."""
    held: dict[str, tuple[Finding, ...]] = {}
    for finding in findings:
        if finding.customer is not None and finding.guard not in allowed:
            held[finding.customer] = (*held.get(finding.customer, ()), finding)
    return held


def stopping(findings: Iterable[Finding], allowed: Collection[str]) -> tuple[Finding, ...]:
    """The findings that refuse the whole run. `allowed` are names of guards that stop nothing."""
    return tuple(finding for finding in findings if finding.customer is None and finding.guard not in allowed)
