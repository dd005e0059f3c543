"""Partial upgrades: the new subscription follows the one that it came from onto its agreement."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.followers import with_followers
from engine.planning.plan import Plan, Selection
from engine.platform.models import Subscription
from engine.psa.models import Addition
from engine.workspace.model import ServiceAgreement, Workspace
from tests.planning.builders import (
    ADDITION_FIELDS,
    addition,
    after,
    agreement,
    agreement_ref,
    customer,
    customer_mapping,
    foreign,
    inputs,
    item,
    notices,
    observed,
    only,
    place,
    plan,
    product,
    product_mapping,
    said,
    service_mapping,
    subscription,
    workspace,
)

UPGRADED = date(2026, 6, 10)
MAPPED = service_mapping(name="Suite Monthly", addition="new", description="As agreed", effective_date=date(2026, 2, 1))


def follower(**more: Any) -> Subscription:
    """What six of the licences were upgraded to."""
    values: dict[str, Any] = {
        "id": "9002",
        "provider_id": "c8f1-made-up",
        "plan": "Premium",
        "licenses": 6,
        "start": UPGRADED,
        "end": date(2027, 6, 9),
        "unit_price": Decimal(31),
        "parent": "9001",
    }
    return subscription(**{**values, **more})


def world(premium: bool = True, **more: Any) -> Workspace:
    """The old subscription is mapped, and the new one's product if `premium`."""
    products = [product_mapping(), product_mapping(plan="Premium", catalog_item=72)]
    return workspace(products=products[: 1 + premium], services=[MAPPED], **more)


def planned(
    wanted: Workspace,
    *others: Subscription,
    old: Subscription | None = None,
    additions: Iterable[Addition] | None = None,
    **more: Any,
) -> Plan:
    seen = observed(
        customers=[customer(), customer(id="200")],
        products=[product(), product(plan="Premium")],
        subscriptions=[old or subscription(), *others],
        items=[item(), item(id=72, identifier="SUITE-P")],
        agreements=[agreement(), agreement(id=42)],
        additions=additions,
    )
    return plan(wanted, seen, **more)


def test_the_new_subscription_gets_its_line_on_the_old_ones_agreement_and_the_plan_says_so() -> None:
    found = planned(world(), follower())
    change = only(found)
    assert (change.address, change.agreement, change.customer) == ("addition:41/9002/1/base/2026-06-10", 41, "100")
    line = after(change)
    assert (line["product_id"], line["quantity"], line["unit_price"]) == (72, Decimal(6), Decimal(31))
    assert (line["effective"], line["cancelled"]) == (UPGRADED, date(2027, 6, 9))
    assert "agreement 41" in said(found, "mapped-automatically")
    assert found.unmapped == ()


def test_of_the_old_mapping_it_takes_what_holds_for_both_and_not_what_names_the_old_one() -> None:
    found, _ = with_followers(inputs(world(), observed(subscriptions=[subscription(), follower()])))
    mapping = found.workspace.mappings.services["9002"]
    assert (mapping.customer, mapping.agreements, mapping.fields) == ("100", MAPPED.agreements, ADDITION_FIELDS)
    assert mapping.place == MAPPED.place
    assert (mapping.name, mapping.addition, mapping.effective_date, mapping.description) == (None, None, None, None)


def test_it_is_found_by_the_providers_id_too() -> None:
    assert only(planned(world(), follower(parent="b7e0-made-up"))).agreement == 41


def test_a_chain_follows_to_its_end_whatever_the_order_of_the_list() -> None:
    third = follower(id="9003", provider_id="d-made-up", parent="9002", licenses=2)
    for others in ((follower(), third), (third, follower())):
        found = planned(world(), *others)
        assert {one.address.split("/")[1] for one in found.changes} == {"9002", "9003"}
        assert notices(found).count("mapped-automatically") == 2


def test_two_that_name_each_other_follow_nobody() -> None:
    found = planned(world(), follower(parent="9003"), follower(id="9003", provider_id="d", parent="9002"))
    assert (found.changes, [one.subscription for one in found.unmapped]) == ((), ["9002", "9003"])


def test_a_product_that_is_not_mapped_follows_nowhere_and_is_listed_as_unmapped() -> None:
    found = planned(world(premium=False), follower())
    assert (found.changes, found.held) == ((), ())
    assert [one.subscription for one in found.unmapped] == ["9002"]


@pytest.mark.parametrize(
    "changed",
    [
        {"customer_id": "200"},
        {"trial": True},
        {"state": "ended", "status": "deleted"},
        {"state": "pending", "status": "pending"},
        {"parent": None},
        {"parent": "123456"},
    ],
)
def test_of_another_customer_on_trial_ended_or_of_nobody_it_follows_nowhere(changed: dict[str, Any]) -> None:
    found = planned(world(), follower(**changed))
    assert (found.changes, found.held, notices(found)) == ((), (), [])


def test_what_is_written_in_a_mapping_is_not_followed_automatically() -> None:
    written = service_mapping(subscription="9002", agreement=42)
    wanted = workspace(
        [customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))],
        [product_mapping(), product_mapping(plan="Premium", catalog_item=72)],
        [MAPPED, written],
    )
    found = planned(wanted, follower())
    assert (only(found).agreement, notices(found)) == (42, [])


def test_it_follows_one_that_has_ended_and_one_that_moves() -> None:
    ended = subscription(state="ended", status="deleted")
    over = [addition(cancelled=date(2026, 6, 9))]
    assert only(planned(world(), follower(), old=ended, additions=over)).agreement == 41
    both = (
        ServiceAgreement(agreement=41, place=place()),
        ServiceAgreement(agreement=42, starts=date(2026, 6, 1), place=place()),
    )
    moving = workspace(
        [customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))],
        [product_mapping(), product_mapping(plan="Premium", catalog_item=72)],
        [service_mapping(agreements=both)],
    )
    found = planned(moving, follower(), additions=[])
    (made,) = [one for one in found.changes if "/9002/" in one.address]
    assert made.agreement == 42


def test_once_it_has_its_line_nothing_is_left_to_do() -> None:
    values = after(only(planned(world(), follower())))
    again = planned(world(), follower(), additions=[addition(), addition(**{**values, "id": 802})])
    assert (again.changes, again.held) == ((), ())


def test_an_addition_of_its_product_that_somebody_made_by_hand_holds_it() -> None:
    found = planned(world(), follower(), additions=[addition(), foreign(product_id=72)])
    (one,) = found.held
    assert (one.subject, one.code) == ("service:9002", "addition-exists")
    assert found.changes == ()


def test_a_selection_of_its_customer_includes_it() -> None:
    assert only(planned(world(), follower(), selection=Selection(customers=("100",)))).agreement == 41
