"""What changed lines bring: in each period to come, and once until then."""

from datetime import date, timedelta
from decimal import Decimal
from time import process_time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.billing.calculus import lines
from engine.billing.effect_periods import NO_EFFECT, Effect, Steady, change, steady_and_before
from engine.billing.history import Cancellation, Event, PriceChange, Purchase, QuantityChange, Usage
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms
from engine.billing.proration import NOTHING, Amount, invoice_total

START = date(2026, 7, 1)
MONTHLY = AgreementTerms(start=START, billing="monthly")
ANNUAL = AgreementTerms(start=date(2026, 3, 10), billing="annual")
SEATS = SubscriptionTerms(
    kind="license",
    product="seat",
    start=START,
    end=date(2026, 7, 31),
    term="P1M",
    auto_renew=True,
    unit_price=Decimal("22.00"),
    unit_cost=Decimal("17.60"),
)
BOUGHT = Purchase(on=START, quantity=10)
BY_MONTH = Rules(
    quantity_increase="first_of_month", quantity_decrease="first_of_next_month", cancellation="end_of_month"
)


def day(text: str) -> date:
    return date.fromisoformat(text)


def effect(recurring: str, once: str) -> tuple[Decimal, Decimal]:
    return Decimal(recurring), Decimal(once)


def prices(found: Effect) -> tuple[Decimal, Decimal]:
    return found.recurring.price, found.once.price


def total(found: Steady) -> Effect:
    return change(sum(found.before, NO_EFFECT), sum(found.after, NO_EFFECT))


def of_events(
    *events: Event,
    as_of: str,
    subscription: SubscriptionTerms = SEATS,
    agreement: AgreementTerms = MONTHLY,
    rules: Rules | None = None,
    prorates: bool = True,
    renews_after: bool = True,
) -> Steady:
    """The lines of the purchase alone, as posted on the first day, against those with the events, known on `as_of`."""
    chosen = rules or Rules()
    before = lines(subscription, [BOUGHT], agreement, chosen, START)
    after = lines(subscription, [BOUGHT, *events], agreement, chosen, day(as_of))
    return steady_and_before(
        before,
        after,
        agreement,
        day(as_of),
        prorates=prorates,
        before_renews=subscription.auto_renew,
        after_renews=renews_after,
    )


def test_an_increase_recurs_from_the_next_period_and_bills_its_days_once() -> None:
    found = of_events(QuantityChange(on=day("2026-07-15"), quantity=14), as_of="2026-07-15")
    assert found.period == day("2026-08-01")
    # The base line of 10 ends with July; the four bill 4 × 22.00 × 17/31 = 48.26; from August 14 × 22.00 carry on.
    (base,) = found.before
    ended, added, carried = found.after
    assert prices(change(base, ended)) == effect("-220.00", "0")
    assert prices(change(None, added)) == effect("0", "48.26")
    assert prices(change(None, carried)) == effect("308.00", "0")
    assert prices(total(found)) == effect("88.00", "48.26")
    # 4 × 17.60 = 70.40, and × 17/31 = 38.606…
    assert (total(found).recurring.cost, total(found).once.cost) == (Decimal("70.40"), Decimal("38.61"))


def test_without_proration_the_month_of_an_increase_is_whole() -> None:
    change_ = QuantityChange(on=day("2026-07-15"), quantity=14)
    found = of_events(change_, as_of="2026-07-15", rules=BY_MONTH, prorates=False)
    assert prices(total(found)) == effect("88.00", "88.00")


def test_a_decrease_before_the_end_of_a_term_that_goes_on_recurs() -> None:
    # On 20 July the term is rolled to 31 August, the last day of the line of −3 too: both are carried on as 7.
    found = of_events(QuantityChange(on=day("2026-07-20"), quantity=7), as_of="2026-07-20", rules=BY_MONTH)
    assert found.period == day("2026-08-01")
    assert prices(total(found)) == effect("-66.00", "0")


def test_a_cancellation_ends_what_recurs_and_credits_its_days_once() -> None:
    found = of_events(Cancellation(on=day("2026-08-20")), as_of="2026-08-20", renews_after=False)
    assert found.period == day("2026-09-01")
    # −220.00 × 12/31 = −85.161…
    assert prices(total(found)) == effect("-220.00", "-85.16")


