"""What of a history counts: its order, its beginning and end, and what repeats what is known."""

import pytest

from engine.billing.history import Event, known
from tests.billing.examples import (
    BY_MONTH,
    cancel,
    day,
    price,
    purchase,
    quantity,
    renew,
    subscription,
    told,
    upgrade,
    usage,
)

AS_BOUGHT = ["base 10 2026-01-10..2027-01-09"]


def test_events_are_in_order_of_days_then_of_arrival() -> None:
    late, early, first = quantity("2026-03-20", 12), quantity("2026-03-05", 11), quantity("2026-03-20", 13)
    bought = purchase()
    assert known([late, early, bought, first], day("2026-12-31")) == (bought, early, late, first)


def test_events_that_arrive_out_of_order_give_the_same_lines() -> None:
    changes = [purchase(), quantity("2026-03-15", 14), price("2026-04-02", "24.00"), cancel("2026-06-15")]
    assert told(*reversed(changes)) == told(*changes)
    assert len(told(*changes)) == 5


def test_an_event_is_not_known_before_its_day() -> None:
    changes = [purchase(), quantity("2026-03-15", 14)]
    assert known(changes, day("2026-03-14")) == (changes[0],)
    assert known(changes, day("2026-03-15")) == tuple(changes)


def test_before_the_purchase_is_known_nothing_is_due() -> None:
    assert told(purchase(), as_of="2026-01-09") == []
    assert told(purchase(), as_of="2026-01-10") == AS_BOUGHT


def test_a_purchase_known_before_the_start_has_its_line_already() -> None:
    assert told(purchase(on="2026-01-05"), as_of="2026-01-06") == AS_BOUGHT


@pytest.mark.parametrize("kind", ["license", "usage", "one_time"])
def test_without_a_purchase_there_are_no_lines_of_any_kind(kind: str) -> None:
    changes = [quantity("2026-02-01", 3), usage("2026-02-11", "2026-01", "10.00", "8.00"), cancel("2026-03-01")]
    assert told(*changes, of=subscription(kind=kind)) == []


def test_only_the_first_purchase_counts() -> None:
    assert told(purchase(), purchase(25, on="2026-03-15")) == AS_BOUGHT
    assert told(purchase(), purchase(25)) == AS_BOUGHT


@pytest.mark.parametrize(
    "early",
    [
        quantity("2026-01-05", 12),
        price("2026-01-05", "30.00"),
        upgrade("2026-01-05"),
        cancel("2026-01-05"),
        renew("2026-01-05", "2030-01-09"),
    ],
)
def test_events_before_the_purchase_are_ignored(early: Event) -> None:
    assert told(early, purchase()) == AS_BOUGHT


def test_on_the_day_of_the_purchase_the_order_of_arrival_tells() -> None:
    assert told(quantity("2026-01-10", 12), purchase()) == AS_BOUGHT
    assert told(purchase(), quantity("2026-01-10", 12)) == ["base 12 2026-01-10..2027-01-09"]


def test_a_purchase_heard_of_after_the_start_counts_from_the_start() -> None:
    # Its in-place days are over by then: they count from the start, not from the news.
    assert told(purchase(on="2026-01-20")) == AS_BOUGHT
    assert told(purchase(on="2026-01-20"), quantity("2026-01-21", 12)) == [
        "base 10 2026-01-10..2026-01-31",
        "delta 2 2026-01-21..2026-01-31",
        "base 12 2026-02-01..2027-01-09",
    ]


def test_a_quantity_that_repeats_the_last_one_is_no_event() -> None:
    assert told(purchase(), quantity("2026-03-15", 10)) == AS_BOUGHT
    once = told(purchase(), quantity("2026-03-15", 14), as_of="2026-05-01")
    assert told(purchase(), quantity("2026-03-15", 14), quantity("2026-04-20", 14), as_of="2026-05-01") == once


def test_a_repeat_is_of_what_was_announced_though_it_does_not_bill_yet() -> None:
    # The decrease counts from 1 April; told again on 20 March, it is the same decrease.
    once = told(purchase(), quantity("2026-03-15", 6), rules=BY_MONTH, as_of="2026-03-20")
    assert told(purchase(), quantity("2026-03-15", 6), quantity("2026-03-20", 6), rules=BY_MONTH) == once


def test_a_quantity_that_repeats_what_an_upgrade_moved_is_no_event() -> None:
    moved = told(purchase(), upgrade("2026-03-15"), as_of="2026-04-02")
    assert told(purchase(), upgrade("2026-03-15"), quantity("2026-04-02", 10)) == moved


@pytest.mark.parametrize(
    "repeated",
    [
        price("2026-04-10", "22.00", "17.60"),
        price("2026-04-10", "22"),
        price("2026-04-10", None, "17.600"),
        price("2026-04-10"),
    ],
)
def test_a_price_that_repeats_the_last_one_is_no_event(repeated: Event) -> None:
    assert told(purchase(), repeated) == AS_BOUGHT


def test_what_follows_a_cancellation_is_ignored() -> None:
    end = [purchase(), cancel("2026-03-10")]
    after = [
        quantity("2026-03-10", 40),
        price("2026-03-11", "30.00"),
        upgrade("2026-03-12"),
        renew("2026-03-13", "2030-01-09"),
        purchase(5, on="2026-03-14"),
        cancel("2026-03-25"),
    ]
    assert told(*end, *after) == told(*end, as_of="2026-03-25")
    assert told(*end) == ["base 10 2026-01-10..2026-03-31", "reversal -10 2026-03-10..2026-03-31"]


def test_usage_figures_that_follow_a_cancellation_are_known() -> None:
    bought, ended, figures = purchase(), cancel("2026-03-10"), usage("2026-04-11", "2026-03", "10.00", "8.00")
    assert known([bought, ended, figures], day("2026-04-11")) == (bought, ended, figures)


def test_a_purchase_of_no_licences_is_a_line_of_none() -> None:
    assert told(purchase(0)) == ["base 0 2026-01-10..2027-01-09"]
    assert told(purchase(0), cancel("2026-03-15")) == ["base 0 2026-01-10..2026-03-31"]
