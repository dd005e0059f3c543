"""Days, terms and billing periods."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.billing.calendar import (
    BillingCycle,
    TermUnreadable,
    add_months,
    add_terms,
    eom,
    fom,
    fonm,
    period_end,
    period_start,
)

DAYS = st.dates(date(2001, 1, 1), date(2099, 12, 31))
CYCLES = st.sampled_from(["monthly", "annual"])


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("of", "first", "last", "next_first"),
    [
        ("2026-01-10", "2026-01-01", "2026-01-31", "2026-02-01"),
        ("2026-02-28", "2026-02-01", "2026-02-28", "2026-03-01"),
        ("2028-02-01", "2028-02-01", "2028-02-29", "2028-03-01"),
        ("2100-02-01", "2100-02-01", "2100-02-28", "2100-03-01"),
        ("2026-12-31", "2026-12-01", "2026-12-31", "2027-01-01"),
    ],
)
def test_a_month_has_a_first_a_last_and_a_following_day(of: str, first: str, last: str, next_first: str) -> None:
    assert (fom(day(of)), eom(day(of)), fonm(day(of))) == (day(first), day(last), day(next_first))


@pytest.mark.parametrize(
    ("start", "months", "wanted"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2028-02-29", -12, "2027-02-28"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-06-15", 0, "2026-06-15"),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last_day(start: str, months: int, wanted: str) -> None:
    assert add_months(day(start), months) == day(wanted)


@pytest.mark.parametrize(
    ("start", "term", "count", "wanted"),
    [
        ("2026-01-31", "P1M", 1, "2026-02-28"),
        ("2026-01-31", "P1M", 2, "2026-03-31"),
        ("2026-01-10", "P1Y", 1, "2027-01-10"),
        ("2028-02-29", "P1Y", 1, "2029-02-28"),
        ("2028-02-29", "P1Y", 4, "2032-02-29"),
        ("2026-01-10", "P3Y", 2, "2032-01-10"),
        ("2026-01-10", "P1Y6M", 1, "2027-07-10"),
        ("2026-01-10", "P30D", 2, "2026-03-11"),
        ("2026-01-10", "P1M", 0, "2026-01-10"),
    ],
)
def test_terms_are_counted_from_the_first_day(start: str, term: str, count: int, wanted: str) -> None:
    assert add_terms(day(start), term, count) == day(wanted)


@pytest.mark.parametrize(
    "term", ["", "P", "1 month", "P1W", "PT1H", "p1m", "P0M", "P-1M", "P1.5Y", "P1M ", "P1Y\n", "P١M"]
)
def test_a_term_that_is_no_duration_is_refused_by_name(term: str) -> None:
    with pytest.raises(TermUnreadable, match="P1M or P1Y") as refused:
        add_terms(day("2026-01-10"), term, 1)
    assert repr(term) in str(refused.value)


@pytest.mark.parametrize(
    ("of", "start", "billing", "first", "last"),
    [
        ("2026-06-15", "2026-03-10", "monthly", "2026-06-01", "2026-06-30"),
        ("2026-06-15", "2025-03-10", "annual", "2026-03-10", "2027-03-09"),
        ("2026-03-10", "2025-03-10", "annual", "2026-03-10", "2027-03-09"),
        ("2026-03-09", "2025-03-10", "annual", "2025-03-10", "2026-03-09"),
        ("2025-03-09", "2025-03-10", "annual", "2024-03-10", "2025-03-09"),
        ("2021-01-01", "2025-03-10", "annual", "2020-03-10", "2021-03-09"),
        ("2029-02-27", "2028-02-29", "annual", "2028-02-29", "2029-02-27"),
        ("2029-02-28", "2028-02-29", "annual", "2029-02-28", "2030-02-27"),
        ("2032-02-28", "2028-02-29", "annual", "2031-02-28", "2032-02-28"),
        ("2032-02-29", "2028-02-29", "annual", "2032-02-29", "2033-02-27"),
        ("2027-12-31", "2028-02-29", "annual", "2027-02-28", "2028-02-28"),
    ],
)
def test_a_billing_period_is_the_month_or_the_year_between_anniversaries(
    of: str, start: str, billing: BillingCycle, first: str, last: str
) -> None:
    assert period_start(day(of), day(start), billing) == day(first)
    assert period_end(day(of), day(start), billing) == day(last)


@given(of=DAYS, start=DAYS, billing=CYCLES)
def test_billing_periods_hold_their_day_and_follow_one_another_without_a_gap(
    of: date, start: date, billing: BillingCycle
) -> None:
    first, last = period_start(of, start, billing), period_end(of, start, billing)
    assert first <= of <= last
    assert (period_start(first, start, billing), period_start(last, start, billing)) == (first, first)
    assert (period_end(first, start, billing), period_end(last, start, billing)) == (last, last)
    assert period_start(last + timedelta(days=1), start, billing) == last + timedelta(days=1)
    assert period_end(first - timedelta(days=1), start, billing) == first - timedelta(days=1)
