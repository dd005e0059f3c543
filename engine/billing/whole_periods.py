"""Lines that carry amounts, not licence-days: consumption and one-time charges cover whole billing periods."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from engine.billing.calendar import eom, fom, fonm
from engine.billing.history import Cancellation, Event, PriceChange, Purchase, QuantityChange, Renewal, Usage
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms

_NOTHING = (Decimal(0), Decimal(0))


def usage_lines(
    subscription: SubscriptionTerms, events: Iterable[Event], agreement: AgreementTerms, as_of: date
) -> list[Line]:
    """A line of quantity 1 for each calendar month, without an amount until that month's figures are accepted."""
    figures: dict[str, tuple[Decimal, Decimal]] = {}
    last, end = as_of, None if subscription.auto_renew else subscription.end
    for event in events:
        if isinstance(event, Usage):
            figures[event.period] = (event.price, event.cost)
        elif isinstance(event, Cancellation):
            last = min(last, event.on)
        elif isinstance(event, Renewal) and not subscription.auto_renew:
            end = event.end
    last = last if end is None else min(last, end)
    month = fom(max(subscription.start, subscription.effective_date or subscription.start))
    found = []
    while month <= last:
        if eom(month) >= agreement.start:
            period = f"{month:%Y-%m}"
            price, cost = figures.get(period, _NOTHING)
            first = whole_period(month, agreement)
            found.append(
                Line(
                    role="usage",
                    product=subscription.product,
                    quantity=1,
                    effective=first,
                    cancelled=agreement.period_end(first),
                    unit_price=price,
                    unit_cost=cost,
                    period=period,
                )
            )
        month = fonm(month)
    return found


def one_time_lines(
    subscription: SubscriptionTerms, events: Iterable[Event], agreement: AgreementTerms, rules: Rules
) -> list[Line]:
    """One line as bought, changed only in place; a cancellation in those days removes it, a later one does not."""
    start = subscription.start
    if subscription.effective_date is not None and subscription.effective_date > start:
        return []
    if agreement.period_end(start) < agreement.start:
        return []
    quantity, price, cost = 0, subscription.unit_price, subscription.unit_cost
    for event in events:
        if not isinstance(event, Purchase) and event.on >= start + timedelta(days=rules.in_place_days):
            break
        if isinstance(event, Cancellation):
            return []
        if isinstance(event, Purchase | QuantityChange):
            quantity = event.quantity
        elif isinstance(event, PriceChange):
            price = price if event.unit_price is None else event.unit_price
            cost = cost if event.unit_cost is None else event.unit_cost
    first = whole_period(start, agreement)
    return [
        Line(
            role="one_time",
            product=subscription.product,
            quantity=quantity,
            effective=first,
            cancelled=agreement.period_end(first),
            unit_price=price,
            unit_cost=cost,
        )
    ]


def whole_period(day: date, agreement: AgreementTerms) -> date:
    """First day of the billing period of `day`, or of the first one that did not begin before the agreement."""
    first = agreement.period_start(day)
    while first < agreement.start:
        first = agreement.period_end(first) + timedelta(days=1)
    return first
