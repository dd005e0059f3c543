"""Step 1, and what becomes of a change before it: no line begins before the day of ownership."""

import pytest

from tests.billing.examples import BY_DAY, BY_MONTH, agreement, cancel, price, purchase, quantity, subscription, told


@pytest.mark.parametrize(
    ("agreed", "taken_over", "wanted"),
    [
        ("2025-01-01", None, "2026-01-10"),
        ("2025-01-01", "2025-12-01", "2026-01-10"),
        ("2026-02-01", None, "2026-02-01"),
        ("2026-02-01", "2026-05-01", "2026-05-01"),
        ("2026-05-01", "2026-02-01", "2026-05-01"),
        ("2026-01-20", None, "2026-01-20"),
    ],
)
def test_a_line_begins_with_the_latest_of_subscription_agreement_and_takeover(
    agreed: str, taken_over: str | None, wanted: str
) -> None:
    found = told(purchase(), of=subscription(effective_date=taken_over), on=agreement(agreed))
    assert found == [f"base 10 {wanted}..2027-01-09"]


def test_a_term_that_ended_before_ownership_has_no_line() -> None:
    assert told(purchase(), of=subscription(effective_date="2027-01-09")) == ["base 10 2027-01-09..2027-01-09"]
    assert told(purchase(), of=subscription(effective_date="2027-01-10")) == []
    assert told(purchase(), on=agreement("2027-02-01")) == []


def test_changes_of_periods_before_ownership_are_folded_into_the_base() -> None:
    changes = [purchase(), quantity("2026-02-15", 14), quantity("2026-04-30", 9)]
    assert told(*changes, on=agreement("2026-05-01")) == ["base 9 2026-05-01..2027-01-09"]


def test_a_change_in_place_before_ownership_is_in_the_base() -> None:
    found = told(purchase(), quantity("2026-01-11", 12), on=agreement("2026-02-01"))
    assert found == ["base 12 2026-02-01..2027-01-09"]


def test_a_decrease_that_waits_for_the_month_of_the_takeover_is_a_delta() -> None:
    found = told(purchase(), quantity("2026-03-20", 6), on=agreement("2026-04-01"), rules=BY_MONTH)
    assert found == [
        "base 10 2026-04-01..2026-04-30",
        "delta -4 2026-04-01..2026-04-30",
        "base 6 2026-05-01..2027-01-09",
    ]


TAKEN_OVER = subscription(effective_date="2026-03-20")


def test_a_change_in_the_period_of_the_takeover_is_moved_to_it() -> None:
    assert told(purchase(), quantity("2026-03-10", 14), of=TAKEN_OVER) == [
        "base 10 2026-03-20..2026-03-31",
        "delta 4 2026-03-20..2026-03-31",
        "base 14 2026-04-01..2027-01-09",
    ]


def test_a_moved_change_and_one_made_on_the_takeover_are_one_delta() -> None:
    assert told(purchase(), quantity("2026-03-10", 14), quantity("2026-03-20", 15), of=TAKEN_OVER) == [
        "base 10 2026-03-20..2026-03-31",
        "delta 5 2026-03-20..2026-03-31",
        "base 15 2026-04-01..2027-01-09",
    ]
    undone = told(purchase(), quantity("2026-03-10", 14), quantity("2026-03-20", 10), of=TAKEN_OVER)
    assert undone == ["base 10 2026-03-20..2027-01-09"]


def test_a_change_from_the_first_of_the_month_after_a_takeover_in_it_is_moved_there_too() -> None:
    changes = [purchase(), quantity("2026-03-10", 14), quantity("2026-03-25", 16)]
    assert told(*changes, of=TAKEN_OVER, rules=BY_MONTH) == [
        "base 10 2026-03-20..2026-03-31",
        "delta 6 2026-03-20..2026-03-31",
        "base 16 2026-04-01..2027-01-09",
    ]


def test_a_change_on_the_day_before_and_the_day_of_the_takeovers_month() -> None:
    changes = [purchase(), quantity("2026-02-28", 12), quantity("2026-03-01", 13)]
    assert told(*changes, of=TAKEN_OVER) == [
        "base 12 2026-03-20..2026-03-31",
        "delta 1 2026-03-20..2026-03-31",
        "base 13 2026-04-01..2027-01-09",
    ]


