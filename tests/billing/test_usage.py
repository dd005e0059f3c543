"""Consumption: a line a month on whole billing periods, without an amount until its figures are accepted."""

from typing import Any

import pytest

from engine.billing.model import InputError
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
    usage,
)

JANUARY = "usage 2026-01 1 2026-01-01..2026-01-31"
FEBRUARY = "usage 2026-02 1 2026-02-01..2026-02-28"
MARCH = "usage 2026-03 1 2026-03-01..2026-03-31"


def azure(**changed: Any) -> Any:
    return subscription(**{"kind": "usage", "end": None, **changed})


def months(found: list[str]) -> list[str]:
    return [line.split()[1] for line in found]


def test_each_month_has_a_line_of_one_without_an_amount() -> None:
    # The subscription's unit price is not used.
    found = told(purchase(), of=azure(), as_of="2026-03-01")
    assert found == [f"{JANUARY} at 0/0", f"{FEBRUARY} at 0/0", f"{MARCH} at 0/0"]


def test_the_accepted_figures_of_a_month_land_on_it_and_the_last_ones_hold() -> None:
    figures = usage("2026-02-11", "2026-01", "431.77", "388.59")
    assert told(purchase(), figures, of=azure()) == [f"{JANUARY} at 431.77/388.59", f"{FEBRUARY} at 0/0"]
    corrected = usage("2026-02-20", "2026-01", "420.00", "388.59")
    assert told(purchase(), figures, corrected, of=azure())[0] == f"{JANUARY} at 420.00/388.59"
    assert told(purchase(), figures, corrected, of=azure(), as_of="2026-02-19")[0] == f"{JANUARY} at 431.77/388.59"


def test_figures_of_the_running_month_land_on_it() -> None:
    found = told(purchase(), usage("2026-01-20", "2026-01", "10.00", "8.00"), of=azure())
    assert found == [f"{JANUARY} at 10.00/8.00"]


@pytest.mark.parametrize("on", ["2026-02-01", "2026-02-15", "2026-02-28"])
def test_the_last_month_is_that_of_the_cancellation_whatever_the_rule(on: str) -> None:
    for rules in (BY_DAY, BY_MONTH):
        found = told(purchase(), cancel(on), of=azure(), as_of="2026-05-05", rules=rules)
        assert found == [f"{JANUARY} at 0/0", f"{FEBRUARY} at 0/0"]


def test_figures_that_arrive_after_the_cancellation_still_land() -> None:
    changes = [purchase(), cancel("2026-02-15"), usage("2026-03-11", "2026-02", "120.10", "99.00")]
    assert told(*changes, of=azure()) == [f"{JANUARY} at 0/0", f"{FEBRUARY} at 120.10/99.00"]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"end": "2026-02-01"}, ["2026-01", "2026-02"]),
        ({"end": "2026-01-31"}, ["2026-01"]),
        # Recorded consumption plans end where they start, and go on.
        ({"end": "2026-01-10", "auto_renew": True}, ["2026-01", "2026-02", "2026-03", "2026-04"]),
        ({"effective_date": "2026-02-20"}, ["2026-02", "2026-03", "2026-04"]),
        ({"effective_date": "2025-02-20"}, ["2026-01", "2026-02", "2026-03", "2026-04"]),
        ({"effective_date": "2026-05-01"}, []),
        ({"start": "2026-04-30"}, ["2026-04"]),
        ({"start": "2026-05-01"}, []),
    ],
)
def test_months_reach_from_the_start_or_takeover_to_the_last_day(changed: dict[str, Any], wanted: list[str]) -> None:
    assert months(told(purchase(), of=azure(**changed), as_of="2026-04-15")) == wanted


def test_a_renewal_moves_the_last_month() -> None:
    plan = azure(end="2026-02-28")
    assert months(told(purchase(), of=plan, as_of="2026-04-15")) == ["2026-01", "2026-02"]
    assert months(told(purchase(), renew("2026-04-01", "2026-03-15"), of=plan, as_of="2026-04-15")) == [
        "2026-01",
        "2026-02",
        "2026-03",
    ]


def test_a_plan_that_renews_by_itself_has_no_last_month_whatever_a_renewal_tells() -> None:
    plan = azure(end="2026-01-31", auto_renew=True)
    assert months(told(purchase(), renew("2026-02-01", "2026-02-28"), of=plan, as_of="2026-04-15"))[-1] == "2026-04"


def test_a_cancellation_after_the_end_does_not_lengthen_it() -> None:
    assert months(told(purchase(), cancel("2026-04-10"), of=azure(end="2026-02-28"))) == ["2026-01", "2026-02"]


def test_a_month_of_a_young_agreement_falls_into_its_first_whole_period() -> None:
    assert told(purchase(), of=azure(), on=agreement("2026-02-10"), as_of="2026-03-15") == [
        "usage 2026-02 1 2026-03-01..2026-03-31 at 0/0",
        f"{MARCH} at 0/0",
    ]
    assert months(told(purchase(), of=azure(), on=agreement("2026-02-01"), as_of="2026-03-15")) == [
        "2026-02",
        "2026-03",
    ]
    # An agreement that begins on a month's last day still has that month.
    assert told(purchase(), of=azure(), on=agreement("2026-01-31"), as_of="2026-01-31") == [
        "usage 2026-01 1 2026-02-01..2026-02-28 at 0/0"
    ]


def test_years_turn() -> None:
    found = told(purchase(on="2027-12-31"), of=azure(start="2027-12-31"), as_of="2028-02-29")
    assert months(found) == ["2027-12", "2028-01", "2028-02"]
    assert found[2] == "usage 2028-02 1 2028-02-01..2028-02-29 at 0/0"


def test_licences_prices_and_upgrades_mean_nothing_to_it() -> None:
    changes = [purchase(), quantity("2026-01-10", 5), price("2026-01-10", "9.00"), upgrade("2026-01-10")]
    assert told(*changes, of=azure()) == [f"{JANUARY} at 0/0"]


def test_figures_for_a_month_that_has_no_line_make_none() -> None:
    early, late = usage("2026-02-11", "2025-12", "5.00", "4.00"), usage("2026-02-12", "2026-03", "7.00", "6.00")
    assert told(purchase(), early, late, of=azure()) == [f"{JANUARY} at 0/0", f"{FEBRUARY} at 0/0"]
    # Those of a month that had not begun land when it has.
    assert told(purchase(), early, late, of=azure(), as_of="2026-03-01")[2] == f"{MARCH} at 7.00/6.00"


def test_consumption_on_an_annual_agreement_is_an_error() -> None:
    with pytest.raises(InputError, match="billed by the month"):
        told(purchase(), of=azure(), on=agreement("2025-01-01", "annual"))