def test_a_new_subscription_recurs_and_bills_its_first_days_once() -> None:
    late = msgspec.structs.replace(SEATS, start=day("2026-07-10"), end=day("2026-08-09"))
    after = lines(late, [BOUGHT], MONTHLY, Rules(), day("2026-07-10"))
    assert after[-1].cancelled == day("2026-09-09")
    found = steady_and_before(
        (), after, MONTHLY, day("2026-07-10"), prorates=True, before_renews=True, after_renews=True
    )
    assert found.period == day("2026-08-01")
    assert prices(total(found)) == effect("220.00", "156.13")  # 220.00 × 22/31 = 156.129…


def test_a_term_that_really_ends_makes_everything_once() -> None:
    fixed = msgspec.structs.replace(SEATS, end=day("2026-10-15"), auto_renew=False)
    after = lines(fixed, [BOUGHT], MONTHLY, Rules(), START)
    found = steady_and_before((), after, MONTHLY, START, prorates=True, before_renews=False, after_renews=False)
    assert found.period == day("2026-11-01")
    assert prices(total(found)) == effect("0", "766.45")  # 3 × 220.00 + 220.00 × 15/31 (106.451…)


def test_a_price_from_the_next_period_is_no_matter_of_once() -> None:
    found = of_events(PriceChange(on=day("2026-07-15"), unit_price=Decimal("25.00")), as_of="2026-07-15")
    assert prices(total(found)) == effect("30.00", "0")


def test_on_an_annual_agreement_the_rest_of_the_year_is_once() -> None:
    yearly = msgspec.structs.replace(
        SEATS, start=day("2026-03-10"), end=day("2027-03-09"), term="P1Y", unit_price=Decimal(365)
    )
    bought = QuantityChange(on=day("2026-09-14"), quantity=11)
    found = of_events(bought, as_of="2026-09-14", subscription=yearly, agreement=ANNUAL)
    assert found.period == day("2027-03-10")
    assert prices(total(found)) == effect("365.00", "177.00")  # 177 of 365 days


def test_usage_is_always_once() -> None:
    cloud = SubscriptionTerms(kind="usage", product="cloud", start=START, auto_renew=True)
    figures = Usage(on=day("2026-08-03"), period="2026-07", price=Decimal("137.42"), cost=Decimal("120.00"))
    found = of_events(figures, as_of="2026-08-03", subscription=cloud)
    assert prices(total(found)) == effect("0", "137.42")


def test_an_end_that_has_only_been_rolled_further_has_no_effect() -> None:
    assert total(of_events(as_of="2026-08-31")) == Effect(NOTHING, NOTHING)


def test_an_end_that_has_passed_is_an_end_although_the_term_goes_on() -> None:
    # Posted on 1 July to 31 August; nobody looked until 5 September, and that month's invoice would lack the line.
    found = of_events(as_of="2026-09-05")
    assert found.period == day("2026-10-01")
    assert prices(total(found)) == effect("220.00", "220.00")


def test_a_line_that_is_retracted_no_longer_brings_anything() -> None:
    line = lines(SEATS, [BOUGHT], MONTHLY, Rules(), START)[0]
    gone = msgspec.structs.replace(line, quantity=0, cancelled=line.effective)
    found = steady_and_before([line], [gone], MONTHLY, START, prorates=True, before_renews=True, after_renews=True)
    assert prices(total(found)) == effect("-220.00", "-220.00")


def test_a_line_that_bills_nothing_does_not_put_the_steady_state_off() -> None:
    line = lines(SEATS, [BOUGHT], MONTHLY, Rules(), START)[0]
    retracted = msgspec.structs.replace(line, quantity=0, effective=day("2027-03-15"), cancelled=day("2027-03-15"))
    found = steady_and_before(
        [line], [line, retracted], MONTHLY, START, prorates=True, before_renews=False, after_renews=False
    )
    assert found.period == day("2026-09-01")  # the day after the line's end, as it is posted


def test_periods_before_the_first_billed_day_may_be_left_out() -> None:
    line = Line(
        role="base",
        product="seat",
        quantity=1,
        effective=day("1990-01-15"),
        cancelled=None,
        unit_price=Decimal(10),
        unit_cost=Decimal(0),
    )

    def once(from_day: date | None) -> Decimal:
        found = steady_and_before(
            [],
            [line],
            MONTHLY,
            day("2026-07-15"),
            prorates=True,
            before_renews=False,
            after_renews=False,
            from_day=from_day,
        )
        return found.after[0].once.price

    assert once(day("2026-06-20")) == Decimal("20.00")  # June and July
    assert once(None) == Decimal("4385.48")  # 10 × 17/31 and 438 months from February 1990 to July 2026


