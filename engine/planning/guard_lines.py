"""Guards on single lines and services: margin, cost, jumps of price and licences, and credits without their line."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from engine.billing.money import plain
from engine.planning.billed import Billed, BilledLine
from engine.planning.effect import Bills
from engine.planning.guarded import Guarded, share_of
from engine.planning.plan import Finding
from engine.workspace.guards import GuardRules

_ONE_DAY = timedelta(days=1)


def line_findings(plan: Guarded) -> Iterator[Finding]:
    """What is odd about what changes of a service. All of it holds the customer back."""
    changing = {change.address for change in plan.changes}
    for service in plan.billed:
        new = [line for line in service.lines if line.address in changing]
        if new:
            yield from _prices(plan.rules, service, new)
            yield from _price_jumps(plan.rules, service, new)
            yield from _quantity_jump(plan.rules, service)
            yield from _lone_credits(plan.rules, service, new)


def _prices(rules: GuardRules, service: Billed, new: list[BilledLine]) -> Iterator[Finding]:
    """New prices under their cost, or with too little margin; what was billed at that price already went through."""
    seen = {(line.before.unit_price, line.before.unit_cost) for line in service.lines if line.before is not None}
    for line, after in _charging(new):
        price, cost = after.unit_price, after.unit_cost
        if (price, cost) in seen:
            continue
        seen.add((price, cost))
        if price < cost and rules.price_under_cost:
            why = f"the new price of {_named(service)} is under its cost"
            yield _finding("price-under-cost", service, line, price, cost, service.currency, why)
        elif price > 0 and rules.minimum_margin is not None:
            margin = (price - cost) * 100 / price
            if margin < rules.minimum_margin:
                why = f"the margin of {_named(service)}, {plain(price)} {service.currency} at a cost of {plain(cost)}"
                limit = Decimal(rules.minimum_margin)
                yield _finding("minimum-margin", service, line, round(margin, 2), limit, "%", why)


def _price_jumps(rules: GuardRules, service: Billed, new: list[BilledLine]) -> Iterator[Finding]:
    """Unit prices far from that of the line itself, or of the one before it. An upgrade has its own price."""
    if rules.price_jump is None:
        return
    told: set[tuple[Decimal, Decimal]] = set()
    for line, after in _charging(new):
        before = _price_before(service, line, after)
        if before is None or before == after.unit_price or (before, after.unit_price) in told:
            continue
        told.add((before, after.unit_price))
        why = f"the unit price of {_named(service)} goes from {plain(before)} to {plain(after.unit_price)}"
        if not before:
            nothing = Decimal(0)
            yield _finding("price-jump", service, line, after.unit_price, nothing, service.currency, why)
        elif (share := share_of(after.unit_price - before, before)) > rules.price_jump:
            yield _finding("price-jump", service, line, round(share, 2), Decimal(rules.price_jump), "%", why)


def _price_before(service: Billed, line: BilledLine, after: Bills) -> Decimal | None:
    if line.before is not None and line.before.quantity:
        return line.before.unit_price
    earlier = [
        one.before
        for one in service.lines
        if one.segment == line.segment
        and one.before is not None
        and one.before.role in {"base", "delta"}
        and one.before.quantity > 0
        and one.before.effective <= after.effective
    ]
    return max(earlier, key=lambda bills: bills.effective).unit_price if earlier else None


def _quantity_jump(rules: GuardRules, service: Billed) -> Iterator[Finding]:
    """Many times as many licences in the end, or as few; a service that begins or ends does not jump."""
    fewer, more = sorted(service.licences)
    jump = rules.quantity_jump
    if jump is None or fewer <= 0 or more - fewer < jump.minimum or more <= fewer * jump.times:
        return
    before, after = (plain(number) for number in service.licences)
    why = f"the licences of {_named(service)} go from {before} to {after}"
    times = round(more / fewer, 2)
    yield Finding(
        guard="quantity-jump", customer=service.customer, value=times, limit=Decimal(jump.times), unit="x", why=why
    )


def _lone_credits(rules: GuardRules, service: Billed, new: list[BilledLine]) -> Iterator[Finding]:
    """Credits on days on which the lines of the service come to less than nothing.

    A settlement is none of them: it takes back days of other periods.
    """
    if not rules.negative_line:
        return
    after = [line.after for line in service.lines if line.after is not None and line.after.role != "settlement"]
    for line in new:
        credit = line.after
        if credit is None or credit.quantity >= 0 or credit.role == "settlement":
            continue
        for day in _turns(credit, after):
            number = sum((one.quantity for one in after if _bills_on(one, day)), Decimal(0))
            if number < 0:
                why = f"a credit of {_named(service)} on {day}, when nothing bills as much"
                yield _finding("negative-line", service, line, number, Decimal(0), "licences", why)
                break


def _turns(credit: Bills, lines: list[Bills]) -> list[date]:
    """The days of a credit on which the sum of the lines can change."""
    days = {credit.effective}
    for one in lines:
        days |= {one.effective, *([one.cancelled + _ONE_DAY] if one.cancelled not in (None, date.max) else [])}
    return sorted(day for day in days if _bills_on(credit, day))


def _bills_on(line: Bills, day: date) -> bool:
    return line.effective <= day and (line.cancelled is None or line.cancelled >= day)


def _charging(lines: list[BilledLine]) -> Iterator[tuple[BilledLine, Bills]]:
    for line in lines:
        if line.after is not None and line.after.quantity > 0 and (line.after.unit_price or line.after.unit_cost):
            yield line, line.after


def _named(service: Billed) -> str:
    return f"{service.name} (subscription {service.subscription})"


def _finding(
    guard: str, service: Billed, line: BilledLine, value: Decimal, limit: Decimal, unit: str, why: str
) -> Finding:
    return Finding(
        guard=guard, customer=service.customer, address=line.address, value=value, limit=limit, unit=unit, why=why
    )
