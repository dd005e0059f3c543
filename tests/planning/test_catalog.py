"""Products become catalog items: the six fields, manufacturers, and items that cannot be used."""

from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Change, Plan
from engine.psa.models import Manufacturer
from tests.planning.builders import (
    PRODUCT_FIELDS,
    after,
    item,
    moves,
    notices,
    observed,
    only,
    plan,
    product,
    product_mapping,
    provider,
    workspace,
)

CREATING = product_mapping(create="SUITE-NEW")


def of_kind(found: Plan, kind: str) -> list[Change]:
    return [one for one in found.changes if one.kind == kind]


@pytest.mark.parametrize(
    ("rule", "field", "old", "new"),
    [
        ("product_name", "description", "Suite (old)", "Suite Monthly"),
        ("customer_unit_price", "price", Decimal("20.00"), Decimal("22.00")),
        ("partner_unit_cost", "cost", None, Decimal("17.60")),
        ("mfg_part_number", "manufacturer_part_number", "", "MPN-1"),
        ("description", "customer_description", "An office", "Everything an office needs"),
        ("provider", "manufacturer_id", 9, 5),
    ],
)
def test_each_of_the_six_fields_is_brought_in_step_unless_the_mapping_narrows_it(
    rule: Any, field: str, old: object, new: object
) -> None:
    seen = observed(items=[item(**{field: old})])
    change = only(plan(seen=seen))
    assert (change.kind, change.action, change.object_id, change.customer) == ("catalog_item", "update", 71, None)
    assert moves(change) == {field: (old, new)}
    assert [one.rule for one in change.fields] == [f"inventory_product.{rule}"]
    narrowed = workspace(products=[product_mapping(fields=PRODUCT_FIELDS - {rule})])
    assert plan(narrowed, seen).changes == ()


@pytest.mark.parametrize("field", ["description", "part_number", "unit_price", "unit_cost"])
def test_a_value_that_the_platform_lacks_never_erases_one_of_the_psa(field: str) -> None:
    nothing: Any = "" if field == "description" else None
    assert plan(seen=observed(products=[product(**{field: nothing})])).changes == ()


@pytest.mark.parametrize(
    ("price", "decimals", "wanted"),
    [("22.005", 2, "22.01"), ("22.00499", 2, "22.00"), ("22.00499", 4, "22.0050"), ("0.000004", 2, "0.00")],
)
def test_a_price_is_rounded_half_up_before_it_is_compared(price: str, decimals: int, wanted: str) -> None:
    seen = observed(products=[product(unit_price=Decimal(price))], items=[item(price=Decimal("1.00"))])
    assert str(after(only(plan(workspace(price_decimals=decimals), seen)))["price"]) == wanted
    in_step = observed(products=[product(unit_price=Decimal(price))], items=[item(price=Decimal(wanted))])
    assert plan(workspace(price_decimals=decimals), in_step).changes == ()


@pytest.mark.parametrize(("flag", "field"), [("auto_update_price", "price"), ("auto_update_cost", "cost")])
def test_what_the_psa_prices_by_itself_is_left_alone_with_a_notice(flag: str, field: str) -> None:
    found = plan(seen=observed(items=[item(**{flag: True, field: Decimal(1)})]))
    assert (found.changes, notices(found)) == ((), ["priced-by-psa"])
    assert plan(seen=observed(items=[item(**{flag: True})])).notices == ()


@pytest.mark.parametrize(
    ("changed", "words"), [({"inactive": True}, "inactive"), ({"product_class": "Bundle"}, "bundle")]
)
def test_an_item_that_cannot_be_an_addition_holds_its_product_and_the_services_of_it(
    changed: dict[str, Any], words: str
) -> None:
    found = plan(seen=observed(items=[item(**changed)]))
    assert found.changes == ()
    assert [(one.subject, one.code) for one in found.held] == [
        ("product:30/Suite/Monthly", "catalog-item-unusable"),
        ("service:9001", "product-held"),
    ]
    assert words in found.held[0].why


@pytest.mark.parametrize("name", ["IBM Storage", "ibm cloud"])
def test_products_of_ibm_are_refused(name: str) -> None:
    assert [one.code for one in plan(seen=observed(products=[product(product_name=name)])).held] == [
        "product-unsupported",
        "product-held",
    ]


def test_a_product_that_only_mentions_ibm_is_not_of_ibm() -> None:
    assert plan(seen=observed(products=[product(product_name="Backup for IBM i")])).held == ()


@pytest.mark.parametrize(
    ("products", "words"),
    [([], "does not list"), ([product(), product(sku="S-2")], "several skus (S-1, S-2)")],
)
def test_a_plan_that_cannot_be_told_apart_holds_the_product_but_not_its_subscriptions(
    products: list[Any], words: str
) -> None:
    found = plan(seen=observed(products=products))
    assert [one.code for one in found.held] == ["product-missing"]
    assert words in found.held[0].why
    assert (found.changes, found.counts.unchanged) == ((), 2)  # company and addition


def test_an_item_that_is_gone_and_a_provider_without_rules_hold_the_product() -> None:
    assert plan(seen=observed(items=[])).held[0].code == "catalog-item-missing"
    assert "no provider 30" in plan(workspace(providers=[])).held[0].why


