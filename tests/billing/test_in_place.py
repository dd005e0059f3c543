"""Step 4: in the first days a change is made to the line itself, from the start."""

import pytest

from engine.billing.model import Rules
from tests.billing.examples import BY_MONTH, cancel, price, purchase, quantity, renew, subscription, told, upgrade


@pytest.mark.parametrize(
    ("in_place_days", "on", "in_place"),
    [
        (2, "2026-01-10", True),
        (2, "2026-01-11", True),
        (2, "2026-01-12", False),
        (1, "2026-01-10", True),
        (1, "2026-01-11", False),
        (0, "2026-01-10", False),
        (3, "2026-01-12", True),
        (3, "2026-01-13", False),
        (40, "2026-02-18", True),
        (40, "2026-02-19", False),
    ],
)
def test_the_days_in_place_are_counted_from_the_start_the_start_included(
    in_place_days: int, on: str, in_place: bool
) -> None:
    found = told(purchase(), quantity(on, 12), rules=Rules(in_place_days=in_place_days))
    assert (found == ["base 12 2026-01-10..2027-01-09"]) is in_place
    assert any(line.startswith(f"delta 2 {on}..") for line in found) is not in_place


@pytest.mark.parametrize(
    ("in_place_days", "on", "in_place"),
    [(2, "2026-01-11", True), (2, "2026-01-12", False), (0, "2026-01-10", False), (1, "2026-01-10", True)],
)
def test_a_price_in_place_holds_from_the_start(in_place_days: int, on: str, in_place: bool) -> None:
    for rule in ("next_period", "actual_date"):
        rules = Rules(
            in_place_days=in_place_days, price_change="actual_date" if rule == "actual_date" else "next_period"
        )
        found = told(purchase(), price(on, "21.00"), rules=rules)
        only = found == ["base 10 2026-01-10..2027-01-09 at 21.00/17.60"]
        # On the start day itself an actual date is the start.
        assert only is (in_place or (rule == "actual_date" and on == "2026-01-10"))


def test_quantity_and_price_in_place_change_one_line() -> None:
    changes = [purchase(), quantity("2026-01-11", 12), price("2026-01-11", "21.00", "16.00")]
    assert told(*changes) == ["base 12 2026-01-10..2027-01-09 at 21.00/16.00"]


def test_the_last_change_in_place_holds() -> None:
    assert told(purchase(), quantity("2026-01-10", 12), quantity("2026-01-11", 8)) == ["base 8 2026-01-10..2027-01-09"]
    assert told(purchase(), price("2026-01-10", "21.00"), price("2026-01-11", "23.00")) == [
        "base 10 2026-01-10..2027-01-09 at 23.00/17.60"
    ]


def test_all_given_back_in_place_leaves_a_line_of_none_that_may_fill_again() -> None:
    assert told(purchase(), quantity("2026-01-11", 0)) == ["base 0 2026-01-10..2027-01-09"]
    assert told(purchase(), quantity("2026-01-11", 0), quantity("2026-01-12", 3)) == [
        "base 0 2026-01-10..2026-01-31",
        "delta 3 2026-01-12..2026-01-31",
        "base 3 2026-02-01..2027-01-09",
    ]


def test_a_change_before_the_start_is_in_place() -> None:
    found = told(purchase(on="2026-01-05"), quantity("2026-01-07", 12), price("2026-01-08", "21.00"))
    assert found == ["base 12 2026-01-10..2027-01-09 at 21.00/17.60"]


def test_the_days_in_place_go_on_into_the_next_month() -> None:
    ends_january = subscription(start="2026-01-31", end="2027-01-30")
    bought = purchase(on="2026-01-31")
    for rules in (Rules(), BY_MONTH):
        found = told(bought, quantity("2026-02-01", 12), of=ends_january, rules=rules)
        assert found == ["base 12 2026-01-31..2027-01-30"]
    assert told(bought, quantity("2026-02-02", 12), of=ends_january) == [
        "base 10 2026-01-31..2026-02-28",
        "delta 2 2026-02-02..2026-02-28",
        "base 12 2026-03-01..2027-01-30",
    ]


def test_after_29_february_comes_the_second_day() -> None:
    leap = subscription(start="2028-02-29", end="2029-02-27")
    bought = purchase(on="2028-02-29")
    assert told(bought, quantity("2028-03-01", 12), of=leap) == ["base 12 2028-02-29..2029-02-27"]
    assert told(bought, quantity("2028-03-02", 12), of=leap)[1] == "delta 2 2028-03-02..2028-03-31"


def test_after_an_upgrade_the_days_are_counted_anew_and_change_the_new_line_only() -> None:
    moved = [purchase(), upgrade("2026-03-15"), quantity("2026-03-16", 11), price("2026-03-16", "35.00")]
    assert told(*moved, rules=BY_MONTH) == [
        "base 10 2026-01-10..2026-03-31",
        "base 11 2026-03-15..2027-01-09 at 35.00/28.80 PLUS#2",
        "reversal -10 2026-03-15..2026-03-31",
    ]


def test_a_price_in_place_voids_what_was_planned_for_later() -> None:
    renewed = renew("2026-01-10", "2028-01-09", "30.00")
    assert told(purchase(), renewed, as_of="2026-01-10") == [
        "base 10 2026-01-10..2027-01-09",
        "base 10 2027-01-10..2028-01-09 at 30.00/17.60",
    ]
    assert told(purchase(), renewed, price("2026-01-11", "21.00")) == ["base 10 2026-01-10..2028-01-09 at 21.00/17.60"]


def test_a_cancellation_in_place_takes_back_what_was_changed_in_place() -> None:
    assert told(purchase(), quantity("2026-01-10", 12), price("2026-01-10", "21.00"), cancel("2026-01-11")) == [
        "base 12 2026-01-10..2026-01-31 at 21.00/17.60",
        "reversal -12 2026-01-11..2026-01-31 at 21.00/17.60",
    ]
