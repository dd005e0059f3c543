"""Step 2: the end of the term, and how far one that renews by itself is rolled."""

import pytest

from engine.billing.model import InputError
from tests.billing.examples import agreement, purchase, renew, subscription, told


@pytest.mark.parametrize(
    ("end", "term", "as_of", "wanted"),
    [
        # It must reach the end of the month after the one that holds the day.
        ("2027-01-09", "P1Y", "2026-11-30", "2027-01-09"),
        ("2027-01-09", "P1Y", "2026-12-01", "2028-01-09"),
        ("2027-01-09", "P1Y", "2028-12-01", "2030-01-09"),
        ("2027-01-31", "P1Y", "2026-12-31", "2027-01-31"),
        ("2027-01-31", "P1Y", "2027-01-01", "2028-01-31"),
        ("2026-02-02", "P1M", "2026-01-03", "2026-03-02"),
        # Counted from the first day after the term: from 31 January it is the 27th or 28th, the 30th, the 29th.
        ("2026-01-30", "P1M", "2026-01-31", "2026-03-30"),
        ("2026-01-30", "P1M", "2026-02-10", "2026-04-29"),
        ("2026-02-28", "P1M", "2026-02-28", "2026-03-31"),
        ("2026-02-28", "P1M", "2026-03-01", "2026-04-30"),
        ("2029-01-09", "P3Y", "2028-11-30", "2029-01-09"),
        ("2029-01-09", "P3Y", "2028-12-01", "2032-01-09"),
        ("2026-02-08", "P30D", "2026-02-15", "2026-04-09"),
        ("2026-02-08", "P30D", "2026-01-15", "2026-03-10"),
        # The day after is 29 February, and that again only in leap years.
        ("2028-02-28", "P1Y", "2028-01-10", "2029-02-27"),
        ("2028-02-28", "P1Y", "2031-01-15", "2032-02-28"),
        # Before its start, the subscription's own month counts.
        ("2027-01-09", "P1Y", "2026-01-01", "2027-01-09"),
        ("2026-02-02", "P1M", "2025-11-15", "2026-03-02"),
    ],
)
def test_a_term_that_renews_by_itself_reaches_the_end_of_the_next_billing_period(
    end: str, term: str, as_of: str, wanted: str
) -> None:
    renewing = subscription(start="2026-01-03", end=end, term=term, auto_renew=True)
    assert told(purchase(on="2025-11-01"), of=renewing, as_of=as_of) == [f"base 10 2026-01-03..{wanted}"]


@pytest.mark.parametrize(
    ("as_of", "wanted"), [("2026-03-10", "2028-03-09"), ("2027-03-09", "2028-03-09"), ("2027-03-10", "2029-03-09")]
)
def test_on_an_annual_agreement_that_period_is_a_year(as_of: str, wanted: str) -> None:
    renewing = subscription(start="2026-03-10", end="2027-03-09", term="P1Y", auto_renew=True)
    found = told(purchase(on="2026-03-10"), of=renewing, on=agreement("2025-03-10", "annual"), as_of=as_of)
    assert found == [f"base 10 2026-03-10..{wanted}"]


def test_before_an_agreement_that_is_still_to_come_a_short_term_may_not_reach_it() -> None:
    monthly = subscription(end="2026-02-09", term="P1M", auto_renew=True)
    assert told(purchase(), of=monthly, on=agreement("2026-06-01"), as_of="2026-02-10") == []
    assert told(purchase(), of=monthly, on=agreement("2026-06-01"), as_of="2026-05-01") == [
        "base 10 2026-06-01..2026-07-09"
    ]


def test_a_renewed_term_is_rolled_from_its_new_end() -> None:
    renewing = subscription(term="P1Y", auto_renew=True)
    assert told(purchase(), renew("2026-12-20", "2027-06-30"), of=renewing, as_of="2027-05-31") == [
        "base 10 2026-01-10..2027-06-30"
    ]
    assert told(purchase(), renew("2026-12-20", "2027-06-30"), of=renewing, as_of="2027-06-01") == [
        "base 10 2026-01-10..2028-06-30"
    ]


@pytest.mark.parametrize("auto_renew", [True, False])
def test_without_an_end_a_term_is_open_ended(auto_renew: bool) -> None:
    assert told(purchase(), of=subscription(end=None, auto_renew=auto_renew), as_of="2030-01-01") == [
        "base 10 2026-01-10.."
    ]


def test_without_auto_renewal_a_term_is_not_rolled() -> None:
    assert told(purchase(), of=subscription(term="P1M"), as_of="2030-01-01") == ["base 10 2026-01-10..2027-01-09"]


@pytest.mark.parametrize("term", [None, ""])
def test_a_renewal_without_a_term_is_an_error(term: str | None) -> None:
    with pytest.raises(InputError, match="names no term"):
        told(purchase(), of=subscription(auto_renew=True, term=term))


@pytest.mark.parametrize("term", ["monthly", "P", "P0D", "P1W", "PT1H", " P1M", "P-1M", "P1M\n", "P١M"])
def test_a_term_that_is_no_duration_is_an_error_once_it_is_needed(term: str) -> None:
    with pytest.raises(InputError, match="not a duration such as P1M or P1Y"):
        told(purchase(), of=subscription(auto_renew=True, term=term), as_of="2027-06-30")


def test_an_end_that_a_renewal_tells_needs_a_term_as_well() -> None:
    with pytest.raises(InputError):
        told(purchase(), renew("2026-06-01", "2026-06-30"), of=subscription(end=None, auto_renew=True))


def test_a_subscription_that_ends_before_its_start_is_an_error() -> None:
    with pytest.raises(InputError, match=r"ends on 2026-01-09, before its start on 2026-01-10"):
        told(purchase(), of=subscription(end="2026-01-09"))
    assert told(purchase(), of=subscription(end="2026-01-10")) == ["base 10 2026-01-10..2026-01-10"]
