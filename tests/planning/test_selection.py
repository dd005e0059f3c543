"""What a plan is limited to, and whom a failed read leaves out of it."""

from datetime import date
from decimal import Decimal

import pytest

from engine.planning.coverage import EVERYBODY
from engine.planning.observed import Observed
from engine.planning.plan import Plan, Selection
from engine.planning.selection import SelectionUnknown, parse
from engine.workspace.model import Workspace
from tests.planning.builders import (
    addition,
    agreement,
    agreement_ref,
    company,
    customer,
    customer_mapping,
    item,
    mark,
    observed,
    plan,
    product,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)


def two() -> tuple[Workspace, Observed]:
    """Two customers with a product and a service each, all of which differ from the platform."""
    wanted = workspace(
        [
            customer_mapping(),
            customer_mapping(customer="200", name="Blue Quarry (example)", company=22, agreements=(agreement_ref(42),)),
        ],
        [product_mapping(), product_mapping(plan="Yearly", catalog_item=72)],
        [service_mapping(), service_mapping(subscription="9002", customer="200", agreement=42)],
    )
    seen = observed(
        [customer(), customer(id="200", name="Blue Quarry (example)")],
        [product(), product(plan="Yearly")],
        [subscription(), subscription(id="9002", customer_id="200", plan="Yearly")],
        [
            company(city="Elsewhere"),
            company(id=22, identifier="BlueQuarry", city="Elsewhere", name="Blue Quarry (example)"),
        ],
        [item(description="Old"), item(id=72, identifier="SUITE-Y", description="Old")],
        [agreement(), agreement(id=42, company_id=22)],
        [
            addition(cancelled=date(2026, 12, 31)),
            addition(
                id=802,
                agreement_id=42,
                product_id=72,
                cancelled=date(2026, 12, 31),
                mark=mark(subscription="9002", agreement=42),
            ),
        ],
    )
    return wanted, seen


def addresses(found: Plan) -> list[str]:
    return [one.address for one in found.changes]


COMPANY, OTHER_COMPANY = "company:100", "company:200"
ITEM, OTHER_ITEM = "catalog_item:30/Suite/Monthly", "catalog_item:30/Suite/Yearly"
LINE, OTHER_LINE = "addition:41/9001/1/base/2026-03-10", "addition:42/9002/1/base/2026-03-10"


@pytest.mark.parametrize(
    ("customers", "targets", "wanted"),
    [
        ([], [], [COMPANY, OTHER_COMPANY, ITEM, OTHER_ITEM, LINE, OTHER_LINE]),
        (["100"], [], [COMPANY, LINE]),
        (["blue quarry (EXAMPLE)"], [], [OTHER_COMPANY, OTHER_LINE]),
        ([], ["customer:200"], [OTHER_COMPANY, OTHER_LINE]),
        ([], ["service:9001"], [LINE]),
        ([], ["product:30/Suite/Yearly"], [OTHER_ITEM]),
        (["100"], ["product:30/Suite/Yearly", "service:9002"], [COMPANY, OTHER_ITEM, LINE, OTHER_LINE]),
        (["100", "100"], ["customer:100"], [COMPANY, LINE]),
    ],
)
def test_a_selection_limits_what_is_planned(customers: list[str], targets: list[str], wanted: list[str]) -> None:
    world, seen = two()
    selection = parse(world.mappings, tuple(customers), tuple(targets))
    found = plan(world, seen, selection=selection)
    assert addresses(found) == wanted
    assert found.selection == selection
    assert found.held == ()


def test_what_a_selected_service_needs_is_made_with_it() -> None:
    world, _ = two()
    creating = workspace(
        list(world.mappings.customers.values()),
        [product_mapping(create="SUITE-NEW"), product_mapping(plan="Yearly", catalog_item=72)],
        list(world.mappings.services.values()),
        create_manufacturers=True,
    )
    bare = observed(additions=[], manufacturers=[])
    found = plan(creating, bare, selection=Selection(services=("9001",)))
    assert addresses(found) == ["manufacturer:Suite Maker Inc", ITEM, LINE]


