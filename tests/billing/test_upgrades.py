"""Segments: a full upgrade is a cancellation of the old product and a creation of the new one."""

import pytest

from engine.billing.model import Rules
from tests.billing.examples import (
    BY_DAY,
    BY_MONTH,
    agreement,
    cancel,
    price,
    purchase,
    quantity,
    renew,
    subscription,
    told,
    upgrade,
)

OLD = "base 10 2026-01-10..2026-03-31"
TAKEN_BACK = "reversal -10 2026-03-15..2026-03-31"


@pytest.mark.parametrize("rules", [BY_DAY, BY_MONTH], ids=["by day", "by month"])
def test_full_upgrade_ends_the_line_with_the_month_and_adds_two(rules: Rules) -> None:
    assert told(purchase(), upgrade("2026-03-15"), rules=rules) == [
        OLD,
        "base 10 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
    ]


def test_two_upgrades_make_three_segments() -> None:
    assert told(purchase(), upgrade("2026-03-15"), upgrade("2026-04-10", "MAX", "50.00", "40.00")) == [
        OLD,
        "base 10 2026-03-15..2026-04-30 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
        "base 10 2026-04-10..2027-01-09 at 50.00/40.00 MAX#3",
        "reversal -10 2026-04-10..2026-04-30 at 36.00/28.80 PLUS#2",
    ]


def test_two_upgrades_on_one_day_leave_the_one_between_without_effect() -> None:
    assert told(purchase(), upgrade("2026-03-15"), upgrade("2026-03-15", "MAX", "50.00", "40.00")) == [
        OLD,
        "base 10 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
        "base 10 2026-03-15..2027-01-09 at 50.00/40.00 MAX#3",
        TAKEN_BACK,
        "reversal -10 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
    ]


@pytest.mark.parametrize("on", ["2026-01-07", "2026-01-10"])
def test_an_upgrade_on_or_before_the_start_day_takes_back_all_of_the_first_line(on: str) -> None:
    assert told(purchase(on="2026-01-05"), upgrade(on)) == [
        "base 10 2026-01-10..2026-01-31",
        "base 10 2026-01-10..2027-01-09 at 36.00/28.80 PLUS#2",
        "reversal -10 2026-01-10..2026-01-31",
    ]


def test_an_upgrade_on_the_last_day_of_a_month() -> None:
    assert told(purchase(), upgrade("2026-03-31")) == [
        OLD,
        "base 10 2026-03-31..2027-01-09 at 36.00/28.80 PLUS#2",
        "reversal -10 2026-03-31..2026-03-31",
    ]


def test_an_upgrade_in_a_month_before_ownership_leaves_the_new_product_only() -> None:
    found = told(purchase(), upgrade("2026-03-15"), on=agreement("2026-04-01"))
    assert found == ["base 10 2026-04-01..2027-01-09 at 36.00/28.80 PLUS#2"]


def test_an_upgrade_in_the_month_of_the_takeover_and_before_it() -> None:
    assert told(purchase(), upgrade("2026-03-15"), of=subscription(effective_date="2026-03-20")) == [
        "base 10 2026-03-20..2026-03-31",
        "base 10 2026-03-20..2027-01-09 at 36.00/28.80 PLUS#2",
        "reversal -10 2026-03-20..2026-03-31",
    ]


def test_the_new_product_has_the_customers_count_and_the_reversal_what_bills() -> None:
    # The decrease would count from April: of the old product ten bill, of the new one six are wanted.
    assert told(purchase(), quantity("2026-03-10", 6), upgrade("2026-03-15"), rules=BY_MONTH) == [
        OLD,
        "base 6 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
    ]


def test_an_increase_on_the_day_of_the_upgrade_moves_with_it_if_it_came_first() -> None:
    assert told(purchase(), quantity("2026-03-15", 12), upgrade("2026-03-15")) == [
        OLD,
        "base 12 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2",
        "delta 2 2026-03-15..2026-03-31",
        "reversal -12 2026-03-15..2026-03-31",
    ]
    # If it came after, it is a change in place of the new line.
    assert told(purchase(), upgrade("2026-03-15"), quantity("2026-03-15", 12)) == [
        OLD,
        "base 12 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
    ]


