"""What a finding of the guards does to a run, unless its guard is allowed: it holds a customer, or stops all."""

from collections.abc import Collection, Iterable

from engine.planning.plan import Finding
from engine.workspace.guards import GUARDS

__all__ = ["GUARDS", "held_customers", "stopping", "unknown_guards"]


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
