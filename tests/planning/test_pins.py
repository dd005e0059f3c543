"""Pinned values: from the day on which a plan first sees them to a last day that is known from the beginning."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.explanation import explain
from engine.planning.explanation_values import to_document
from engine.planning.plan import Plan
from engine.psa.models import Addition
from engine.reporting.render import render_explanation_text
from engine.workspace.choices import BillingRules
from engine.workspace.owners import Pin
from tests.planning.builders import (
    AS_OF,
    addition,
    after,
    by_address,
    inputs,
    item,
    mark,
    moves,
    notices,
    observed,
    only,
    place,
    plan,
    product_mapping,
    said,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import cancelled, changed, created, log, upgraded

FIRST = "1/base/2026-03-10"
OCTOBER = date(2026, 9, 30)
ACTUAL = BillingRules(price_change="actual_date")
PINNED = Decimal("19.50")


def pin(**changed_to: Any) -> Pin:
    values: dict[str, Any] = {
        "field": "unit_price",
        "value": "19.50",
        "reason": "Agreed with the board",
        "until": OCTOBER,
        "place": place(7),
    }
    return Pin(**{**values, **changed_to})


def pinned(*pins: Pin, billing: BillingRules | None = None, **more: Any) -> Any:
    return workspace(services=[service_mapping(pins=pins or (pin(),))], billing=billing, **more)


def base(number: int, first: date, last: date | None, price: str = "22.00", **more: Any) -> Addition:
    return addition(id=number, mark=mark(on=first), effective=first, cancelled=last, unit_price=Decimal(price), **more)


START, END = date(2026, 3, 10), date(2027, 3, 9)
PIECES = (
    base(801, START, date(2026, 6, 30)),
    base(802, date(2026, 7, 1), OCTOBER, "19.50"),
    base(803, date(2026, 10, 1), END),
)
"""What the pin of 15 June makes of the line, where a new price is billed from the next billing period."""


def in_step(found: Plan) -> bool:
    return (found.changes, found.held) == ((), ())


def test_a_pin_is_a_price_change_of_the_day_on_which_it_is_first_seen_and_ends_on_its_last_day() -> None:
    found = by_address(plan(pinned()))
    assert moves(found[FIRST]) == {"cancelled": (END, date(2026, 6, 30))}
    lines = [(one["effective"], one["cancelled"], one["unit_price"]) for one in map(after, [*found.values()][1:])]
    assert lines == [
        (date(2026, 7, 1), OCTOBER, PINNED),
        (date(2026, 10, 1), END, Decimal("22.00")),
    ]
    notes = [one.notes for one in found.values()]
    assert notes == [
        (),
        ("unit price pinned to 19.50 through 2026-09-30: Agreed with the board (mappings/services.yaml:7)",),
        (),
    ]


def test_a_price_that_is_billed_from_the_day_of_a_change_is_pinned_from_that_day_to_the_day_itself() -> None:
    wanted = pinned(pin(until=date(2026, 9, 10)), billing=ACTUAL)
    found = [after(one) for one in plan(wanted).changes[1:]]
    assert [(one["effective"], one["cancelled"]) for one in found] == [
        (AS_OF, date(2026, 9, 10)),
        (date(2026, 9, 11), END),
    ]


def test_a_period_price_holds_to_the_end_of_the_period_of_the_last_day() -> None:
    for until in (date(2026, 9, 1), date(2026, 9, 17), OCTOBER):
        found = [after(one) for one in plan(pinned(pin(until=until))).changes[1:]]
        assert [(one["effective"], one["cancelled"]) for one in found] == [
            (date(2026, 7, 1), OCTOBER),
            (date(2026, 10, 1), END),
        ]


@pytest.mark.parametrize("as_of", [AS_OF, date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 24)])
def test_what_a_pin_made_is_in_step_on_every_later_day(as_of: date) -> None:
    assert in_step(plan(pinned(), observed(additions=PIECES), as_of=as_of))


def test_a_price_entered_by_hand_is_kept_by_pinning_it() -> None:
    found = plan(pinned(), observed(additions=[addition(unit_price=PINNED)]))
    assert [(one.address[-10:], {**moves(one)}["cancelled"]) for one in found.changes if one.action == "update"] == [
        ("2026-03-10", (END, OCTOBER))
    ]
    assert notices(found) == []
    (begins,) = [after(one) for one in found.changes if one.action == "create"]
    assert (begins["effective"], begins["unit_price"]) == (date(2026, 10, 1), Decimal("22.00"))


def test_a_pinned_price_is_never_rounded() -> None:
    odd = subscription(unit_price=Decimal("22.004"))
    assert plan(pinned(), observed(subscriptions=[odd], additions=PIECES)).rounding == 0
    assert plan(seen=observed(subscriptions=[odd])).rounding == Decimal("-0.048")


def test_a_first_line_is_pinned_at_once() -> None:
    found = by_address(plan(pinned(), observed(additions=[])))
    assert after(found[FIRST])["unit_price"] == PINNED
    assert after(found["1/base/2026-10-01"])["unit_price"] == Decimal("22.00")


def test_while_a_pin_holds_the_platforms_price_is_kept_in_step_for_the_day_after_it_alone() -> None:
    dearer = subscription(unit_price=Decimal("25.00"))
    found = plan(pinned(), observed(subscriptions=[dearer], additions=PIECES), as_of=date(2026, 8, 20))
    change = only(found)
    assert (change.address[-10:], moves(change)) == (
        "2026-10-01",
        {"unit_price": (Decimal("22.00"), Decimal("25.00"))},
    )
    assert notices(found) == []


def test_the_other_price_changes_as_ever_while_one_is_pinned() -> None:
    costlier = subscription(unit_cost=Decimal("18.00"))
    found = plan(pinned(), observed(subscriptions=[costlier], additions=PIECES), as_of=date(2026, 8, 20))
    changes = by_address(found)
    assert moves(changes["1/base/2026-07-01"]) == {"cancelled": (OCTOBER, date(2026, 8, 31))}
    new = after(changes["1/base/2026-09-01"])
    assert (new["unit_price"], new["unit_cost"], new["cancelled"]) == (PINNED, Decimal("18.00"), OCTOBER)
    assert moves(changes["1/base/2026-10-01"]) == {"unit_cost": (Decimal("17.60"), Decimal("18.00"))}
    assert "a cost of 18.00; when it changed is not known" in said(found, "event-inferred")


def test_an_end_that_a_broken_off_run_left_open_is_carried_on_from_its_own_day() -> None:
    for as_of in (date(2026, 8, 1), date(2026, 10, 1), date(2026, 11, 20)):
        change = only(plan(pinned(), observed(additions=PIECES[:2]), as_of=as_of))
        assert (after(change)["effective"], after(change)["unit_price"]) == (date(2026, 10, 1), Decimal("22.00"))


def test_a_price_change_after_a_pin_is_one_of_its_own_day() -> None:
    dearer = subscription(unit_price=Decimal("25.00"))
    found = by_address(plan(pinned(), observed(subscriptions=[dearer], additions=PIECES), as_of=date(2026, 11, 20)))
    assert found.keys() == {"1/base/2026-10-01", "1/base/2026-12-01"}


def test_a_pin_without_effect_at_its_end_leaves_no_price_behind() -> None:
    """The platform showed the pinned price when it ended, and rose later: it is not billed from the end on."""
    whole = base(801, START, END, "19.50")
    same = subscription(unit_price=PINNED)
    for as_of in (AS_OF, date(2026, 10, 1)):
        assert in_step(plan(pinned(), observed(subscriptions=[same], additions=[whole]), as_of=as_of))
    risen = observed(subscriptions=[subscription(unit_price=Decimal("25.00"))], additions=[whole])
    found = by_address(plan(pinned(), risen, as_of=date(2026, 11, 20)))
    assert found.keys() == {FIRST, "1/base/2026-12-01"}


def test_another_last_day_moves_the_end() -> None:
    earlier = by_address(plan(pinned(pin(until=date(2026, 8, 31))), observed(additions=PIECES), as_of=date(2026, 7, 5)))
    assert moves(earlier["1/base/2026-07-01"]) == {"cancelled": (OCTOBER, date(2026, 8, 31))}
    assert after(earlier["1/base/2026-09-01"])["cancelled"] == END
    assert moves(earlier["1/base/2026-10-01"])["quantity"] == (12, 0)

    later = by_address(plan(pinned(pin(until=date(2026, 12, 31))), observed(additions=PIECES), as_of=date(2026, 9, 29)))
    assert moves(later["1/base/2026-07-01"]) == {"cancelled": (OCTOBER, date(2026, 12, 31))}
    assert moves(later["1/base/2026-10-01"])["quantity"] == (12, 0)
    assert after(later["1/base/2027-01-01"])["unit_price"] == Decimal("22.00")


def test_price_and_cost_are_pinned_to_days_of_their_own() -> None:
    wanted = pinned(pin(), pin(field="unit_cost", value="15", until=date(2026, 12, 31)))
    found = [after(one) for one in plan(wanted).changes[1:]]
    assert [(one["effective"], one["unit_price"], one["unit_cost"]) for one in found] == [
        (date(2026, 7, 1), PINNED, Decimal(15)),
        (date(2026, 10, 1), Decimal("22.00"), Decimal(15)),
        (date(2027, 1, 1), Decimal("22.00"), Decimal("17.60")),
    ]


def test_a_change_of_licences_carries_the_pinned_price_on() -> None:
    seen = observed(
        subscriptions=[subscription(licenses=15, last_updated="2026-08-05T08:00:00Z")],
        additions=PIECES,
        logs=[log(created(12), changed(15, date(2026, 8, 5)))],
    )
    found = by_address(plan(pinned(), seen, as_of=date(2026, 8, 20)))
    assert after(found["1/delta/2026-08-05"])["unit_price"] == PINNED
    assert after(found["1/base/2026-09-01"])["unit_price"] == PINNED
    assert moves(found["1/base/2026-10-01"]) == {"quantity": (12, 15)}


def test_a_cancellation_takes_back_at_the_pinned_price() -> None:
    over = subscription(status="deleted", state="ended", last_updated="2026-08-05T08:00:00Z")
    seen = observed(subscriptions=[over], additions=PIECES, logs=[log(created(12), cancelled(date(2026, 8, 5)))])
    found = by_address(plan(pinned(), seen, as_of=date(2026, 8, 20)))
    credit = after(found["1/reversal/2026-08-05"])
    assert (credit["quantity"], credit["unit_price"], credit["cancelled"]) == (-12, PINNED, date(2026, 8, 31))
    assert moves(found["1/base/2026-10-01"])["quantity"] == (12, 0)


def test_an_upgrade_that_would_be_billed_at_a_pinned_price_is_warned_of() -> None:
    other = ("30", "Suite", "Big")
    products = [product_mapping(), product_mapping(plan="Big", catalog_item=72)]
    wanted = workspace(products=products, services=[service_mapping(pins=(pin(),))])
    seen = observed(
        subscriptions=[subscription(plan="Big", last_updated="2026-08-05T08:00:00Z")],
        items=[item(), item(id=72, identifier="SUITE-L")],
        additions=PIECES,
        logs=[
            log(created(12, product="/".join(("30", "Suite", "Monthly"))), upgraded(date(2026, 8, 5), "/".join(other)))
        ],
    )
    found = plan(wanted, seen, as_of=date(2026, 8, 20))
    assert "pin-upgraded" in notices(found)
    warning = next(one for one in found.notices if one.code == "pin-upgraded")
    assert (warning.severity, str(warning.place)) == ("warning", "mappings/services.yaml:7:3")
    assert after(by_address(found)["2/base/2026-08-05"])["unit_price"] == PINNED


def days(first: date, count: int) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range(count))


def test_the_end_of_a_pin_is_said_thirty_days_ahead_and_after_it() -> None:
    said_on = {
        day: notices(plan(pinned(), observed(additions=PIECES), as_of=day)) for day in days(date(2026, 8, 30), 34)
    }
    assert [day for day, codes in said_on.items() if codes == []] == [date(2026, 8, 30)]
    assert [day for day, codes in said_on.items() if codes == ["pin-ends"]] == [*days(date(2026, 8, 31), 31)]
    assert [day for day, codes in said_on.items() if codes == ["pin-ended"]] == [*days(date(2026, 10, 1), 2)]
    last = plan(pinned(), observed(additions=PIECES), as_of=OCTOBER)
    assert "ends with 2026-09-30" in said(last, "pin-ends")
    assert "Agreed with the board" in said(last, "pin-ends")
    assert str(last.notices[0].place) == "mappings/services.yaml:7:3"


def test_a_notice_of_a_pin_names_the_last_day_that_bills_it() -> None:
    """With the next billing period, the line is cut at the end of the one that holds `until`."""
    found = plan(pinned(pin(until=date(2026, 9, 10))), observed(additions=PIECES), as_of=date(2026, 9, 1))
    assert "its unit price pinned to 19.50 (Agreed with the board) ends with 2026-09-30" in said(found, "pin-ends")


def test_a_pin_that_ends_before_it_could_bill_is_warned_of() -> None:
    """Seen on 15 June, it is billed from July on; the last period that it could bill is June."""
    found = plan(pinned(pin(until=date(2026, 6, 20))))
    assert "2026-07-01 is the first day that it could bill" in said(found, "pin-unused")
    assert [one.severity for one in found.notices if one.code == "pin-unused"] == ["warning"]
    assert "pin-unused" not in notices(plan(pinned(pin(until=date(2026, 7, 1)))))
    assert "pin-unused" not in notices(plan(pinned(pin(until=date(2026, 6, 20)), billing=ACTUAL)))
    already = observed(additions=[addition(unit_price=PINNED)])
    assert "pin-unused" not in notices(plan(pinned(pin(until=date(2026, 6, 20))), already))


def test_a_pinned_text_is_written_on_new_lines_while_it_holds() -> None:
    wanted = pinned(pin(field="description", value="Suite, as agreed"))
    assert after(only(plan(wanted, observed(additions=[]))))["invoice_description"] == "Suite, as agreed"
    later = after(only(plan(wanted, observed(additions=[]), as_of=date(2026, 10, 1))))
    assert "Licenses: 12" in str(later["invoice_description"])
    assert in_step(plan(wanted, observed(additions=[addition(invoice_description="Something else")])))


def test_consumption_cannot_be_pinned() -> None:
    wanted = workspace(products=[product_mapping(kind="usage")], services=[service_mapping(pins=(pin(),))])
    shown = subscription(start=START, end=START, auto_renew=True, part_number=None)
    found = plan(wanted, observed(subscriptions=[shown], additions=[]))
    assert "pin-unused" in notices(found)
    assert {after(one)["unit_price"] for one in found.changes} == {0}


def test_what_is_bought_once_is_pinned_when_its_line_is_made() -> None:
    wanted = workspace(products=[product_mapping(kind="one_time")], services=[service_mapping(pins=(pin(),))])
    shown = subscription(cycle="one_time", auto_renew=False)
    assert after(only(plan(wanted, observed(subscriptions=[shown], additions=[]))))["unit_price"] == PINNED


def test_an_explanation_names_the_pin_and_its_end() -> None:
    found = explain(inputs(pinned(), observed(additions=PIECES), as_of=date(2026, 8, 20)), "9001")
    (ends,) = [one for one in found.events if one.source == "pinned"]
    assert (ends.effective, ends.why) == (date(2026, 10, 1), "the pinned unit price ends with 2026-09-30")
    told = " ".join(render_explanation_text(to_document(found), 200, color=False).split())
    assert "the price becomes 22.00 · a pin of the mapping" in told
    assert "effective 2026-10-01, the day after the pin" in told
