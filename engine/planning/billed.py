"""What a service bills on an agreement before and after a plan, line by line: what guards and totals are made from."""

from decimal import Decimal

import msgspec

from engine.planning.effect import Bills
from engine.planning.plan import Recurring


class BilledLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is (None: there is none) and as it will be; `segment` counts upgrades of its subscription."""

    address: str
    segment: int
    before: Bills | None
    after: Bills | None


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """All lines of a service on one agreement. `licences` are those billed in the end, before and after.

    `renews` says that its term goes on by itself, as far as the platform was asked.
    """

    customer: str
    subscription: str
    agreement: int
    name: str
    currency: str
    before: Recurring
    after: Recurring
    licences: tuple[Decimal, Decimal]
    lines: tuple[BilledLine, ...]
    renews: bool = False
