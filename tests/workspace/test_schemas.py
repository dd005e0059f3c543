"""The schemas: valid, closed, explained for editors, and without a host's name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from jsonschema import Draft202012Validator

from engine.workspace.choices import CHOICES, BillingRules
from engine.workspace.guards import GUARDS, GuardRules, Limit, QuantityJump, field_of
from engine.workspace.load import load
from engine.workspace.schemas import schema_names, schema_text

NAMES = [
    "billing",
    "connections",
    "customers",
    "defaults",
    "guards",
    "products",
    "providers",
    "rule-tests",
    "services",
    "sync",
]


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_text(name))
    return loaded


def parts(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema with its path."""
    if isinstance(node, dict):
        yield path, node
        for name, child in node.get("properties", {}).items():
            yield from parts(child, f"{path}/{name}")
        yield from parts(node.get("items"), f"{path}[]")
        yield from parts(node.get("additionalProperties"), f"{path}/*")


def test_the_names_are_those_of_the_files() -> None:
    """And that of a saved plan, which tests/cli/test_plan_schema.py holds to the real ones."""
    assert schema_names() == sorted([*NAMES, "plan"])


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        schema_text("../pyproject")


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_valid_for_both_validators(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    jsonschema_rs.Draft202012Validator(schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_explained(name: str) -> None:
    unexplained = [
        path
        for path, part in parts(schema(name))
        if not path.endswith("[]") and not {"title", "description"} <= set(part)
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_says_which_keys_it_takes(name: str) -> None:
    open_ones = [path for path, part in parts(schema(name)) if "properties" in part and part["additionalProperties"]]
    assert open_ones == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_has_a_version_and_an_id_without_a_host(name: str) -> None:
    top = schema(name)
    # Rule tests have the format of the specification's own, which has no version.
    if name != "rule-tests":
        assert "version" in top["required"]
        assert top["properties"]["version"]["const"] == 1
    assert top["$id"] == f"urn:cwctl:schema:{name}:1"


@pytest.mark.parametrize("name", NAMES)
def test_examples_and_defaults_satisfy_their_own_schema(name: str) -> None:
    for path, part in parts(schema(name)):
        validator = Draft202012Validator(part)
        for value in [*part.get("examples", []), *([part["default"]] if "default" in part else [])]:
            assert validator.is_valid(value), (path, value)


def test_the_rules_are_exactly_those_of_the_guide() -> None:
    top = schema("sync")["properties"]
    fields = {name: list(top[name]["properties"]) for name in top if "properties" in top[name]}
    assert fields == {
        "company": ["name", "address", "city", "state", "zip", "country"],
        "inventory_product": [
            "provider",
            "product_name",
            "customer_unit_price",
            "partner_unit_cost",
            "mfg_part_number",
            "description",
        ],
        "agreement_addition": [
            "effective_date_positive_change",
            "effective_date_negative_change",
            "service_cancellation",
            "customer_unit_price",
            "partner_unit_cost",
            "include_subscription_information",
        ],
        "invoice_billing": ["saas", "iaas"],
    }
    choices = {path: part["enum"] for path, part in parts(schema("sync")) if "enum" in part}
    assert choices == {
        "/agreement_addition/effective_date_positive_change": ["actual_date", "first_of_month"],
        "/agreement_addition/effective_date_negative_change": ["actual_date", "first_of_next_month"],
        "/agreement_addition/service_cancellation": ["cancellation_date", "end_of_month"],
        "/invoice_billing/saas/update": ["cost_and_price", "cost"],
        "/invoice_billing/iaas/update": ["cost_and_price", "cost"],
    }


def test_an_override_has_the_choices_of_the_rules_that_it_overrides() -> None:
    billing, guide = schema("billing")["properties"], schema("sync")["properties"]["agreement_addition"]["properties"]
    override = billing["overrides"]["items"]["properties"]
    rules = {**guide, **billing}
    assert set(CHOICES) == set(override) - {"customer", "agreement", "agreement_type"}
    for key in CHOICES:
        limits = ("enum", "type", "minimum", "maximum")
        assert {name: override[key].get(name) for name in limits} == {name: rules[key].get(name) for name in limits}


def test_the_defaults_of_the_schema_are_those_of_the_program() -> None:
    billing, program = schema("billing")["properties"], BillingRules()
    assert billing["price_change"]["default"] == program.price_change
    assert billing["in_place_days"]["default"] == program.in_place_days


def written(value: object) -> object:
    """A limit of the program as the file writes it."""
    return "off" if value in (None, False) else "on" if value is True else value


def test_the_defaults_of_the_guards_are_those_of_the_program_and_of_the_example() -> None:
    told, program = schema("guards")["properties"], GuardRules()
    assert set(told) - {"version"} == set(GUARDS)
    for name in GUARDS:
        limit, keys = getattr(program, field_of(name)), told[name].get("properties", {})
        if isinstance(limit, Limit):
            most = keys.get("number") or keys["amount"]
            found = {"most": most["default"], **{key: keys[key]["default"] for key in ("share", "minimum_base")}}
            assert found == {key: written(value) for key, value in msgspec.structs.asdict(limit).items()}
        elif isinstance(limit, QuantityJump):
            assert {key: part["default"] for key, part in keys.items()} == msgspec.structs.asdict(limit)
        else:
            assert told[name]["default"] == written(limit)
    workspace, _ = load(Path(__file__).parents[2])
    assert workspace is not None
    assert set(workspace.rules.guards.places) == set(GUARDS)
    assert msgspec.structs.replace(workspace.rules.guards, places={}) == program


@pytest.mark.parametrize("name", ["company", "inventory_product", "agreement_addition"])
def test_every_rule_on_a_field_says_what_it_writes(name: str) -> None:
    for field, part in schema("sync")["properties"][name]["properties"].items():
        assert "`" in part["description"], field
