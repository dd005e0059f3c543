"""Where each part of a history is taken from: the log, our own lines, or the present day. Examples worked by hand."""

from typing import Any

import pytest

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.model import Rules
from engine.billing.told import Completed, Logged, LoggedKind, Shown
from tests.billing.completing import standing
from tests.billing.examples import BY_DAY, BY_MONTH, MONTHLY, as_text, day, subscription


def seen(licences: int = 10, **terms: Any) -> Shown:
    return Shown(terms=subscription(**terms), licences=licences)


def item(on: str, kind: LoggedKind, quantity: int | None = None, sku: str = "a") -> Logged:
    return Logged(on=day(on), kind=kind, quantity=quantity, sku=sku, product="PLAN" if sku == "a" else "PLUS")


def completed(shown: Shown, *posted: str, as_of: str, log: tuple[Logged, ...] | None = None) -> Completed:
    return complete(shown, log, standing(*posted), day(as_of))


def found(
    shown: Shown, *posted: str, as_of: str, log: tuple[Logged, ...] | None = None, rules: Rules = BY_DAY
) -> list[str]:
    history = completed(shown, *posted, as_of=as_of, log=log)
    return [as_text(line) for line in lines(history.terms, history.history, MONTHLY, rules, day(as_of))]


def sources(history: Completed) -> list[str]:
    return [f"{type(one.event).__name__} {one.event.on} {one.source}" for one in history.told]


LIVE = "base 10 2026-01-10..2027-01-09"
BOUGHT = item("2026-01-10", "created", 10)
GROWN = ["base 10 2026-01-10..2026-03-31", "delta 2 2026-03-05..2026-03-31", "base 12 2026-04-01..2027-01-09"]


# -- the log


def test_without_log_and_lines_it_is_as_listed_from_its_start() -> None:
    assert found(seen(), as_of="2026-03-08") == [LIVE]
    assert sources(completed(seen(), as_of="2026-03-08")) == ["Purchase 2026-01-10 listing"]


@pytest.mark.parametrize("posted", [(), (LIVE,), GROWN])
def test_a_log_that_adds_up_dates_its_changes(posted: tuple[str, ...]) -> None:
    log = (BOUGHT, item("2026-03-05", "quantity", 12))
    assert found(seen(12), *posted, as_of="2026-03-08", log=log) == GROWN


def test_a_log_that_does_not_add_up_is_passed_over_for_our_lines_and_the_rest_is_news_of_today() -> None:
    log = (BOUGHT, item("2026-02-20", "quantity", 11))
    history = completed(seen(15), *GROWN, as_of="2026-03-20", log=log)
    assert sources(history) == [
        "Purchase 2026-01-10 posted",
        "QuantityChange 2026-03-05 posted",
        "QuantityChange 2026-03-20 inferred",
    ]
    assert history.told[-1].why == "the platform shows 15 licences, what is known gives 12"


def test_a_log_that_begins_without_a_purchase_is_passed_over() -> None:
    log = (item("2026-03-05", "quantity", 12),)
    assert found(seen(12), *GROWN, as_of="2026-03-20", log=log) == GROWN
    assert found(seen(12), as_of="2026-03-20", log=log) == ["base 12 2026-01-10..2027-01-09"]


def test_a_log_alone_that_does_not_add_up_is_completed_by_the_news_of_today() -> None:
    assert found(seen(12), as_of="2026-03-05", log=(BOUGHT,)) == GROWN


def test_a_converted_trial_bills_from_its_conversion() -> None:
    log = (BOUGHT, item("2026-02-10", "converted"), item("2026-03-05", "quantity", 12))
    assert found(seen(12), as_of="2026-03-08", log=log)[0] == "base 10 2026-02-10..2026-03-31"


# -- our lines


def test_a_change_that_nothing_dates_is_one_of_today_and_then_stays_there() -> None:
    first = found(seen(12), LIVE, as_of="2026-03-05")
    assert first == GROWN
    for as_of in ("2026-03-06", "2026-03-31", "2026-04-01", "2026-12-31"):
        assert found(seen(12), *first, as_of=as_of) == GROWN