def test_a_mapping_with_create_makes_the_item_with_defaults_and_the_platforms_values() -> None:
    found = plan(workspace(products=[CREATING]), observed(additions=[]))
    made, line = found.changes
    assert (made.action, made.address) == ("create", "catalog_item:30/Suite/Monthly")
    assert after(made) == {
        "identifier": "SUITE-NEW",
        "product_class": "Agreement",
        "subcategory": "Cloud Services",
        "type": "#1",
        "taxable": True,
        "unit_of_measure": "Each",
        "description": "Suite Monthly",
        "customer_description": "Everything an office needs",
        "price": Decimal("22.00"),
        "cost": Decimal("17.60"),
        "manufacturer_part_number": "MPN-1",
        "manufacturer_id": 5,
    }
    assert (after(line)["product_id"], line.needs) == (f"@{made.address}", (made.address,))


def test_a_created_item_is_found_again_by_its_identifier() -> None:
    found = plan(workspace(products=[product_mapping(create="suite-m")]))
    assert (found.changes, found.held) == ((), ())


def test_an_item_always_gets_both_texts_and_nothing_else_that_is_narrowed_away() -> None:
    mapping = product_mapping(create="SUITE-NEW", fields=frozenset[Any]())
    (made,) = plan(workspace(products=[mapping], services=[]), observed(products=[product(description="")])).changes
    assert after(made)["customer_description"] == "Suite Monthly"
    assert not {"price", "cost", "manufacturer_id", "manufacturer_part_number"} & set(after(made))


def test_a_missing_manufacturer_is_made_once_for_all_products_where_the_rules_allow_it() -> None:
    other = product_mapping(plan="Yearly", catalog_item=72)
    seen = observed(
        products=[product(), product(plan="Yearly")],
        items=[item(manufacturer_id=None), item(id=72, identifier="SUITE-Y")],
        manufacturers=[Manufacturer(id=8, name="Another Maker")],
    )
    found = plan(workspace(products=[product_mapping(), other], create_manufacturers=True), seen)
    (maker,) = of_kind(found, "manufacturer")
    assert found.changes[0] == maker
    assert after(maker) == {"name": "Suite Maker Inc"}
    items = of_kind(found, "catalog_item")
    assert [(after(one)["manufacturer_id"], one.needs) for one in items] == [
        (f"@{maker.address}", (maker.address,))
    ] * 2


def test_where_the_rules_forbid_it_the_item_keeps_its_own_manufacturer_with_a_warning() -> None:
    found = plan(seen=observed(manufacturers=[]))
    assert (found.changes, notices(found)) == ((), ["manufacturer-missing"])


def test_a_manufacturer_is_found_without_regard_to_case_and_only_while_it_is_active() -> None:
    named = observed(manufacturers=[Manufacturer(id=5, name="SUITE MAKER INC")])
    assert (plan(seen=named).changes, plan(seen=named).notices) == ((), ())
    retired = observed(manufacturers=[Manufacturer(id=5, name="Suite Maker Inc", inactive=True)])
    assert notices(plan(seen=retired)) == ["manufacturer-missing"]


@pytest.mark.parametrize("name", ["@Work Inc", "@"])
def test_a_text_that_begins_like_an_address_is_only_a_text(name: str) -> None:
    change = only(plan(seen=observed(products=[product(plan_name=name)])))
    assert (after(change), change.needs) == ({"description": name}, ())


@pytest.mark.parametrize(
    ("mapping", "codes"),
    [
        ({"name": "Suite Monthly"}, []),
        ({"name": "Suite"}, []),
        ({"name": "Another product"}, ["name-differs"]),
        ({"part_number": "MPN-1"}, []),
        ({"part_number": "MPN-2"}, ["part-number-differs"]),
        ({"catalog_identifier": "SUITE-M"}, []),
        ({"catalog_identifier": "SUITE-X"}, ["name-differs"]),
    ],
)
def test_what_a_person_wrote_beside_the_ids_is_checked(mapping: dict[str, str], codes: list[str]) -> None:
    assert notices(plan(workspace(products=[product_mapping(**mapping)]))) == codes


def test_a_name_is_cut_to_what_the_psa_holds_and_the_cut_is_said() -> None:
    found = plan(seen=observed(products=[product(plan_name="B" * 61)]))
    assert after(only(found)) == {"description": "B" * 60}
    assert notices(found) == ["text-cut"]


def test_a_provider_is_its_manufacturer_by_the_rules() -> None:
    wanted = workspace(providers=[provider(manufacturer="Another Maker")])
    seen = observed(manufacturers=[Manufacturer(id=8, name="Another Maker")])
    assert moves(only(plan(wanted, seen))) == {"manufacturer_id": (5, 8)}


def test_an_identifier_of_an_item_that_is_mapped_already_is_held() -> None:
    second = product_mapping(plan="Yearly", catalog_item=None, create="SUITE-M")
    found = plan(
        workspace(products=[product_mapping(), second]), observed(products=[product(), product(plan="Yearly")])
    )
    assert [one.code for one in found.held] == ["catalog-item-taken"]


@pytest.mark.parametrize("price", ["NaN", "Infinity", "1e40"])
def test_a_price_that_is_none_leaves_the_item_as_it_is(price: str) -> None:
    found = plan(seen=observed(products=[product(unit_price=Decimal(price))]))
    assert (found.changes, found.held) == ((), ())
