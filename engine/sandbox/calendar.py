"""Calendar days and instants of the sandbox, by its own arithmetic."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

_TERM = re.compile(r"P(\d+)([DMY])")


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier); a day that the month lacks is its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_term(day: date, term: str, times: int = 1) -> date:
    """The day `times` terms (P1M, P1Y, P30D …) later. Raises ValueError for a term of another form."""
    found = _TERM.fullmatch(term)
    if found is None:
        raise ValueError(f"not a term: {term}")
    count = int(found[1]) * times
    if found[2] == "D":
        return day + timedelta(days=count)
    return add_months(day, count * 12 if found[2] == "Y" else count)


def month_of(day: date) -> str:
    """The month of a day as YYYY-MM."""
    return f"{day:%Y-%m}"


def first_of(month: str) -> date:
    """The first day of a month given as YYYY-MM."""
    return date.fromisoformat(f"{month}-01")


def last_of(month: str) -> date:
    """The last day of a month given as YYYY-MM."""
    return add_months(first_of(month), 1) - timedelta(days=1)


def instant(day: date, seed: int, later: int = 0) -> str:
    """An instant within office hours of a day, in UTC. One seed gives one time of day; `later` adds seconds."""
    second = 8 * 3600 + seed * 7919 % 36000 + later
    hour, rest = divmod(second, 3600)
    return f"{day}T{hour:02}:{rest // 60:02}:{rest % 60:02}.{seed * 31 % 1000:03}Z"


def day_of(text: str) -> date:
    """The UTC day of an instant."""
    return date.fromisoformat(text[:10])


def noon(day: date) -> int:
    """Seconds since 1970 at noon UTC of a day: the sandbox's time of day."""
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
