"""schemas/plan.schema.json against the plans that commands print, and against the structs that they are made of."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from engine.planning.plan import FORMAT_VERSION, Finding, Plan
from engine.planning.plan_json import from_json, to_json
from engine.workspace.schemas import schema_text
from tests.cli.support import Cwctl

SCHEMA: dict[str, Any] = json.loads(schema_text("plan"))
PARTS: dict[str, dict[str, Any]] = {"Plan": SCHEMA, **SCHEMA["$defs"]}
STRUCTS: dict[str, dict[str, Any]] = msgspec.json.schema(Plan)["$defs"]
CHECK = Draft202012Validator(SCHEMA)


def problems(document: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in CHECK.iter_errors(document)]


def printed(cwctl: Cwctl, *arguments: str) -> dict[str, Any]:
    """A plan as it is printed, which satisfies the schema."""
    document: dict[str, Any] = json.loads(cwctl("plan", "--format", "json", *arguments).out)
    assert problems(document) == []
    return document


def may_be_null(part: dict[str, Any]) -> bool:
    kinds = part.get("type")
    return "null" in kinds if isinstance(kinds, list) else {"type": "null"} in part.get("anyOf", [])


def test_the_schema_is_valid_for_both_validators_and_printed(cwctl: Cwctl) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    jsonschema_rs.Draft202012Validator(SCHEMA)
    assert json.loads(cwctl("schema", "plan").out) == SCHEMA
    assert "plan" in cwctl("schema").out.split()


def test_it_describes_every_struct_of_a_plan_and_no_other() -> None:
    assert PARTS.keys() == STRUCTS.keys()
    assert SCHEMA["properties"]["format_version"]["const"] == FORMAT_VERSION


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_it_is_in_step_with_the_structs(name: str) -> None:
    """A field that is added, taken away, renamed, or may be null from now on, must change in both."""
    part, struct = PARTS[name], STRUCTS[name]
    assert list(part["properties"]) == list(struct["properties"])
    assert part["required"] == list(struct["properties"])
    assert part["additionalProperties"] is False
    for field, stated in struct["properties"].items():
        mine = part["properties"][field]
        if stated.keys() - {"default", "description"}:
            assert may_be_null(mine) == may_be_null(stated), field
            assert mine.get("enum") == stated.get("enum"), field


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_everything_is_described(name: str) -> None:
    described = [PARTS[name], *PARTS[name]["properties"].values()]
    assert all(one["title"] and len(one["description"]) > 3 for one in described)


def test_the_plan_of_the_example_world_and_what_is_saved(cwctl: Cwctl) -> None:
    document = printed(cwctl, "--out", "night.plan")
    assert all(document[name] for name in ("changes", "by_customer", "unmanaged", "unmapped", "seal"))
    assert {change["kind"] for change in document["changes"]} == {"manufacturer", "company", "catalog_item", "addition"}
    assert json.loads(Path("night.plan").read_text()) == document
    assert printed(cwctl, "--customer", "410001")["selection"]["customers"] == ["410001"]


def test_an_empty_plan(cwctl: Cwctl) -> None:
    assert cwctl("apply", "--yes").code == 0
    assert printed(cwctl)["changes"] == []


@pytest.mark.long
def test_a_plan_after_months(cwctl: Cwctl) -> None:
    """Renewals, changes of what is there, invoiced days."""
    assert cwctl("apply", "--yes").code == 0
    assert cwctl("sandbox", "advance", "--days", "40").code == 0
    assert cwctl("sandbox", "invoice", "--period", "2026-07").code == 0
    assert any(change["action"] == "update" for change in printed(cwctl)["changes"])


def test_a_plan_with_something_held_back(cwctl: Cwctl, workspace: Path) -> None:
    file = workspace / "mappings" / "services.yaml"
    file.write_text(file.read_text().replace("subscription: 710030", "subscription: 799999"))
    assert printed(cwctl)["held"]


def test_a_plan_that_exceeds_limits(cwctl: Cwctl) -> None:
    assert cwctl("plan", "--out", "night.plan").code == 0
    found = from_json(Path("night.plan").read_bytes())
    findings = tuple(
        Finding(guard="max-changes", customer=customer, value=Decimal("52.5"), limit=Decimal(1), unit="%", why="many")
        for customer in (None, "410001")
    )
    assert problems(json.loads(to_json(replace(found, findings=findings)))) == []


@pytest.mark.long
def test_a_plan_of_a_varied_world(cwctl: Cwctl, tmp_path: Path) -> None:
    """All kinds of agreements, on the first day and after a month."""
    made = tmp_path / "varied"
    assert cwctl("sandbox", "reset", "--customers", "16", "--varied", "--workspace", str(made)).code == 0
    for days in (0, 35):
        if days:
            assert cwctl("-C", made, "apply", "--yes").code in {0, 4}
            assert cwctl("-C", made, "sandbox", "advance", "--days", str(days)).code == 0
        document = json.loads(cwctl("-C", made, "plan", "--format", "json").out)
        assert document["changes"]
        assert problems(document) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("changes", 0, "kind"), "invoice"),
        (("total_of_all",), "1.00"),
        (("rounding",), 0.69),
        (("seal", "digest"), "abc"),
        (("as_of",), "15.06.2026"),
        (("format_version",), 1),
    ],
)
def test_what_is_no_plan_does_not_satisfy_it(cwctl: Cwctl, path: tuple[str | int, ...], value: object) -> None:
    part: Any = (document := printed(cwctl))
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert problems(document)
