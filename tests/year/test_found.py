"""What the scripted year found, each as the smallest case that shows it."""

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.evidence import PostedLine
from engine.billing.history import Cancellation, Upgrade
from engine.billing.model import AgreementTerms, Rules, SubscriptionTerms
from engine.billing.told import Logged, Shown
from engine.planning.histories import logs_wanted
from engine.planning.plan import Plan
from engine.platform.models import Activity, ActivityLog
from tests.planning.builders import (
    addition,
    after,
    agreement,
    ended,
    inputs,
    mark,
    observed,
    plan,
    subscription,
    workspace,
)


def _shown(licences: int, **changed: Any) -> Shown:
    values: dict[str, Any] = {
        "kind": "license",
        "product": "NEW",
        "start": date(2026, 1, 10),
        "end": date(2027, 1, 9),
        "unit_price": Decimal(30),
        **changed,
    }
    return Shown(terms=SubscriptionTerms(**values), licences=licences)


def _posted(segment: int, product: str, price: int, effective: date, cancelled: date, **changed: Any) -> PostedLine:
    values: dict[str, Any] = {"role": "base", "quantity": 10, **changed}
    return PostedLine(
        segment=segment,
        product=product,
        effective=effective,
        cancelled=cancelled,
        unit_price=Decimal(price),
        unit_cost=Decimal(0),
        **values,
    )


def test_what_follows_a_logged_upgrade_is_of_the_product_that_its_line_has() -> None:
    log = (
        Logged(on=date(2026, 1, 10), kind="created", quantity=10, sku="1"),
        Logged(on=date(2026, 5, 12), kind="upgraded", sku="2"),
        Logged(on=date(2026, 6, 7), kind="quantity", quantity=8, sku="2"),
    )
    posted = (
        _posted(1, "OLD", 20, date(2026, 1, 10), date(2026, 5, 31)),
        _posted(1, "OLD", 20, date(2026, 5, 12), date(2026, 5, 31), role="reversal", quantity=-10),
        _posted(2, "NEW", 30, date(2026, 5, 12), date(2027, 1, 9)),
    )
    found = complete(_shown(8), log, posted, date(2026, 6, 7))
    assert [event.product for event in found.history if isinstance(event, Upgrade)] == ["NEW"]


def test_a_decrease_of_the_month_before_is_read_where_it_bills_from_the_first_of_the_next() -> None:
    touched = observed(subscriptions=[subscription(last_updated="2026-05-20T10:00:00Z")])

    def reads_log(decrease: str) -> bool:
        return bool(logs_wanted(inputs(workspace(manage_from=date(2026, 6, 1), decrease=decrease), touched)))

    assert reads_log("first_of_next_month")
    assert not reads_log("actual_date")


def _reads_log(touched: str, billed: int | None, as_of: date) -> bool:
    """Of a subscription of 12 licences, bought on 10 June and changed in its first two days or not."""
    new = subscription(start=date(2026, 6, 10), last_updated=f"{touched}T10:00:00Z", licenses=12)
    line = addition(effective=date(2026, 6, 10), mark=mark(on=date(2026, 6, 10)), quantity=Decimal(billed or 0))
    seen = observed(subscriptions=[new], additions=[] if billed is None else [line])
    return bool(logs_wanted(inputs(workspace(), seen, as_of=as_of)))


def test_a_change_on_the_first_day_is_read_from_the_log_when_its_line_was_made_before() -> None:
    assert _reads_log("2026-06-10", 10, date(2026, 6, 12)), "the day of the change is in the log alone"
    assert not _reads_log("2026-06-10", 12, date(2026, 6, 12)), "in step"
    assert not _reads_log("2026-06-10", None, date(2026, 6, 12)), "bought with as many as it has"


def test_what_is_newer_than_the_purchase_is_read_from_the_log() -> None:
    assert _reads_log("2026-06-11", None, date(2026, 6, 11)), "a trial may have been converted"
    assert _reads_log("2026-06-11", 10, date(2026, 6, 12)), "its licences may have changed in place"


