"""Currencies of an agreement that does not name one."""

from engine.planning.fitting import mixed_currencies
from tests.planning.builders import (
    agreement,
    inputs,
    observed,
    plan,
    service_mapping,
    subscription,
    workspace,
)


def test_an_agreement_without_a_currency_bills_one_currency_only() -> None:
    both = workspace(services=[service_mapping(), service_mapping(subscription="9002")])
    pounds = subscription(id="9002", currency="GBP")
    seen = observed(subscriptions=[subscription(), pounds], agreements=[agreement(currency=None)])
    assert mixed_currencies(inputs(both, seen)) == {41: ("GBP", "USD")}
    assert {one.code for one in plan(both, seen).held} == {"currency-differs"}


def test_an_agreement_without_a_currency_takes_any_single_one() -> None:
    seen = observed(subscriptions=[subscription(currency="GBP")], agreements=[agreement(currency=None)])
    assert plan(seen=seen).held == ()
