"""What holds of every result: keys, spans, cover, order, and money that is exact."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from engine.billing.calendar import eom
from engine.billing.history import Cancellation, Renewal, Upgrade
from engine.billing.model import Line
from tests.billing.by_day import told
from tests.billing.strategies import Case, cases_seen, checked_on

ORDER = ["base", "delta", "reversal"]
ONE_DAY = timedelta(days=1)


@checked_on(seen=cases_seen())
def test_no_two_lines_share_a_key(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    keys = [(line.segment, line.role, line.effective, line.period) for line in case.lines(as_of)]
    assert len(keys) == len(set(keys))


@checked_on(seen=cases_seen())
def test_a_line_begins_within_ownership_and_does_not_end_before_it_begins(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    for line in case.lines(as_of):
        assert line.effective >= case.own_from
        assert line.cancelled is None or line.cancelled >= line.effective


@checked_on(seen=cases_seen())
def test_lines_are_in_order_of_effective_date_then_role_then_segment(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    order = [(line.effective, ORDER.index(line.role), line.segment) for line in case.lines(as_of)]
    assert order == sorted(order)


@checked_on(seen=cases_seen())
def test_values_are_whole_numbers_days_and_decimals(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    for line in case.lines(as_of):
        assert type(line.quantity) is int
        assert (type(line.effective), type(line.unit_price), type(line.unit_cost)) == (date, Decimal, Decimal)


@checked_on(seen=cases_seen())
def test_the_base_lines_of_a_segment_cover_it_without_gap_or_overlap(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    found = case.lines(as_of)
    for segment in sorted({line.segment for line in found}):
        mine = [line for line in found if line.segment == segment]
        base = [line for line in mine if line.role == "base"]
        assert base[0].effective == max(case.own_from, _starts(case, as_of)[segment])
        for one, following in pairwise(base):
            assert one.cancelled is not None
            assert one.cancelled + ONE_DAY == following.effective
        # Nothing of it outlasts its base.
        assert (base[-1].cancelled or date.max) == max(line.cancelled or date.max for line in mine)


@checked_on(seen=cases_seen())
def test_the_last_base_line_ends_with_its_segment(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    last: dict[int, Line] = {line.segment: line for line in case.lines(as_of) if line.role == "base"}
    for segment, line in last.items():
        closing, end = _closing(case, as_of, segment)
        possible = [day for day in (closing, None if case.subscription.auto_renew else end) if day is not None]
        if possible or end is None:
            assert line.cancelled == min(possible, default=None)
        else:
            # It renews by itself: to the end of the next billing period at least.
            following = case.agreement.period_end(max(as_of, _starts(case, as_of)[segment])) + ONE_DAY
            assert line.cancelled is not None
            assert line.cancelled >= case.agreement.period_end(following)


@checked_on(seen=cases_seen())
def test_a_segment_bills_a_day_at_one_price(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    prices: dict[tuple[int, date], set[tuple[Decimal, Decimal]]] = defaultdict(set)
    found = case.lines(as_of)
    for line in found:
        for day in {other.effective for other in found if other.segment == line.segment}:
            if line.effective <= day and (line.cancelled is None or day <= line.cancelled):
                prices[line.segment, day].add((line.unit_price, line.unit_cost))
    assert all(len(at) == 1 for at in prices.values())


@checked_on(seen=cases_seen())
def test_a_delta_or_reversal_line_takes_or_gives_something(seen: tuple[Case, date]) -> None:
    case, as_of = seen
    for line in case.lines(as_of):
        assert line.role == "base" or line.quantity != 0
        assert line.role != "base" or line.quantity >= 0
        assert line.role != "reversal" or line.quantity < 0


def _starts(case: Case, as_of: date) -> dict[int, date]:
    upgrades = [one for one in told(case, as_of) if isinstance(one.event, Upgrade)]
    after = {one.segment + 1: max(one.event.on, case.subscription.start) for one in upgrades}
    return {1: case.subscription.start, **after}


def _closing(case: Case, as_of: date, segment: int) -> tuple[date | None, date | None]:
    """The last day that a cancellation or upgrade leaves to a segment, and the end of its term as known then."""
    end = case.subscription.end
    for one in told(case, as_of):
        if one.segment > segment:
            break
        if isinstance(one.event, Renewal):
            end = one.event.end
        if one.segment < segment:
            continue
        if isinstance(one.event, Upgrade):
            return case.agreement.period_end(one.event.on), end
        if isinstance(one.event, Cancellation):
            if case.rules.cancellation == "cancellation_date":
                return case.agreement.period_end(one.event.on), end
            return eom(one.event.on), end
    return None, end
