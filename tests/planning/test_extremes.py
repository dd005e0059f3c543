"""Dates at the end of the calendar: services write them where they mean never, or nothing."""

from datetime import date

from engine.planning.histories import logs_wanted
from tests.planning.builders import held, inputs, observed, plan, subscription


def test_a_subscription_that_starts_on_the_last_day_there_is_holds_only_itself_back() -> None:
    never = subscription(start=date.max, end=None, last_updated="2026-06-14T12:00:00Z")
    seen = observed(subscriptions=[never], additions=[])

    assert logs_wanted(inputs(seen=seen)) == ()
    assert held(plan(seen=seen)).subject == "service:9001"
