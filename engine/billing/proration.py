"""What a line bills in a billing period, on agreements that prorate and on those that do not.

An agreement that prorates bills the share of the period's days on which the line is active; another bills the whole
period if any of its days is active. Each line and period is rounded by itself, as the PSA does on its invoices.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from engine.billing.model import AgreementTerms

Rounding = Literal["half_up", "half_even"]
"""What becomes of half a cent: away from zero, or to the even cent."""

_ONE_DAY = timedelta(days=1)


class Billable(Protocol):
    """A line as far as invoices go: `effective` is its first and `cancelled` its last billed day; None is open-ended.

    Prices are per unit and billing period.
    """

    @property
    def quantity(self) -> int | Decimal: ...
    @property
    def unit_price(self) -> Decimal: ...
    @property
    def unit_cost(self) -> Decimal: ...
    @property
    def effective(self) -> date: ...
    @property
    def cancelled(self) -> date | None: ...


class Amount(msgspec.Struct, frozen=True):
    """Money in the agreement's currency: what the customer is charged, and what it costs."""

    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.price + other.price, self.cost + other.cost)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.price - other.price, self.cost - other.cost)

    def __mul__(self, times: int) -> "Amount":
        return Amount(self.price * times, self.cost * times)

    def __bool__(self) -> bool:
        return bool(self.price or self.cost)


NOTHING = Amount()


class Span(msgspec.Struct, frozen=True):
    """A line reduced to what bills."""

    quantity: int | Decimal
    unit_price: Decimal
    unit_cost: Decimal
    effective: date
    cancelled: date | None


def ending(line: Billable, last: date | None) -> Span:
    """The line with another last day; None makes it open-ended."""
    return Span(line.quantity, line.unit_price, line.unit_cost, line.effective, last)


class Excess(msgspec.Struct, frozen=True):
    """What a line bills above its share in the period that begins on `period`; less than nothing for a credit."""

    period: date
    amount: Amount


def billed(
    line: Billable,
    agreement: AgreementTerms,
    period_first: date,
    *,
    prorates: bool,
    decimals: int = 2,
    rounding: Rounding = "half_up",
) -> Amount:
    """What the line bills in the billing period that begins on `period_first` (or holds it), rounded."""
    first, last = agreement.period_start(period_first), agreement.period_end(period_first)
    begins = max(first, line.effective)
    ends = last if line.cancelled is None else min(last, line.cancelled)
    if ends < begins:
        return NOTHING
    if not prorates:
        return _share(line, 1, 1, decimals, rounding)
    return _share(line, (ends - begins).days + 1, (last - first).days + 1, decimals, rounding)


def invoice_total(
    lines: Iterable[Billable],
    agreement: AgreementTerms,
    period_first: date,
    *,
    prorates: bool,
    decimals: int = 2,
    rounding: Rounding = "half_up",
) -> Amount:
    """What the lines bill together in that period: the sum of their rounded amounts."""
    amounts = (
        billed(line, agreement, period_first, prorates=prorates, decimals=decimals, rounding=rounding) for line in lines
    )
    return sum(amounts, NOTHING)


def billed_before(
    line: Billable,
    agreement: AgreementTerms,
    until: date,
    *,
    prorates: bool,
    since: date | None = None,
    decimals: int = 2,
    rounding: Rounding = "half_up",
) -> Amount:
    """What the line bills in all periods before the one that begins on `until`, each rounded.

    `since` leaves out the periods that end before it. It takes as long for fifty years as for two months: all periods
    but the first and the last are whole ones.
    """
    begins = agreement.period_start(line.effective if since is None else max(since, line.effective))
    last = until - _ONE_DAY if line.cancelled is None else min(until - _ONE_DAY, line.cancelled)
    if last < begins:
        return NOTHING
    ends = agreement.period_start(last)
    outer = {begins, ends}
    amounts = (
        billed(line, agreement, period, prorates=prorates, decimals=decimals, rounding=rounding) for period in outer
    )
    inner = _periods_from(begins, ends, agreement) + 1 - len(outer)
    return sum(amounts, _share(line, 1, 1, decimals, rounding) * inner)


def periods(lines: Iterable[Billable], agreement: AgreementTerms, first: date, last: date) -> Iterator[date]:
    """First days of the billing periods, from that of `first` to that of `last`, in which any of the lines bills.

    A line of quantity 0, such as a retracted one, bills nowhere.
    """
    spans = [(line.effective, line.cancelled or date.max) for line in lines if line.quantity]
    if not spans:
        return
    day = agreement.period_start(max(first, min(begins for begins, _ in spans)))
    last = min(last, max(ends for _, ends in spans))
    while day <= last:
        end = agreement.period_end(day)
        if any(begins <= end and day <= ends and begins <= ends for begins, ends in spans):
            yield day
        day = end + _ONE_DAY


def overbilled(
    line: Billable,
    agreement: AgreementTerms,
    *,
    renews: bool = False,
    decimals: int = 2,
    rounding: Rounding = "half_up",
) -> tuple[Excess, ...]:
    """What the line bills too much on an agreement that does not prorate: in a first or last period that it half fills.

    `renews` says that its end is only that of a term that goes on, so that its last period is none yet. Empty for a
    line that lies on whole periods.
    """
    span = ending(line, None if renews else line.cancelled)
    days = (span.effective, span.cancelled or span.effective)
    found = []
    for period in dict.fromkeys(map(agreement.period_start, days)):
        whole = billed(span, agreement, period, prorates=False, decimals=decimals, rounding=rounding)
        part = billed(span, agreement, period, prorates=True, decimals=decimals, rounding=rounding)
        if whole != part:
            found.append(Excess(period, whole - part))
    return tuple(found)


def _periods_from(first: date, last: date, agreement: AgreementTerms) -> int:
    """How many periods the one that begins on `last` comes after the one that begins on `first`."""
    years = last.year - first.year
    return years if agreement.billing == "annual" else years * 12 + last.month - first.month


def _share(line: Billable, days: int, of: int, decimals: int, rounding: Rounding) -> Amount:
    quantity = line.quantity * days
    return Amount(
        _divided(quantity * line.unit_price, of, decimals, rounding),
        _divided(quantity * line.unit_cost, of, decimals, rounding),
    )


def _divided(amount: Decimal, by: int, decimals: int, rounding: Rounding) -> Decimal:
    """The quotient at `decimals` places. It is exact: a half is a half, whatever its digits."""
    units, rest = divmod(amount.scaleb(decimals), by)  # towards zero
    twice = abs(rest) * 2
    if twice > by or (twice == by and (rounding == "half_up" or units % 2)):
        units += Decimal(1).copy_sign(amount)
    return units.scaleb(-decimals) + 0  # no negative zero
