"""The subscription of the examples, its events, and its lines as short text.

Ten licences of PLAN from 10 January 2026 for a year, at 22.00 (cost 17.60), on an agreement older than it. What is left
out of a line's text is what these examples take for granted: that product and price, and the first segment.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from engine.billing.calculus import lines
from engine.billing.history import (
    Cancellation,
    Event,
    PriceChange,
    Purchase,
    QuantityChange,
    Renewal,
    Upgrade,
    Usage,
)
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms

MONTHLY = AgreementTerms(start=date(2025, 1, 1), billing="monthly")

BY_DAY = Rules()
"""Actual Date for both changes, Cancel per Cancellation Date."""

BY_MONTH = Rules(
    quantity_increase="first_of_month", quantity_decrease="first_of_next_month", cancellation="end_of_month"
)
"""First Date of the (Next) Month, Set Cancel Date to the Last Day of the Month."""


def day(text: str) -> date:
    return date.fromisoformat(text)


def agreement(start: str, billing: Any = "monthly") -> AgreementTerms:
    return AgreementTerms(start=day(start), billing=billing)


def subscription(**changed: Any) -> SubscriptionTerms:
    """The subscription of the examples; text is a day or money where one belongs."""
    values = {"kind": "license", "product": "PLAN", "start": "2026-01-10", "end": "2027-01-09"}
    values |= {"unit_price": "22.00", "unit_cost": "17.60", **changed}
    readers = {"start": day, "end": day, "effective_date": day, "unit_price": Decimal, "unit_cost": Decimal}
    return SubscriptionTerms(
        **{
            name: readers[name](value) if name in readers and isinstance(value, str) else value  # type: ignore[arg-type, operator]  # each reader takes its own text
            for name, value in values.items()
        }
    )


def purchase(licences: int = 10, on: str = "2026-01-10") -> Event:
    return Purchase(on=day(on), quantity=licences)


def quantity(on: str, licences: int) -> Event:
    return QuantityChange(on=day(on), quantity=licences)


def price(on: str, unit_price: str | None = None, unit_cost: str | None = None) -> Event:
    return PriceChange(on=day(on), unit_price=_money(unit_price), unit_cost=_money(unit_cost))


def upgrade(on: str, product: str = "PLUS", unit_price: str | None = "36.00", unit_cost: str | None = "28.80") -> Event:
    return Upgrade(on=day(on), product=product, unit_price=_money(unit_price), unit_cost=_money(unit_cost))


def cancel(on: str) -> Event:
    return Cancellation(on=day(on))


def renew(on: str, end: str, unit_price: str | None = None, unit_cost: str | None = None) -> Event:
    return Renewal(on=day(on), end=day(end), unit_price=_money(unit_price), unit_cost=_money(unit_cost))


def usage(on: str, period: str, amount: str, cost: str) -> Event:
    return Usage(on=day(on), period=period, price=Decimal(amount), cost=Decimal(cost))


def told(
    *events: Event,
    of: SubscriptionTerms | None = None,
    on: AgreementTerms = MONTHLY,
    rules: Rules = BY_DAY,
    as_of: str | None = None,
) -> list[str]:
    """The lines as text, as known on `as_of`, or else on the day of the last event."""
    known_on = day(as_of) if as_of else max(event.on for event in events)
    return [as_text(line) for line in lines(of or subscription(), events, on, rules, known_on)]


def as_text(line: Line) -> str:
    """Such as `base 10 2026-01-10..2026-03-31`, and what is not of the examples after it."""
    words = [line.role, line.period, str(line.quantity), f"{line.effective}..{line.cancelled or ''}"]
    if (line.unit_price, line.unit_cost) != (Decimal("22.00"), Decimal("17.60")):
        words.append(f"at {line.unit_price}/{line.unit_cost}")
    if (line.product, line.segment) != ("PLAN", 1):
        words.append(f"{line.product}#{line.segment}")
    return " ".join(word for word in words if word)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
