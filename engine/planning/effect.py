"""What a line, and so a change, does to what is invoiced."""

from datetime import date
from decimal import Decimal
from typing import Literal

from engine.billing.calendar import eom
from engine.planning.plan import Effect

Recurrence = Literal["month", "year"]


def recurring(
    quantity: Decimal, price: Decimal, cost: Decimal, cancelled: date | None, as_of: date, recurrence: Recurrence
) -> Effect:
    """What a line brings each billing cycle. One that ends with the month of `as_of` brings nothing more."""
    if cancelled is not None and cancelled <= eom(as_of):
        return Effect()
    amount, amount_cost = quantity * price, quantity * cost
    if recurrence == "year":
        return Effect(year=amount, year_cost=amount_cost)
    return Effect(month=amount, month_cost=amount_cost)


def once(quantity: Decimal, price: Decimal, cost: Decimal) -> Effect:
    """What a line on a single whole period brings."""
    return Effect(once=quantity * price, once_cost=quantity * cost)
