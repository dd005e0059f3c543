"""The language of conditions."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sandbox.psa.conditions import parse
from engine.sandbox.psa.errors import ApiError
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.records import ADDITION, AGREEMENT, COMPANY
from engine.sandbox.psa.schema import child_field, condition_field, custom_field
from tests.sandbox.psa_desk import Desk

RECORDS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Example Bakery",
        "identifier": "ExampleBakery",
        "city": "Springfield",
        "deletedFlag": False,
        "status": {"id": 1, "name": "Active"},
        "types": [{"id": 1, "name": "Customer"}, {"id": 2, "name": "Vendor"}],
        "_info": {"lastUpdated": "2026-06-15T08:00:00Z"},
    },
    {
        "id": 2,
        "name": 'O\'Example "Mill" [East]',
        "identifier": "50%Mill",
        "deletedFlag": True,
        "status": {"id": 2, "name": "Inactive"},
        "types": [],
        "_info": {"lastUpdated": "2026-06-16T00:00:00Z"},
    },
    {
        "id": 3,
        "name": "Sample Orchard",
        "identifier": "Orchard",
        "city": "Rivertown",
        "types": [{"id": 2, "name": "Vendor"}],
        "_info": {"lastUpdated": "2026-06-17T00:00:00Z"},
    },
]


def found(text: str, version: str = "2025.1") -> list[int]:
    test = parse(text, lambda name: condition_field(COMPANY, version, name)).test
    return [record["id"] for record in RECORDS if test(record)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("id = 2", [2]),
        ("id=2.0", [2]),
        ("ID != 2", [1, 3]),
        ("id < 2", [1]),
        ("id <= 2 and id >= 2", [2]),
        ("id > 1 OR id = 1", [1, 2, 3]),
        ("id in (3,1, 7)", [1, 3]),
        ("id not in (3,1)", [2]),
        ("id in (1)", [1]),
        ('name = "example bakery"', [1]),
        ("name = 'Example Bakery'", [1]),
        ("name contains 'example'", [1, 2]),
        ("name not contains 'example'", [3]),
        ("name like 'example*'", [1]),
        ("name like '%orchard'", [3]),
        ("name like 'sample orchard'", [3]),
        ("name like 'sample'", []),
        ("name not like 's*'", [1, 2]),
        ("name like '*[[]East]'", [2]),
        ("name contains 'ex*bak'", [1]),
        ("name = 'O''Example \"Mill\" [East]'", [2]),
        ('name = "O\'Example ""Mill"" [East]"', [2]),
        ("name in ('Sample Orchard', \"Example Bakery\")", [1, 3]),
        ("name > 'P'", [3]),
        ("deletedFlag = False", [1, 3]),
        ("deletedFlag = true", [2]),
        ("deletedFlag != True", [1, 3]),
        ("city = null", [2]),
        ("city != null", [1, 3]),
        ("city != 'Rivertown'", [1]),
        ("city not like 'River*'", [1]),
        ("status/id = 2", [2]),
        ("Status/Name = 'active'", [1]),
        ("status/id = null", [3]),
        ("lastUpdated > [2026-06-15T08:00:00Z]", [2, 3]),
        ("lastUpdated >= [2026-06-15T08:00:00Z]", [1, 2, 3]),
        ("_info/lastUpdated < [2026-06-17]", [1, 2]),
        ("(id = 1 or id = 2) and deletedFlag = false", [1]),
        ("id = 1 or id = 2 and deletedFlag = false", [1]),
        ("id = 3 or id = 2 and deletedFlag = true", [2, 3]),
        ("not (id = 1 or id = 2)", [3]),
        ("((id = 1))", [1]),
        ("id = -1", []),
        ("id = 99999999999999999999999999", []),
    ],
)
def test_what_passes(text: str, ids: list[int]) -> None:
    assert found(text) == ids


@pytest.mark.parametrize(
    "text",
    [
        "id",
        "id =",
        "= 1",
        "id = 1 and",
        "and id = 1",
        "id = 1 id = 2",
        "id == 1",
        "(id = 1",
        "id = 1)",
        "id in ()",
        "id in 1",
        "id in (1,)",
        "id is null",
        "id > null",
        "id = 'one'",
        "id contains '1'",
        "id = 1x",
        "name = Bakery",
        "name = 5",
        "name = 'open",
        'name = "open',
        "name like 5",
        "name not = 'x'",
        "nam = 'x'",
        "name/first = 'x'",
        "status/colour = 'x'",
        "status/id/x = 1",
        "types/id = 1",
        "customFields = 1",
        "deletedFlag > true",
        "deletedFlag = 'true'",
        "lastUpdated > '2026-06-15'",
        "lastUpdated > 2026-06-15",
        "lastUpdated > [yesterday]",
        "not id = 1",
        "id = 1; drop",
        "§",
        "(" * 200 + "id = 1" + ")" * 200,
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        found(text)
    assert refused.value.status == 400
    assert refused.value.body["code"] == "ConnectWiseApi"


@pytest.mark.parametrize(
    ("text", "ids"),
    [("types/id = 2", [1, 3]), ("types/name like 'cust*'", [1]), ("types/id = 1 and types/id = 2", [1])],
)
def test_child_conditions(text: str, ids: list[int]) -> None:
    test = parse(text, lambda name: child_field(COMPANY, name), lists=False).test
    assert [record["id"] for record in RECORDS if test(record)] == ids


@pytest.mark.parametrize("text", ["types/id in (1,2)", "status/id = 1", "types = 1", "types/colour = 'x'"])
def test_child_conditions_refuse(text: str) -> None:
    with pytest.raises(ApiError):
        parse(text, lambda name: child_field(COMPANY, name), lists=False)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('caption="Subscription" and value="7001"', True),
        ('caption="Subscription" and value != null', True),
        ('caption="Other" and value="7001"', False),
        ('caption="Other" and value = null', True),
        ("value like '70*'", True),
        ("id = 2", True),
    ],
)
def test_custom_field_conditions(text: str, passes: bool) -> None:
    entries = [{"id": 1, "caption": "Subscription", "value": "7001"}, {"id": 2, "caption": "Other"}]
    test = parse(text, custom_field, lists=False).test
    assert any(test(entry) for entry in entries) is passes


def test_ids_alone_that_can_pass() -> None:
    def ids(text: str) -> set[int] | None:
        known = parse(text, lambda name: condition_field(COMPANY, "2025.1", name)).ids
        return None if known is None else set(known)

    assert ids("id in (1,2)") == {1, 2}
    assert ids("id in (1,2) and deletedFlag = false and id in (2,3)") == {2}
    assert ids("id = 1 or id = 2") == {1, 2}
    assert ids("id = 1 or name = 'x'") is None
    assert ids("id not in (1,2)") is None
    assert ids("not (id = 1)") is None
    assert ids("id = 1.0") is None


_PIECES = (
    "id name city status/id types/id _info/lastUpdated lastUpdated customFields deletedFlag and or not in like "
    "contains ( ) , = != < <= > >= null True false 1 -2.5 99999999999999999999 [2026-01-01] [] [x] 'a' \"b\" '' '%' ' /"
)
_WORDS = st.sampled_from(_PIECES.split())


def outcome(text: str, resource: Resource) -> int:
    """200, or the status of the refusal, for a condition that is parsed and put to every record."""
    try:
        condition = parse(text, lambda name: condition_field(resource, "2025.1", name))
    except ApiError as refused:
        return refused.status
    return 200 if all(condition.test(record) in (True, False) for record in RECORDS) else 500


@given(st.one_of(st.text(max_size=40), st.lists(_WORDS, max_size=14).map(" ".join)))
def test_any_text_is_a_test_or_a_400(text: str) -> None:
    assert {outcome(text, resource) for resource in (COMPANY, AGREEMENT, ADDITION)} <= {200, 400}


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


@pytest.mark.parametrize("name", ["conditions", "childConditions", "customFieldConditions", "orderBy", "fields"])
def test_what_cannot_be_read_is_400_on_every_list(desk: Desk, name: str) -> None:
    for path in ("/company/companies", "/finance/agreementrecap", desk.additions):
        answer = desk.ask("GET", path, params={name: "nonsense here"})
        assert (answer.status_code, answer.json()["code"]) == (400, "ConnectWiseApi")
    for path in ("/company/companies/count", f"{desk.additions}/count"):
        expected = 400 if name.lower().endswith("conditions") else 200
        assert desk.ask("GET", path, params={name: "nonsense here"}).status_code == expected


def test_conditions_over_http(desk: Desk) -> None:
    first = desk.new_addition(custom_fields={"Subscription": "7001"})
    second = desk.new_addition(custom_fields={"Subscription": "7002"})
    wanted = {"customFieldConditions": 'caption="Subscription" and value="7002"'}
    assert [a["id"] for a in desk.get(desk.additions, **wanted)] == [second]
    assert desk.get(f"{desk.additions}/count", **wanted) == {"count": 1}
    assert [
        a["id"] for a in desk.get(desk.additions, conditions=f"product/identifier = 'seat-m' and id < {second}")
    ] == [first]
    assert desk.get(desk.additions, conditions="cancelledDate != null") == []
    other = desk.new_agreement(name="Other")
    assert desk.get(f"/finance/agreements/{other}/additions", conditions=f"id in ({first})") == []
