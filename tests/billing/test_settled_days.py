"""A change whose line was posted keeps its day: other rules, chosen since, do not move it."""

from datetime import date

import msgspec

from engine.billing.history import Event, PriceChange, QuantityChange, Renewal
from engine.billing.model import Rules
from tests.billing.by_day import Told, counts_from, holds_from, in_place, told
from tests.billing.examples import BY_DAY, BY_MONTH, day, price, purchase, quantity, subscription, upgrade
from tests.billing.examples import told as lines_told
from tests.billing.strategies import Case, cases_seen, checked_on, rules


def settled(event: Event, effective: str) -> Event:
    return msgspec.structs.replace(event, effective=day(effective))


def test_a_quantity_posted_under_another_rule_keeps_its_day() -> None:
    by_month = [purchase(), settled(quantity("2026-03-15", 14), "2026-03-01")]
    assert lines_told(*by_month, rules=BY_DAY) == lines_told(purchase(), quantity("2026-03-15", 14), rules=BY_MONTH)
    by_day = [purchase(), settled(quantity("2026-03-15", 6), "2026-03-15")]
    assert lines_told(*by_day, rules=BY_MONTH) == lines_told(purchase(), quantity("2026-03-15", 6), rules=BY_DAY)


def test_a_price_posted_under_another_rule_keeps_its_day() -> None:
    assert lines_told(purchase(), settled(price("2026-03-15", "24.00"), "2026-03-15")) == [
        "base 10 2026-01-10..2026-03-14",
        "base 10 2026-03-15..2027-01-09 at 24.00/17.60",
    ]


def test_a_change_posted_as_a_delta_is_not_in_place() -> None:
    posted = settled(quantity("2026-01-11", 12), "2026-01-11")
    assert lines_told(purchase(), posted) == [
        "base 10 2026-01-10..2026-01-31",
        "delta 2 2026-01-11..2026-01-31",
        "base 12 2026-02-01..2027-01-09",
    ]


def test_a_settled_change_and_a_new_one_on_its_day_are_one_delta() -> None:
    changes = [purchase(), settled(quantity("2026-03-05", 12), "2026-03-01"), quantity("2026-03-20", 15)]
    assert lines_told(*changes, rules=BY_MONTH)[1] == "delta 5 2026-03-01..2026-03-31"
    assert lines_told(*changes, rules=BY_DAY)[1:3] == [
        "delta 2 2026-03-01..2026-03-31",
        "delta 3 2026-03-20..2026-03-31",
    ]


def test_segments_are_numbered_from_the_first_that_is_known() -> None:
    known = subscription(product="PLUS", first_segment=2)
    assert lines_told(purchase(), upgrade("2026-03-15", "MAX", "50.00", "40.00"), of=known) == [
        "base 10 2026-01-10..2026-03-31 PLUS#2",
        "base 10 2026-03-15..2027-01-09 at 50.00/40.00 MAX#3",
        "reversal -10 2026-03-15..2026-03-31 PLUS#2",
    ]


@checked_on(seen=cases_seen(), other=rules())
def test_with_its_days_settled_a_history_gives_the_same_lines_under_other_rules(
    seen: tuple[Case, date], other: Rules
) -> None:
    """Rules of quantities and prices, that is; how a subscription ends is not settled by its changes."""
    case, as_of = seen
    history = tuple(_settled(case, one) for one in told(case, as_of))
    # A renewal recorded late has its price from a day of the price rule, and no field that settles it.
    late_prices = any(isinstance(event, Renewal) for event in history)
    changed = msgspec.structs.replace(
        case.rules,
        quantity_increase=other.quantity_increase,
        quantity_decrease=other.quantity_decrease,
        price_change=case.rules.price_change if late_prices else other.price_change,
    )
    assert msgspec.structs.replace(case, history=history, rules=changed).lines(as_of) == case.lines(as_of)


def _settled(case: Case, one: Told) -> Event:
    event = one.event
    if in_place(case, one):
        return event
    if isinstance(event, QuantityChange) and event.quantity != one.licences:
        return msgspec.structs.replace(event, effective=max(one.segment_start, counts_from(case, one, event)))
    if isinstance(event, PriceChange) and holds_from(case, one) < date.max:
        return msgspec.structs.replace(event, effective=holds_from(case, one))
    return event