def _cancelled_in_august(entered: date | None) -> Plan:
    """Cancelled on 26 August with its month's end; an increase of July had made a line from 1 September."""
    items = (
        Activity(on=date(2026, 3, 10), kind="created", quantity=12),
        Activity(on=date(2026, 8, 10), kind="quantity", quantity=15),
        Activity(on=date(2026, 8, 26), kind="cancelled"),
    )
    lines = [
        addition(cancelled=date(2026, 8, 31)),
        addition(
            id=802,
            mark=mark(role="delta", on=date(2026, 8, 10)),
            effective=date(2026, 8, 10),
            cancelled=date(2026, 8, 31),
            quantity=Decimal(3),
        ),
        addition(
            id=803,
            mark=mark(on=date(2026, 9, 1)),
            effective=date(2026, 9, 1),
            quantity=Decimal(15),
            entered=entered,
        ),
    ]
    seen = observed(
        subscriptions=[ended(licenses=15, last_updated="2026-08-26T12:00:00Z")],
        agreements=[agreement(next_invoice=date(2026, 10, 1))],
        additions=lines,
        logs=[ActivityLog(subscription="9001", items=items)],
        invoiced_on={41: date(2026, 8, 26)},
    )
    return plan(workspace(cancellation="end_of_month"), seen, as_of=date(2026, 8, 27))


def test_a_line_that_was_there_when_it_was_invoiced_is_not_retracted_for_what_happened_later_that_day() -> None:
    _ends_with_what_was_invoiced(_cancelled_in_august(date(2026, 8, 10)))


def test_where_the_psa_does_not_say_when_a_line_was_made_it_counts_from_when_it_was_first_wanted() -> None:
    _ends_with_what_was_invoiced(_cancelled_in_august(None))


def _ends_with_what_was_invoiced(found: Plan) -> None:
    (change,) = found.changes
    assert (change.object_id, after(change)) == (803, {"cancelled": date(2026, 9, 30)})
    (one,) = found.held
    assert (one.code, one.why[:38]) == ("late-change", "-330.00 USD of 2026-09-01 to 2026-09-3")


def test_a_line_that_was_made_after_the_invoice_is_retracted() -> None:
    (change,) = _cancelled_in_august(date(2026, 8, 28)).changes
    assert (change.object_id, after(change)["quantity"]) == (803, 0)


def test_changes_up_and_down_of_one_day_are_the_line_of_that_day_and_a_later_one_is_its_own() -> None:
    log = (
        Logged(on=date(2026, 1, 10), kind="created", quantity=10),
        Logged(on=date(2026, 3, 21), kind="quantity", quantity=15),
        Logged(on=date(2026, 3, 21), kind="quantity", quantity=12),
        Logged(on=date(2026, 3, 30), kind="quantity", quantity=13),
    )
    posted = (
        _posted(1, "NEW", 30, date(2026, 1, 10), date(2026, 3, 31)),
        _posted(1, "NEW", 30, date(2026, 3, 21), date(2026, 3, 31), role="delta", quantity=2),
        _posted(1, "NEW", 30, date(2026, 4, 1), date(2027, 1, 9), quantity=12),
    )
    found = complete(_shown(13), log, posted, date(2026, 3, 30))
    monthly = AgreementTerms(start=date(2026, 1, 1), billing="monthly")
    reckoned = lines(found.terms, found.history, monthly, Rules(), date(2026, 3, 30))
    deltas = [(line.effective, line.quantity) for line in reckoned if line.role == "delta"]
    assert deltas == [(date(2026, 3, 21), 2), (date(2026, 3, 30), 1)]


