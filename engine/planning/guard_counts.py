"""Guards on how many lines a plan touches: changed, ended, renewed, and months opened."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from engine.planning.guarded import Guarded, opens_month, share_of
from engine.planning.plan import Change, Finding
from engine.workspace.guards import Limit


def count_findings(plan: Guarded) -> Iterator[Finding]:
    """What exceeds a number, or a share of the lines of ours that are there. All of them stop the run."""
    rules, caused = plan.rules, plan.caused()
    if not plan.first:
        yield from _over("max-changes", rules.max_changes, caused, plan, "lines to create or change", "changes")
    yield from _over("max-ended", rules.max_ended, _ended(caused), plan, "lines to end or retract")
    yield from _over("max-renewed", rules.max_renewed, plan.renewed, plan, "lines to renew")
    if not plan.first:
        opened = list(filter(opens_month, plan.changes))
        yield from _over("max-usage-months", rules.max_usage_months, opened, plan, "months of consumption to open")


def _ended(changes: tuple[Change, ...]) -> list[Change]:
    """The lines that end earlier than they would, or are retracted, where no new line carries on."""
    carried = {
        change.line.subscription
        for change in changes
        if change.line is not None and change.action == "create" and change.line.role == "base"
    }
    return [change for change in changes if _ends(change) and change.line and change.line.subscription not in carried]


def _ends(change: Change) -> bool:
    if change.action != "update" or change.line is None:
        return False
    ends = [one for one in change.fields if one.field == "cancelled" and one.after is not None]
    return change.line.retracted or any(one.before is None or one.after < one.before for one in ends)


def _over(
    guard: str, limit: Limit | None, found: Sequence[Change], plan: Guarded, what: str, unit: str = "lines"
) -> Iterator[Finding]:
    """The finding for a number that exceeds the limit, or else for its share."""
    if limit is None:
        return
    if limit.most is not None and len(found) > limit.most:
        why = f"{what}, where {plan.lines:,} are there"
        yield Finding(guard=guard, value=Decimal(len(found)), limit=Decimal(limit.most), unit=unit, why=why)
        return
    if limit.share is None or not plan.lines or plan.lines < limit.minimum_base:
        return
    number = sum(1 for change in found if plan.knows(change))
    share = share_of(Decimal(number), Decimal(plan.lines))
    if share > limit.share:
        why = f"{what}: {number:,} of subscriptions billed already, where {plan.lines:,} lines are there"
        yield Finding(guard=guard, value=round(share, 2), limit=Decimal(limit.share), unit="%", why=why)
