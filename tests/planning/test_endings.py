"""Subscriptions that ended, were suspended or are on trial: what is taken back, and from which day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Effect
from engine.psa.models import Addition
from tests.planning.builders import addition as line
from tests.planning.builders import (
    after,
    by_address,
    ended,
    foreign,
    held,
    mark,
    moves,
    notices,
    observed,
    only,
    plan,
    said,
    subscription,
    total,
    workspace,
)
from tests.planning.logs import cancelled, changed, converted, created, log


def reversal(**changed: Any) -> Addition:
    """What takes back the line from the day of its cancellation to the end of the month."""
    values: dict[str, Any] = {
        "id": 802,
        "quantity": Decimal(-12),
        "effective": date(2026, 6, 15),
        "cancelled": date(2026, 6, 30),
        "mark": mark(role="reversal", on=date(2026, 6, 15)),
    }
    return line(**{**values, **changed})


ENDED = [line(cancelled=date(2026, 6, 30)), reversal()]
"""The lines of the subscription that was cancelled on 15 June, in step."""


def test_an_end_first_seen_today_takes_back_the_rest_of_the_month_from_today_on() -> None:
    found = plan(seen=observed(subscriptions=[ended()]))
    credit, base = found.changes
    assert found.held == ()
    assert (credit.address, credit.action) == ("addition:41/9001/1/reversal/2026-06-15", "create")
    assert (after(credit)["quantity"], after(credit)["unit_price"]) == (Decimal(-12), Decimal("22.00"))
    assert (after(credit)["effective"], after(credit)["cancelled"]) == (date(2026, 6, 15), date(2026, 6, 30))
    assert moves(base) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    assert "deleted" in base.reason
    # 16 of June's 30 days; from July on nothing.
    assert total(found) == Effect(
        month=Decimal("-264.00"), month_cost=Decimal("-211.20"), once=Decimal("-140.80"), once_cost=Decimal("-112.64")
    )
    assert "ended" in said(found, "event-inferred")


def test_credits_are_made_before_the_line_that_they_belong_to_is_ended() -> None:
    found = plan(seen=observed(subscriptions=[ended()]))
    assert [one.address.split("/")[3] for one in found.changes] == ["reversal", "base"]
    assert found.changes[1].needs == (found.changes[0].address,)


def test_the_day_in_the_log_holds_whenever_it_is_seen() -> None:
    told = log(created(12), cancelled(on=date(2026, 5, 20)))
    for later in (date(2026, 5, 20), date(2026, 6, 15), date(2027, 1, 31)):
        found = plan(seen=observed(subscriptions=[ended()], logs=[told]), as_of=later)
        credit = by_address(found)["1/reversal/2026-05-20"]
        assert (after(credit)["quantity"], after(credit)["cancelled"]) == (Decimal(-12), date(2026, 5, 31))
        assert "event-inferred" not in notices(found)


def test_what_ended_by_the_log_before_it_ever_had_a_line_gets_its_lines() -> None:
    told = log(created(12), cancelled(on=date(2026, 5, 20)))
    changes = by_address(plan(seen=observed(subscriptions=[ended()], additions=[], logs=[told])))
    assert list(changes) == ["1/reversal/2026-05-20", "1/base/2026-03-10"]
    assert after(changes["1/base/2026-03-10"])["cancelled"] == date(2026, 5, 31)


def test_the_end_once_posted_stays_on_every_later_day() -> None:
    for additions in (ENDED, [line(cancelled=date(2026, 6, 14))]):
        posted = observed(subscriptions=[ended()], additions=additions)
        for later in (date(2026, 6, 15), date(2026, 6, 16), date(2026, 12, 1), date(2028, 1, 1)):
            found = plan(seen=posted, as_of=later)
            assert (found.changes, found.held) == ((), ())


def test_our_own_reversal_says_when_it_ended_even_if_the_base_line_was_not_ended_yet() -> None:
    """A run that was cut off between the two."""
    seen = observed(subscriptions=[ended()], additions=[line(), reversal()])
    change = only(plan(seen=seen, as_of=date(2026, 6, 18)))
    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}


def test_an_end_of_the_first_term_that_the_platform_still_shows_takes_back_nothing_more() -> None:
    shown = ended(term="P1M", end=date(2026, 4, 9), auto_renew=False)
    found = plan(seen=observed(subscriptions=[shown], additions=[line(cancelled=date(2026, 8, 9))]))
    changes = by_address(found)
    assert list(changes) == ["1/reversal/2026-06-15", "1/base/2026-03-10"]
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (date(2026, 8, 9), date(2026, 6, 30))}


def test_a_term_that_ran_out_keeps_its_end() -> None:
    over = subscription(status="expired", state="ended", end=date(2026, 6, 9))
    assert plan(seen=observed(subscriptions=[over], additions=[line(cancelled=date(2026, 6, 9))])).changes == ()


def test_by_the_rule_of_the_month_it_ends_with_the_month() -> None:
    by_month = workspace(cancellation="end_of_month")
    change = only(plan(by_month, observed(subscriptions=[ended()])))
    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    posted = observed(subscriptions=[ended()], additions=[line(cancelled=date(2026, 6, 30))])
    assert plan(by_month, posted, as_of=date(2026, 8, 1)).changes == ()


def test_of_an_ended_subscription_nothing_but_its_end_is_taken() -> None:
    emptied = ended(licenses=0, unit_price=Decimal(0), unit_cost=Decimal(0))
    changes = by_address(plan(seen=observed(subscriptions=[emptied])))
    assert set(changes) == {"1/base/2026-03-10", "1/reversal/2026-06-15"}
    assert set(after(changes["1/base/2026-03-10"])) == {"cancelled"}
    credit = after(changes["1/reversal/2026-06-15"])
    assert (credit["quantity"], credit["unit_price"]) == (Decimal(-12), Decimal("22.00"))
    assert plan(seen=observed(subscriptions=[emptied], additions=ENDED), as_of=date(2026, 7, 20)).changes == ()


def test_an_ended_subscription_that_never_had_a_line_gets_none_whatever_stands_there() -> None:
    found = plan(seen=observed(subscriptions=[ended()], additions=[foreign()]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["ended"])


@pytest.mark.parametrize("state", ["pending", "billing"])
def test_a_subscription_that_is_being_set_up_bills_from_its_start(state: Any) -> None:
    found = plan(seen=observed(subscriptions=[subscription(state=state)], additions=[]))
    assert after(only(found))["effective"] == date(2026, 3, 10)


def test_a_trial_has_no_line_until_it_is_converted() -> None:
    found = plan(seen=observed(subscriptions=[subscription(trial=True)], additions=[foreign()]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["trial"])


def test_a_trial_with_lines_is_held() -> None:
    assert held(plan(seen=observed(subscriptions=[subscription(trial=True)]))).code == "trial-billed"
    retracted = line(quantity=Decimal(0), cancelled=date(2026, 3, 10))
    found = plan(seen=observed(subscriptions=[subscription(trial=True)], additions=[retracted]))
    assert (found.held, notices(found)) == ((), ["trial"])


def test_a_converted_trial_bills_from_its_conversion() -> None:
    told = log(created(5), converted(on=date(2026, 4, 10), quantity=12))
    change = only(plan(seen=observed(additions=[], logs=[told])))
    assert (after(change)["effective"], after(change)["quantity"]) == (date(2026, 4, 10), 12)
    assert change.address == "addition:41/9001/1/base/2026-04-10"


def test_a_converted_trial_of_which_the_log_says_no_number_keeps_that_of_the_trial() -> None:
    told = log(created(5), changed(12, on=date(2026, 4, 1)), converted(on=date(2026, 4, 10)))
    change = only(plan(seen=observed(additions=[], logs=[told])))
    assert (after(change)["effective"], after(change)["quantity"]) == (date(2026, 4, 10), 12)


def test_a_suspended_subscription_bills_on_with_a_notice() -> None:
    suspended = subscription(state="suspended", status="suspended")
    found = plan(seen=observed(subscriptions=[suspended]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["suspended"])


def test_a_subscription_whose_term_ended_before_it_may_be_billed_is_mentioned() -> None:
    over = subscription(end=date(2026, 3, 31))
    found = plan(workspace(manage_from=date(2026, 5, 1)), observed(subscriptions=[over], additions=[]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["nothing-to-bill", "term-over"])


@pytest.mark.parametrize("behaviour", ["billed", "not_billed"])
def test_the_end_is_written_as_the_psa_bills_its_day_and_read_back_the_same(behaviour: Any) -> None:
    wanted = workspace(cancelled_day=behaviour)
    more = timedelta(days=behaviour == "not_billed")
    on = date(2027, 3, 9) + more
    assert after(only(plan(wanted, observed(additions=[]))))["cancelled"] == on
    assert plan(wanted, observed(additions=[line(cancelled=on)])).changes == ()
    changes = by_address(plan(wanted, observed(subscriptions=[ended()], additions=[line(cancelled=on)])))
    last = date(2026, 6, 30) + more
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (on, last)}
    assert after(changes["1/reversal/2026-06-15"])["cancelled"] == last
    later = observed(subscriptions=[ended()], additions=[line(cancelled=last), reversal(cancelled=last)])
    assert plan(wanted, later, as_of=date(2026, 9, 1)).changes == ()


@pytest.mark.parametrize("as_of", [date(2026, 6, 16), date(2026, 6, 20), date(2026, 7, 20)])
def test_an_end_in_the_last_days_of_a_term_is_taken_back_even_if_it_is_seen_after_them(as_of: date) -> None:
    """The line has ended with its term meanwhile: that tells nothing of how a cancellation is billed."""
    shown = ended(end=date(2026, 6, 20))
    told = log(created(12), cancelled(on=date(2026, 6, 16)))
    posted = line(cancelled=date(2026, 6, 20))
    credit = only(plan(seen=observed(subscriptions=[shown], additions=[posted], logs=[told]), as_of=as_of))
    assert credit.address == "addition:41/9001/1/reversal/2026-06-16"
    assert (after(credit)["quantity"], after(credit)["cancelled"]) == (Decimal(-12), date(2026, 6, 20))


@pytest.mark.parametrize("day", [8, 9, 10, 11])
@pytest.mark.parametrize(
    "additions", [[], [line(quantity=Decimal(0), cancelled=date(2026, 3, 10))]], ids=["none", "retracted"]
)
def test_what_ended_on_a_day_that_nobody_knows_and_has_no_line_never_gets_one(
    day: int, additions: list[Addition]
) -> None:
    """Nor on the day after the end of the term that it still shows: it was cancelled, and did not run out."""
    found = plan(seen=observed(subscriptions=[ended()], additions=additions), as_of=date(2027, 3, day))
    assert (found.changes, found.held) == ((), ())
