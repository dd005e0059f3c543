"""Full upgrades: the old product's line is taken back from that day on, the new product's begins."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.observed import Observed
from engine.planning.plan import Plan, Selection
from engine.platform.models import Activity, Subscription
from engine.psa.models import Addition
from engine.workspace.model import Workspace
from tests.planning.builders import (
    addition,
    after,
    by_address,
    held,
    item,
    mark,
    moves,
    notices,
    observed,
    only,
    plan,
    product,
    product_mapping,
    said,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import changed, created, log, upgraded
from tests.planning.nights import Psa

FIRST, SECOND = product_mapping(), product_mapping(plan="Premium", catalog_item=72)
BOTH = workspace(products=[FIRST, SECOND])
OLD_LINE, CREDIT, NEW_LINE = "1/base/2026-03-10", "1/reversal/2026-06-10", "2/base/2026-06-10"
TOLD = log(created(12), upgraded(on=date(2026, 6, 10)))


def premium(**more: Any) -> Subscription:
    """The subscription as it is shown after its upgrade."""
    values = {"plan": "Premium", "plan_name": "Suite Premium", "unit_price": Decimal(31), "unit_cost": Decimal(25)}
    return subscription(**{**values, **more})


def seen(additions: Iterable[Addition] | None = None, shown: Subscription | None = None, **more: Any) -> Observed:
    return observed(
        products=[product(), product(plan="Premium")],
        subscriptions=[shown or premium()],
        items=[item(), item(id=72, identifier="SUITE-P")],
        additions=additions,
        **more,
    )


def changes_of(found: Plan) -> dict[str, Any]:
    """The changes of additions; those of catalog items are another matter."""
    assert found.held == ()
    return {key: one for key, one in by_address(found).items() if one.kind == "addition"}


def in_step(wanted: Workspace, found: Plan, standing: Iterable[Addition] = (), **more: Any) -> None:
    """Once applied nothing is left to do, that day or months later, with the log or without."""
    psa = Psa(tuple(standing)).applied(found)
    for day in (found.as_of, date(2026, 9, 30)):
        for logs in (more.get("logs", ()), ()):
            again = plan(wanted, seen(psa.additions, **{**more, "logs": logs}), as_of=day)
            assert (changes_of(again), again.held) == ({}, ())


def test_an_upgrade_takes_back_the_old_product_and_bills_the_new_one_from_that_day() -> None:
    found = plan(BOTH, seen(logs=[TOLD]))
    changes = changes_of(found)
    assert list(changes) == [CREDIT, OLD_LINE, NEW_LINE]
    assert moves(changes[OLD_LINE]) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    credit, new = after(changes[CREDIT]), after(changes[NEW_LINE])
    assert (credit["product_id"], credit["quantity"], credit["unit_price"]) == (71, Decimal(-12), Decimal("22.00"))
    assert (credit["effective"], credit["cancelled"]) == (date(2026, 6, 10), date(2026, 6, 30))
    assert (new["product_id"], new["quantity"], new["unit_price"]) == (72, Decimal(12), Decimal("31.00"))
    assert (new["effective"], new["cancelled"]) == (date(2026, 6, 10), date(2027, 3, 9))
    assert "event-inferred" not in notices(found)
    in_step(BOTH, found, [addition()], logs=[TOLD])


def test_an_upgrade_that_no_log_tells_of_is_one_of_today_and_stays_on_that_day() -> None:
    found = plan(BOTH, seen())
    assert list(changes_of(found)) == ["1/reversal/2026-06-15", OLD_LINE, "2/base/2026-06-15"]
    assert "taken as of 2026-06-15" in said(found, "event-inferred")
    in_step(BOTH, found, [addition()])


def test_the_text_of_the_old_products_credit_does_not_call_it_the_new_one() -> None:
    changes = changes_of(plan(BOTH, seen(logs=[TOLD])))
    assert "Premium" not in str(after(changes[CREDIT])["invoice_description"])
    assert "Plan: Suite Premium" in str(after(changes[NEW_LINE])["invoice_description"])


def test_a_change_after_the_upgrade_is_one_of_the_new_product() -> None:
    told = log(created(12), upgraded(on=date(2026, 6, 10)), changed(15, on=date(2026, 6, 14)))
    shown = premium(licenses=15)
    found = plan(BOTH, seen(shown=shown, logs=[told]))
    changes = changes_of(found)
    assert list(changes) == [CREDIT, OLD_LINE, NEW_LINE, "2/delta/2026-06-14", "2/base/2026-07-01"]
    assert (after(changes[NEW_LINE])["quantity"], after(changes["2/delta/2026-06-14"])["quantity"]) == (12, 3)
    in_step(BOTH, found, [addition()], shown=shown, logs=[told])


def test_an_upgrade_to_a_product_that_is_not_mapped_holds_the_service_and_leaves_its_line_alone() -> None:
    one = held(plan(workspace(products=[FIRST]), seen(logs=[TOLD])))
    assert one.code == "product-unmapped"
    assert "30/Suite/Premium" in one.why


def test_an_upgrade_from_a_product_that_is_not_mapped_any_more_takes_back_what_was_posted() -> None:
    wanted = workspace(products=[SECOND])
    found = plan(wanted, seen(logs=[TOLD]))
    changes = changes_of(found)
    assert list(changes) == [CREDIT, OLD_LINE, NEW_LINE]
    credit = after(changes[CREDIT])
    assert (credit["product_id"], credit["unit_price"], credit["quantity"]) == (71, Decimal("22.00"), Decimal(-12))
    psa = Psa((addition(),)).applied(found)
    assert changes_of(plan(wanted, seen(psa.additions, logs=[TOLD]))) == {}


def test_an_upgrade_that_no_log_tells_is_seen_by_a_plan_for_that_service_alone_too() -> None:
    chosen = plan(BOTH, seen(), selection=Selection(services=("9001",)))
    assert list(changes_of(chosen)) == list(changes_of(plan(BOTH, seen())))


def test_a_product_that_was_mapped_onto_another_item_is_no_upgrade() -> None:
    remapped = workspace(products=[product_mapping(catalog_item=72)])
    one = held(plan(remapped, seen(shown=subscription(), logs=[log(created(12))])))
    assert one.code == "product-changed"
    assert "catalog_item:71" in one.why


# -- upgraded before it had a line: the platform keeps no past price


def test_an_upgrade_before_the_first_line_is_held_with_the_way_out() -> None:
    one = held(plan(BOTH, seen([], logs=[TOLD])))
    assert one.code == "past-price-unknown"
    assert "effective_date" in (one.hint or "")


@pytest.mark.parametrize(
    ("takeover", "first"),
    [(date(2026, 6, 10), date(2026, 6, 10)), (date(2026, 6, 12), date(2026, 6, 12)), (None, date(2026, 6, 10))],
)
def test_where_no_day_before_the_upgrade_is_billed_its_price_need_not_be_known(
    takeover: date | None, first: date
) -> None:
    """Line and credit of the old product would cancel each other at any price. The third was upgraded when it began."""
    wanted = workspace(products=[FIRST, SECOND], services=[service_mapping(effective_date=takeover)])
    begun = date(2026, 3, 10) if takeover else date(2026, 6, 10)
    told = log(created(12, on=begun), upgraded(on=date(2026, 6, 10)))
    shown = premium(start=begun)
    found = plan(wanted, seen([], shown, logs=[told]))
    assert list(changes_of(found)) == [f"2/base/{first}"]
    assert after(only(found))["effective"] == first
    in_step(wanted, found, shown=shown, logs=[told])


def test_a_month_after_the_upgrade_nothing_is_left_of_the_product_before() -> None:
    wanted = workspace(products=[FIRST, SECOND], services=[service_mapping(effective_date=date(2026, 7, 1))])
    found = plan(wanted, seen([], logs=[TOLD]), as_of=date(2026, 7, 5))
    assert list(changes_of(found)) == ["2/base/2026-07-01"]
    in_step(wanted, found, logs=[TOLD])


def test_a_line_made_after_an_upgrade_that_nobody_knew_of_is_not_taken_back_once_the_log_tells_of_it() -> None:
    """Purchase and upgrade before the first run: the line has billed the new product from the start."""
    line = addition(product_id=72, unit_price=Decimal(31), unit_cost=Decimal(25))
    told = log(created(12), upgraded(on=date(2026, 3, 10)), changed(15, on=date(2026, 6, 14)))
    found = plan(BOTH, seen([line], premium(licenses=15), logs=[told]))
    assert list(changes_of(found)) == [OLD_LINE, "1/delta/2026-06-14", "1/base/2026-07-01"]


BEFORE = [created(12, on=date(2025, 3, 10)), upgraded(on=date(2025, 8, 20))]
"""Bought and upgraded before this program began to bill in January: its line has the number of the first product."""
OLD = addition(
    product_id=72,
    unit_price=Decimal(31),
    unit_cost=Decimal(25),
    effective=date(2026, 1, 1),
    mark=mark(on=date(2026, 1, 1)),
)


def test_an_upgrade_long_before_the_first_line_is_none_of_its_line() -> None:
    shown = premium(start=date(2025, 3, 10), licenses=15)
    told = log(*BEFORE, changed(15, on=date(2026, 6, 14)))
    found = plan(BOTH, seen([OLD], shown, logs=[told]))
    assert list(changes_of(found)) == ["1/base/2026-01-01", "1/delta/2026-06-14", "1/base/2026-07-01"]
    in_step(BOTH, found, [OLD], shown=shown, logs=[told])


def test_the_upgrade_after_one_long_before_the_first_line_takes_back_that_line() -> None:
    found = plan(ULTIMATE, ultimate([*BEFORE, upgraded(on=date(2026, 6, 10))], OLD, start=date(2025, 3, 10)))
    changes = changes_of(found)
    assert list(changes) == [CREDIT, "1/base/2026-01-01", NEW_LINE]
    assert (after(changes[CREDIT])["product_id"], after(changes[CREDIT])["unit_price"]) == (72, Decimal(31))
    assert after(changes[NEW_LINE])["product_id"] == 73


ULTIMATE = workspace(products=[FIRST, SECOND, product_mapping(plan="Ultimate", catalog_item=73)])


def ultimate(told: list[Activity], line: Addition, **shown: Any) -> Observed:
    """The subscription after its second upgrade."""
    return observed(
        products=[product(), product(plan="Premium"), product(plan="Ultimate")],
        subscriptions=[premium(plan="Ultimate", unit_price=Decimal(40), **shown)],
        items=[item(), item(id=72, identifier="SUITE-P"), item(id=73, identifier="SUITE-U")],
        additions=[line],
        logs=[log(*told)],
    )


def test_an_upgrade_before_a_line_that_was_made_for_a_day_to_come_is_one_of_that_line() -> None:
    """It bills from July on, and was made when nobody knew of the upgrade."""
    first = date(2026, 7, 1)
    line = addition(effective=first, mark=mark(on=first))
    wanted = workspace(products=[FIRST, SECOND], manage_from=first)
    found = plan(wanted, seen([line], logs=[TOLD]))
    changes = changes_of(found)
    assert list(changes) == ["1/base/2026-07-01", "2/base/2026-07-01"]
    assert after(changes["1/base/2026-07-01"]) == {"quantity": 0, "cancelled": first}
    in_step(wanted, found, [line], logs=[TOLD])


def test_the_upgrade_after_one_on_the_first_day_is_held_as_nobody_can_tell_what_its_line_bills() -> None:
    line = addition(product_id=72, unit_price=Decimal(31), unit_cost=Decimal(25))
    told = [created(12), upgraded(on=date(2026, 3, 10)), upgraded(on=date(2026, 6, 10))]
    assert [one.code for one in plan(ULTIMATE, ultimate(told, line)).held] == ["past-price-unknown"]


def test_a_retracted_line_of_the_new_product_is_used_again() -> None:
    retracted = addition(
        id=802,
        product_id=72,
        quantity=Decimal(0),
        effective=date(2026, 6, 10),
        cancelled=date(2026, 6, 10),
        mark=mark(segment=2, on=date(2026, 6, 10)),
    )
    changes = changes_of(plan(BOTH, seen([addition(), retracted], logs=[TOLD])))
    assert (changes[NEW_LINE].action, changes[NEW_LINE].object_id) == ("update", 802)
