"""Consumption, with a line for each month, and what is bought once."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Effect
from engine.platform.models import Subscription
from engine.psa.models import Addition
from tests.planning.builders import addition as line
from tests.planning.builders import (
    after,
    agreement,
    ended,
    held,
    mark,
    observed,
    only,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)

# -- consumption and what is bought once

USAGE = workspace(products=[product_mapping(kind="usage")])


def usage_line(number: int, month: int, **changed: Any) -> Addition:
    last = {4: 30, 5: 31, 6: 30}[month]
    values: dict[str, Any] = {
        "id": number,
        "quantity": Decimal(1),
        "unit_price": Decimal("143.21"),
        "effective": date(2026, month, 1),
        "cancelled": date(2026, month, last),
        "mark": mark(role="usage", on=None, month=f"2026-{month:02}"),
    }
    return line(**{**values, **changed})


def usage(**changed: Any) -> Subscription:
    """Consumption as the platform shows it: without a part number."""
    values = {"start": date(2026, 4, 20), "end": date(2026, 4, 20), "auto_renew": True, "part_number": None}
    return subscription(**{**values, **changed})


def test_consumption_gets_a_line_without_an_amount_for_each_month_also_where_prices_are_narrowed() -> None:
    narrowed = workspace(products=[product_mapping(kind="usage")], services=[service_mapping(fields=frozenset[Any]())])
    for wanted in (USAGE, narrowed):
        found = plan(wanted, observed(subscriptions=[usage()], additions=[usage_line(1, 4), usage_line(2, 5)]))
        change = only(found)
        assert change.address == "addition:41/9001/1/usage/2026-06"
        assert (after(change)["quantity"], after(change)["unit_price"], after(change)["unit_cost"]) == (1, 0, 0)
        assert change.effect == Effect()


def test_consumption_that_ended_keeps_the_lines_of_its_months_and_gets_no_further_one() -> None:
    months = [usage_line(1, 4), usage_line(2, 5), usage_line(3, 6)]
    seen = observed(subscriptions=[usage(state="ended", status="deleted")], additions=months)
    for as_of in (date(2026, 6, 15), date(2026, 9, 15)):
        found = plan(USAGE, seen, as_of=as_of)
        assert (found.changes, found.held) == ((), ())


def test_consumption_needs_a_monthly_agreement() -> None:
    yearly = observed(
        subscriptions=[usage(cycle="annual")],
        agreements=[agreement(billing_cycle_id=2, start=date(2026, 4, 1))],
        additions=[],
    )
    assert held(plan(USAGE, yearly)).code == "cycle-differs"


@pytest.mark.parametrize(("cycle", "last", "due"), [(1, date(2026, 3, 31), 0), (2, date(2026, 12, 31), 1)])
def test_what_is_bought_once_covers_a_whole_period_of_its_agreement(cycle: int, last: date, due: int) -> None:
    """The next invoice is for the agreement's first period: January, or the year."""
    once = subscription(cycle="one_time", end=None, start=date(2026, 3, 10))
    seen = observed(subscriptions=[once], agreements=[agreement(billing_cycle_id=cycle)], additions=[])
    change = only(plan(workspace(products=[product_mapping(kind="one_time")]), seen))
    assert after(change)["cancelled"] == last
    price, cost = Decimal("264.00"), Decimal("211.20")
    assert change.effect == Effect(once=price, once_cost=cost, next_invoice=due * price, next_invoice_cost=due * cost)


def test_a_months_accepted_figures_stay_on_its_line() -> None:
    figures = usage_line(2, 5, unit_price=Decimal("99.00"), unit_cost=Decimal("80.00"))
    found = plan(USAGE, observed(subscriptions=[usage()], additions=[usage_line(1, 4), figures, usage_line(3, 6)]))
    assert (found.changes, found.held) == ((), ())


def test_consumption_bills_from_the_month_that_a_person_wrote() -> None:
    later = workspace(products=[product_mapping(kind="usage")], manage_from=date(2026, 6, 1))
    change = only(plan(later, observed(subscriptions=[usage()], additions=[])))
    assert change.address == "addition:41/9001/1/usage/2026-06"


def test_what_is_bought_once_has_an_address_without_a_day_and_stands_whatever_the_day_of_its_mark() -> None:
    once = subscription(cycle="one_time", end=None)
    wanted = workspace(products=[product_mapping(kind="one_time")])
    assert only(plan(wanted, observed(subscriptions=[once], additions=[]))).address == "addition:41/9001/1/one_time"
    posted = line(mark=mark(role="one_time", on=date(2026, 3, 1)), cancelled=date(2026, 3, 31))
    assert plan(wanted, observed(subscriptions=[once], additions=[posted])).changes == ()


def test_a_later_end_takes_nothing_of_what_was_bought_once() -> None:
    once = ended(cycle="one_time", end=None)
    wanted = workspace(products=[product_mapping(kind="one_time")])
    posted = line(
        mark=mark(role="one_time", on=date(2026, 3, 10)), effective=date(2026, 3, 1), cancelled=date(2026, 3, 31)
    )
    found = plan(wanted, observed(subscriptions=[once], additions=[posted]))
    assert (found.changes, found.held) == ((), ())