def test_a_planned_decrease_is_known_before_it_bills() -> None:
    posted = found(seen(7), LIVE, as_of="2026-03-05", rules=BY_MONTH)
    assert posted[1] == "delta -3 2026-04-01..2026-04-30"
    for as_of in ("2026-03-06", "2026-04-01", "2026-06-10"):
        assert found(seen(7), *posted, as_of=as_of, rules=BY_MONTH) == posted


def test_lines_posted_under_another_rule_keep_their_days() -> None:
    posted = found(seen(14), LIVE, as_of="2026-03-15", rules=BY_MONTH)
    assert found(seen(14), *posted, as_of="2026-03-20", rules=BY_DAY) == posted


def test_a_plan_bought_ahead_keeps_the_price_that_was_seen_before_it_begins() -> None:
    shown = seen(unit_price="24.00")
    posted = found(shown, LIVE, as_of="2026-01-05", rules=Rules(in_place_days=0))
    assert found(shown, *posted, as_of="2026-01-06", rules=Rules(in_place_days=0)) == posted


# -- upgrades

TO_PLUS: dict[str, Any] = {"product": "PLUS", "unit_price": "36.00", "unit_cost": "28.80"}
UPGRADED = [
    "base 10 2026-01-10..2026-03-31",
    "base 10 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2",
    "reversal -10 2026-03-15..2026-03-31",
]


def test_a_logged_upgrade_holds_from_its_day() -> None:
    log = (BOUGHT, item("2026-03-15", "upgraded", sku="b"))
    assert found(seen(**TO_PLUS), LIVE, as_of="2026-03-18", log=log) == UPGRADED


def test_another_sku_in_the_log_tells_of_an_upgrade_that_was_not_logged() -> None:
    log = (BOUGHT, item("2026-03-15", "quantity", 10, sku="b"))
    history = completed(seen(**TO_PLUS), LIVE, as_of="2026-03-18", log=log)
    assert "Upgrade 2026-03-15 inferred" in sources(history)
    assert found(seen(**TO_PLUS), LIVE, as_of="2026-03-18", log=log) == UPGRADED


def test_an_upgrade_that_nothing_dates_is_one_of_today_and_then_proven_by_the_reversal() -> None:
    first = found(seen(**TO_PLUS), LIVE, as_of="2026-03-15")
    assert first == UPGRADED
    for as_of in ("2026-03-16", "2026-04-01", "2026-12-31"):
        assert found(seen(**TO_PLUS), *first, as_of=as_of) == UPGRADED


def test_without_licences_it_is_proven_by_the_first_line_of_the_new_product() -> None:
    posted = ["base 0 2026-01-10..2026-03-31", "base 0 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2"]
    assert found(seen(0, **TO_PLUS), *posted, as_of="2026-03-20") == posted


def test_two_upgrades_in_a_month_are_proven_each_on_its_day() -> None:
    to_max: dict[str, Any] = {"product": "MAX", "unit_price": "50.00", "unit_cost": "40.00"}
    first = found(seen(**to_max), *UPGRADED, as_of="2026-03-20")
    assert first[-1] == "reversal -10 2026-03-20..2026-03-31 at 36.00/28.80 PLUS#2"
    for as_of in ("2026-03-21", "2026-07-01"):
        assert found(seen(**to_max), *first, as_of=as_of) == first


def test_a_decrease_still_to_come_at_an_upgrade_counts_and_has_no_line_of_its_own() -> None:
    shown = seen(7, **TO_PLUS)
    log = (BOUGHT, item("2026-03-05", "quantity", 7), item("2026-03-15", "upgraded", sku="b"))
    posted = found(shown, as_of="2026-03-15", log=log, rules=BY_MONTH)
    assert posted == [
        "base 10 2026-01-10..2026-03-31 at 36.00/28.80",
        "base 7 2026-03-15..2027-01-09 at 36.00/28.80 PLUS#2",
        "reversal -10 2026-03-15..2026-03-31 at 36.00/28.80",
    ]
    assert found(shown, *posted, as_of="2026-03-20", rules=BY_MONTH) == posted


def test_an_upgrade_before_the_first_line_is_a_segment_without_a_line() -> None:
    posted = ["base 10 2026-05-01..2027-01-09 at 36.00/28.80 PLUS#2"]
    shown = seen(12, effective_date="2026-05-01", **TO_PLUS)
    assert found(shown, *posted, as_of="2026-05-02") == [
        "base 10 2026-05-01..2026-05-31 at 36.00/28.80 PLUS#2",
        "delta 2 2026-05-02..2026-05-31 at 36.00/28.80 PLUS#2",
        "base 12 2026-06-01..2027-01-09 at 36.00/28.80 PLUS#2",
    ]