def test_a_takeover_on_the_last_day_of_a_month_still_has_that_months_changes_as_deltas() -> None:
    last_day = subscription(effective_date="2026-03-31")
    assert told(purchase(), quantity("2026-03-10", 14), of=last_day) == [
        "base 10 2026-03-31..2026-03-31",
        "delta 4 2026-03-31..2026-03-31",
        "base 14 2026-04-01..2027-01-09",
    ]


def test_an_agreement_that_begins_in_the_month_of_the_start_takes_its_changes_along() -> None:
    for rules in (BY_DAY, BY_MONTH):
        found = told(purchase(), quantity("2026-01-15", 14), on=agreement("2026-01-20"), rules=rules)
        assert found == [
            "base 10 2026-01-20..2026-01-31",
            "delta 4 2026-01-20..2026-01-31",
            "base 14 2026-02-01..2027-01-09",
        ]


def test_a_price_that_held_before_ownership_holds_in_the_first_line() -> None:
    found = told(purchase(), price("2026-03-15", "24.00"), on=agreement("2026-05-01"))
    assert found == ["base 10 2026-05-01..2027-01-09 at 24.00/17.60"]


def test_what_was_cancelled_in_a_month_before_ownership_has_no_line() -> None:
    found = told(purchase(), cancel("2026-03-15"), of=subscription(effective_date="2026-05-01"))
    assert found == []


def test_what_was_cancelled_earlier_in_the_month_of_the_takeover_is_all_taken_back() -> None:
    assert told(purchase(), quantity("2026-03-10", 14), cancel("2026-03-15"), of=TAKEN_OVER) == [
        "base 10 2026-03-20..2026-03-31",
        "delta 4 2026-03-20..2026-03-31",
        "reversal -14 2026-03-20..2026-03-31",
    ]
    # By the other rule the month is billed, from the takeover.
    assert told(purchase(), cancel("2026-03-15"), of=TAKEN_OVER, rules=BY_MONTH) == ["base 10 2026-03-20..2026-03-31"]


FAR_LATER = agreement("2026-03-15", "annual")
OLD = subscription(start="2022-11-01", end="2026-10-31")
OLD_CHANGES = [
    purchase(on="2022-11-01"),
    quantity("2023-05-01", 12),
    quantity("2026-01-20", 14),
    quantity("2026-03-14", 15),
]


def test_an_annual_agreement_that_begins_years_later_folds_what_its_backward_years_hold() -> None:
    assert told(*OLD_CHANGES, of=OLD, on=FAR_LATER) == ["base 15 2026-03-15..2026-10-31"]


def test_an_increase_in_the_month_of_an_annual_agreements_start_is_from_that_start() -> None:
    # The guide's note: the effective date is the agreement's start, which is in the next billing year.
    assert told(*OLD_CHANGES, of=OLD, on=FAR_LATER, rules=BY_MONTH) == [
        "base 14 2026-03-15..2026-10-31",
        "delta 1 2026-03-15..2026-10-31",
    ]


def test_a_decrease_before_an_annual_agreement_is_folded_or_waits_for_the_next_month() -> None:
    bought = purchase(on="2022-11-01")
    assert told(bought, quantity("2026-02-20", 8), of=OLD, on=FAR_LATER, rules=BY_MONTH) == [
        "base 8 2026-03-15..2026-10-31"
    ]
    assert told(bought, quantity("2026-03-05", 8), of=OLD, on=FAR_LATER, rules=BY_MONTH) == [
        "base 10 2026-03-15..2026-10-31",
        "delta -2 2026-04-01..2026-10-31",
    ]


def test_a_takeover_within_a_billing_year_moves_its_changes() -> None:
    taken_over = subscription(start="2026-03-01", end="2028-02-29", effective_date="2026-09-10")
    yearly = agreement("2026-03-01", "annual")
    assert told(purchase(on="2026-03-01"), quantity("2026-06-15", 12), of=taken_over, on=yearly) == [
        "base 10 2026-09-10..2027-02-28",
        "delta 2 2026-09-10..2027-02-28",
        "base 12 2027-03-01..2028-02-29",
    ]