@pytest.mark.parametrize(
    ("customers", "targets", "words"),
    [
        (["300"], [], "no mapping has the customer '300'"),
        (["Nobody"], [], "'Nobody'"),
        ([], ["service:1"], "no mapping has the service '1'"),
        ([], ["product:30/Suite"], "no mapping has the product '30/Suite'"),
        ([], ["company:21"], "not of the form"),
        ([], ["9001"], "not of the form"),
        ([], ["customer:"], "not of the form"),
        ([], ["service:"], "no mapping has the service ''"),
    ],
)
def test_a_selection_of_something_unknown_is_refused_by_name(
    customers: list[str], targets: list[str], words: str
) -> None:
    with pytest.raises(SelectionUnknown) as refused:
        parse(two()[0].mappings, tuple(customers), tuple(targets))
    assert words in str(refused.value)


def test_a_name_that_two_customers_share_is_refused_with_their_ids() -> None:
    twins = workspace([customer_mapping(), customer_mapping(customer="200", company=22)], services=[])
    with pytest.raises(SelectionUnknown, match="100, 200; give the id"):
        parse(twins.mappings, ("Larkspur (example)",), ())


# -- whom a failed read leaves out


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        ({"unread_agreements": {41: "the PSA answered 500"}}, "the additions of agreement 41: the PSA answered 500"),
        ({"unread_subscriptions": {"100": ("subscription 9009: no price",)}}, "subscription 9009: no price"),
    ],
)
def test_a_failed_read_holds_that_customer_and_lets_the_others_go_on(gap: dict[str, object], words: str) -> None:
    world, seen = two()
    changed = {**{name: getattr(seen, name) for name in Observed.__struct_fields__}, **gap}
    found = plan(world, Observed(**changed))
    assert addresses(found) == [OTHER_COMPANY, ITEM, OTHER_ITEM, OTHER_LINE]
    (one,) = found.held
    assert (one.kind, one.code, one.subject, one.why) == ("incomplete", "read-incomplete", "customer:100", words)
    assert (found.counts.incomplete, found.complete) == (1, False)
    assert all(left.customer != "100" for left in found.unmanaged)


def test_something_unreadable_of_an_unknown_customer_holds_everybody() -> None:
    world, seen = two()
    changed = {name: getattr(seen, name) for name in Observed.__struct_fields__}
    found = plan(world, Observed(**{**changed, "unread_subscriptions": {EVERYBODY: ("subscription ?: no id",)}}))
    assert addresses(found) == [ITEM, OTHER_ITEM]
    assert [one.subject for one in found.held] == ["customer:100", "customer:200"]


def test_a_gap_outside_the_selection_is_nobodys_concern() -> None:
    world, seen = two()
    changed = {name: getattr(seen, name) for name in Observed.__struct_fields__}
    gaps = Observed(**{**changed, "unread_agreements": {42: "no"}, "unread_subscriptions": {"200": ("no",)}})
    assert plan(world, gaps, selection=Selection(customers=("100",))).held == ()


# -- what nobody mapped


def test_every_live_subscription_without_a_mapping_is_a_leak_of_its_amount() -> None:
    others = [
        subscription(),
        subscription(id="1", licenses=3, unit_price=Decimal("0.335")),
        subscription(id="2", licenses=100, customer_id="300", cycle="annual"),
        subscription(id="3", state="suspended", status="suspended"),
        subscription(id="4", state="ended", status="deleted"),
        subscription(id="5", trial=True),
    ]
    found = plan(seen=observed(subscriptions=others))
    assert [(one.subscription, one.amount, one.customer_mapped) for one in found.unmapped] == [
        ("2", Decimal("2200.00"), False),
        ("3", Decimal("264.00"), True),
        ("1", Decimal("1.005"), True),
    ]
    assert [one.customer_name for one in found.unmapped] == ["300", "Larkspur (example)", "Larkspur (example)"]
    assert found.counts.unmapped == 3
    limited = plan(seen=observed(subscriptions=others), selection=Selection(customers=("100",)))
    assert [one.subscription for one in limited.unmapped] == ["3", "1"]


def test_additions_of_others_are_listed_and_never_touched() -> None:
    by_hand = [addition(id=7, product_id=99, mark=None, product_identifier="HOURS"), addition()]
    found = plan(seen=observed(additions=by_hand))
    assert found.changes == ()
    assert [(one.addition, one.product, one.why) for one in found.unmanaged] == [
        (7, "HOURS", "it carries no mark of ours")
    ]
