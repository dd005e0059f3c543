"""Which activity logs are read, and what becomes of a log that is missing, in part or in contradiction."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.histories import logs_wanted
from engine.platform.models import Subscription
from engine.workspace.choices import BillingRules
from engine.workspace.model import ServiceAgreement, Workspace
from tests.planning.builders import (
    AS_OF,
    addition,
    after,
    agreement,
    agreement_ref,
    by_address,
    customer_mapping,
    ended,
    inputs,
    mark,
    moves,
    notices,
    observed,
    place,
    plan,
    product_mapping,
    said,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import cancelled, changed, created, log, unknown


def wanted(shown: Subscription, space: Workspace | None = None, as_of: date = AS_OF, **more: Any) -> list[str]:
    """The subscriptions of which the log is read."""
    seen = observed(subscriptions=[shown], **more)
    return [one.subscription for one in logs_wanted(inputs(space, seen, as_of=as_of))]


def touched(day: str, **more: Any) -> Subscription:
    return subscription(last_updated=f"{day}T23:59:59Z", **more)


# -- which logs are read


def test_the_log_is_read_of_what_was_touched_since_it_bills() -> None:
    (one,) = logs_wanted(inputs(seen=observed(subscriptions=[touched("2026-05-20")])))
    assert (one.customer, one.subscription, one.last_updated) == ("100", "9001", "2026-05-20T23:59:59Z")


def test_what_was_last_touched_on_the_day_of_its_purchase_needs_no_log() -> None:
    assert wanted(touched("2026-03-10")) == []


def test_a_day_that_cannot_be_read_wants_the_log() -> None:
    assert wanted(subscription(last_updated="")) == ["9001"]
    assert wanted(subscription(last_updated="20 May 2026")) == ["9001"]


@pytest.mark.parametrize(("day", "expected"), [("2026-04-30", []), ("2026-05-01", ["9001"]), ("2026-05-20", ["9001"])])
@pytest.mark.parametrize(
    "space",
    [
        workspace(manage_from=date(2026, 5, 10)),
        workspace(services=[service_mapping(effective_date=date(2026, 5, 10))]),
    ],
    ids=["connection", "service"],
)
def test_changes_before_the_month_in_which_it_begins_to_bill_need_no_log(
    day: str, expected: list[str], space: Workspace
) -> None:
    assert wanted(touched(day), space) == expected


def test_a_decrease_of_the_month_before_counts_where_it_bills_from_the_next() -> None:
    space = workspace(manage_from=date(2026, 5, 10), decrease="first_of_next_month")
    assert wanted(touched("2026-04-01"), space) == ["9001"]
    assert wanted(touched("2026-03-31"), space) == []


def test_on_a_yearly_agreement_it_is_the_year_in_which_it_begins_to_bill() -> None:
    yearly = [agreement(billing_cycle_id=2, start=date(2024, 3, 1))]
    shown = touched("2026-03-05", start=date(2025, 3, 10), cycle="annual")
    assert wanted(shown, workspace(manage_from=date(2026, 5, 10)), agreements=yearly) == ["9001"]
    earlier = touched("2026-02-28", start=date(2025, 3, 10), cycle="annual")
    assert wanted(earlier, workspace(manage_from=date(2026, 5, 10)), agreements=yearly) == []


def test_for_a_service_that_moved_it_is_the_first_agreement_that_counts() -> None:
    both = (ServiceAgreement(agreement=41, place=place()), ServiceAgreement(agreement=42, starts=AS_OF, place=place()))
    space = workspace(
        [customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))],
        services=[service_mapping(agreements=both)],
    )
    assert wanted(touched("2026-05-20"), space, agreements=[agreement(), agreement(id=42)]) == ["9001"]


@pytest.mark.parametrize(
    "more",
    [
        {"trial": True},
        {"state": "unknown", "status": "paused"},
        {"state": "pending", "status": "pending"},
        {"plan": "Not mapped"},
        {"id": "9009"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_bills_nothing_by_it_needs_no_log(more: dict[str, Any]) -> None:
    assert wanted(touched("2026-05-20", **more)) == []


@pytest.mark.parametrize("kind", ["usage", "one_time"])
def test_of_what_carries_amounts_the_log_tells_only_the_day_of_its_end(kind: Any) -> None:
    space = workspace(products=[product_mapping(kind=kind)])
    assert wanted(touched("2026-05-20"), space) == []
    assert wanted(ended(last_updated="2026-05-20T12:00:00Z"), space) == ["9001"]


def test_the_log_of_what_ended_on_the_day_of_its_purchase_is_read() -> None:
    assert wanted(ended(last_updated="2026-03-10T12:00:00Z")) == ["9001"]


# -- what a log is worth


def planned(*items: Any, additions: Iterable[Any] | None = None, whole: bool = True, **shown: Any) -> Any:
    seen = observed(subscriptions=[subscription(**shown)], additions=additions, logs=[log(*items, whole=whole)])
    return plan(seen=seen)


def test_a_log_that_adds_up_dates_each_change() -> None:
    found = planned(created(12), changed(15, on=date(2026, 6, 10)), licenses=15)
    assert set(by_address(found)) == {"1/base/2026-03-10", "1/delta/2026-06-10", "1/base/2026-07-01"}
    assert notices(found) == []


def test_a_log_that_does_not_add_up_with_what_is_shown_is_not_relied_on() -> None:
    found = planned(created(12), changed(15, on=date(2026, 5, 10)), licenses=14)
    assert set(by_address(found)) == {"1/base/2026-03-10", "1/delta/2026-06-15", "1/base/2026-07-01"}
    text = said(found, "event-inferred")
    assert "the platform shows 14 licences" in text
    assert "gives 12" in text
    assert "taken as of 2026-06-15" in text


def test_without_lines_a_log_that_does_not_add_up_is_all_there_is_and_what_it_lacks_is_of_today() -> None:
    found = planned(created(12), changed(15, on=date(2026, 5, 10)), additions=[], licenses=14)
    changes = by_address(found)
    assert after(changes["1/delta/2026-05-10"])["quantity"] == Decimal(3)
    assert after(changes["1/delta/2026-06-15"])["quantity"] == Decimal(-1)
    assert "gives 15" in said(found, "event-inferred")


def test_a_log_that_is_not_given_whole_is_not_relied_on_and_the_plan_says_so() -> None:
    found = planned(created(12), changed(15, on=date(2026, 5, 10)), whole=False, licenses=15)
    assert set(by_address(found)) == {"1/base/2026-03-10", "1/delta/2026-06-15", "1/base/2026-07-01"}
    assert "not relied on" in said(found, "log-incomplete")


def test_a_log_without_its_beginning_is_not_relied_on() -> None:
    found = planned(changed(15, on=date(2026, 5, 10)), licenses=15)
    assert "1/delta/2026-06-15" in by_address(found)


def test_an_item_that_is_not_understood_is_shown_for_two_months() -> None:
    found = planned(
        created(12), unknown(date(2026, 4, 30), "Seats swapped"), unknown(date(2026, 5, 1), "Licence moved")
    )
    assert said(found, "log-not-understood") == (
        "subscription 9001: its activity log says on 2026-05-01: Licence moved"
    )
    assert found.changes == ()


def test_what_was_inferred_once_keeps_its_day() -> None:
    first = planned(created(12), licenses=15)
    delta = after(by_address(first)["1/delta/2026-06-15"])
    carried = after(by_address(first)["1/base/2026-07-01"])
    standing = [
        addition(cancelled=date(2026, 6, 30)),
        addition(**{**delta, "id": 802}),
        addition(**{**carried, "id": 803}),
    ]
    for later in (date(2026, 6, 16), date(2026, 7, 20), date(2026, 12, 24)):
        seen = observed(subscriptions=[subscription(licenses=15)], additions=standing, logs=[log(created(12))])
        found = plan(seen=seen, as_of=later)
        assert (found.changes, found.held, notices(found)) == ((), (), [])


def test_a_log_that_adds_up_in_the_end_is_believed_before_the_line_that_was_inferred() -> None:
    """Nothing of it has been invoiced: the line of today is retracted, that of the true day is made."""
    first = planned(created(12), licenses=15)
    delta = after(by_address(first)["1/delta/2026-06-15"])
    carried = after(by_address(first)["1/base/2026-07-01"])
    standing = [
        addition(cancelled=date(2026, 6, 30)),
        addition(**{**delta, "id": 802}),
        addition(**{**carried, "id": 803}),
    ]
    told = log(created(12), changed(15, on=date(2026, 6, 13)))
    seen = observed(subscriptions=[subscription(licenses=15)], additions=standing, logs=[told])
    changes = by_address(plan(seen=seen, as_of=date(2026, 6, 20)))
    assert list(changes) == ["1/delta/2026-06-15", "1/delta/2026-06-13"]
    assert after(changes["1/delta/2026-06-15"]) == {"quantity": 0, "cancelled": date(2026, 6, 15)}
    assert after(changes["1/delta/2026-06-13"])["quantity"] == 3


def test_an_unread_log_leaves_its_customer_out_and_says_which() -> None:
    seen = observed(additions=[], unread_activity={"9001": "the platform answered 500"})
    found = plan(seen=seen)
    (one,) = found.held
    assert (one.kind, one.code, one.subject) == ("incomplete", "read-incomplete", "customer:100")
    assert one.why == "the activity log of subscription 9001: the platform answered 500"
    assert found.changes == ()


# -- prices


def test_a_price_first_seen_soon_after_a_years_term_renewed_is_that_terms() -> None:
    space = workspace(billing=BillingRules(price_change="actual_date"))
    shown = subscription(start=date(2025, 6, 1), end=date(2027, 5, 31), unit_price=Decimal(25))
    first = date(2026, 1, 1)
    posted = addition(effective=first, cancelled=date(2027, 5, 31), mark=mark(on=first))
    found = plan(space, observed(subscriptions=[shown], additions=[posted]))
    change = by_address(found)["1/base/2026-06-01"]
    assert after(change)["unit_price"] == Decimal(25)
    assert "renewal on 2026-06-01" in said(found, "event-inferred")


# -- ends by the log


def test_an_end_of_which_the_log_has_the_day_is_not_inferred() -> None:
    told = log(created(12), cancelled(on=date(2026, 6, 10)))
    found = plan(seen=observed(subscriptions=[ended()], logs=[told]))
    assert notices(found) == []
    assert moves(by_address(found)["1/base/2026-03-10"]) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}


def test_a_cancellation_in_the_log_of_one_that_lives_ends_nothing() -> None:
    found = planned(created(12), cancelled(on=date(2026, 6, 10)))
    assert (found.changes, found.held) == ((), ())
