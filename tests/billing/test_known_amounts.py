"""Consumption keeps its posted figures, a charge bought once its quantity and price; what has ended adds no line."""

from typing import Any

import pytest

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.told import Completed, Logged, Shown
from tests.billing.completing import standing
from tests.billing.examples import BY_DAY, MONTHLY, as_text, day, subscription

JANUARY = "usage 2026-01 1 2026-01-01..2026-01-31 at 120.50/100.10"
FEBRUARY = "usage 2026-02 1 2026-02-01..2026-02-28 at 0/0"
MARCH = "usage 2026-03 1 2026-03-01..2026-03-31 at 0/0"
ONCE = "one_time 3 2026-02-01..2026-02-28 at 500.00/400.00"


def consumption(*, ended: bool = False, **terms: Any) -> Shown:
    return Shown(terms=subscription(**{"kind": "usage", "end": None, **terms}), licences=1, ended=ended)


def once(licences: int = 3, *, ended: bool = False, **terms: Any) -> Shown:
    bought = {"kind": "one_time", "start": "2026-02-01", "end": None, "unit_price": "500.00", "unit_cost": "400.00"}
    return Shown(terms=subscription(**{**bought, **terms}), licences=licences, ended=ended)


def cancelled(on: str) -> tuple[Logged, ...]:
    return (Logged(on=day(on), kind="cancelled"),)


def completed(shown: Shown, *posted: str, as_of: str, log: tuple[Logged, ...] | None = None) -> Completed:
    return complete(shown, log, standing(*posted), day(as_of))


def found(shown: Shown, *posted: str, as_of: str, log: tuple[Logged, ...] | None = None) -> list[str]:
    history = completed(shown, *posted, as_of=as_of, log=log)
    return [as_text(line) for line in lines(history.terms, history.history, MONTHLY, BY_DAY, day(as_of))]


def sources(history: Completed) -> list[tuple[str, str]]:
    return [(type(one.event).__name__, one.source) for one in history.told]


# -- consumption


def test_consumption_has_a_line_for_each_month_and_keeps_the_figures_that_are_posted() -> None:
    empty = JANUARY.replace("120.50/100.10", "0/0")
    assert found(consumption(), as_of="2026-03-05") == [empty, FEBRUARY, MARCH]
    assert found(consumption(), JANUARY, FEBRUARY, as_of="2026-03-05") == [JANUARY, FEBRUARY, MARCH]


def test_a_figure_of_cost_alone_is_kept() -> None:
    cost_alone = JANUARY.replace("120.50/100.10", "0/100.10")
    assert found(consumption(), cost_alone, as_of="2026-01-20") == [cost_alone]


def test_consumption_does_not_cost_what_the_subscription_shows() -> None:
    assert found(consumption(unit_price="99.00"), JANUARY, FEBRUARY, as_of="2026-02-05") == [JANUARY, FEBRUARY]


@pytest.mark.parametrize("as_of", ["2026-02-05", "2026-02-28", "2026-03-01", "2026-06-15"])
def test_consumption_that_ended_gets_no_month_after_those_that_stand(as_of: str) -> None:
    assert found(consumption(ended=True), JANUARY, FEBRUARY, as_of=as_of) == [JANUARY, FEBRUARY]


def test_figures_are_accepted_for_a_month_after_it_has_ended() -> None:
    late = FEBRUARY.replace("0/0", "80.00/70.00")
    assert found(consumption(ended=True), JANUARY, late, as_of="2026-04-03") == [JANUARY, late]


def test_a_logged_cancellation_of_consumption_holds() -> None:
    log = cancelled("2026-02-11")
    assert found(consumption(ended=True), JANUARY, as_of="2026-04-03", log=log) == [JANUARY, FEBRUARY]


def test_consumption_that_ended_and_of_which_nothing_stands_gets_nothing() -> None:
    history = completed(consumption(ended=True), as_of="2026-03-05")
    assert lines(history.terms, history.history, MONTHLY, BY_DAY, day("2026-03-05")) == ()
    assert sources(history)[-1] == ("Cancellation", "inferred")


# -- bought once


def test_a_charge_bought_once_is_as_listed_until_it_stands() -> None:
    assert found(once(), as_of="2026-02-01") == [ONCE]
    assert sources(completed(once(), as_of="2026-02-01")) == [("Purchase", "listing")]


@pytest.mark.parametrize("as_of", ["2026-02-03", "2026-05-01"])
@pytest.mark.parametrize("changed", [{"licences": 5}, {"unit_price": "650.00"}, {"unit_cost": "1.00"}])
def test_once_it_stands_it_keeps_its_quantity_and_price(changed: dict[str, Any], as_of: str) -> None:
    assert found(once(**changed), ONCE, as_of=as_of) == [ONCE]


@pytest.mark.parametrize("as_of", ["2026-02-01", "2026-02-02"])
def test_in_its_first_days_another_quantity_changes_it(as_of: str) -> None:
    assert found(once(5), ONCE, as_of=as_of) == [ONCE.replace("one_time 3", "one_time 5")]


def test_cancelled_in_its_first_days_it_is_removed_and_later_it_stays() -> None:
    assert found(once(ended=True), ONCE, as_of="2026-02-02") == []
    assert found(once(ended=True), ONCE, as_of="2026-02-03") == [ONCE]
    assert found(once(ended=True), ONCE, as_of="2026-02-09", log=cancelled("2026-02-02")) == []


@pytest.mark.parametrize("as_of", ["2026-02-02", "2026-02-03", "2026-05-01"])
@pytest.mark.parametrize("licences", [3, 0])
def test_once_removed_it_does_not_come_back(licences: int, as_of: str) -> None:
    assert found(once(licences, ended=True), as_of=as_of) == []


def test_cancelled_later_by_the_log_a_charge_without_a_line_is_made() -> None:
    assert found(once(ended=True), as_of="2026-02-20", log=cancelled("2026-02-15")) == [ONCE]


def test_an_ended_charge_that_shows_no_licences_keeps_those_that_stand() -> None:
    assert found(once(0, ended=True), ONCE, as_of="2026-03-01") == [ONCE]
