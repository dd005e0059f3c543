"""What a line bills in a period: shares of days, whole periods, and what is too much."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.billing.model import AgreementTerms
from engine.billing.proration import (
    NOTHING,
    Amount,
    Excess,
    Rounding,
    billed,
    billed_before,
    ending,
    invoice_total,
    overbilled,
    periods,
)

MONTHLY = AgreementTerms(start=date(2026, 1, 1), billing="monthly")
ANNUAL = AgreementTerms(start=date(2026, 3, 10), billing="annual")
LEAP = AgreementTerms(start=date(2024, 2, 29), billing="annual")
ONE_DAY = timedelta(days=1)


class Item(msgspec.Struct, frozen=True):
    """The least that a line is."""

    effective: date
    cancelled: date | None = None
    quantity: int | Decimal = 1
    unit_price: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)


def day(text: str) -> date:
    return date.fromisoformat(text)


def item(first: str, last: str | None, quantity: int | str, price: str, cost: str = "0") -> Item:
    ends = None if last is None else day(last)
    count = quantity if isinstance(quantity, int) else Decimal(quantity)
    return Item(day(first), ends, count, Decimal(price), Decimal(cost))


def amount(price: str, cost: str = "0") -> Amount:
    return Amount(Decimal(price), Decimal(cost))


@pytest.mark.parametrize(
    ("line", "period", "prorated", "unprorated"),
    [
        # 4 × 22.00 × 17/31 = 1496/31 = 48.258…
        (item("2026-07-15", "2026-07-31", 4, "22.00"), "2026-07-01", "48.26", "88.00"),
        (item("2026-07-15", None, 4, "22.00"), "2026-08-01", "88.00", "88.00"),
        # The last day bills: 3 × 10 × 11/31 = 10.645…
        (item("2026-07-01", "2026-07-11", 3, "10"), "2026-07-01", "10.65", "30.00"),
        (item("2026-07-11", "2026-07-11", 3, "10"), "2026-07-01", "0.97", "30.00"),  # 30/31 = 0.967…
        (item("2026-07-01", "2026-07-31", 3, "10"), "2026-08-01", "0", "0"),
        (item("2026-09-01", None, 3, "10"), "2026-08-01", "0", "0"),
        (item("2026-02-15", None, 1, "28"), "2026-02-01", "14.00", "28.00"),  # 28 × 14/28
        (item("2028-02-15", None, 1, "29"), "2028-02-01", "15.00", "29.00"),  # 29 × 15/29
        # A credit: −2 × 10 × 12/31 = −7.741…
        (item("2026-07-20", "2026-07-31", -2, "10"), "2026-07-01", "-7.74", "-20.00"),
        (item("2026-07-15", None, "2.5", "31"), "2026-07-01", "42.50", "77.50"),  # 77.50 × 17/31
    ],
)
def test_a_month(line: Item, period: str, prorated: str, unprorated: str) -> None:
    assert billed(line, MONTHLY, day(period), prorates=True).price == Decimal(prorated)
    assert billed(line, MONTHLY, day(period), prorates=False).price == Decimal(unprorated)


@pytest.mark.parametrize(
    ("line", "period", "prorated"),
    [
        # 14 September to 9 March are 177 of 365 days.
        (item("2026-09-14", None, 1, "365"), "2026-03-10", "177.00"),
        (item("2026-09-14", None, 1, "365"), "2027-03-10", "365.00"),
        # 10 March 2027 to 9 March 2028 holds 29 February: 366 days, the first 100 of them to 17 June.
        (item("2027-03-10", "2027-06-17", 2, "366"), "2027-03-10", "200.00"),
    ],
)
def test_a_year_between_anniversaries(line: Item, period: str, prorated: str) -> None:
    assert billed(line, ANNUAL, day(period), prorates=True).price == Decimal(prorated)


def test_the_cost_goes_the_same_way_and_is_rounded_by_itself() -> None:
    # 3 × 12.50 × 10/31 = 12.096…; 3 × 9.99 × 10/31 = 9.667…
    found = billed(item("2026-07-22", None, 3, "12.50", "9.99"), MONTHLY, day("2026-07-01"), prorates=True)
    assert found == amount("12.10", "9.67")


@pytest.mark.parametrize(
    ("price", "days", "rounding", "wanted"),
    [
        ("0.01", 15, "half_up", "0.01"),  # 0.005
        ("0.01", 15, "half_even", "0.00"),
        ("0.03", 15, "half_up", "0.02"),  # 0.015
        ("0.03", 15, "half_even", "0.02"),
        ("-0.01", 15, "half_up", "-0.01"),
        ("-0.03", 15, "half_even", "-0.02"),
        ("10.53", 25, "half_up", "8.78"),  # 8.775, although 25/30 has no end
        ("12.69", 5, "half_up", "2.12"),  # 2.115
        ("12.69", 5, "half_even", "2.12"),
        ("0.001", 1, "half_up", "0.00"),
    ],
)
def test_half_a_cent(price: str, days: int, rounding: Rounding, wanted: str) -> None:
    line = Item(day("2026-06-01"), date(2026, 6, days), 1, Decimal(price))
    assert str(billed(line, MONTHLY, day("2026-06-01"), prorates=True, rounding=rounding).price) == wanted


def test_a_currency_without_cents() -> None:
    line = item("2026-06-16", None, 1, "1001")  # 500.5
    assert str(billed(line, MONTHLY, day("2026-06-01"), prorates=True, decimals=0).price) == "501"


def test_a_small_credit_is_no_negative_zero() -> None:
    line = item("2026-07-31", None, -1, "0.01")
    assert str(billed(line, MONTHLY, day("2026-07-01"), prorates=True).price) == "0.00"


def test_a_retracted_line_bills_nothing() -> None:
    line = item("2026-07-15", "2026-07-15", 0, "22.00", "17.60")
    for prorates in (True, False):
        assert billed(line, MONTHLY, day("2026-07-01"), prorates=prorates) == NOTHING
    assert overbilled(line, MONTHLY) == ()
    assert list(periods([line], MONTHLY, day("2026-01-01"), day("2026-12-31"))) == []


def test_a_line_that_ends_before_it_begins_bills_nothing() -> None:
    line = item("2026-07-15", "2026-07-14", 3, "22.00")  # as where the PSA does not bill the day of the end
    assert billed(line, MONTHLY, day("2026-07-01"), prorates=False) == NOTHING
    assert billed_before(line, MONTHLY, day("2026-09-01"), prorates=False) == NOTHING
    assert list(periods([line], MONTHLY, day("2026-01-01"), day("2026-12-31"))) == []


def test_each_line_of_an_invoice_is_rounded_by_itself() -> None:
    # Each 0.10 × 10/31 = 0.032…; together they would be 0.096…
    lines = [item("2026-07-22", None, 1, "0.10")] * 3
    assert invoice_total(lines, MONTHLY, day("2026-07-01"), prorates=True) == amount("0.09")
    assert invoice_total([], MONTHLY, day("2026-07-01"), prorates=True) == NOTHING


def test_the_periods_that_lines_touch() -> None:
    lines = [
        item("2026-07-15", "2026-08-01", 1, "1"),
        item("2026-10-31", None, 1, "1"),
        item("2026-05-05", "2026-05-05", 0, "1"),
    ]
    found = periods(lines, MONTHLY, day("2026-01-01"), day("2026-11-01"))
    assert [str(one) for one in found] == ["2026-07-01", "2026-08-01", "2026-10-01", "2026-11-01"]
    assert list(periods(lines, MONTHLY, day("2026-08-20"), day("2026-09-30"))) == [day("2026-08-01")]
    assert list(periods(lines[:1], ANNUAL, day("2020-01-01"), day("2030-01-01"))) == [day("2026-03-10")]
    assert list(periods([], MONTHLY, day("2026-01-01"), day("2026-11-01"))) == []


@pytest.mark.parametrize(
    ("line", "agreement", "excess"),
    [
        # Bought on the 10th: 220.00 − 220.00 × 22/31 (156.129…) = 63.87
        (item("2026-07-10", None, 10, "22.00"), MONTHLY, {"2026-07-01": "63.87"}),
        # Ends on the 9th: 220.00 − 220.00 × 9/30 = 154.00
        (item("2026-07-01", "2026-09-09", 10, "22.00"), MONTHLY, {"2026-09-01": "154.00"}),
        (item("2026-07-10", "2026-09-09", 10, "22.00"), MONTHLY, {"2026-07-01": "63.87", "2026-09-01": "154.00"}),
        # Both within a month: 220.00 − 220.00 × 5/31 (35.483…) = 184.52, once
        (item("2026-07-10", "2026-07-14", 10, "22.00"), MONTHLY, {"2026-07-01": "184.52"}),
        # A credit gives back too much: −31.00 + 10.00
        (item("2026-07-22", "2026-07-31", -1, "31"), MONTHLY, {"2026-07-01": "-21.00"}),
        (item("2026-07-01", "2026-08-31", 10, "22.00"), MONTHLY, {}),
        # Ends with the month, not with the year: 365 − 296, for 10 March to 31 December are 297 days
        (item("2026-03-10", "2026-12-31", 1, "365"), ANNUAL, {"2026-03-10": "68.00"}),
    ],
)
def test_what_a_half_filled_period_bills_too_much(
    line: Item, agreement: AgreementTerms, excess: dict[str, str]
) -> None:
    wanted = tuple(Excess(day(period), amount(price)) for period, price in excess.items())
    assert overbilled(line, agreement) == wanted


def test_the_end_of_a_term_that_goes_on_bills_nothing_too_much() -> None:
    line = item("2026-07-01", "2026-09-09", 10, "22.00")
    assert overbilled(line, MONTHLY, renews=True) == ()


DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
AGREEMENTS = st.sampled_from([MONTHLY, ANNUAL, LEAP])
PRICES = st.decimals(Decimal(0), Decimal(5000), places=4)
QUANTITIES = st.integers(-500, 500)


@st.composite
def items(draw: st.DrawFn) -> Item:
    first = draw(DAYS)
    last = draw(st.none() | st.integers(0, 2000).map(lambda days: first + timedelta(days=days)))
    return Item(first, last, draw(QUANTITIES), draw(PRICES), draw(PRICES))


@given(on=DAYS, agreement=AGREEMENTS, quantity=QUANTITIES, price=PRICES, split=st.integers(0, 366))
def test_the_parts_of_a_split_period_add_up_to_the_whole(
    on: date, agreement: AgreementTerms, quantity: int, price: Decimal, split: int
) -> None:
    first, last = agreement.period_start(on), agreement.period_end(on)
    middle = min(first + timedelta(days=split), last)
    parts = [Item(first, middle, quantity, price), Item(middle + ONE_DAY, last, quantity, price)]
    # Fifteen places are as good as unrounded.
    found = invoice_total(parts, agreement, first, prorates=True, decimals=15).price
    assert abs(found - quantity * price) <= Decimal("1E-15")


@given(line=items(), agreement=AGREEMENTS, on=DAYS)
def test_no_period_bills_more_than_the_whole(line: Item, agreement: AgreementTerms, on: date) -> None:
    part = billed(line, agreement, on, prorates=True)
    whole = billed(line, agreement, on, prorates=False)
    full = billed(Item(date.min, None, line.quantity, line.unit_price, line.unit_cost), agreement, on, prorates=True)
    assert whole in {full, NOTHING}
    assert 0 <= abs(part.price) <= abs(whole.price)
    assert 0 <= abs(part.cost) <= abs(whole.cost)
    assert abs(full.price - line.quantity * line.unit_price) <= Decimal("0.005")


@given(line=items(), agreement=AGREEMENTS, prorates=st.booleans(), since=st.none() | DAYS, until=DAYS)
def test_all_periods_at_once_are_the_sum_of_each(
    line: Item, agreement: AgreementTerms, prorates: bool, since: date | None, until: date
) -> None:
    until = agreement.period_start(until)
    walked = periods([line], agreement, since or line.effective, until - ONE_DAY)
    wanted = sum((billed(line, agreement, period, prorates=prorates) for period in walked), NOTHING)
    assert billed_before(line, agreement, until, prorates=prorates, since=since) == wanted


@given(line=items(), agreement=AGREEMENTS, renews=st.booleans())
def test_what_is_too_much_is_all_that_the_two_ways_differ_by(
    line: Item, agreement: AgreementTerms, renews: bool
) -> None:
    until = agreement.period_start(date(2041, 1, 1))
    counted = ending(line, None) if renews else line
    unprorated = billed_before(counted, agreement, until, prorates=False)
    prorated = billed_before(counted, agreement, until, prorates=True)
    excess = overbilled(line, agreement, renews=renews)
    assert sum((one.amount for one in excess), NOTHING) == unprorated - prorated
