"""What a renewal recorded in the history does to the end and to the price."""

import pytest

from engine.billing.model import Rules
from tests.billing.examples import BY_DAY, price, purchase, quantity, renew, subscription, told

FIRST_TERM = "base 10 2026-01-10..2027-01-09"


def test_auto_renew_on_moves_the_line_to_the_end_of_the_renewed_subscription() -> None:
    renewed = [purchase(), renew("2027-01-10", "2028-01-09")]
    assert told(*renewed, as_of="2027-01-09") == [FIRST_TERM]
    assert told(*renewed) == ["base 10 2026-01-10..2028-01-09"]


def test_auto_renew_off_ends_with_the_existing_end_date() -> None:
    assert told(purchase(), of=subscription(auto_renew=False, term="P1Y"), as_of="2027-03-01") == [FIRST_TERM]


@pytest.mark.parametrize("on", ["2026-12-01", "2027-01-09", "2027-01-10"])
def test_its_price_holds_from_the_first_day_of_the_new_term(on: str) -> None:
    assert told(purchase(), renew(on, "2028-01-09", "24.00", "19.20")) == [
        FIRST_TERM,
        "base 10 2027-01-10..2028-01-09 at 24.00/19.20",
    ]


def test_a_missing_price_keeps_the_value_last_announced() -> None:
    assert told(purchase(), renew("2026-12-01", "2028-01-09", None, "19.20")) == [
        FIRST_TERM,
        "base 10 2027-01-10..2028-01-09 at 22.00/19.20",
    ]


def test_renewed_twice() -> None:
    once = [purchase(), renew("2026-12-20", "2028-01-09", "24.00")]
    assert told(*once, renew("2027-12-20", "2029-01-09", "26.00")) == [
        FIRST_TERM,
        "base 10 2027-01-10..2028-01-09 at 24.00/17.60",
        "base 10 2028-01-10..2029-01-09 at 26.00/17.60",
    ]
    # The old end is the one last known, though its term has not begun.
    assert told(*once, renew("2026-12-28", "2029-01-09", "26.00"))[1:] == [
        "base 10 2027-01-10..2028-01-09 at 24.00/17.60",
        "base 10 2028-01-10..2029-01-09 at 26.00/17.60",
    ]
    assert told(purchase(), renew("2026-12-20", "2028-01-09"), renew("2027-12-20", "2029-01-09")) == [
        "base 10 2026-01-10..2029-01-09"
    ]


@pytest.mark.parametrize(
    ("rules", "before"), [(BY_DAY, "2027-01-31"), (Rules(price_change="actual_date"), "2027-01-19")]
)
def test_the_price_of_one_recorded_after_the_new_term_began_follows_the_price_rule(rules: Rules, before: str) -> None:
    first, second = told(purchase(), renew("2027-01-20", "2028-01-09", "24.00"), rules=rules)
    assert first == f"base 10 2026-01-10..{before}"
    assert second.endswith("..2028-01-09 at 24.00/17.60")


def test_without_an_old_end_its_price_follows_the_price_rule() -> None:
    assert told(purchase(), renew("2026-05-10", "2027-05-09", "24.00"), of=subscription(end=None)) == [
        "base 10 2026-01-10..2026-05-31",
        "base 10 2026-06-01..2027-05-09 at 24.00/17.60",
    ]


def test_a_change_after_the_old_end_counts_once_the_renewal_is_known() -> None:
    changed = [purchase(), quantity("2027-01-15", 14)]
    assert told(*changed) == [FIRST_TERM]
    assert told(*changed, renew("2027-01-20", "2028-01-09")) == [
        "base 10 2026-01-10..2027-01-31",
        "delta 4 2027-01-15..2027-01-31",
        "base 14 2027-02-01..2028-01-09",
    ]


def test_a_renewal_may_shorten_the_term() -> None:
    assert told(purchase(), renew("2026-05-10", "2026-06-30")) == ["base 10 2026-01-10..2026-06-30"]


def test_seats_reduced_at_renewal() -> None:
    assert told(purchase(), renew("2027-01-10", "2028-01-09", "24.00"), quantity("2027-01-10", 7)) == [
        FIRST_TERM,
        "base 10 2027-01-10..2027-01-31 at 24.00/17.60",
        "delta -3 2027-01-10..2027-01-31 at 24.00/17.60",
        "base 7 2027-02-01..2028-01-09 at 24.00/17.60",
    ]


def test_a_renewal_at_the_price_in_force_voids_another_one_planned_for_after_it() -> None:
    changes = [purchase(), renew("2026-12-01", "2028-01-09", "24.00"), price("2026-12-05", "22.00")]
    assert told(*changes) == ["base 10 2026-01-10..2028-01-09"]


def test_a_price_planned_for_the_old_term_gives_way_to_the_renewals_though_it_repeats_an_older_one() -> None:
    assert told(purchase(), price("2026-12-20", "23.00"), renew("2026-12-28", "2028-01-09", "22.00")) == [
        "base 10 2026-01-10..2026-12-31",
        "base 10 2027-01-01..2027-01-09 at 23.00/17.60",
        "base 10 2027-01-10..2028-01-09",
    ]


def test_of_a_term_that_renews_by_itself_the_old_end_is_the_one_known_not_the_rolled_one() -> None:
    renewing = subscription(auto_renew=True, term="P1Y")
    # Rolled, the term ends on 9 January 2028 by now; as last known, on 9 January 2027: the event comes too late.
    assert told(purchase(), renew("2027-03-10", "2028-01-09", "24.00"), of=renewing) == [
        "base 10 2026-01-10..2027-03-31",
        "base 10 2027-04-01..2028-01-09 at 24.00/17.60",
    ]
    assert told(purchase(), renew("2026-12-10", "2028-01-09", "24.00"), of=renewing) == [
        FIRST_TERM,
        "base 10 2027-01-10..2028-01-09 at 24.00/17.60",
    ]
