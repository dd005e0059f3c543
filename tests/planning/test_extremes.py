"""Dates at the end of the calendar: services write them where they mean never, or nothing."""

from datetime import date

from engine.planning.histories import logs_wanted
from tests.planning.builders import inputs, notices, observed, plan, subscription


def test_a_subscription_that_starts_on_the_last_day_there_is_has_nothing_to_bill() -> None:
    never = subscription(start=date.max, end=None, last_updated="2026-06-14T12:00:00Z")
    seen = observed(subscriptions=[never], additions=[])

    assert logs_wanted(inputs(seen=seen)) == ()
    found = plan(seen=seen)
    assert (found.changes, found.held) == ((), ())
    assert "nothing-to-bill" in notices(found)
