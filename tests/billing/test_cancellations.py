"""Steps 3 and 8: where a cancellation ends the lines, and what it takes back."""

import pytest

from engine.billing.model import Rules
from tests.billing.examples import BY_MONTH, cancel, price, purchase, quantity, renew, subscription, told


def test_cancel_per_cancellation_date_adds_a_negative_line_to_the_end_of_the_month() -> None:
    found = ["base 10 2026-01-10..2026-03-31", "reversal -10 2026-03-15..2026-03-31"]
    assert told(purchase(), cancel("2026-03-15")) == found
    assert told(purchase(), cancel("2026-03-15"), as_of="2026-12-01") == found


def test_set_cancel_date_to_the_last_day_of_the_month_moves_the_end() -> None:
    assert told(purchase(), cancel("2026-03-15"), rules=BY_MONTH) == ["base 10 2026-01-10..2026-03-31"]


def test_before_its_day_a_cancellation_is_not_known() -> None:
    assert told(purchase(), cancel("2026-03-15"), as_of="2026-03-14") == ["base 10 2026-01-10..2027-01-09"]


@pytest.mark.parametrize(
    ("on", "end"),
    [
        ("2026-01-10", "2026-01-31"),
        ("2026-03-31", "2026-03-31"),
        ("2026-04-01", "2026-04-30"),
        ("2026-12-31", "2026-12-31"),
        ("2027-01-04", "2027-01-09"),
        ("2027-01-09", "2027-01-09"),
    ],
)
def test_the_reversal_runs_from_the_day_to_the_end_of_its_month_or_of_the_term(on: str, end: str) -> None:
    base = f"base 10 2026-01-10..{end}"
    assert set(told(purchase(), cancel(on))) == {base, f"reversal -10 {on}..{end}"}
    assert told(purchase(), cancel(on), rules=BY_MONTH) == [base]


@pytest.mark.parametrize("on", ["2027-01-10", "2027-01-31", "2027-02-10"])
def test_after_the_end_of_the_term_there_is_nothing_to_take_back(on: str) -> None:
    for rules in (Rules(), BY_MONTH):
        assert told(purchase(), cancel(on), rules=rules) == ["base 10 2026-01-10..2027-01-09"]


def test_a_subscription_without_an_end_ends() -> None:
    assert told(purchase(), cancel("2026-03-15"), of=subscription(end=None)) == [
        "base 10 2026-01-10..2026-03-31",
        "reversal -10 2026-03-15..2026-03-31",
    ]


def test_the_reversal_takes_back_all_that_is_active_and_nothing_that_has_ended() -> None:
    changes = [purchase(), quantity("2026-02-10", 12), quantity("2026-03-05", 15), quantity("2026-03-10", 14)]
    assert told(*changes, cancel("2026-03-20")) == [
        "base 10 2026-01-10..2026-02-28",
        "delta 2 2026-02-10..2026-02-28",
        "base 12 2026-03-01..2026-03-31",
        "delta 3 2026-03-05..2026-03-31",
        "delta -1 2026-03-10..2026-03-31",
        "reversal -14 2026-03-20..2026-03-31",
    ]


def test_on_the_last_day_of_the_month_a_running_delta_is_taken_back_once() -> None:
    assert told(purchase(), quantity("2026-03-05", 14), cancel("2026-03-31")) == [
        "base 10 2026-01-10..2026-03-31",
        "delta 4 2026-03-05..2026-03-31",
        "reversal -14 2026-03-31..2026-03-31",
    ]


def test_a_change_on_the_day_counts_if_it_came_first() -> None:
    assert told(purchase(), quantity("2026-03-15", 12), cancel("2026-03-15")) == [
        "base 10 2026-01-10..2026-03-31",
        "delta 2 2026-03-15..2026-03-31",
        "reversal -12 2026-03-15..2026-03-31",
    ]
    assert told(purchase(), cancel("2026-03-15"), quantity("2026-03-15", 12)) == [
        "base 10 2026-01-10..2026-03-31",
        "reversal -10 2026-03-15..2026-03-31",
    ]


def test_a_decrease_still_to_come_never_comes() -> None:
    to_come = [purchase(), quantity("2026-03-05", 8), cancel("2026-03-20")]
    assert told(*to_come, rules=BY_MONTH) == ["base 10 2026-01-10..2026-03-31"]
    by_date = Rules(quantity_decrease="first_of_next_month")
    assert told(*to_come, rules=by_date) == ["base 10 2026-01-10..2026-03-31", "reversal -10 2026-03-20..2026-03-31"]


def test_a_decrease_that_comes_on_the_very_day_counts() -> None:
    by_date = Rules(quantity_decrease="first_of_next_month")
    assert told(purchase(), quantity("2026-03-05", 8), cancel("2026-04-01"), rules=by_date) == [
        "base 10 2026-01-10..2026-04-30",
        "delta -2 2026-04-01..2026-04-30",
        "reversal -8 2026-04-01..2026-04-30",
    ]


def test_where_no_licence_is_left_nothing_is_taken_back() -> None:
    assert told(purchase(), quantity("2026-03-10", 0), cancel("2026-03-15")) == [
        "base 10 2026-01-10..2026-03-31",
        "delta -10 2026-03-10..2026-03-31",
    ]


def test_a_cancellation_before_the_start_is_taken_back_from_the_start_or_leaves_nothing() -> None:
    assert told(purchase(on="2026-01-05"), cancel("2026-01-07")) == [
        "base 10 2026-01-10..2026-01-31",
        "reversal -10 2026-01-10..2026-01-31",
    ]
    later = subscription(start="2026-02-10", end="2027-02-09")
    assert told(purchase(on="2026-01-20"), cancel("2026-01-25"), of=later) == []


def test_the_reversal_has_the_price_in_force_and_is_cut_where_that_changes() -> None:
    by_day = Rules(price_change="actual_date")
    assert told(purchase(), price("2026-03-10", "25.00"), cancel("2026-03-15"), rules=by_day)[1:] == [
        "base 10 2026-03-10..2026-03-31 at 25.00/17.60",
        "reversal -10 2026-03-15..2026-03-31 at 25.00/17.60",
    ]
    # A renewal's price begins with the new term, after the cancellation and within its month.
    renewed = renew("2026-12-20", "2028-01-09", "24.00")
    assert told(purchase(), renewed, cancel("2027-01-05")) == [
        "base 10 2026-01-10..2027-01-09",
        "reversal -10 2027-01-05..2027-01-09",
        "base 10 2027-01-10..2027-01-31 at 24.00/17.60",
        "reversal -10 2027-01-10..2027-01-31 at 24.00/17.60",
    ]


def test_a_price_planned_for_the_month_after_never_bills() -> None:
    assert told(purchase(), price("2026-03-10", "25.00"), cancel("2026-03-15")) == [
        "base 10 2026-01-10..2026-03-31",
        "reversal -10 2026-03-15..2026-03-31",
    ]


def test_a_term_that_renews_by_itself_is_rolled_to_the_day_of_the_cancellation() -> None:
    renewing = subscription(start="2026-01-03", end="2026-02-02", auto_renew=True, term="P1M")
    bought = purchase(on="2026-01-03")
    for as_of in ("2026-05-10", "2026-11-30"):
        assert told(bought, cancel("2026-05-10"), of=renewing, as_of=as_of) == [
            "base 10 2026-01-03..2026-05-31",
            "reversal -10 2026-05-10..2026-05-31",
        ]
