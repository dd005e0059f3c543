"""The day on which a subscription ended: by the log, by our own lines, by its term, or seen today."""

from typing import Any

import pytest

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.model import Rules
from engine.billing.told import Completed, Logged, Shown
from tests.billing.completing import standing
from tests.billing.examples import BY_DAY, BY_MONTH, MONTHLY, agreement, as_text, day, subscription

CANCEL_BY_MONTH = Rules(cancellation="end_of_month")
BOUGHT = Logged(on=day("2026-01-10"), kind="created", quantity=10)
LIVE = "base 10 2026-01-10..2027-01-09"


def ended(*, expired: bool = False, licences: int = 10, **terms: Any) -> Shown:
    return Shown(terms=subscription(**terms), licences=licences, ended=True, expired=expired)


def cancelled(on: str) -> tuple[Logged, ...]:
    return (BOUGHT, Logged(on=day(on), kind="cancelled"))


def completed(shown: Shown, *posted: str, as_of: str, log: tuple[Logged, ...] | None = None) -> Completed:
    return complete(shown, log, standing(*posted), day(as_of))


def found(
    shown: Shown,
    *posted: str,
    as_of: str,
    rules: Rules = BY_DAY,
    log: tuple[Logged, ...] | None = None,
    billing: str = "monthly",
) -> list[str]:
    history = completed(shown, *posted, as_of=as_of, log=log)
    on = MONTHLY if billing == "monthly" else agreement("2026-01-01", billing)
    return [as_text(line) for line in lines(history.terms, history.history, on, rules, day(as_of))]


def sources(history: Completed) -> list[tuple[str, str]]:
    return [(type(one.event).__name__, one.source) for one in history.told]


TAKEN_BACK = ["base 10 2026-01-10..2026-03-31", "reversal -10 2026-03-15..2026-03-31"]


# -- first seen


def test_a_logged_cancellation_holds_from_its_day() -> None:
    assert found(ended(), LIVE, as_of="2026-03-18", log=cancelled("2026-03-15")) == TAKEN_BACK


def test_one_that_nothing_dates_holds_from_the_day_on_which_it_is_seen() -> None:
    assert found(ended(), LIVE, as_of="2026-03-15") == TAKEN_BACK
    assert sources(completed(ended(), LIVE, as_of="2026-03-15"))[-1] == ("Cancellation", "inferred")


@pytest.mark.parametrize("on", ["2026-03-01", "2026-03-31"])
def test_by_the_end_of_the_month_its_day_within_the_month_is_of_no_account(on: str) -> None:
    assert found(ended(), LIVE, as_of=on, rules=CANCEL_BY_MONTH) == ["base 10 2026-01-10..2026-03-31"]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-03-01", ["base 10 2026-01-10..2026-03-31", "reversal -10 2026-03-01..2026-03-31"]),
        ("2026-03-31", ["base 10 2026-01-10..2026-03-31", "reversal -10 2026-03-31..2026-03-31"]),
        ("2026-01-10", ["base 10 2026-01-10..2026-01-31", "reversal -10 2026-01-10..2026-01-31"]),
        ("2027-01-09", ["base 10 2026-01-10..2027-01-09", "reversal -10 2027-01-09..2027-01-09"]),
    ],
)
def test_cancelled_on_the_first_or_last_day_of_a_month_or_of_all(on: str, expected: list[str]) -> None:
    assert found(ended(), LIVE, as_of=on) == expected
    assert found(ended(), *expected, as_of="2027-03-01") == expected


def test_a_decrease_that_was_still_to_come_is_dropped() -> None:
    posted = ("base 10 2026-01-10..2026-04-30", "delta -3 2026-04-01..2026-04-30", "base 7 2026-05-01..2027-01-09")
    assert found(ended(licences=7), *posted, as_of="2026-03-15", rules=BY_MONTH) == ["base 10 2026-01-10..2026-03-31"]


def test_an_ended_one_without_licences_is_no_decrease() -> None:
    assert found(ended(licences=0), LIVE, as_of="2026-03-15") == TAKEN_BACK
    assert found(ended(licences=0), LIVE, as_of="2026-03-15", log=cancelled("2026-03-15")) == TAKEN_BACK


# -- once posted, the same day


@pytest.mark.parametrize("as_of", ["2026-03-15", "2026-03-16", "2026-03-31", "2026-04-01", "2027-06-01"])
def test_a_reversal_proves_the_day(as_of: str) -> None:
    assert found(ended(), *TAKEN_BACK, as_of=as_of) == TAKEN_BACK
    assert sources(completed(ended(), *TAKEN_BACK, as_of=as_of))[-1] == ("Cancellation", "posted")


@pytest.mark.parametrize("as_of", ["2026-03-16", "2026-03-31", "2026-04-01", "2027-06-01"])
def test_a_line_that_ended_with_its_month_stays_ended(as_of: str) -> None:
    cut = "base 10 2026-01-10..2026-03-31"
    assert found(ended(), cut, as_of=as_of, rules=CANCEL_BY_MONTH) == [cut]


