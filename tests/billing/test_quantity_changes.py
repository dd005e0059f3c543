"""Deltas and the base lines that carry them on: Handling Quantity Changes, and the rows of Addition Logic via LCM."""

import pytest

from engine.billing.model import Rules
from tests.billing.examples import BY_DAY, BY_MONTH, agreement, purchase, quantity, subscription, told

EITHER = pytest.mark.parametrize("rules", [BY_DAY, BY_MONTH], ids=["actual date", "first of the month"])


@EITHER
def test_license_increase_on_the_purchase_date_updates_the_existing_line(rules: Rules) -> None:
    assert told(purchase(), quantity("2026-01-10", 12), rules=rules) == ["base 12 2026-01-10..2027-01-09"]


@EITHER
def test_license_decrease_on_the_purchase_date_updates_the_existing_line(rules: Rules) -> None:
    assert told(purchase(), quantity("2026-01-10", 7), rules=rules) == ["base 7 2026-01-10..2027-01-09"]


def test_license_increase_after_the_2nd_day_by_actual_date_is_a_delta_from_that_day() -> None:
    assert told(purchase(), quantity("2026-01-12", 12)) == [
        "base 10 2026-01-10..2026-01-31",
        "delta 2 2026-01-12..2026-01-31",
        "base 12 2026-02-01..2027-01-09",
    ]


def test_license_increase_after_the_2nd_day_by_first_of_the_month_is_never_before_the_start() -> None:
    assert told(purchase(), quantity("2026-01-12", 12), rules=BY_MONTH) == [
        "base 10 2026-01-10..2026-01-31",
        "delta 2 2026-01-10..2026-01-31",
        "base 12 2026-02-01..2027-01-09",
    ]


def test_license_increase_in_the_month_of_the_agreement_start_is_from_that_start() -> None:
    begun, bought = subscription(start="2026-03-05", end="2027-03-04"), purchase(on="2026-03-05")
    assert told(bought, quantity("2026-03-20", 13), of=begun, on=agreement("2026-03-05"), rules=BY_MONTH) == [
        "base 10 2026-03-05..2026-03-31",
        "delta 3 2026-03-05..2026-03-31",
        "base 13 2026-04-01..2027-03-04",
    ]


def test_license_decrease_after_the_2nd_day_by_actual_date_is_a_delta_from_that_day() -> None:
    assert told(purchase(), quantity("2026-01-12", 7)) == [
        "base 10 2026-01-10..2026-01-31",
        "delta -3 2026-01-12..2026-01-31",
        "base 7 2026-02-01..2027-01-09",
    ]


def test_license_decrease_after_the_2nd_day_by_first_of_next_month_covers_the_next_month() -> None:
    assert told(purchase(), quantity("2026-01-12", 7), rules=BY_MONTH) == [
        "base 10 2026-01-10..2026-02-28",
        "delta -3 2026-02-01..2026-02-28",
        "base 7 2026-03-01..2027-01-09",
    ]


@pytest.mark.parametrize(
    ("licences", "rules", "wanted"),
    [
        (14, BY_DAY, ["delta 4 2026-03-15..2026-03-31", "base 14 2026-04-01..2027-01-09"]),
        (14, BY_MONTH, ["delta 4 2026-03-01..2026-03-31", "base 14 2026-04-01..2027-01-09"]),
        (6, BY_DAY, ["delta -4 2026-03-15..2026-03-31", "base 6 2026-04-01..2027-01-09"]),
    ],
)
def test_the_guides_change_made_on_march_15(licences: int, rules: Rules, wanted: list[str]) -> None:
    found = told(purchase(), quantity("2026-03-15", licences), rules=rules)
    assert found == ["base 10 2026-01-10..2026-03-31", *wanted]


def test_the_guides_negative_change_made_on_march_15_is_from_april_1() -> None:
    assert told(purchase(), quantity("2026-03-15", 6), rules=BY_MONTH) == [
        "base 10 2026-01-10..2026-04-30",
        "delta -4 2026-04-01..2026-04-30",
        "base 6 2026-05-01..2027-01-09",
    ]


def test_multiple_quantity_changes_replace_the_delta_line_of_their_effective_date() -> None:
    by_month = told(purchase(), quantity("2026-03-05", 12), quantity("2026-03-15", 15), rules=BY_MONTH)
    assert by_month[1] == "delta 5 2026-03-01..2026-03-31"
    by_day = told(purchase(), quantity("2026-03-15", 12), quantity("2026-03-15", 15))
    assert by_day == [
        "base 10 2026-01-10..2026-03-31",
        "delta 5 2026-03-15..2026-03-31",
        "base 15 2026-04-01..2027-01-09",
    ]


