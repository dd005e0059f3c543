"""Guards on what a plan changes of the amounts that are billed by the month, in each currency by itself."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from engine.planning.guarded import Guarded, monthly, share_of
from engine.planning.plan import Effect, Finding
from engine.workspace.guards import Limit

_CENT = Decimal("0.01")


def money_findings(plan: Guarded) -> Iterator[Finding]:
    """In all, which stops the run, and by customer. Nothing counts where no line of ours is there yet."""
    if plan.first:
        return
    sums: dict[tuple[str | None, str], _Sum] = defaultdict(_Sum)
    for service in plan.billed:
        for key in _keys(service.customer, service.currency):
            sums[key].before += service.before.month + service.before.year / 12
            sums[key].yearly |= bool(service.before.year or service.after.year)
    for one in plan.caused():
        if one.line is not None and one.line.currency is not None:
            amount = monthly(one.effect or Effect())
            for key in _keys(one.customer, one.line.currency):
                sums[key].change += amount
                sums[key].of_known += amount if plan.knows(one) else 0
    for (customer, currency), found in sorted(sums.items(), key=lambda item: (item[0][0] or "", item[0][1])):
        if customer is None:
            yield from _over("total-change", plan.rules.total_change, found, None, currency)
        else:
            yield from _over("monthly-change", plan.rules.monthly_change, found, customer, currency)


def _keys(customer: str | None, currency: str) -> tuple[tuple[str | None, str], ...]:
    """What an amount counts to: its customer, and all."""
    return (customer, currency), (None, currency)


class _Sum:
    """What is billed a month in a currency, and by how much that changes.

    `of_known` is the change of what was billed before. `yearly` says that a twelfth of a year's is part of it.
    """

    def __init__(self) -> None:
        self.before = self.change = self.of_known = Decimal(0)
        self.yearly = False

    def told(self, whose: str, currency: str) -> str:
        before, after = (amount.quantize(_CENT) for amount in (self.before, self.before + self.change))
        year = " (a twelfth of a year's included)" if self.yearly else ""
        return f"what {whose} billed a month{year} goes from {before:,} to {after:,} {currency}"


def _over(guard: str, limit: Limit | None, found: _Sum, customer: str | None, currency: str) -> Iterator[Finding]:
    """The finding for an amount that exceeds the limit, or else for its share."""
    if limit is None:
        return
    why = found.told("it is" if customer is not None else "all are", currency)
    before = found.before
    if limit.most is not None and abs(found.change) > limit.most:
        value, most = abs(found.change).quantize(_CENT), Decimal(limit.most)
        yield Finding(guard=guard, customer=customer, value=value, limit=most, unit=currency, why=why)
        return
    if limit.share is None or before <= 0 or before < limit.minimum_base:
        return
    share = share_of(found.of_known, before)
    if share > limit.share:
        value = round(share, 2)
        yield Finding(guard=guard, customer=customer, value=value, limit=Decimal(limit.share), unit="%", why=why)