def test_the_log_is_believed_before_a_reversal_of_another_day() -> None:
    assert found(ended(), *TAKEN_BACK, as_of="2026-03-20", log=cancelled("2026-03-12")) == [
        "base 10 2026-01-10..2026-03-31",
        "reversal -10 2026-03-12..2026-03-31",
    ]


@pytest.mark.parametrize("as_of", ["2026-03-15", "2026-03-16", "2026-05-01"])
@pytest.mark.parametrize("end", ["2026-03-14", "2026-03-15"])
def test_a_reversal_stands_though_the_platform_moves_the_end_to_the_cancellation(end: str, as_of: str) -> None:
    assert found(ended(end=end), *TAKEN_BACK, as_of=as_of) == TAKEN_BACK


def test_a_yearly_line_is_taken_back_to_the_end_of_its_year() -> None:
    posted = ["base 10 2026-01-10..2026-12-31", "reversal -10 2026-03-15..2026-12-31"]
    assert found(ended(), LIVE, as_of="2026-03-15", billing="annual") == posted
    assert found(ended(), *posted, as_of="2026-07-01", billing="annual") == posted


def test_a_run_that_broke_off_before_the_credit_is_finished_on_the_same_day() -> None:
    assert found(ended(), "base 10 2026-01-10..2026-03-31", as_of="2026-03-15") == TAKEN_BACK


def test_cancelled_before_the_takeover_day_it_is_taken_back_from_that_day() -> None:
    posted = ["base 10 2026-03-20..2026-03-31", "reversal -10 2026-03-20..2026-03-31"]
    shown = ended(effective_date="2026-03-20")
    assert found(shown, "base 10 2026-03-20..2027-01-09", as_of="2026-03-10") == posted
    for as_of in ("2026-03-11", "2026-03-20", "2026-04-02"):
        assert found(shown, *posted, as_of=as_of) == posted


# -- ran out


@pytest.mark.parametrize("as_of", ["2027-01-10", "2027-01-20", "2027-06-01"])
@pytest.mark.parametrize("expired", [True, False])
def test_what_ran_out_ends_with_its_term(as_of: str, expired: bool) -> None:
    assert found(ended(expired=expired), LIVE, as_of=as_of) == [LIVE]


def test_what_is_deleted_after_it_ran_out_bills_no_day_more() -> None:
    assert found(ended(), LIVE, as_of="2027-01-20", log=cancelled("2027-01-15")) == [LIVE]


def test_the_day_after_the_end_that_it_shows_is_running_out_though_the_line_had_been_rolled() -> None:
    shown = ended(expired=True, end="2026-03-09", term="P1M", auto_renew=True)
    assert found(shown, "base 10 2026-01-10..2026-05-09", as_of="2026-03-10") == ["base 10 2026-01-10..2026-03-09"]


# -- terms that renew


ROLLED: dict[str, Any] = {"end": "2026-02-09", "term": "P1M"}
"""A monthly term that shows the end of its first month."""


@pytest.mark.parametrize("auto_renew", [True, False])
def test_a_term_shown_stale_has_renewed_up_to_its_cancellation(auto_renew: bool) -> None:
    shown = ended(**ROLLED, auto_renew=auto_renew)
    rolled = "base 10 2026-01-10..2026-05-09"
    assert found(shown, rolled, as_of="2026-03-15") == TAKEN_BACK
    assert found(shown, rolled, as_of="2026-03-18", log=cancelled("2026-03-15")) == TAKEN_BACK
    assert found(shown, *TAKEN_BACK, as_of="2026-04-02") == TAKEN_BACK


@pytest.mark.parametrize("auto_renew", [True, False])
@pytest.mark.parametrize("end", ["2026-03-14", "2026-03-15", "2026-03-20", "2026-03-31"])
def test_one_cancelled_in_its_last_month_bills_to_the_end_of_the_month_whatever_end_is_shown(
    end: str, auto_renew: bool
) -> None:
    shown = ended(end=end, term="P1M", auto_renew=auto_renew)
    rolled, cut = "base 10 2026-01-10..2026-05-14", "base 10 2026-01-10..2026-03-31"
    assert found(shown, rolled, as_of="2026-03-13", rules=CANCEL_BY_MONTH) == [cut]
    for as_of in ("2026-03-14", "2026-03-15", "2026-03-16", "2026-03-21", "2026-04-01"):
        assert found(shown, cut, as_of=as_of, rules=CANCEL_BY_MONTH) == [cut]


# -- nothing posted


@pytest.mark.parametrize("log", [None, (BOUGHT,)])
@pytest.mark.parametrize("licences", [10, 0])
def test_an_ended_one_that_nothing_dates_and_that_has_no_line_gets_none(
    log: tuple[Logged, ...] | None, licences: int
) -> None:
    shown = ended(licences=licences)
    assert found(shown, as_of="2026-03-15", log=log) == []
    assert ("Cancellation", "inferred") in sources(completed(shown, as_of="2026-03-15", log=log))


def test_one_without_a_line_bills_up_to_its_logged_cancellation() -> None:
    assert found(ended(), as_of="2026-04-02", log=cancelled("2026-03-15")) == TAKEN_BACK
