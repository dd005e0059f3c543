"""Agreements that do not prorate: which rules they take, how they are overridden, and what is billed too much."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.observed import Observed
from engine.workspace.choices import BillingRules, RuleOverride
from engine.workspace.model import Workspace
from tests.planning.builders import (
    addition,
    after,
    agreement,
    by_address,
    ended,
    held,
    moves,
    notices,
    observed,
    only,
    place,
    plan,
    product_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import cancelled, changed, created, log

WHOLE: dict[str, Any] = {
    "effective_date_positive_change": "first_of_month",
    "effective_date_negative_change": "first_of_next_month",
    "service_cancellation": "end_of_month",
    "price_change": "next_period",
}


def overridden(**of: Any) -> Workspace:
    """Whole-period rules for one agreement, customer or type, named by `of`; the global rules are those of days."""
    return workspace(billing=BillingRules(overrides=(RuleOverride(**of, **WHOLE, place=place()),)))


def seen(**more: Any) -> Observed:
    """The service on an agreement of a type that does not prorate."""
    return observed(agreements=[agreement(prorates=False, type_name="Managed services")], **more)


def test_rules_of_days_are_refused_with_the_override_to_write() -> None:
    one = held(plan(seen=seen()))
    assert one.code == "rules-need-proration"
    assert "agreement 41 (Cloud services) does not prorate" in one.why
    assert "service_cancellation: cancellation_date" in one.why
    # A price changes with the next period already.
    assert "price_change" not in one.why
    assert one.hint is not None
    assert (
        "{agreement_type: Managed services, effective_date_positive_change: first_of_month, "
        "effective_date_negative_change: first_of_next_month, service_cancellation: end_of_month}" in one.hint
    )


def test_only_what_is_wrong_is_named_and_an_agreement_without_a_type_is_named_itself() -> None:
    wanted = workspace(
        increase="first_of_month",
        decrease="first_of_next_month",
        cancellation="end_of_month",
        billing=BillingRules(price_change="actual_date"),
    )
    one = held(plan(wanted, observed(agreements=[agreement(prorates=False, type_name=None)])))
    assert "but price_change: actual_date bills parts of a period" in one.why
    assert "{agreement: 41, price_change: next_period}" in str(one.hint)


@pytest.mark.parametrize(
    "of",
    [{"agreement_type": "managed SERVICES "}, {"agreement": 41}, {"customer": "100"}],
    ids=lambda of: next(iter(of)),
)
def test_whole_period_rules_are_accepted_for_a_type_an_agreement_or_a_customer(of: dict[str, Any]) -> None:
    found = plan(overridden(**of), seen())
    assert (found.changes, found.held) == ((), ())


@pytest.mark.parametrize("of", [{"agreement_type": "Another"}, {"agreement": 42}, {"customer": "200"}])
def test_an_override_of_something_else_helps_nothing(of: dict[str, Any]) -> None:
    assert held(plan(overridden(**of), seen())).code == "rules-need-proration"


@pytest.mark.parametrize("kind", ["usage", "one_time"])
def test_what_carries_amounts_covers_whole_periods_and_needs_no_override(kind: Any) -> None:
    shown = subscription(part_number=None, end=None, cycle="one_time" if kind == "one_time" else "monthly")
    found = plan(
        workspace(products=[product_mapping(kind=kind)]),
        seen(subscriptions=[shown], additions=[]),
        as_of=date(2026, 3, 20),
    )
    assert found.held == ()
    assert after(only(found))["effective"] == date(2026, 3, 1)
    assert "period-overbilled" not in notices(found)


BY_MONTH = overridden(agreement=41)


def test_by_whole_periods_an_increase_begins_with_its_month_and_a_decrease_with_the_next() -> None:
    told = log(created(12), changed(15, on=date(2026, 6, 10)), changed(14, on=date(2026, 6, 12)))
    found = plan(BY_MONTH, seen(subscriptions=[subscription(licenses=14)], logs=[told]))
    assert found.held == ()
    changes = by_address(found)
    more, fewer = after(changes["1/delta/2026-06-01"]), after(changes["1/delta/2026-07-01"])
    assert (more["quantity"], more["cancelled"]) == (Decimal(3), date(2026, 6, 30))
    assert (fewer["quantity"], fewer["cancelled"]) == (Decimal(-1), date(2026, 7, 31))
    assert after(changes["1/base/2026-08-01"])["quantity"] == 14


def test_by_whole_periods_a_cancellation_bills_its_month_and_takes_nothing_back() -> None:
    told = log(created(12), cancelled(on=date(2026, 6, 10)))
    change = only(plan(BY_MONTH, seen(subscriptions=[ended()], logs=[told])))
    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}


def test_a_first_and_a_last_period_that_are_billed_whole_are_shown_with_what_is_too_much() -> None:
    found = plan(BY_MONTH, seen())
    texts = [one.text for one in found.notices if one.code == "period-overbilled"]
    # 264.00 a month: from 10 March on 9 of 31 days too many; in the year after, to 9 March, 22 of 31.
    assert [text.partition("the period")[2] for text in texts] == [
        " from 2026-03-01 bills 76.65 more than its days",
        " from 2027-03-01 bills 187.35 more than its days",
    ]


def test_the_end_of_a_term_that_renews_is_not_a_last_period() -> None:
    found = plan(BY_MONTH, seen(subscriptions=[subscription(auto_renew=True)]))
    (text,) = [one.text for one in found.notices if one.code == "period-overbilled"]
    assert "from 2026-03-01" in text


def test_lines_on_whole_periods_bill_nothing_too_much() -> None:
    whole = subscription(start=date(2026, 3, 1), end=date(2027, 2, 28))
    assert notices(plan(BY_MONTH, seen(subscriptions=[whole], additions=[]))) == []
    assert notices(plan(seen=observed(additions=[addition()]))) == []


def test_the_effect_of_a_line_on_such_an_agreement_counts_whole_months() -> None:
    change = only(plan(BY_MONTH, seen(subscriptions=[subscription(auto_renew=True)], additions=[])))
    assert change.effect is not None
    # March to June.
    assert (change.effect.month, change.effect.once) == (Decimal("264.00"), 4 * Decimal("264.00"))
