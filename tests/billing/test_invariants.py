"""The specification's invariant, on generated histories, against a reading of them day by day."""

from datetime import date, timedelta

from hypothesis import assume
from hypothesis import strategies as st

from engine.billing.calendar import fom
from engine.billing.history import PriceChange, QuantityChange, Renewal
from engine.billing.model import Line
from tests.billing.by_day import Told, billed_on, in_place, licences_on, price_on, told, turning_days
from tests.billing.strategies import Case, cases, cases_seen, checked_on, rules

BY_DAY = rules(quantity_increase="actual_date", quantity_decrease="actual_date", cancellation="cancellation_date")


def _adds_up_every_day(case: Case, as_of: date) -> None:
    found = case.lines(as_of)
    if not found:
        return
    # A line without an end bills on; nothing happens to it a year after the last turn.
    last = max(line.cancelled or max(line.effective, as_of) + timedelta(days=366) for line in found)
    history, day = list(told(case, as_of)), case.own_from
    while day <= last:
        billed = sum(line.quantity for line in billed_on(found, day))
        assert billed == licences_on(case, history, day), f"{day}, as known on {as_of}"
        day += timedelta(days=1)


@checked_on(seen=cases_seen(BY_DAY))
def test_by_actual_dates_every_day_bills_the_licences_that_the_customer_has_on_it(seen: tuple[Case, date]) -> None:
    _adds_up_every_day(*seen)


@checked_on(seen=cases_seen())
def test_by_any_rules_every_day_bills_the_changes_that_count_by_it(seen: tuple[Case, date]) -> None:
    _adds_up_every_day(*seen)


@checked_on(seen=cases_seen())
def test_every_line_has_on_each_of_its_days_the_price_in_force(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    history = list(told(case, as_of))
    for line in case.lines(as_of):
        day = line.effective
        last = line.cancelled or max(line.effective, as_of) + timedelta(days=366)
        while day <= last:
            price = price_on(case, history, line.segment, day)
            assert (line.unit_price, line.unit_cost) == price, f"{line}, on {day}"
            day += timedelta(days=1)


@checked_on(case=cases(), which=st.integers(1, 20))
def test_a_further_event_changes_nothing_that_bills_before_its_month_or_day(case: Case, which: int) -> None:
    """For all rules; in-place changes and a renewal recorded after the old end aside, as the specification says."""
    history = list(told(case, date.max))
    assume(len(history) > 1)
    length = 1 + which % (len(history) - 1)
    further = history[length]
    assume(not _aside(case, further))
    as_of = further.event.on
    before, after = case.cut(length).lines(as_of), case.cut(length + 1).lines(as_of)
    bound = _changes_from(case, further)
    for day in turning_days(before, after):
        if day < bound:
            assert _billing(before, day) == _billing(after, day), f"{day}, by {further.event}"


def _aside(case: Case, further: Told) -> bool:
    event = further.event
    if isinstance(event, Renewal):
        late = further.end is not None and event.on > further.end and not case.subscription.auto_renew
        # Without an old end, a renewal's price follows the price rule, in place too.
        return late or (further.end is None and in_place(case, further))
    return isinstance(event, QuantityChange | PriceChange) and in_place(case, further)


def _changes_from(case: Case, further: Told) -> date:
    """Only an increase from the first of its month reaches back to before its day."""
    event = further.event
    increase = isinstance(event, QuantityChange) and event.quantity > further.licences
    if increase and case.rules.quantity_increase == "first_of_month":
        return fom(event.on)
    return event.on


def _billing(lines: tuple[Line, ...], day: date) -> list[tuple[object, ...]]:
    """All that tells on an invoice for that day: only when the lines begin and end is left out."""
    return sorted(
        (line.segment, line.role, line.product, line.quantity, line.unit_price, line.unit_cost)
        for line in billed_on(lines, day)
    )
