"""Step 6: from which day a price holds, and where it cuts the lines."""

import pytest

from engine.billing.calculus import lines
from engine.billing.model import Rules
from tests.billing.examples import (
    MONTHLY,
    agreement,
    day,
    price,
    purchase,
    quantity,
    renew,
    subscription,
    told,
)

ON_THE_DAY = Rules(price_change="actual_date")
AS_BOUGHT = ["base 10 2026-01-10..2027-01-09"]


@pytest.mark.parametrize(
    ("on", "last"),
    [
        ("2026-04-10", "2026-04-30"),
        ("2026-04-01", "2026-04-30"),
        ("2026-04-30", "2026-04-30"),
        ("2026-01-12", "2026-01-31"),
        ("2026-12-31", "2026-12-31"),
    ],
)
def test_a_price_holds_from_the_next_billing_period(on: str, last: str) -> None:
    first, second = told(purchase(), price(on, "24.00", "19.20"))
    assert first == f"base 10 2026-01-10..{last}"
    assert second.endswith("..2027-01-09 at 24.00/19.20")


def test_by_actual_date_a_price_holds_from_its_day_and_cuts_running_deltas() -> None:
    changes = [purchase(), quantity("2026-04-05", 14), price("2026-04-10", "24.00")]
    assert told(*changes, rules=ON_THE_DAY) == [
        "base 10 2026-01-10..2026-04-09",
        "delta 4 2026-04-05..2026-04-09",
        "base 10 2026-04-10..2026-04-30 at 24.00/17.60",
        "delta 4 2026-04-10..2026-04-30 at 24.00/17.60",
        "base 14 2026-05-01..2027-01-09 at 24.00/17.60",
    ]


def test_a_missing_field_keeps_the_value_last_announced() -> None:
    assert told(purchase(), price("2026-02-01", None, "18.00")) == [
        "base 10 2026-01-10..2026-02-28",
        "base 10 2026-03-01..2027-01-09 at 22.00/18.00",
    ]
    assert told(purchase(), price("2026-02-01", None, "18.00"), price("2026-02-10", "24.00")) == [
        "base 10 2026-01-10..2026-02-28",
        "base 10 2026-03-01..2027-01-09 at 24.00/18.00",
    ]


def test_of_two_prices_in_one_period_the_last_holds() -> None:
    assert told(purchase(), price("2026-04-10", "24.00"), price("2026-04-25", "23.50")) == [
        "base 10 2026-01-10..2026-04-30",
        "base 10 2026-05-01..2027-01-09 at 23.50/17.60",
    ]


def test_a_price_undone_before_it_takes_effect_cuts_nothing() -> None:
    assert told(purchase(), price("2026-04-10", "24.00"), price("2026-04-25", "22.00")) == AS_BOUGHT


def test_a_price_undone_after_it_took_effect_has_had_its_days() -> None:
    assert told(purchase(), price("2026-04-10", "24.00"), price("2026-04-20", "22.00"), rules=ON_THE_DAY) == [
        "base 10 2026-01-10..2026-04-09",
        "base 10 2026-04-10..2026-04-19 at 24.00/17.60",
        "base 10 2026-04-20..2027-01-09",
    ]


def test_of_two_prices_on_one_day_the_last_holds() -> None:
    assert told(purchase(), price("2026-04-10", "24.00"), price("2026-04-10", "23.00"), rules=ON_THE_DAY) == [
        "base 10 2026-01-10..2026-04-09",
        "base 10 2026-04-10..2027-01-09 at 23.00/17.60",
    ]


def test_a_price_may_fall_to_nothing() -> None:
    assert told(purchase(), price("2026-04-10", "0", "0")) == [
        "base 10 2026-01-10..2026-04-30",
        "base 10 2026-05-01..2027-01-09 at 0/0",
    ]


def test_an_amount_keeps_its_digits() -> None:
    (_, line) = lines(
        subscription(),
        [purchase(), price("2026-04-10", "22.00500", "0.1")],
        MONTHLY,
        Rules(),
        day("2026-04-10"),
    )
    assert (str(line.unit_price), str(line.unit_cost)) == ("22.00500", "0.1")


def test_a_price_for_after_the_term_bills_nothing() -> None:
    assert told(purchase(), price("2027-01-04", "24.00")) == AS_BOUGHT
    assert told(purchase(), price("2027-01-10", "24.00"), rules=ON_THE_DAY) == AS_BOUGHT


def test_a_price_on_the_last_day_of_the_term_has_that_day() -> None:
    assert told(purchase(), price("2027-01-09", "24.00"), rules=ON_THE_DAY) == [
        "base 10 2026-01-10..2027-01-08",
        "base 10 2027-01-09..2027-01-09 at 24.00/17.60",
    ]


