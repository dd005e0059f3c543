"""Whether a service can be billed: its subscription, its product and its agreements, and that they fit together."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Selection
from tests.planning.builders import (
    AS_OF,
    agreement,
    held,
    observed,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"currency": "EUR"}, "currency-differs", "USD"),
        ({"cycle": "annual"}, "cycle-differs", "monthly"),
        ({"cycle": "quarterly"}, "cycle-differs", "quarterly"),
        ({"state": "unknown", "status": "paused"}, "status-unknown", "'paused'"),
        ({"customer_id": "200"}, "subscription-of-another-customer", "200"),
        ({"plan": "Yearly"}, "product-unmapped", "30/Suite/Yearly"),
        ({"end": None, "end_note": "year 9999"}, "end-unreadable", "year 9999"),
        ({"term": "a while", "auto_renew": True, "end": date(2026, 3, 31)}, "term-unreadable", "a while"),
        ({"term": None, "auto_renew": True}, "term-unreadable", "no term"),
        ({"end": date(2026, 3, 10), "unit_price": Decimal(0)}, "kind-contradicted", "kind: license"),
        ({"cycle": "one_time"}, "kind-contradicted", "once"),
        ({"end": date(2026, 3, 9)}, "end-before-start", "2026-03-09"),
    ],
)
def test_a_subscription_that_does_not_fit_holds_its_service_alone(
    changed: dict[str, Any], code: str, words: str
) -> None:
    one = held(plan(seen=observed(subscriptions=[subscription(**changed)])))
    assert (one.code, one.kind, one.subject, one.customer) == (code, "blocked", "service:9001", "100")
    assert words in one.why
    assert one.source == service_mapping().place


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"company_id": 22, "company": "Another"}, "agreement-of-another-company"),
        ({"cancelled": True}, "agreement-ended"),
        ({"end": date(2026, 6, 14)}, "agreement-ended"),
        ({"start": None}, "agreement-without-start"),
        ({"billing_cycle_id": 2}, "cycle-differs"),
        ({"billing_cycle_id": 3}, "cycle-differs"),
        ({"billing_cycle_id": None}, "cycle-differs"),
        ({"currency": "EUR"}, "currency-differs"),
    ],
)
def test_an_agreement_that_does_not_fit_holds_its_service(changed: dict[str, Any], code: str) -> None:
    assert held(plan(seen=observed(agreements=[agreement(**changed)]))).code == code


def test_an_agreement_may_end_today_and_may_leave_its_currency_open() -> None:
    assert plan(seen=observed(agreements=[agreement(end=AS_OF, currency=None)])).held == ()


def test_an_agreement_that_is_gone_holds_its_service() -> None:
    assert held(plan(seen=observed(agreements=[]))).code == "agreement-missing"


def test_a_subscription_that_vanished_is_reported_and_its_line_left_as_it_is() -> None:
    one = held(plan(seen=observed(subscriptions=[])))
    assert (one.code, one.kind) == ("subscription-missing", "incomplete")


def test_a_licence_whose_cycle_is_unknown_is_held() -> None:
    assert held(plan(seen=observed(subscriptions=[subscription(cycle=None)], additions=[]))).code == "cycle-unknown"


def test_a_value_that_cannot_be_reckoned_with_holds_its_service_alone() -> None:
    found = plan(seen=observed(subscriptions=[subscription(unit_price=Decimal("1e30"))], additions=[]))
    assert held(found).code == "value-unusable"


def test_licences_that_are_mapped_as_consumption_are_held() -> None:
    usage = workspace(products=[product_mapping(kind="usage")])
    one = held(plan(usage, observed(additions=[])))
    assert (one.code, "MPN-1" in one.why, one.hint) == (
        "kind-contradicted",
        True,
        "write `kind: license` in the product's mapping",
    )


def test_an_agreement_that_the_psa_does_not_list_is_missing_not_unread() -> None:
    found = plan(seen=observed(agreements=[], additions=[], unread_agreements={41: "answered 404"}))
    assert [one.code for one in found.held] == ["agreement-missing"]


def test_a_subscription_that_a_selection_did_not_read_is_not_said_to_be_gone() -> None:
    found = plan(seen=observed(subscriptions=[]), selection=Selection(customers=("100",)))
    (one,) = found.held
    assert one.code == "subscription-missing"
    assert "under customer 100" in one.why
    assert "cancelled" not in (one.hint or "")


def test_a_yearly_subscription_needs_a_year_that_begins_with_its_month_and_is_told_both_days() -> None:
    yearly = agreement(billing_cycle_id=2, start=date(2026, 1, 1))
    annual = subscription(cycle="annual")
    one = held(plan(seen=observed(subscriptions=[annual], agreements=[yearly], additions=[])))
    assert one.code == "year-differs"
    assert "starts on 2026-03-10" in one.why
    assert "on 2026-01-01" in one.why
    assert one.hint == "map it onto a yearly agreement that starts on 2026-03-01"


@pytest.mark.parametrize("start", [date(2026, 3, 1), date(2019, 3, 1), date(2027, 3, 1)])
def test_the_year_of_the_agreement_may_have_begun_in_any_year(start: date) -> None:
    yearly = agreement(billing_cycle_id=2, start=start)
    found = plan(seen=observed(subscriptions=[subscription(cycle="annual")], agreements=[yearly], additions=[]))
    assert found.held == ()