def test_what_the_platform_shows_as_expired_ran_out_also_where_its_line_ends_with_the_month() -> None:
    """The line stopped at the last invoiced day when its renewal was switched off: that is no cancellation."""
    log = (
        Logged(on=date(2026, 1, 10), kind="created", quantity=10),
        Logged(on=date(2026, 5, 10), kind="cancelled"),
    )
    posted = (_posted(1, "NEW", 30, date(2026, 1, 10), date(2026, 5, 31)),)
    shown = replace(_shown(10, end=date(2026, 5, 9)), ended=True, expired=True)
    found = complete(shown, log, posted, date(2026, 5, 10))
    assert found.terms.end == date(2026, 5, 9)
    assert not any(isinstance(event, Cancellation) for event in found.history)


def test_licences_given_up_and_taken_again_leave_the_increase_before_them_alone() -> None:
    log = (
        Logged(on=date(2026, 1, 10), kind="created", quantity=10),
        Logged(on=date(2026, 3, 21), kind="quantity", quantity=13),
        Logged(on=date(2026, 3, 30), kind="quantity", quantity=10),
        Logged(on=date(2026, 3, 30), kind="quantity", quantity=13),
    )
    posted = (
        _posted(1, "NEW", 30, date(2026, 1, 10), date(2026, 3, 31)),
        _posted(1, "NEW", 30, date(2026, 3, 21), date(2026, 3, 31), role="delta", quantity=3),
        _posted(1, "NEW", 30, date(2026, 4, 1), date(2027, 1, 9), quantity=13),
    )
    found = complete(_shown(13), log, posted, date(2026, 3, 30))
    monthly = AgreementTerms(start=date(2026, 1, 1), billing="monthly")
    reckoned = lines(found.terms, found.history, monthly, Rules(), date(2026, 3, 30))
    assert [(line.effective, line.quantity) for line in reckoned if line.role == "delta"] == [(date(2026, 3, 21), 3)]


def test_the_price_of_a_renewal_bills_from_it_also_where_another_was_announced_for_the_next_year() -> None:
    posted = (
        _posted(1, "NEW", 20, date(2026, 1, 10), date(2027, 8, 31)),
        _posted(1, "NEW", 25, date(2027, 9, 1), date(2028, 1, 9)),
    )
    terms = {"end": date(2028, 1, 9), "term": "P1Y", "auto_renew": True, "unit_price": Decimal(30)}
    found = complete(_shown(10, **terms), None, posted, date(2027, 1, 10))
    yearly = AgreementTerms(start=date(2025, 9, 1), billing="annual")
    reckoned = lines(found.terms, found.history, yearly, Rules(), date(2027, 1, 10))
    assert [(line.effective, line.unit_price) for line in reckoned] == [
        (date(2026, 1, 10), Decimal(20)),
        (date(2027, 1, 10), Decimal(30)),
    ]


def test_an_increase_after_the_takeover_is_not_the_line_that_the_takeover_made_of_one_before() -> None:
    log = (
        Logged(on=date(2026, 1, 10), kind="created", quantity=6),
        Logged(on=date(2026, 3, 2), kind="quantity", quantity=8),
        Logged(on=date(2026, 6, 22), kind="quantity", quantity=10),
    )
    posted = (
        _posted(1, "NEW", 30, date(2026, 6, 1), date(2026, 8, 31), quantity=6),
        _posted(1, "NEW", 30, date(2026, 6, 1), date(2026, 8, 31), role="delta", quantity=2),
        _posted(1, "NEW", 30, date(2026, 9, 1), date(2027, 1, 9), quantity=8),
    )
    found = complete(_shown(10, effective_date=date(2026, 6, 1)), log, posted, date(2026, 6, 22))
    yearly = AgreementTerms(start=date(2025, 9, 1), billing="annual")
    reckoned = lines(found.terms, found.history, yearly, Rules(), date(2026, 6, 22))
    deltas = [(line.effective, line.quantity) for line in reckoned if line.role == "delta"]
    assert deltas == [(date(2026, 6, 1), 2), (date(2026, 6, 22), 2)]
