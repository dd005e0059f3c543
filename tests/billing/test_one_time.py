"""One-time charges: one line on a whole billing period, as bought."""

from typing import Any

import pytest

from engine.billing.model import Rules
from tests.billing.examples import (
    BY_MONTH,
    MONTHLY,
    agreement,
    cancel,
    price,
    purchase,
    quantity,
    renew,
    subscription,
    told,
    upgrade,
    usage,
)

JANUARY = "one_time 10 2026-01-01..2026-01-31"


def reservation(**changed: Any) -> Any:
    return subscription(**{"kind": "one_time", **changed})


@pytest.mark.parametrize(
    ("on", "span"),
    [
        (MONTHLY, "2026-01-01..2026-01-31"),
        (agreement("2026-01-01"), "2026-01-01..2026-01-31"),
        (agreement("2026-01-05"), "2026-02-01..2026-02-28"),
        (agreement("2026-01-31"), "2026-02-01..2026-02-28"),
        (agreement("2025-03-10", "annual"), "2025-03-10..2026-03-09"),
        (agreement("2026-01-05", "annual"), "2026-01-05..2027-01-04"),
    ],
)
def test_it_covers_the_whole_period_of_its_start_or_the_agreements_first(on: Any, span: str) -> None:
    assert told(purchase(), of=reservation(), on=on, as_of="2026-06-30") == [f"one_time 10 {span}"]


@pytest.mark.parametrize(
    "on", [agreement("2026-02-01"), agreement("2026-01-11", "annual"), agreement("2026-06-15", "annual")]
)
def test_bought_in_a_period_that_ended_before_the_agreement_it_has_no_line(on: Any) -> None:
    assert told(purchase(), of=reservation(), on=on, as_of="2026-06-30") == []


def test_bought_before_the_takeover_it_has_no_line() -> None:
    assert told(purchase(), of=reservation(effective_date="2026-01-10")) == [JANUARY]
    assert told(purchase(), of=reservation(effective_date="2026-01-11")) == []


def test_in_place_it_changes() -> None:
    changes = [purchase(), quantity("2026-01-10", 3), price("2026-01-11", "21.00", "16.00")]
    assert told(*changes, of=reservation()) == ["one_time 3 2026-01-01..2026-01-31 at 21.00/16.00"]


def test_in_place_a_missing_price_keeps_its_value() -> None:
    changes = [purchase(), price("2026-01-10", "21.00"), price("2026-01-11", None, "16.00")]
    assert told(*changes, of=reservation()) == ["one_time 10 2026-01-01..2026-01-31 at 21.00/16.00"]


def test_later_nothing_changes_it() -> None:
    later = [
        quantity("2026-01-12", 3),
        price("2026-01-12", "21.00"),
        upgrade("2026-01-12"),
        renew("2026-01-12", "2028-01-09", "30.00"),
        usage("2026-01-12", "2026-01", "30.00", "20.00"),
        cancel("2026-01-12"),
    ]
    assert told(purchase(), *later, of=reservation()) == [JANUARY]


@pytest.mark.parametrize("on", ["2026-01-10", "2026-01-11"])
def test_cancelled_in_place_it_has_no_line(on: str) -> None:
    for rules in (Rules(), BY_MONTH):
        assert told(purchase(), cancel(on), of=reservation(), rules=rules, as_of="2026-02-01") == []
        assert told(purchase(), cancel("2026-01-12"), of=reservation(), rules=rules) == [JANUARY]


def test_the_days_in_place_follow_the_rules() -> None:
    for in_place_days, licences in ((0, 10), (1, 10), (2, 3), (5, 3)):
        found = told(purchase(), quantity("2026-01-11", 3), of=reservation(), rules=Rules(in_place_days=in_place_days))
        assert found == [f"one_time {licences} 2026-01-01..2026-01-31"]


def test_its_end_is_not_looked_at() -> None:
    for end in ("2026-01-10", "2026-01-01", None):
        assert told(purchase(), of=reservation(end=end)) == [JANUARY]


def test_an_upgrade_in_place_does_not_change_what_was_bought() -> None:
    # Only quantity and price are changed in place.
    assert told(purchase(), upgrade("2026-01-11"), of=reservation()) == [JANUARY]