def test_a_price_from_before_the_takeover_holds_from_it() -> None:
    taken_over = subscription(effective_date="2026-03-20")
    assert told(purchase(), price("2026-03-10", "24.00"), of=taken_over, rules=ON_THE_DAY) == [
        "base 10 2026-03-20..2027-01-09 at 24.00/17.60"
    ]
    assert told(purchase(), price("2026-03-10", "24.00"), of=taken_over) == [
        "base 10 2026-03-20..2026-03-31",
        "base 10 2026-04-01..2027-01-09 at 24.00/17.60",
    ]


def test_a_delta_that_begins_with_the_price_is_in_one_piece() -> None:
    changes = [purchase(), price("2026-03-20", "24.00"), quantity("2026-03-20", 14)]
    assert told(*changes, rules=ON_THE_DAY) == [
        "base 10 2026-01-10..2026-03-19",
        "base 10 2026-03-20..2026-03-31 at 24.00/17.60",
        "delta 4 2026-03-20..2026-03-31 at 24.00/17.60",
        "base 14 2026-04-01..2027-01-09 at 24.00/17.60",
    ]


def test_a_delta_from_the_first_of_the_month_is_cut_at_a_price_that_came_before_it() -> None:
    by_month = Rules(quantity_increase="first_of_month", price_change="actual_date")
    assert told(purchase(), price("2026-03-20", "24.00"), quantity("2026-03-25", 14), rules=by_month) == [
        "base 10 2026-01-10..2026-03-19",
        "delta 4 2026-03-01..2026-03-19",
        "base 10 2026-03-20..2026-03-31 at 24.00/17.60",
        "delta 4 2026-03-20..2026-03-31 at 24.00/17.60",
        "base 14 2026-04-01..2027-01-09 at 24.00/17.60",
    ]


def test_delta_pieces_from_the_day_of_a_price_are_one_line_or_none() -> None:
    changes = [purchase(), quantity("2026-03-05", 14)]
    begun = ["base 10 2026-01-10..2026-03-19", "delta 4 2026-03-05..2026-03-19"]
    raised = price("2026-03-20", "25.00")
    assert told(*changes, quantity("2026-03-10", 15), raised, rules=ON_THE_DAY) == [
        *begun,
        "delta 1 2026-03-10..2026-03-19",
        "base 10 2026-03-20..2026-03-31 at 25.00/17.60",
        "delta 5 2026-03-20..2026-03-31 at 25.00/17.60",
        "base 15 2026-04-01..2027-01-09 at 25.00/17.60",
    ]
    # Undone by then: no piece; the base is cut at the month's end all the same, and equal neighbours stay two.
    assert told(*changes, quantity("2026-03-10", 10), raised, rules=ON_THE_DAY) == [
        *begun,
        "delta -4 2026-03-10..2026-03-19",
        "base 10 2026-03-20..2026-03-31 at 25.00/17.60",
        "base 10 2026-04-01..2027-01-09 at 25.00/17.60",
    ]


def test_a_later_price_voids_what_a_renewal_had_planned() -> None:
    changes = [purchase(), renew("2026-12-01", "2028-01-09", "24.00")]
    assert told(*changes, as_of="2026-12-14") == [
        "base 10 2026-01-10..2027-01-09",
        "base 10 2027-01-10..2028-01-09 at 24.00/17.60",
    ]
    assert told(*changes, price("2026-12-15", "23.00")) == [
        "base 10 2026-01-10..2026-12-31",
        "base 10 2027-01-01..2028-01-09 at 23.00/17.60",
    ]


def test_a_renewals_price_leaves_what_was_planned_for_before_it() -> None:
    assert told(purchase(), price("2026-12-20", "23.00"), renew("2026-12-28", "2028-01-09", "24.00")) == [
        "base 10 2026-01-10..2026-12-31",
        "base 10 2027-01-01..2027-01-09 at 23.00/17.60",
        "base 10 2027-01-10..2028-01-09 at 24.00/17.60",
    ]


def test_a_price_on_29_february_by_actual_date() -> None:
    leap = subscription(start="2028-01-10", end="2029-01-09")
    changes = [purchase(on="2028-01-10"), price("2028-02-29", "24.00")]
    assert told(*changes, of=leap, rules=ON_THE_DAY) == [
        "base 10 2028-01-10..2028-02-28",
        "base 10 2028-02-29..2029-01-09 at 24.00/17.60",
    ]


def test_on_an_annual_agreement_the_last_price_of_the_year_holds_in_the_next() -> None:
    yearly = agreement("2026-01-10", "annual")
    changes = [purchase(), price("2026-04-10", "24.00"), price("2026-11-10", "23.00")]
    assert told(*changes, of=subscription(end="2028-01-09"), on=yearly) == [
        "base 10 2026-01-10..2027-01-09",
        "base 10 2027-01-10..2028-01-09 at 23.00/17.60",
    ]
