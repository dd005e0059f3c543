"""What the calculus is a function of, and the lines that it gives. The vocabulary is the specification's.

Every date is a calendar day; money is Decimal, per unit, in the agreement's currency; quantities are whole licences.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from engine.billing.calendar import BillingCycle, period_end, period_start

Kind = Literal["license", "usage", "one_time"]
Role = Literal["base", "delta", "reversal", "usage", "one_time", "settlement"]
"""What a line is. The calculus gives no settlement: that is the difference of a period which has been invoiced."""

QuantityIncrease = Literal["actual_date", "first_of_month"]
QuantityDecrease = Literal["actual_date", "first_of_next_month"]
CancellationRule = Literal["cancellation_date", "end_of_month"]
PriceChangeRule = Literal["next_period", "actual_date"]


class InputError(ValueError):
    """A subscription, history or agreement for which no lines can be reckoned; the text says why."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of the guide's Global Sync Rules, and two that it leaves open.

    `in_place_days` counts days from the start of a segment, the start included.
    """

    quantity_increase: QuantityIncrease = "actual_date"
    quantity_decrease: QuantityDecrease = "actual_date"
    cancellation: CancellationRule = "cancellation_date"
    price_change: PriceChangeRule = "next_period"
    in_place_days: int = 2


class AgreementTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What of an agreement decides about lines. `start` is its first day; annual periods begin on its anniversaries."""

    start: date
    billing: BillingCycle

    def period_start(self, day: date) -> date:
        """First day of the billing period that holds `day`."""
        return period_start(day, self.start, self.billing)

    def period_end(self, day: date) -> date:
        """Last day of the billing period that holds `day`."""
        return period_end(day, self.start, self.billing)


class SubscriptionTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as it was bought.

    `end` is the last day of its term (inclusive), `term` an ISO 8601 duration such as P1M. No line begins before
    `effective_date`, where the mapping names one. `first_segment` is the number of its first known segment: more than
    1 where nothing is known any more of the time before an upgrade.
    """

    kind: Kind
    product: str
    start: date
    end: date | None = None
    term: str | None = None
    auto_renew: bool = False
    effective_date: date | None = None
    unit_price: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)
    first_segment: int = 1


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line that must exist. `effective` is its first and `cancelled` its last billed day; None is open-ended.

    `period` is the month (YYYY-MM) of a usage line.
    """

    role: Role
    product: str
    quantity: int
    effective: date
    cancelled: date | None
    unit_price: Decimal
    unit_cost: Decimal
    segment: int = 1
    period: str | None = None
