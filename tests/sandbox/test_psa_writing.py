"""POST, PATCH, PUT and DELETE of companies, catalog items and manufacturers."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine.sandbox.psa.seed import add_company
from tests.sandbox.psa_desk import Desk

COMPANIES = "/company/companies"
CATALOG = "/procurement/catalog"
COMPANY = {"identifier": "Orchard", "name": "Sample Orchard", "city": "Rivertown"}
ITEM = {
    "identifier": "SEAT-Y",
    "description": "Yearly seat",
    "customerDescription": "A seat for a year",
    "subcategory": {"id": 1},
    "type": {"name": "software"},
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def codes(body: Any) -> list[tuple[str, str]]:
    return [(error["code"], error["field"]) for error in body["errors"]]


def test_a_company_is_made_with_defaults(desk: Desk) -> None:
    made = desk.post(COMPANIES, {**COMPANY, "types": [{"name": "Customer"}], "country": {"name": "germany"}})
    assert made["status"] == {"id": 1, "name": "Active"}
    assert made["types"] == [{"id": 1, "name": "Customer"}]
    assert made["country"] == {"id": 4, "name": "Germany"}
    assert made["deletedFlag"] is False
    assert made["_info"]["lastUpdated"].startswith("2026-06-15T")
    assert desk.get(f"{COMPANIES}/{made['id']}") == made


def test_a_catalog_item_is_made_with_defaults(desk: Desk) -> None:
    made = desk.post(CATALOG, {**ITEM, "price": 9.90, "manufacturer": {"id": desk.maker}})
    assert made["productClass"] == "NonInventory"
    assert made["price"] == "9.9"
    assert made["type"] == {"id": 1, "name": "Software"}
    assert made["manufacturer"] == {"id": desk.maker, "name": "Example Software Works"}


@pytest.mark.parametrize(
    ("path", "body", "problems"),
    [
        (COMPANIES, {"name": "x", "city": "y"}, [("MissingRequiredField", "identifier")]),
        (COMPANIES, {"identifier": "x", "name": "y"}, [("MissingRequiredField", "addressLine1")]),
        (COMPANIES, {**COMPANY, "identifier": "i" * 31}, [("MaxLengthField", "identifier")]),
        (COMPANIES, {**COMPANY, "name": "n" * 51}, [("MaxLengthField", "name")]),
        (COMPANIES, {**COMPANY, "identifier": "examplebakery"}, [("ObjectExists", "identifier")]),
        (COMPANIES, {**COMPANY, "status": {"id": 17}}, [("NotFound", "status/id")]),
        (COMPANIES, {**COMPANY, "country": {"name": "Nowhere"}}, [("NotFound", "country")]),
        (COMPANIES, {**COMPANY, "types": [{"id": 9}]}, [("NotFound", "types/id")]),
        (CATALOG, {}, [("MissingRequiredField", n) for n in ("identifier", "description", "customerDescription")]
            + [("MissingRequiredField", "subcategory"), ("MissingRequiredField", "type")]),
        (CATALOG, {**ITEM, "identifier": "i" * 76}, [("MaxLengthField", "identifier")]),
        (CATALOG, {**ITEM, "description": "d" * 61}, [("MaxLengthField", "description")]),
        (CATALOG, {**ITEM, "manufacturerPartNumber": "m" * 51}, [("MaxLengthField", "manufacturerPartNumber")]),
        (CATALOG, {**ITEM, "identifier": "seat-m"}, [("ObjectExists", "identifier")]),
        ("/procurement/manufacturers", {"name": "example software works"}, [("ObjectExists", "name")]),
        ("/procurement/manufacturers", {"name": "m" * 51}, [("MaxLengthField", "name")]),
    ],
)  # fmt: skip
def test_what_does_not_pass(desk: Desk, path: str, body: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    before = desk.get(f"{path}/count")
    refused = desk.post(path, body, status=400)
    assert refused["code"] == "InvalidObject"
    assert refused["message"].endswith(" object is invalid")
    assert codes(refused) == problems
    assert desk.get(f"{path}/count") == before


def test_unknown_members_are_refused_with_their_place(desk: Desk) -> None:
    text = b'{"identifier": "a",\n "colour": "red"}'
    answer = desk.ask("POST", COMPANIES, content=text)
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "ConnectWiseApi",
        "message": "Could not find member 'colour' on object of type 'Company'. Path 'colour', line 2, position 1."
        "Check your accept header to make sure you are using the correct version.",
        "errors": None,
    }
    inner = desk.post(CATALOG, {**ITEM, "manufacturer": {"id": 1, "colour": "red"}}, status=400)
    assert "Path 'manufacturer.colour'" in inner["message"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("price", "dear"),
        ("price", True),
        ("inactiveFlag", "no"),
        ("productClass", "Gadget"),
        ("description", {"text": "x"}),
        ("manufacturer", 5),
        ("customFields", {"id": 1}),
        ("notes", False),
    ],
)
def test_a_value_of_the_wrong_type_is_a_500(desk: Desk, member: str, value: Any) -> None:
    body = desk.post(CATALOG, {**ITEM, member: value}, status=500)
    assert body["message"].startswith("Error converting value")
    assert member in body["message"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff", b'{"price": NaN}'])
def test_what_is_no_json_object(desk: Desk, content: bytes) -> None:
    assert desk.ask("POST", COMPANIES, content=content).status_code == 400
    assert desk.ask("PUT", f"{COMPANIES}/1", content=content).status_code == 400


def test_newlines_are_flattened(desk: Desk) -> None:
    made = desk.post(CATALOG, {**ITEM, "customerDescription": "one\r\ntwo\nthree\rfour\tfive\bsix"})
    assert made["customerDescription"] == "one two three four\tfivesix"


@pytest.mark.parametrize("path", ["city", "/city"])
def test_patch_takes_bare_and_slashed_paths(desk: Desk, path: str) -> None:
    at = f"{COMPANIES}/{desk.company}"
    before = desk.get(at)
    after = desk.patch(at, ("replace", path, "Rivertown"))
    assert after["city"] == "Rivertown"
    assert after["_info"]["lastUpdated"] > before["_info"]["lastUpdated"]
    assert after["_info"]["dateEntered"] == before["_info"]["dateEntered"]
    assert desk.patch(at, ("add", path, "Hilltown"))["city"] == "Hilltown"
    assert "city" not in desk.patch(at, ("replace", "zip", "1234"), ("remove", path, None))


@pytest.mark.parametrize(
    "operation",
    [
        ("replace", "City", "x"),
        ("replace", "colour", "x"),
        ("test", "city", "x"),
        ("replace", "", "x"),
        ("move", "city", "x"),
    ],
)
def test_patch_refuses(desk: Desk, operation: tuple[str, str, Any]) -> None:
    refused = desk.patch(f"{COMPANIES}/{desk.company}", operation, status=400)
    assert refused["code"] == "ConnectWiseApi"


def test_patch_needs_a_list_of_operations(desk: Desk) -> None:
    for body in ({"city": "x"}, ["city"], 5):
        assert desk.ask("PATCH", f"{COMPANIES}/{desk.company}", json=body).status_code == 400


@pytest.mark.parametrize(
    "path", ["manufacturer/name", "/manufacturer/id", "customFields/0/value", "id", "_info", "calculatedPrice"]
)
def test_some_paths_answer_200_without_effect(desk: Desk, path: str) -> None:
    at = f"{CATALOG}/{desk.item}"
    before = desk.get(at)
    after = desk.patch(at, ("replace", path, 99))
    assert {**after, "_info": 0} == {**before, "_info": 0}


def test_types_of_a_company_are_for_new_ones_alone(desk: Desk) -> None:
    at = f"{COMPANIES}/{desk.company}"
    assert desk.patch(at, ("replace", "types", [{"id": 2}]))["types"] == [{"id": 1, "name": "Customer"}]


def test_references_are_replaced_whole(desk: Desk) -> None:
    other = desk.post("/procurement/manufacturers", {"name": "Sample Tools"})
    at = f"{CATALOG}/{desk.item}"
    after = desk.patch(at, ("replace", "manufacturer", {"name": "sample tools"}))
    assert after["manufacturer"] == {"id": other["id"], "name": "Sample Tools"}
    assert "manufacturer" not in desk.patch(at, ("replace", "manufacturer", None))
    assert codes(desk.patch(at, ("replace", "manufacturer", {"id": 99}), status=400)) == [
        ("NotFound", "manufacturer/id")
    ]


def test_patch_checks_the_whole_stored_record(desk: Desk) -> None:
    stale = add_company(desk.store, identifier="Stale", name="n" * 60, country=None)
    refused = desk.patch(f"{COMPANIES}/{stale}", ("replace", "phoneNumber", "555 0100"), status=400)
    assert codes(refused) == [("MaxLengthField", "name"), ("MissingRequiredField", "addressLine1")]
    fixed = desk.patch(f"{COMPANIES}/{stale}", ("replace", "name", "Short"), ("replace", "city", "Rivertown"))
    assert fixed["name"] == "Short"


def test_an_operation_that_fails_undoes_the_others(desk: Desk) -> None:
    at = f"{COMPANIES}/{desk.company}"
    before = desk.get(at)
    desk.patch(at, ("replace", "city", "Rivertown"), ("replace", "name", "n" * 51), status=400)
    assert desk.get(at) == before


def test_put_empties_what_it_leaves_out(desk: Desk) -> None:
    at = f"{CATALOG}/{desk.item}"
    desk.patch(at, ("replace", "taxableFlag", True))
    after = desk.put(at, ITEM)
    assert (after["id"], after["identifier"], after["taxableFlag"]) == (desk.item, "SEAT-Y", False)
    assert {"price", "cost", "manufacturer"}.isdisjoint(after)
    assert codes(desk.put(at, {"identifier": "x"}, status=400))[0] == ("MissingRequiredField", "description")


def test_a_new_name_shows_wherever_it_is_referred_to(desk: Desk) -> None:
    addition = desk.new_addition()
    before = desk.get(f"{desk.additions}/{addition}")
    desk.patch(f"{COMPANIES}/{desk.company}", ("replace", "name", "Example Bakeries"))
    desk.patch(f"{CATALOG}/{desk.item}", ("replace", "identifier", "SEAT-MONTH"))
    assert desk.get(f"/finance/agreements/{desk.agreement}")["company"]["name"] == "Example Bakeries"
    after = desk.get(f"{desk.additions}/{addition}")
    assert after == {**before, "product": {"id": desk.item, "identifier": "SEAT-MONTH"}}


def test_delete(desk: Desk) -> None:
    for area in ("companies", "catalog"):
        desk.set(f"psa.rights.{area}", "add,edit,delete,inquire")
    made = desk.post(CATALOG, ITEM)
    at = f"{CATALOG}/{made['id']}"
    gone = desk.ask("DELETE", at)
    assert (gone.status_code, gone.content) == (204, b"")
    assert [desk.ask(verb, at, json=[]).status_code for verb in ("GET", "PATCH", "DELETE")] == [404, 404, 404]
    assert desk.post(CATALOG, ITEM)["id"] == made["id"] + 1
    used = desk.ask("DELETE", f"{COMPANIES}/{desk.company}")
    assert (used.status_code, used.json()["code"]) == (409, "Conflict")


def test_version_2022_has_shorter_identifiers_and_fewer_members(desk: Desk) -> None:
    assert desk.get(f"{CATALOG}/{desk.item}")["autoUpdateUnitCostFlag"] is False
    assert desk.ask("GET", "/finance/agreementrecap").status_code == 200
    for accept, tenant in (("version=2022.1", "2025.1"), ("", "2022.1"), ("version=2025.1", "2022.1")):
        desk.set("psa.version", tenant)
        headers = {"accept": f"application/vnd.connectwise.com+json; {accept}"}
        one = desk.ask("GET", f"{CATALOG}/{desk.item}", headers=headers)
        assert "autoUpdateUnitCostFlag" not in one.json()
        assert one.headers["api-current-version"] == tenant
        for path, body, status in (
            (COMPANIES, {**COMPANY, "identifier": "i" * 26}, 400),
            (CATALOG, {**ITEM, "identifier": "i" * 61}, 400),
            (CATALOG, {**ITEM, "autoUpdateUnitCostFlag": True}, 400),
        ):
            assert desk.ask("POST", path, json=body, headers=headers).status_code == status
    assert desk.ask("GET", "/finance/agreementrecap").status_code == 404
    desk.set("psa.version", "2025.1")
    desk.post(COMPANIES, {**COMPANY, "identifier": "i" * 30})
    desk.post(CATALOG, {**ITEM, "identifier": "i" * 75, "autoUpdateUnitCostFlag": True})


def test_prices_can_be_kept_with_fewer_decimals(desk: Desk) -> None:
    desk.set("psa.price_decimals", "2")
    made = desk.post(CATALOG, {**ITEM, "price": 1.005, "cost": 0.994})
    assert (made["price"], made["cost"]) == ("1.01", "0.99")
