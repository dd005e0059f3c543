"""Whether a plan makes lines, or takes lines over, only where the workspace's mappings have them."""

from collections import defaultdict

from engine.applying.admissible import Scope, inadmissible, outside
from engine.cli import exits
from engine.cli.exits import Stop
from engine.planning.plan import Plan
from engine.workspace.model import Mappings


def check_scope(plan: Plan, mappings: Mappings, account: str) -> None:
    """Raises Stop with exit code 3 for a plan that cwctl cannot have made of these mappings."""
    why = inadmissible(plan) or outside(plan, scope_of(mappings, account))
    if why is not None:
        raise Stop(
            f"the plan holds what cwctl never plans; nothing was written: {why}",
            exits.REFUSED,
            "Somebody edited it. Find out who, and make a new plan with `cwctl plan --out FILE`.",
        )


def scope_of(mappings: Mappings, account: str) -> Scope:
    """The agreements on which each customer may get lines, and the additions that mappings take over."""
    agreements: defaultdict[str, set[int]] = defaultdict(set)
    for customer in mappings.customers.values():
        agreements[customer.customer].update(one.agreement for one in customer.agreements)
    for service in mappings.services.values():
        agreements[service.customer].update(one.agreement for one in service.agreements)
    return Scope(
        account=account,
        agreements={customer: frozenset(found) for customer, found in agreements.items()},
        adopted={one.subscription: one.addition for one in mappings.services.values() if isinstance(one.addition, int)},
    )
