"""The platform's instants as calendar dates. Source: the section "Dates" of the API's facts."""

from datetime import UTC, date, datetime, time, timedelta

_LAST_SECOND = time(23, 59, 59)
_FIRST_YEAR = 1900
"""Services write the zero of their own clock (year 1) where there is no date."""


def instant(text: str | None) -> datetime | None:
    """An ISO 8601 instant in UTC, to the second; None if there is none. Without a zone it counts as UTC.

    Raises ValueError for a text that is no instant.
    """
    text = text.strip() if text else ""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    if found.year < _FIRST_YEAR:
        return None
    if found.tzinfo is not UTC:
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.replace(microsecond=0) if found.microsecond else found


def last_day(start: datetime, end: datetime) -> tuple[date | None, str | None]:
    """The last day of a term, inclusive, and a note where it cannot be told.

    An end at the start's time of day, or at midnight, is exclusive: the last day is the day before. An end at 23:59:59
    is that UTC date. Times of day are compared to the second, as services drop fractions on the way. A subscription
    that ends when it starts (consumption does) has its last day before its first.
    """
    if end.time() in {start.time(), time(0)}:
        return end.date() - timedelta(days=1), None
    if end.time() == _LAST_SECOND:
        return end.date(), None
    return None, f"the term ends at {end.isoformat()}, neither at the time of day of its start nor at the end of a day"