def test_no_price_is_known_of_a_product_that_never_had_a_line() -> None:
    log = (BOUGHT, item("2026-03-15", "upgraded", sku="b"))
    assert completed(seen(**TO_PLUS), as_of="2026-03-18", log=log).unpriced == {1}
    assert completed(seen(**TO_PLUS), LIVE, as_of="2026-03-18", log=log).unpriced == frozenset()


def test_a_fixed_term_that_moves_with_an_upgrade_leaves_the_end_of_the_line_before_it() -> None:
    posted = [
        "base 10 2026-01-10..2026-03-20",
        "base 10 2026-03-15..2027-03-14 at 36.00/28.80 PLUS#2",
        "reversal -10 2026-03-15..2026-03-20",
    ]
    assert found(seen(end="2027-03-14", **TO_PLUS), *posted, as_of="2026-03-25") == posted


# -- prices


@pytest.mark.parametrize("changed", [{"unit_price": "24.00"}, {"unit_cost": "18.00"}])
def test_a_price_that_nothing_dates_is_one_of_today_and_then_stays_there(changed: dict[str, Any]) -> None:
    first = found(seen(**changed), LIVE, as_of="2026-03-05")
    assert [line.split(" at ")[0] for line in first] == [
        "base 10 2026-01-10..2026-03-31",
        "base 10 2026-04-01..2027-01-09",
    ]
    for as_of in ("2026-03-06", "2026-04-01", "2026-08-01"):
        assert found(seen(**changed), *first, as_of=as_of) == first


def test_an_unchanged_price_is_no_news() -> None:
    assert found(seen(unit_price="22.0000"), LIVE, as_of="2026-03-05") == [LIVE]


YEARLY: dict[str, Any] = {"term": "P1Y", "auto_renew": True, "unit_price": "24.00"}
ROLLED = "base 10 2026-01-10..2028-01-09"


@pytest.mark.parametrize("end", ["2027-01-09", "2028-01-09"])
@pytest.mark.parametrize("as_of", ["2027-01-10", "2027-01-15", "2027-02-09"])
def test_a_price_seen_within_a_month_after_a_yearly_renewal_holds_from_it(as_of: str, end: str) -> None:
    first = found(seen(end=end, **YEARLY), ROLLED, as_of=as_of)
    assert first == ["base 10 2026-01-10..2027-01-09", "base 10 2027-01-10..2028-01-09 at 24.00/17.60"]
    assert found(seen(end=end, **YEARLY), *first, as_of="2027-05-01") == first


@pytest.mark.parametrize("as_of", ["2027-01-09", "2027-02-10"])
def test_seen_before_or_later_it_is_a_price_of_that_day(as_of: str) -> None:
    assert found(seen(end="2027-01-09", **YEARLY), ROLLED, as_of=as_of)[0] != "base 10 2026-01-10..2027-01-09"


def test_a_term_shown_with_its_first_end_renews_in_later_years_too() -> None:
    posted = "base 10 2026-01-10..2029-01-09"
    assert found(seen(**YEARLY), posted, as_of="2028-01-20")[0] == "base 10 2026-01-10..2028-01-09"


def test_a_monthly_renewal_dates_no_price() -> None:
    shown = seen(end="2026-02-09", term="P1M", auto_renew=True, unit_price="24.00")
    assert found(shown, "base 10 2026-01-10..2026-05-09", as_of="2026-03-12")[0] == "base 10 2026-01-10..2026-03-31"


def test_a_second_price_after_a_renewal_is_one_of_its_own_day() -> None:
    posted = ("base 10 2026-01-10..2027-01-09", "base 10 2027-01-10..2028-01-09 at 23.00/17.60")
    assert found(seen(**YEARLY), *posted, as_of="2027-01-20") == [
        "base 10 2026-01-10..2027-01-09",
        "base 10 2027-01-10..2027-01-31 at 23.00/17.60",
        "base 10 2027-02-01..2028-01-09 at 24.00/17.60",
    ]