@pytest.mark.parametrize("last", ["9999-12-31", "2199-06-30"])
def test_an_end_in_another_century_is_none(last: str) -> None:
    line = lines(SEATS, [BOUGHT], MONTHLY, Rules(), START)[0]
    far = msgspec.structs.replace(line, cancelled=day(last))
    found = steady_and_before([far], [], MONTHLY, START, prorates=True, before_renews=False, after_renews=False)
    assert (found.period, prices(found.before[0])) == (day("2026-08-01"), effect("220.00", "220.00"))


def test_ten_thousand_services_take_about_a_second() -> None:
    line = lines(SEATS, [BOUGHT], MONTHLY, Rules(), START)[0]
    old = msgspec.structs.replace(line, effective=day("1990-01-15"))
    ended = msgspec.structs.replace(old, cancelled=day("2026-08-20"))
    began = process_time()
    for _ in range(2_000):
        steady_and_before([old], [ended], MONTHLY, START, prorates=True, before_renews=True, after_renews=False)
    assert process_time() - began < 2  # a fifth of the services, and slack for a slow machine


NUMBERS = st.integers(0, 40)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A purchase and changes within half a year, in order of their days."""
    days = sorted(draw(st.lists(st.integers(0, 180), max_size=6)))
    found: list[Event] = [Purchase(on=START, quantity=draw(NUMBERS))]
    for later in days:
        on = START + timedelta(days=later)
        if draw(st.booleans()):
            found.append(QuantityChange(on=on, quantity=draw(NUMBERS)))
        else:
            found.append(PriceChange(on=on, unit_price=Decimal(draw(st.integers(1, 9999))).scaleb(-2)))
    if draw(st.booleans()):
        last = START + timedelta(days=draw(st.integers(0, 200)))
        found.append(Cancellation(on=max(last, found[-1].on)))
    return found


@settings(max_examples=150)
@given(
    history=histories(),
    known=st.integers(0, 200),
    more=st.integers(0, 28),
    term_end=st.sampled_from(["2026-07-31", "2026-07-09"]),
    rules=st.sampled_from([Rules(), BY_MONTH, Rules(price_change="actual_date")]),
    prorates=st.booleans(),
)
def test_the_effects_of_all_lines_are_the_change_of_the_invoices(
    history: list[Event], known: int, more: int, term_end: str, rules: Rules, prorates: bool
) -> None:
    """Held against the invoices of lines reckoned so late that their rolled ends lie far behind the steady state."""
    earlier = START + timedelta(days=known)
    as_of = earlier + timedelta(days=more)
    seats = msgspec.structs.replace(SEATS, end=day(term_end))

    def renews(day_: date) -> bool:
        return not any(isinstance(event, Cancellation) and event.on <= day_ for event in history)

    def far(day_: date) -> tuple[Line, ...]:
        events = [event for event in history if event.on <= day_]
        return lines(seats, events, MONTHLY, rules, date(2030, 1, 1))

    before, after = (lines(seats, history, MONTHLY, rules, day_) for day_ in (earlier, as_of))
    found = steady_and_before(
        before,
        after,
        MONTHLY,
        as_of,
        prorates=prorates,
        before_renews=renews(earlier),
        after_renews=renews(as_of),
    )

    def invoiced(of: tuple[Line, ...], period: date) -> Amount:
        return invoice_total(of, MONTHLY, period, prorates=prorates)

    old, new = far(earlier), far(as_of)
    once, period = NOTHING, START
    while period < found.period:
        once += invoiced(new, period) - invoiced(old, period)
        period = MONTHLY.period_end(period) + timedelta(days=1)
    recurring = invoiced(new, period) - invoiced(old, period)
    assert recurring == invoiced(new, date(2029, 6, 1)) - invoiced(old, date(2029, 6, 1))
    assert (total(found).recurring, total(found).once) == (recurring, once)
    # The next invoice is for the period of the day, here with all that came before it.
    upcoming = invoiced(new, as_of) - invoiced(old, as_of)
    if prorates:
        period = START
        upcoming = NOTHING
        while period <= as_of:
            upcoming += invoiced(new, period) - invoiced(old, period)
            period = MONTHLY.period_end(period) + timedelta(days=1)
    assert total(found).upcoming == upcoming
