"""The effect of a plan is the change of what is invoiced: each period's in the end, and once until then."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.billing.model import AgreementTerms
from engine.billing.proration import invoice_total
from engine.planning.effect import Bills
from engine.planning.plan import Effect, Plan
from engine.psa.models import Addition
from tests.planning.builders import (
    addition,
    agreement,
    ended,
    foreign,
    observed,
    plan,
    service_mapping,
    subscription,
    total,
    workspace,
)
from tests.planning.logs import cancelled, changed, created, log
from tests.planning.nights import Psa

TERMS = AgreementTerms(start=date(2026, 1, 1), billing="monthly")


def invoiced(additions: Iterable[Addition], month: date) -> Decimal:
    """What the PSA would invoice for a month, rounded line by line."""
    bills = [
        Bills(
            role="base",
            quantity=one.quantity,
            effective=one.effective or date.min,
            cancelled=one.cancelled,
            unit_price=one.unit_price,
            unit_cost=one.unit_cost,
        )
        for one in additions
    ]
    return invoice_total(bills, TERMS, month, prorates=True).price


def months(first: date, count: int) -> list[date]:
    return [date(first.year + (first.month + n - 1) // 12, (first.month + n - 1) % 12 + 1, 1) for n in range(count)]


def holds(found: Plan, before: Iterable[Addition], steady: date) -> None:
    """The plan's total, reckoned from the invoices of before and after: those until the steady month, and that one."""
    standing = tuple(before)
    then = Psa(standing).applied(found).additions
    past = months(date(2026, 1, 1), (steady.year - 2026) * 12 + steady.month - 1)
    once = sum((invoiced(then, month) - invoiced(standing, month) for month in past), Decimal(0))
    month = invoiced(then, steady) - invoiced(standing, steady)
    assert (total(found).once, total(found).month) == (once, month)
    assert total(found) == sum((one.effect or Effect() for one in found.changes), Effect())


JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
RENEWING = subscription(auto_renew=True)


@pytest.mark.parametrize(
    ("shown", "told", "steady"),
    [
        ({"licenses": 15}, [changed(15, on=date(2026, 6, 10))], JULY),
        ({"licenses": 9}, [changed(15, on=date(2026, 4, 7)), changed(9, on=date(2026, 6, 10))], JULY),
        ({"licenses": 15, "unit_price": Decimal("23.33")}, [changed(15, on=date(2026, 6, 10))], JULY),
        ({"unit_price": Decimal("23.33"), "unit_cost": Decimal("18.01")}, [], JULY),
    ],
)
def test_changes_of_licences_and_prices(shown: dict[str, Any], told: list[Any], steady: date) -> None:
    seen = observed(subscriptions=[subscription(auto_renew=True, **shown)], logs=[log(created(12), *told)])
    holds(plan(seen=seen), [addition()], steady)


def test_a_decrease_that_begins_with_the_next_month_is_steady_in_the_one_after() -> None:
    wanted = workspace(decrease="first_of_next_month")
    told = log(created(12), changed(9, on=date(2026, 6, 10)))
    found = plan(wanted, observed(subscriptions=[subscription(auto_renew=True, licenses=9)], logs=[told]))
    # July still has a line of its own for it.
    holds(found, [addition()], AUGUST)
    assert (total(found).month, total(found).once) == (Decimal("-66.00"), Decimal("-66.00"))


@pytest.mark.parametrize("cancellation", ["cancellation_date", "end_of_month"])
def test_an_end(cancellation: Any) -> None:
    told = log(created(12), cancelled(on=date(2026, 6, 10)))
    found = plan(workspace(cancellation=cancellation), observed(subscriptions=[ended()], logs=[told]))
    holds(found, [addition()], JULY)
    assert total(found).month == Decimal("-264.00")


def test_the_end_of_a_term_that_does_not_renew_is_no_effect_of_todays_change() -> None:
    """Both before and after, the line ends in March: what changes until then recurs."""
    told = log(created(12), changed(15, on=date(2026, 6, 10)))
    found = plan(seen=observed(subscriptions=[subscription(licenses=15)], logs=[told]))
    assert total(found).month == Decimal("66.00")


def test_a_line_that_is_over_at_once_recurs_not_at_all() -> None:
    short = subscription(end=date(2026, 6, 20))
    found = plan(seen=observed(subscriptions=[short], additions=[]))
    holds(found, [], JULY)
    assert total(found).month == 0
    assert total(found).once == Decimal("187.35") + 2 * Decimal("264.00") + Decimal("176.00")


def test_a_term_that_only_rolls_on_changes_nothing() -> None:
    """The end of a line that renews moves every so often; the customer is billed on and on in any case."""
    before = addition(cancelled=date(2026, 6, 30))
    shown = subscription(start=date(2026, 3, 10), end=date(2026, 4, 9), term="P1M", auto_renew=True)
    found = plan(seen=observed(subscriptions=[shown], additions=[before]))
    assert [one.field for one in found.changes[0].fields] == ["cancelled"]
    assert total(found) == Effect()


def test_days_before_this_program_bills_are_not_counted() -> None:
    """A line that is taken over bills its older days as it has."""
    wanted = workspace(services=[service_mapping(addition=55)], manage_from=date(2026, 6, 1))
    older = foreign(quantity=Decimal(10), cancelled=date(2027, 3, 9))
    found = plan(wanted, observed(subscriptions=[subscription(auto_renew=True)], additions=[older]))
    assert (total(found).month, total(found).once) == (Decimal("44.00"), Decimal("44.00"))


def test_on_a_yearly_agreement_it_is_the_years_that_count() -> None:
    yearly = agreement(billing_cycle_id=2, start=date(2026, 3, 1))
    shown = subscription(cycle="annual", licenses=15, auto_renew=True)
    line = addition(cancelled=date(2028, 3, 9))
    told = log(created(12), changed(15, on=date(2026, 6, 10)))
    found = plan(seen=observed(subscriptions=[shown], agreements=[yearly], additions=[line], logs=[told]))
    # Three licences: 264 of the first year's 365 days, from 10 June to 28 February; then each year.
    assert total(found) == Effect(
        year=Decimal("66.00"), year_cost=Decimal("52.80"), once=Decimal("47.74"), once_cost=Decimal("38.19")
    )


def test_half_cents_are_rounded_line_by_line_as_the_psa_does() -> None:
    odd = subscription(licenses=1, unit_price=Decimal("0.15"), unit_cost=Decimal("0.01"), auto_renew=True)
    found = plan(seen=observed(subscriptions=[odd], additions=[]))
    holds(found, [], JULY)
    assert total(found).month == Decimal("0.15")
