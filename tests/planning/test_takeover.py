"""Which lines stand for a service: those with its mark, one that its mapping takes over, and none of others."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Effect
from engine.platform.models import Subscription
from engine.psa.models import Addition
from tests.planning.builders import addition as line
from tests.planning.builders import (
    agreement,
    agreement_ref,
    customer_mapping,
    foreign,
    held,
    mark,
    moves,
    observed,
    only,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)


def test_lines_on_another_agreement_are_never_doubled() -> None:
    mapping = customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))
    elsewhere = line(agreement_id=42, mark=mark(agreement=42))
    one = held(plan(workspace([mapping]), observed(additions=[elsewhere])))
    assert (one.code, "agreement 42" in one.why) == ("lines-elsewhere", True)
    assert one.hint is not None
    assert "[{id: 42}, {id: 41, from: YYYY-MM-DD}]" in one.hint


def test_a_line_that_still_bills_another_product_is_refused_with_a_way_out() -> None:
    one = held(plan(seen=observed(additions=[line(product_id=99, product_identifier="OLD")])))
    assert (one.code, "catalog_item:99" in one.why, "30/Suite/Monthly" in one.why) == ("product-changed", True, True)


def test_two_lines_with_one_mark_are_refused_with_a_way_out() -> None:
    one = held(plan(seen=observed(additions=[line(), line(id=802)])))
    assert (one.code, "801" in one.why, "802" in one.why) == ("duplicate-lines", True, True)
    assert one.hint is not None
    assert "clear its mark" in one.hint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (mark(agreement=40), "copied from agreement 40"),
        (mark(account="999"), "another platform account (999)"),
        (None, "no mark of ours"),
        ("SN-123", "no mark of ours"),
    ],
)
def test_a_line_whose_mark_is_not_ours_here_is_foreign(text: str | None, why: str) -> None:
    found = plan(seen=observed(additions=[line(mark=text)]))
    assert held(found).code == "addition-exists"
    (left,) = found.unmanaged
    assert (left.addition, left.agreement, left.customer) == (801, 41, "100")
    assert why in left.why


@pytest.mark.parametrize("addition", [None, "new"])
def test_a_mark_changed_by_hand_holds_the_service_that_it_still_names(addition: Any) -> None:
    damaged = mark()[:-1] + ("0" if mark()[-1] != "0" else "1")
    wanted = workspace(services=[service_mapping(addition=addition)])
    found = plan(wanted, observed(additions=[line(mark=damaged, product_id=99)]))
    assert held(found).code == "mark-damaged"
    assert "check character" in found.unmanaged[0].why


def test_a_foreign_line_of_the_same_product_is_refused_with_both_ways_out() -> None:
    one = held(plan(seen=observed(additions=[foreign()])))
    assert one.code == "addition-exists"
    assert "id 55, 12 × 22.00" in one.why
    assert one.hint is not None
    assert "`addition: 55`" in one.hint
    assert "`addition: new`" in one.hint


@pytest.mark.parametrize("changed", [{"cancelled": date(2026, 6, 14)}, {"product_id": 99}, {"agreement_id": 43}])
def test_a_foreign_line_that_is_over_or_of_something_else_does_not_stand_in_the_way(changed: dict[str, Any]) -> None:
    assert only(plan(seen=observed(additions=[foreign(**changed)]))).action == "create"


def test_new_makes_a_line_beside_the_foreign_one_and_leaves_that_alone() -> None:
    found = plan(workspace(services=[service_mapping(addition="new")]), observed(additions=[foreign()]))
    assert only(found).action == "create"
    assert [one.addition for one in found.unmanaged] == [55]


ADOPTING = workspace(services=[service_mapping(addition=55)])


def test_a_line_named_by_the_mapping_is_taken_over_without_moving_its_start() -> None:
    found = plan(ADOPTING, observed(additions=[foreign(quantity=Decimal(10))]))
    change = only(found)
    assert (change.action, change.object_id) == ("update", 55)
    assert moves(change) == {
        "quantity": (Decimal(10), Decimal(12)),
        "cancelled": (None, date(2027, 3, 9)),
        "mark": (None, mark()),
    }
    # Nothing was invoiced so far: January to June, too.
    price, cost = Decimal("44.00"), Decimal("35.20")
    # The next invoice is January's.
    assert change.effect == Effect(
        month=price, month_cost=cost, once=6 * price, once_cost=6 * cost, next_invoice=price, next_invoice_cost=cost
    )
    assert found.unmanaged == ()


def test_once_taken_over_the_line_is_ours() -> None:
    taken = foreign(mark=mark(), cancelled=date(2027, 3, 9))
    assert plan(ADOPTING, observed(additions=[taken])).changes == ()


@pytest.mark.parametrize("additions", [[], [foreign(product_id=99)], [foreign(cancelled=date(2026, 1, 31))]])
def test_a_line_named_by_the_mapping_must_be_there(additions: list[Addition]) -> None:
    assert held(plan(ADOPTING, observed(additions=additions))).code == "addition-missing"


def test_a_line_named_by_the_mapping_cannot_be_of_an_item_that_is_yet_to_be_made() -> None:
    mapping = product_mapping(create="SUITE-NEW")
    found = plan(
        workspace(products=[mapping], services=[service_mapping(addition=55)]), observed(additions=[foreign()])
    )
    assert [one.code for one in found.held] == ["addition-missing"]
    assert [one.kind for one in found.changes] == ["catalog_item"]


def usage(**changed: Any) -> Subscription:
    """Consumption as the platform shows it: without a part number."""
    values = {"start": date(2026, 4, 20), "end": date(2026, 4, 20), "auto_renew": True, "part_number": None}
    return subscription(**{**values, **changed})


def test_consumption_cannot_take_over_a_single_line() -> None:
    wanted = workspace(products=[product_mapping(kind="usage")], services=[service_mapping(addition=55)])
    one = held(plan(wanted, observed(subscriptions=[usage()], additions=[foreign()])))
    assert one.code == "addition-unsuitable"


def test_what_is_bought_once_can_take_over_a_line() -> None:
    wanted = workspace(products=[product_mapping(kind="one_time")], services=[service_mapping(addition=55)])
    once = subscription(cycle="one_time", end=None)
    change = only(plan(wanted, observed(subscriptions=[once], additions=[foreign()])))
    assert (change.action, change.object_id) == ("update", 55)


def test_a_line_of_ours_whose_service_is_no_longer_mapped_is_left_alone() -> None:
    found = plan(workspace(services=[]))
    assert found.changes == ()
    assert [(one.addition, one.why) for one in found.unmanaged] == [
        (801, "it is ours, but its subscription is no longer mapped")
    ]


def test_lines_elsewhere_are_found_on_agreements_that_are_not_mapped_any_more() -> None:
    """They were read because the service has no line on its own agreement."""
    elsewhere = line(agreement_id=49, mark=mark(agreement=49))
    one = held(plan(seen=observed(additions=[elsewhere])))
    assert (one.code, "agreement 49" in one.why) == ("lines-elsewhere", True)


def test_a_retracted_line_elsewhere_bills_nothing_and_stands_in_nobodys_way() -> None:
    retracted = line(agreement_id=42, mark=mark(agreement=42), quantity=Decimal(0), cancelled=date(2026, 3, 10))
    assert only(plan(seen=observed(additions=[retracted]))).action == "create"


def test_after_a_lost_reply_the_line_is_found_by_its_mark() -> None:
    """The change reached the PSA although nobody was told so: the next plan has nothing to do."""
    before = plan(seen=observed(additions=[]))
    values = {one.field: one.after for one in only(before).fields}
    again = plan(seen=observed(additions=[line(**{**values, "id": 999})]))
    assert (again.changes, again.held, again.unmanaged) == ((), (), ())


def test_the_marks_of_a_copied_agreement_are_copies_and_its_lines_are_left_alone() -> None:
    copies = [line(id=901, agreement_id=42), line(id=902, agreement_id=42, mark=mark(segment=2))]
    mapping = customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))
    found = plan(
        workspace([mapping]), observed(additions=[line(), *copies], agreements=[agreement(), agreement(id=42)])
    )
    assert (found.changes, found.held) == ((), ())
    assert [(one.addition, one.why) for one in found.unmanaged] == [
        (901, "its mark was copied from agreement 41"),
        (902, "its mark was copied from agreement 41"),
    ]


def test_the_same_key_on_two_agreements_of_which_one_is_mapped_is_held() -> None:
    both = [line(), line(id=802, agreement_id=42, mark=mark(agreement=42))]
    assert held(plan(seen=observed(additions=both))).code == "lines-elsewhere"
