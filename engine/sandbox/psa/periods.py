"""Billing periods of an agreement, by the PSA's own arithmetic. Every span includes both of its days."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from engine.sandbox.calendar import add_months

_MONTHS = {"Monthly": 1, "BiMonthly": 2, "Quarterly": 3, "SemiAnnual": 6, "Yearly": 12}
_DAYS = {"Weekly": 7, "BiWeekly": 14}
_ONE_DAY = timedelta(days=1)


class Span(NamedTuple):
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def overlap(self, first: date, last: date) -> int:
        """How many of its days lie from `first` to `last`."""
        return max(0, (min(self.last, last) - max(self.first, first)).days + 1)


def wire_day(day: date) -> str:
    """A calendar date as the PSA writes it."""
    return f"{day.isoformat()}T00:00:00Z"


def read_day(text: str | None) -> date | None:
    """The calendar date that the PSA wrote."""
    return date.fromisoformat(text[:10]) if text else None


def period_of(day: date, frequency: str, start: date) -> Span:
    """The billing period that holds a day, for a cycle's `billingOptions`; `start` is the agreement's first day.

    Months are those of the calendar; longer periods are counted from the agreement's start, shorter ones too.
    """
    if frequency == "Monthly":
        first = day.replace(day=1)
        return Span(first, add_months(first, 1) - _ONE_DAY)
    if frequency in _DAYS:
        length = _DAYS[frequency]
        first = start + timedelta(days=(day - start).days // length * length)
        return Span(first, first + timedelta(days=length - 1))
    if frequency not in _MONTHS:  # NotRecurring: all there is
        return Span(start, date.max)
    length = _MONTHS[frequency]
    number = ((day.year - start.year) * 12 + day.month - start.month) // length
    if add_months(start, number * length) > day:
        number -= 1
    elif add_months(start, (number + 1) * length) <= day:
        number += 1
    return Span(add_months(start, number * length), add_months(start, (number + 1) * length) - _ONE_DAY)


def periods(first: date, last: date, frequency: str, start: date) -> Iterator[Span]:
    """The billing periods that hold any day from `first` to `last`, in order."""
    day = first
    while day <= last:
        span = period_of(day, frequency, start)
        yield span
        if span.last >= last:
            return
        day = span.last + _ONE_DAY


class Billing(NamedTuple):
    """What an agreement's billing rests on: its cycle, first day, first billed day, next invoice and proration."""

    frequency: str
    start: date
    bill_start: date
    next_invoice: date
    prorates: bool
    arrears: bool

    def period(self, day: date) -> Span:
        """The billing period that holds a day."""
        return period_of(day, self.frequency, self.start)

    @property
    def invoiced_through(self) -> date:
        """The last day that has been invoiced; the day before billing starts if none has."""
        through = self.next_invoice - _ONE_DAY
        if self.arrears:
            through = self.period(through).first - _ONE_DAY
        return max(through, self.bill_start - _ONE_DAY)

    @property
    def due(self) -> Span:
        """The period that the next invoice covers."""
        return self.period(self.next_invoice - _ONE_DAY if self.arrears else self.next_invoice)


def billing_of(agreement: dict[str, Any], frequency: str, arrears: bool) -> Billing:
    """The billing of an agreement's record."""
    start = read_day(agreement.get("startDate")) or date(2000, 1, 1)
    bill_start = read_day(agreement.get("billStartDate")) or start
    first = period_of(bill_start, frequency, start)
    fallback = first.last + _ONE_DAY if arrears and first.last < date.max else bill_start
    return Billing(
        frequency=frequency,
        start=start,
        bill_start=bill_start,
        next_invoice=read_day(agreement.get("nextInvoiceDate")) or fallback,
        prorates=bool(agreement.get("prorateFlag")),
        arrears=arrears,
    )
