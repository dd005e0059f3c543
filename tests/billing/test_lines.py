"""What lines a subscription becomes, as known on a day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.billing.calendar import TermUnreadable, period_end
from engine.billing.lines import AgreementTerms, Line, Purchase, lines, term_end

MONTHLY = AgreementTerms(start=date(2025, 1, 1), billing="monthly")
ANNUAL = AgreementTerms(start=date(2025, 3, 10), billing="annual")


def day(text: str) -> date:
    return date.fromisoformat(text)


def purchase(**changed: Any) -> Purchase:
    """Ten licences from 10 January 2026 for a year; what is text is a day where a day belongs."""
    values: dict[str, Any] = {
        "kind": "license",
        "quantity": 10,
        "start": "2026-01-10",
        "end": "2027-01-09",
        "owned_from": "2000-01-01",
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        **changed,
    }
    for name in ("start", "end", "owned_from", "ended_on"):
        if isinstance(values.get(name), str):
            values[name] = day(values[name])
    return Purchase(**values)


def spans(found: tuple[Line, ...]) -> list[tuple[str, str | None]]:
    return [(str(one.effective), str(one.cancelled) if one.cancelled else None) for one in found]


def test_a_purchase_is_one_base_line_to_the_end_of_its_term() -> None:
    assert lines(purchase(), MONTHLY, day("2026-06-30")) == (
        Line(
            role="base",
            quantity=10,
            effective=day("2026-01-10"),
            cancelled=day("2027-01-09"),
            unit_price=Decimal("22.00"),
            unit_cost=Decimal("17.60"),
        ),
    )


@pytest.mark.parametrize(
    ("start", "agreement_start", "owned_from", "wanted"),
    [
        ("2026-01-10", "2025-01-01", "2000-01-01", "2026-01-10"),
        ("2026-01-10", "2026-02-01", "2000-01-01", "2026-02-01"),
        ("2026-01-10", "2026-02-01", "2026-05-01", "2026-05-01"),
        ("2026-01-10", "2026-05-01", "2026-02-01", "2026-05-01"),
    ],
)
def test_a_line_begins_with_the_latest_of_subscription_agreement_and_ownership(
    start: str, agreement_start: str, owned_from: str, wanted: str
) -> None:
    agreement = AgreementTerms(start=day(agreement_start), billing="monthly")
    found = lines(purchase(start=start, owned_from=owned_from), agreement, day("2026-06-30"))
    assert spans(found) == [(wanted, "2027-01-09")]


def test_a_term_that_ended_before_ownership_has_no_line() -> None:
    assert lines(purchase(owned_from="2027-01-10"), MONTHLY, day("2026-06-30")) == ()
    assert spans(lines(purchase(owned_from="2027-01-09"), MONTHLY, day("2026-06-30"))) == [("2027-01-09", "2027-01-09")]


def test_a_subscription_without_an_end_is_open_ended() -> None:
    assert spans(lines(purchase(end=None), MONTHLY, day("2026-06-30"))) == [("2026-01-10", None)]
    assert spans(lines(purchase(end=None, auto_renew=True), MONTHLY, day("2026-06-30"))) == [("2026-01-10", None)]


@pytest.mark.parametrize("ended_on", ["2026-04-14", "2027-01-09"])
def test_an_ended_subscription_ends_its_line(ended_on: str) -> None:
    assert spans(lines(purchase(ended_on=ended_on), MONTHLY, day("2026-06-30"))) == [("2026-01-10", ended_on)]


def test_an_ended_subscription_does_not_outlive_its_term() -> None:
    assert spans(lines(purchase(ended_on="2027-06-30"), MONTHLY, day("2027-06-30"))) == [("2026-01-10", "2027-01-09")]
    assert lines(purchase(ended_on="2026-01-09"), MONTHLY, day("2026-01-10")) == ()


@pytest.mark.parametrize(
    ("end", "term", "as_of", "wanted"),
    [
        # The last day must reach the end of the month after the one that holds as_of.
        ("2027-01-09", "P1Y", "2026-11-30", "2027-01-09"),
        ("2027-01-09", "P1Y", "2026-12-01", "2028-01-09"),
        ("2027-01-09", "P1Y", "2028-12-01", "2030-01-09"),
        ("2027-01-31", "P1Y", "2026-12-31", "2027-01-31"),
        ("2026-02-02", "P1M", "2026-01-03", "2026-03-02"),
        ("2026-01-30", "P1M", "2026-01-31", "2026-03-30"),
        ("2026-01-30", "P1M", "2026-02-10", "2026-04-29"),
        ("2026-02-28", "P1M", "2026-02-28", "2026-03-31"),
        ("2027-01-09", "P3Y", "2026-12-01", "2030-01-09"),
        # Before its start, the subscription's own month counts.
        ("2027-01-09", "P1Y", "2020-01-01", "2027-01-09"),
    ],
)
def test_a_term_that_renews_by_itself_is_rolled_past_the_next_billing_period(
    end: str, term: str, as_of: str, wanted: str
) -> None:
    found = purchase(start="2026-01-03", end=end, term=term, auto_renew=True)
    assert term_end(found, MONTHLY, day(as_of)) == day(wanted)


def test_on_an_annual_agreement_it_is_rolled_past_the_next_year() -> None:
    renewing = purchase(start="2026-03-10", end="2027-03-09", term="P1Y", auto_renew=True)
    assert term_end(renewing, ANNUAL, day("2026-03-09")) == day("2028-03-09")
    assert term_end(renewing, ANNUAL, day("2027-03-10")) == day("2029-03-09")


def test_without_auto_renewal_the_line_ends_with_its_term() -> None:
    assert term_end(purchase(term="P1Y"), MONTHLY, day("2030-01-01")) == day("2027-01-09")


def test_a_renewal_without_a_readable_term_is_an_error() -> None:
    with pytest.raises(TermUnreadable, match="names no term"):
        lines(purchase(auto_renew=True), MONTHLY, day("2026-06-30"))
    with pytest.raises(TermUnreadable, match="'monthly'"):
        lines(purchase(auto_renew=True, term="monthly"), MONTHLY, day("2027-06-30"))


def test_consumption_is_a_line_without_an_amount_for_each_month() -> None:
    found = lines(purchase(kind="usage", end=None), MONTHLY, day("2026-03-01"))
    assert spans(found) == [
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-02-28"),
        ("2026-03-01", "2026-03-31"),
    ]
    assert [one.period for one in found] == ["2026-01", "2026-02", "2026-03"]
    assert {(one.role, one.quantity) for one in found} == {("usage", 1)}
    assert {(one.unit_price, one.unit_cost) for one in found} == {(Decimal(0), Decimal(0))}


@pytest.mark.parametrize(
    ("changed", "months"),
    [
        ({"owned_from": "2026-02-20"}, ["2026-02", "2026-03", "2026-04"]),
        ({"ended_on": "2026-02-11"}, ["2026-01", "2026-02"]),
        ({"end": "2026-03-01"}, ["2026-01", "2026-02", "2026-03"]),
        # Evidence of recorded consumption plans: the end is the start, and it goes on.
        ({"end": "2026-01-10", "auto_renew": True}, ["2026-01", "2026-02", "2026-03", "2026-04"]),
        ({"owned_from": "2026-05-01"}, []),
    ],
)
def test_months_of_consumption_reach_from_ownership_to_the_last_day(changed: dict[str, Any], months: list[str]) -> None:
    found = lines(purchase(**{"kind": "usage", "end": None, **changed}), MONTHLY, day("2026-04-15"))
    assert [one.period for one in found] == months


def test_consumption_before_the_agreement_falls_into_its_first_whole_period_or_nowhere() -> None:
    agreement = AgreementTerms(start=day("2026-02-10"), billing="monthly")
    found = lines(purchase(kind="usage", end=None), agreement, day("2026-03-15"))
    assert [(one.period, str(one.effective)) for one in found] == [("2026-02", "2026-03-01"), ("2026-03", "2026-03-01")]


@pytest.mark.parametrize(
    ("agreement", "span"),
    [
        (MONTHLY, ("2026-01-01", "2026-01-31")),
        (ANNUAL, ("2025-03-10", "2026-03-09")),
        (AgreementTerms(start=date(2026, 1, 5), billing="monthly"), ("2026-02-01", "2026-02-28")),
        (AgreementTerms(start=date(2026, 1, 5), billing="annual"), ("2026-01-05", "2027-01-04")),
    ],
)
def test_a_one_time_purchase_is_a_line_on_a_whole_billing_period(
    agreement: AgreementTerms, span: tuple[str, str]
) -> None:
    (found,) = lines(purchase(kind="one_time", end=None), agreement, day("2026-06-30"))
    assert spans((found,)) == [span]
    assert (found.role, found.quantity, found.unit_price) == ("one_time", 10, Decimal("22.00"))


def test_a_one_time_purchase_before_ownership_or_agreement_has_no_line() -> None:
    assert lines(purchase(kind="one_time", owned_from="2026-01-11"), MONTHLY, day("2026-06-30")) == ()
    late = AgreementTerms(start=day("2026-02-01"), billing="monthly")
    assert lines(purchase(kind="one_time"), late, day("2026-06-30")) == ()


DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
AGREEMENTS = st.builds(AgreementTerms, start=DAYS, billing=st.sampled_from(["monthly", "annual"]))


@st.composite
def purchases(draw: st.DrawFn) -> Purchase:
    start = draw(DAYS)
    return purchase(
        kind=draw(st.sampled_from(["license", "usage", "one_time"])),
        quantity=draw(st.integers(0, 500)),
        start=start,
        end=draw(st.none() | st.integers(0, 1500).map(lambda days: start + timedelta(days=days))),
        term=draw(st.sampled_from(["P1M", "P1Y", "P3Y", "P30D"])),
        auto_renew=draw(st.booleans()),
        owned_from=draw(DAYS),
        ended_on=draw(st.none() | DAYS),
    )


@given(bought=purchases(), agreement=AGREEMENTS, as_of=DAYS, later=st.integers(0, 1000))
def test_a_rolled_end_never_goes_back_as_time_passes(
    bought: Purchase, agreement: AgreementTerms, as_of: date, later: int
) -> None:
    before = term_end(bought, agreement, as_of)
    after = term_end(bought, agreement, as_of + timedelta(days=later))
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert before <= after


@given(bought=purchases(), agreement=AGREEMENTS, as_of=DAYS)
def test_a_rolled_end_reaches_the_end_of_the_next_period_and_no_term_further(
    bought: Purchase, agreement: AgreementTerms, as_of: date
) -> None:
    rolled = term_end(bought, agreement, as_of)
    if not bought.auto_renew or bought.end is None or rolled is None:
        assert rolled == bought.end
        return
    following = period_end(max(as_of, bought.start), agreement.start, agreement.billing) + timedelta(days=1)
    horizon = period_end(following, agreement.start, agreement.billing)
    assert rolled >= horizon
    longest = {"P1M": 31, "P30D": 30, "P1Y": 366, "P3Y": 3 * 366}[bought.term or ""]
    assert rolled == bought.end or rolled - timedelta(days=longest) < horizon


@given(bought=purchases(), agreement=AGREEMENTS, as_of=DAYS)
def test_no_line_ends_before_it_begins_or_begins_before_the_agreement_and_equal_inputs_give_equal_lines(
    bought: Purchase, agreement: AgreementTerms, as_of: date
) -> None:
    found = lines(bought, agreement, as_of)
    for one in found:
        assert one.cancelled is None or one.effective <= one.cancelled
        assert one.effective >= agreement.start
        if one.role == "base":
            assert one.effective >= max(bought.start, bought.owned_from)
    assert lines(bought, agreement, as_of) == found
    keys = [(one.segment, one.role, one.period) for one in found]
    assert len(keys) == len(set(keys))