def test_a_decrease_from_next_month_and_an_increase_in_it_meet_on_one_day() -> None:
    assert told(purchase(), quantity("2026-03-20", 6), quantity("2026-04-15", 9), rules=BY_MONTH) == [
        "base 10 2026-01-10..2026-04-30",
        "delta -1 2026-04-01..2026-04-30",
        "base 9 2026-05-01..2027-01-09",
    ]


def test_changes_that_add_up_to_nothing_cut_nothing() -> None:
    whole = ["base 10 2026-01-10..2027-01-09"]
    assert told(purchase(), quantity("2026-03-20", 6), quantity("2026-04-15", 10), rules=BY_MONTH) == whole
    assert told(purchase(), quantity("2026-03-15", 14), quantity("2026-03-15", 10)) == whole


def test_a_change_each_way_in_one_month_has_a_day_for_each_by_actual_date() -> None:
    assert told(purchase(), quantity("2026-03-05", 14), quantity("2026-03-25", 8)) == [
        "base 10 2026-01-10..2026-03-31",
        "delta 4 2026-03-05..2026-03-31",
        "delta -6 2026-03-25..2026-03-31",
        "base 8 2026-04-01..2027-01-09",
    ]


def test_all_given_back_and_some_taken_again() -> None:
    assert told(purchase(), quantity("2026-03-15", 0), quantity("2026-04-10", 5)) == [
        "base 10 2026-01-10..2026-03-31",
        "delta -10 2026-03-15..2026-03-31",
        "base 0 2026-04-01..2026-04-30",
        "delta 5 2026-04-10..2026-04-30",
        "base 5 2026-05-01..2027-01-09",
    ]


def test_each_direction_follows_its_own_rule() -> None:
    mixed = Rules(quantity_increase="first_of_month", quantity_decrease="actual_date")
    assert told(purchase(), quantity("2026-03-15", 14), quantity("2026-03-20", 9), rules=mixed) == [
        "base 10 2026-01-10..2026-03-31",
        "delta 4 2026-03-01..2026-03-31",
        "delta -5 2026-03-20..2026-03-31",
        "base 9 2026-04-01..2027-01-09",
    ]


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ("2026-03-31", ["base 10 2026-01-10..2026-03-31", "delta 4 2026-03-31..2026-03-31", "base 14 2026-04-01"]),
        ("2026-04-01", ["base 10 2026-01-10..2026-04-30", "delta 4 2026-04-01..2026-04-30", "base 14 2026-05-01"]),
    ],
)
def test_a_change_on_the_edge_of_a_month(on: str, wanted: list[str]) -> None:
    assert told(purchase(), quantity(on, 14)) == [*wanted[:2], f"{wanted[2]}..2027-01-09"]


def test_a_change_on_29_february_has_a_delta_of_one_day() -> None:
    leap = subscription(start="2028-01-10", end="2029-01-09")
    assert told(purchase(on="2028-01-10"), quantity("2028-02-29", 6), of=leap) == [
        "base 10 2028-01-10..2028-02-29",
        "delta -4 2028-02-29..2028-02-29",
        "base 6 2028-03-01..2029-01-09",
    ]


def test_on_the_last_day_of_the_term_no_line_carries_on() -> None:
    assert told(purchase(), quantity("2027-01-09", 8)) == [
        "base 10 2026-01-10..2027-01-09",
        "delta -2 2027-01-09..2027-01-09",
    ]


def test_after_the_term_a_change_is_dropped() -> None:
    whole = ["base 10 2026-01-10..2027-01-09"]
    assert told(purchase(), quantity("2027-01-10", 14)) == whole
    assert told(purchase(), quantity("2027-01-04", 7), rules=BY_MONTH) == whole
    # An increase after the end counts from the first of its month, which is in the term.
    assert told(purchase(), quantity("2027-01-20", 14), rules=BY_MONTH) == [
        "base 10 2026-01-10..2027-01-09",
        "delta 4 2027-01-01..2027-01-09",
    ]


def test_without_an_end_the_last_line_is_open() -> None:
    assert told(purchase(), quantity("2026-03-15", 14), of=subscription(end=None)) == [
        "base 10 2026-01-10..2026-03-31",
        "delta 4 2026-03-15..2026-03-31",
        "base 14 2026-04-01..",
    ]
