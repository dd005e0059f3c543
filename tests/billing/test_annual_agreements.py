"""Annual agreements: a change runs to the end of the billing year, which turns on the agreement's anniversary."""

import pytest

from tests.billing.examples import BY_MONTH, agreement, cancel, price, purchase, quantity, subscription, told

MARCH = agreement("2026-03-15", "annual")
THREE_YEARS = subscription(start="2026-03-15", end="2029-03-14")
BOUGHT = purchase(on="2026-03-15")
LEAP = agreement("2028-02-29", "annual")
FROM_LEAP_DAY = subscription(start="2028-02-29", end="2031-02-27")


def test_deltas_of_one_billing_year_end_together() -> None:
    changes = [BOUGHT, quantity("2026-06-15", 12), quantity("2026-09-01", 13)]
    assert told(*changes, of=THREE_YEARS, on=MARCH) == [
        "base 10 2026-03-15..2027-03-14",
        "delta 2 2026-06-15..2027-03-14",
        "delta 1 2026-09-01..2027-03-14",
        "base 13 2027-03-15..2029-03-14",
    ]


def test_first_of_month_does_not_reach_back_over_the_anniversary() -> None:
    for on in ("2027-03-15", "2027-03-31"):
        assert told(BOUGHT, quantity(on, 14), of=THREE_YEARS, on=MARCH, rules=BY_MONTH) == [
            "base 10 2026-03-15..2028-03-14",
            "delta 4 2027-03-15..2028-03-14",
            "base 14 2028-03-15..2029-03-14",
        ]


def test_first_of_month_before_the_anniversary_is_in_the_old_year() -> None:
    assert told(BOUGHT, quantity("2027-03-14", 14), of=THREE_YEARS, on=MARCH, rules=BY_MONTH) == [
        "base 10 2026-03-15..2027-03-14",
        "delta 4 2027-03-01..2027-03-14",
        "base 14 2027-03-15..2029-03-14",
    ]


def test_a_decrease_from_the_next_month_may_fall_into_the_next_year() -> None:
    assert told(BOUGHT, quantity("2027-03-10", 7), of=THREE_YEARS, on=MARCH, rules=BY_MONTH) == [
        "base 10 2026-03-15..2028-03-14",
        "delta -3 2027-04-01..2028-03-14",
        "base 7 2028-03-15..2029-03-14",
    ]


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        (
            "2029-02-27",
            ["base 10 2028-02-29..2029-02-27", "delta 2 2029-02-27..2029-02-27", "base 12 2029-02-28..2031-02-27"],
        ),
        (
            "2029-02-28",
            ["base 10 2028-02-29..2030-02-27", "delta 2 2029-02-28..2030-02-27", "base 12 2030-02-28..2031-02-27"],
        ),
        (
            "2028-12-31",
            ["base 10 2028-02-29..2029-02-27", "delta 2 2028-12-31..2029-02-27", "base 12 2029-02-28..2031-02-27"],
        ),
    ],
)
def test_the_anniversary_of_29_february_is_the_28th_in_common_years(on: str, wanted: list[str]) -> None:
    assert told(purchase(on="2028-02-29"), quantity(on, 12), of=FROM_LEAP_DAY, on=LEAP) == wanted


def test_in_a_leap_year_the_anniversary_is_the_29th_again() -> None:
    long = subscription(start="2028-02-29", end=None)
    assert told(purchase(on="2028-02-29"), quantity("2032-02-28", 12), of=long, on=LEAP) == [
        "base 10 2028-02-29..2032-02-28",
        "delta 2 2032-02-28..2032-02-28",
        "base 12 2032-02-29..",
    ]


def test_a_price_holds_from_the_next_billing_year() -> None:
    for on in ("2026-03-17", "2027-03-14"):
        assert told(BOUGHT, price(on, "25.00"), of=THREE_YEARS, on=MARCH) == [
            "base 10 2026-03-15..2027-03-14",
            "base 10 2027-03-15..2029-03-14 at 25.00/17.60",
        ]


def test_cancelled_per_cancellation_date_the_reversal_runs_to_the_end_of_the_year() -> None:
    assert told(BOUGHT, cancel("2026-06-15"), of=THREE_YEARS, on=MARCH) == [
        "base 10 2026-03-15..2027-03-14",
        "reversal -10 2026-06-15..2027-03-14",
    ]


def test_cancelled_to_the_last_day_of_the_month_it_ends_in_that_month() -> None:
    assert told(BOUGHT, cancel("2026-06-15"), of=THREE_YEARS, on=MARCH, rules=BY_MONTH) == [
        "base 10 2026-03-15..2026-06-30"
    ]


def test_cancelled_to_the_last_day_of_the_month_running_deltas_end_with_it() -> None:
    changes = [BOUGHT, quantity("2026-05-20", 12), quantity("2026-06-10", 16), cancel("2026-06-15")]
    assert told(*changes, of=THREE_YEARS, on=MARCH, rules=BY_MONTH) == [
        "base 10 2026-03-15..2026-06-30",
        "delta 2 2026-05-01..2026-06-30",
        "delta 4 2026-06-01..2026-06-30",
    ]


def test_a_term_that_ends_before_the_month_or_year_ends_the_cancelled_line() -> None:
    short = subscription(start="2026-03-15", end="2026-06-20")
    base = "base 10 2026-03-15..2026-06-20"
    assert told(BOUGHT, cancel("2026-06-15"), of=short, on=MARCH, rules=BY_MONTH) == [base]
    assert told(BOUGHT, cancel("2026-06-15"), of=short, on=MARCH) == [base, "reversal -10 2026-06-15..2026-06-20"]


def test_an_annual_agreement_may_cancel_beyond_its_billing_year_by_the_month_rule() -> None:
    # The month's end lies after the anniversary: the rule says the month.
    assert told(BOUGHT, cancel("2027-03-10"), of=THREE_YEARS, on=MARCH, rules=BY_MONTH) == [
        "base 10 2026-03-15..2027-03-31"
    ]
