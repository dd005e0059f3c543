"""Instants become calendar dates by UTC, and an end says which day is the last."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.platform.dates import instant, last_day

INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001 (the zone is added by each test)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(INSTANTS, OFFSETS)
def test_the_date_is_that_of_utc_whatever_the_offset(moment: datetime, offset: timezone) -> None:
    utc = moment.replace(tzinfo=UTC)
    found = instant(utc.astimezone(offset).isoformat())
    assert found is not None
    assert found.date() == utc.date()
    assert found == utc.replace(microsecond=0)


@given(INSTANTS, st.integers(0, 2000), st.integers(0, 999_999))
def test_an_end_at_the_start_s_time_of_day_is_exclusive(moment: datetime, days: int, fraction: int) -> None:
    start = instant(moment.isoformat())
    end = instant((moment.replace(microsecond=fraction) + timedelta(days=days)).isoformat())
    assert start is not None
    assert end is not None
    assert last_day(start, end) == (start.date() + timedelta(days=days - 1), None)


@given(INSTANTS, INSTANTS)
def test_every_end_is_a_day_or_a_note(start: datetime, end: datetime) -> None:
    start, end = (moment.replace(microsecond=0, tzinfo=UTC) for moment in (start, end))
    day, note = last_day(start, end)
    assert (day is None) == (note is not None)
    if end.time() in {start.time(), time(0)}:
        assert day == end.date() - timedelta(days=1)
    elif end.time() == time(23, 59, 59):
        assert day == end.date()
    else:
        assert day is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2027-01-03T16:29:10.491Z", "2027-02-03T16:29:10Z", date(2027, 2, 2)),
        ("2027-01-03T16:29:10Z", "2027-02-03T00:00:00Z", date(2027, 2, 2)),
        ("2027-01-03T16:29:10Z", "2027-02-02T23:59:59Z", date(2027, 2, 2)),
        ("2027-01-03T16:29:10Z", "2027-02-02T23:59:59.999Z", date(2027, 2, 2)),
        ("2027-01-03T16:29:10Z", "2027-01-03T16:29:10Z", date(2027, 1, 2)),
        ("2027-01-03T23:30:00Z", "2027-02-04T00:30:00+01:00", date(2027, 2, 2)),
        ("2027-01-03T16:29:10Z", "2027-02-03T16:29:11Z", None),
    ],
)
def test_worked_ends(start: str, end: str, expected: date | None) -> None:
    began, ended = instant(start), instant(end)
    assert began is not None
    assert ended is not None
    assert last_day(began, ended)[0] == expected


@pytest.mark.parametrize("text", [None, "", "  ", "0001-01-01T00:00:00Z"])
def test_no_date_is_none(text: str | None) -> None:
    assert instant(text) is None
