"""Calendar days, terms and billing periods.

Every date is a calendar day; a period's last day is inclusive.
"""

import re
from calendar import isleap
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

BillingCycle = Literal["monthly", "annual"]

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TERM = re.compile(r"P(?:(?P<years>[0-9]{1,3})Y)?(?:(?P<months>[0-9]{1,3})M)?(?:(?P<days>[0-9]{1,4})D)?")


def fom(day: date) -> date:
    """First day of the day's month."""
    return day.replace(day=1)


def eom(day: date) -> date:
    """Last day of the day's month."""
    return day.replace(day=_days_in(day.year, day.month))


def fonm(day: date) -> date:
    """First day of the month after the day's."""
    return eom(day) + timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day `months` later; a day that the month lacks is its last day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, _days_in(years, month + 1)))


def _days_in(year: int, month: int) -> int:
    return 29 if month == 2 and isleap(year) else _DAYS[month - 1]


class TermUnreadable(ValueError):
    """A term that is not an ISO 8601 duration in years, months or days."""


def add_terms(day: date, term: str, count: int) -> date:
    """The day `count` terms after `day`, counted from the first (so that 31 January + 2 months is 31 March).

    Raises TermUnreadable for a term such as `1 month`, and for one of no length.
    """
    months, days = _length(term)
    return add_months(day, months * count) + timedelta(days=days * count)


def terms_between(first: date, last: date, term: str) -> int:
    """Whole terms that surely fit from `first` to `last`: a start for counting on, never too many."""
    months, days = _length(term)
    return max(0, (last - first).days // (months * 31 + days) - 1)


@lru_cache(maxsize=64)
def _length(term: str) -> tuple[int, int]:
    """Months and days of an ISO 8601 duration."""
    found = _TERM.fullmatch(term)
    years, months, days = (int(found[part] or 0) if found else 0 for part in ("years", "months", "days"))
    if not (years or months or days):
        raise TermUnreadable(f"the term {term!r} is not a duration such as P1M or P1Y")
    return years * 12 + months, days


def period_start(day: date, start: date, billing: BillingCycle) -> date:
    """First day of the billing period that holds `day`: its month, or its year between anniversaries of `start`."""
    if billing == "monthly":
        return fom(day)
    years = day.year - start.year
    anniversary = add_months(start, years * 12)
    return anniversary if anniversary <= day else add_months(start, (years - 1) * 12)


def period_end(day: date, start: date, billing: BillingCycle) -> date:
    """Last day of the billing period that holds `day`."""
    if billing == "monthly":
        return eom(day)
    first = period_start(day, start, billing)
    return add_months(start, (first.year - start.year + 1) * 12) - timedelta(days=1)
