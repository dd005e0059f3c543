"""Input that cannot be is refused with InputError, and nothing else is raised."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from engine.billing.calculus import lines
from engine.billing.history import (
    Cancellation,
    Event,
    PriceChange,
    Purchase,
    QuantityChange,
    Renewal,
    Upgrade,
    Usage,
)
from engine.billing.model import AgreementTerms, InputError, Rules, SubscriptionTerms
from tests.billing.examples import price, purchase, quantity, subscription, told, usage
from tests.billing.strategies import checked_on, rules

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31)) | st.sampled_from(
    [date(2000, 1, 1), date(2000, 2, 29), date(2026, 1, 10), date(2100, 2, 28), date(2100, 12, 31)]
)
MONEY = st.sampled_from([Decimal(text) for text in ("22.00", "0", "-1", "1E+30", "0.000001")])
LICENCES = st.sampled_from([0, 1, 10, 10**12])
TERMS = st.none() | st.sampled_from(
    ["P1M", "P1Y", "P3Y", "P30D", "P1D", "P999Y", "P999Y999M9999D", "P0M", "P", "", "1 year", "P1W", "P1.5M"]
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Purchase, on=DAYS, quantity=LICENCES),
    st.builds(QuantityChange, on=DAYS, quantity=LICENCES, effective=st.none() | DAYS),
    st.builds(PriceChange, on=DAYS, unit_price=st.none() | MONEY, unit_cost=st.none() | MONEY),
    st.builds(Upgrade, on=DAYS, product=st.text(max_size=3), unit_price=st.none() | MONEY),
    st.builds(Cancellation, on=DAYS),
    st.builds(Renewal, on=DAYS, end=DAYS, unit_price=st.none() | MONEY),
    st.builds(Usage, on=DAYS, period=st.sampled_from(["2026-01", "2026-13", "", "January"]), price=MONEY, cost=MONEY),
)
SUBSCRIPTIONS = st.builds(
    SubscriptionTerms,
    kind=st.sampled_from(["license", "license", "usage", "one_time"]),
    product=st.text(max_size=3),
    start=DAYS,
    end=st.none() | DAYS,
    term=TERMS,
    auto_renew=st.booleans(),
    effective_date=st.none() | DAYS,
    unit_price=MONEY,
    unit_cost=MONEY,
)
AGREEMENTS = st.builds(AgreementTerms, start=DAYS, billing=st.sampled_from(["monthly", "annual"]))


@checked_on(
    of=SUBSCRIPTIONS,
    bought=DAYS,
    events=st.lists(EVENTS, max_size=5),
    on=AGREEMENTS,
    by=rules(in_place_days=2),
    as_of=DAYS,
)
def test_whatever_is_told_gives_lines_or_an_input_error(
    of: SubscriptionTerms, bought: date, events: list[Event], on: AgreementTerms, by: Rules, as_of: date
) -> None:
    with suppress(InputError):
        found = lines(of, [Purchase(on=min(bought, as_of), quantity=3), *events], on, by, as_of)
        for line in found:
            assert line.cancelled is None or line.cancelled >= line.effective
            assert line.effective >= on.start


def test_fewer_than_no_licences_is_an_error() -> None:
    with pytest.raises(InputError, match="-1 licences on 2026-01-10"):
        told(purchase(-1))
    with pytest.raises(InputError, match="-4 licences on 2026-03-15"):
        told(purchase(), quantity("2026-03-15", -4))
    # Nobody knows of it yet.
    assert told(purchase(), quantity("2026-03-15", -4), as_of="2026-03-14") == ["base 10 2026-01-10..2027-01-09"]


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
def test_an_amount_that_is_no_number_is_an_error(amount: str) -> None:
    with pytest.raises(InputError, match="2026-03-15"):
        told(purchase(), price("2026-03-15", amount))
    with pytest.raises(InputError, match="2026-03-15"):
        told(purchase(), price("2026-03-15", None, amount))
    with pytest.raises(InputError, match="no amount"):
        told(purchase(), of=subscription(unit_price=amount))


def test_a_month_of_usage_that_is_none_is_an_error() -> None:
    for period in ("2026-1", "2026-13", "January", "2026-01-01", ""):
        with pytest.raises(InputError, match="is no month"):
            told(purchase(), usage("2026-02-11", period, "10.00", "8.00"), of=subscription(kind="usage", end=None))


def test_a_one_time_charge_needs_no_term() -> None:
    # Terms are a matter of licences: nothing of it is rolled.
    renewing = subscription(kind="one_time", auto_renew=True)
    assert told(purchase(), of=renewing) == ["one_time 10 2026-01-01..2026-01-31"]
