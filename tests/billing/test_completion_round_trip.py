"""What stands proves what was: lines made of a true history are reckoned again, to the cent and the day, without it.

A true history gives lines; of it only what the platform's list shows is kept, and a log in one of four forms. What that
cannot tell in principle is left out by `untellable`, with the reason.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.billing.history import Cancellation, QuantityChange, Renewal, Upgrade
from engine.billing.model import Line
from engine.billing.told import Logged
from tests.billing.by_day import holds_from, told
from tests.billing.completing import again, log, shown
from tests.billing.strategies import Case, cases_seen

FORMS = ("none", "complete", "thin", "bare")
"""No log; the complete one; purchase and quantities with their products, as recorded; and without products."""


def known_by(case: Case, day: date) -> Case:
    """With nothing to come after a day."""
    return msgspec.structs.replace(case, history=tuple(event for event in case.history if event.on <= day))


def told_by(form: str, case: Case, day: date) -> tuple[Logged, ...] | None:
    if form == "none":
        return None
    items = log(case, day, thin=form != "complete")
    return tuple(msgspec.structs.replace(item, sku="", product="") for item in items) if form == "bare" else items


def untellable(case: Case, day: date, standing: list[Line], form: str) -> Iterator[str]:
    """Why lines and list cannot tell a history, in principle."""
    if not standing:
        yield "there are no lines"
        return
    events, seen, renews = list(told(case, day)), shown(case, day), case.subscription.auto_renew
    if seen.terms.end is not None and seen.terms.end < seen.terms.start:
        yield "a renewal ended its term before its start"
    if seen.ended and not seen.licences and case.agreement.billing == "annual":
        yield "cancelled with nothing to take back: a year's line does not tell when"
    last = max(line.cancelled or date.max for line in standing)
    upgrades = [one.event.on for one in events if isinstance(one.event, Upgrade)]
    if form == "thin" and any(upgrade < case.own_from for upgrade in upgrades):
        yield "an upgrade before the first line, not in the log: its segment is known, its day is not"
    for one in events:
        event = one.event
        if isinstance(event, Cancellation) and form in {"thin", "bare"} and event.on < case.own_from:
            yield "cancelled before the first line, not in the log: what was still to come then is not known"
        if isinstance(event, Renewal) and last < holds_from(case, one) < date.max:
            yield "a price that begins after the last line: nothing shows it"
        if isinstance(event, Renewal) and not renews and standing[0].segment > 1:
            yield "a fixed term in a segment without a line, renewed since"
        if isinstance(event, Cancellation) and renews and one.end == event.on - timedelta(days=1):
            yield "cancelled on the day after the end that it shows: taken as run out"
        if isinstance(event, Upgrade) and not renews and one.end is not None and one.end < event.on:
            yield "upgraded after it had run out"
        if form == "thin" and len(upgrades) > 1 and isinstance(event, QuantityChange) and event.on in upgrades:
            yield "of several upgrades that are not in the log, a change on the day of one can be of either segment"


def checked_in(form: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(seen=cases_seen(), later=st.sampled_from((0, 0, 1, 2, 5, 17, 40)))
    def check(seen: tuple[Case, date], later: int) -> None:
        case, day = known_by(*seen), seen[1]
        standing = list(case.lines(day))
        assume(not list(untellable(case, day, standing, form)))
        day += timedelta(days=later)
        assert again(case, shown(case, day), told_by(form, case, day), standing, day) == list(case.lines(day))

    check()


@pytest.mark.parametrize("form", FORMS)
def test_lines_that_stand_are_reckoned_again_from_what_is_left_of_their_history(form: str) -> None:
    checked_in(form, 250)


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
def test_many_lines_that_stand_are_reckoned_again(form: str) -> None:
    checked_in(form, 2000)