def test_an_increase_from_the_first_of_the_month_does_not_reach_behind_the_upgrade() -> None:
    assert told(purchase(), upgrade("2026-03-15"), quantity("2026-03-20", 13), rules=BY_MONTH) == [
        OLD,
        "base 10 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
        "delta 3 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
        "base 13 2026-04-01..2027-01-09 at 36.00/28.80 PLUS#2",
    ]


def test_a_missing_price_keeps_the_one_last_announced_though_it_does_not_hold_yet() -> None:
    assert told(purchase(), price("2026-03-10", "25.00"), upgrade("2026-03-15", "PLUS", None, "20.00")) == [
        OLD,
        "base 10 2026-03-15..2027-01-09 at 25.00/20.00 PLUS#2",
        TAKEN_BACK,
    ]


def test_an_upgrade_is_an_event_though_nothing_about_it_is_new() -> None:
    assert told(purchase(), upgrade("2026-03-15", "PLAN", None, None)) == [
        OLD,
        "base 10 2026-03-15..2027-01-09 PLAN#2",
        TAKEN_BACK,
    ]


def test_a_price_after_the_upgrade_is_the_new_products() -> None:
    assert told(purchase(), upgrade("2026-03-15"), price("2026-03-20", "38.00")) == [
        OLD,
        "base 10 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
        "base 10 2026-04-01..2027-01-09 at 38.00/28.80 PLUS#2",
    ]


def test_an_upgrade_after_the_term_has_no_lines() -> None:
    assert told(purchase(), upgrade("2027-02-01")) == ["base 10 2026-01-10..2027-01-09"]


def test_a_renewal_after_the_upgrade_moves_the_end_of_the_new_product_only() -> None:
    assert told(purchase(), upgrade("2027-01-05"), renew("2027-01-06", "2028-01-09")) == [
        "base 10 2026-01-10..2027-01-09",
        "base 10 2027-01-05..2028-01-09 at 36.00/28.80 PLUS#2",
        "reversal -10 2027-01-05..2027-01-09",
    ]


def test_a_renewal_before_the_upgrade_holds_for_both() -> None:
    assert told(purchase(), renew("2027-01-02", "2028-01-09"), upgrade("2027-01-05")) == [
        "base 10 2026-01-10..2027-01-31",
        "base 10 2027-01-05..2028-01-09 at 36.00/28.80 PLUS#2",
        "reversal -10 2027-01-05..2027-01-31",
    ]


def test_cancelled_on_the_day_of_its_upgrade_nothing_is_left_of_either() -> None:
    assert told(purchase(), upgrade("2026-03-15"), cancel("2026-03-15")) == [
        OLD,
        "base 10 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
        TAKEN_BACK,
        "reversal -10 2026-03-15..2026-03-31 at 36.00/28.80 PLUS#2",
    ]


def test_on_an_annual_agreement_the_old_product_is_taken_back_to_the_end_of_the_year() -> None:
    yearly = agreement("2026-01-10", "annual")
    two_years = subscription(end="2028-01-09")
    for rules in (BY_DAY, BY_MONTH):
        assert told(purchase(), upgrade("2026-06-15"), of=two_years, on=yearly, rules=rules) == [
            "base 10 2026-01-10..2027-01-09",
            "base 10 2026-06-15..2028-01-09 at 36.00/28.80 PLUS#2",
            "reversal -10 2026-06-15..2027-01-09",
        ]


def test_partial_upgrade_is_a_decrease_here() -> None:
    assert told(purchase(), quantity("2026-03-15", 6)) == [
        OLD,
        "delta -4 2026-03-15..2026-03-31",
        "base 6 2026-04-01..2027-01-09",
    ]
