"""Pages, counts, orderings and chosen fields."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from engine.sandbox.psa.seed import add_manufacturer
from tests.sandbox.psa_desk import Desk

MAKERS = "/procurement/manufacturers"
FORWARD = {"pagination-type": "forward-only"}


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    with made.store.transaction():
        for number in range(2, 61):
            add_manufacturer(made.store, f"Maker {number:02}", inactive=number % 2 == 0)
    yield made
    made.store.close()


def links(header: str) -> dict[str, str]:
    return {relation: url for url, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


def test_pages_have_25_records_and_links_around_them(desk: Desk) -> None:
    first = desk.ask("GET", MAKERS, params={"conditions": "id > 0"})
    assert [r["id"] for r in first.json()] == list(range(1, 26))
    around = links(first.headers["link"])
    assert set(around) == {"next", "last"}
    assert around["last"].endswith("?conditions=id%20%3E%200&pageSize=25&page=3")
    second = desk.raw("GET", around["next"], headers=desk.headers())
    assert [r["id"] for r in second.json()] == list(range(26, 51))
    assert set(links(second.headers["link"])) == {"next", "last", "prev", "first"}
    third = desk.raw("GET", around["last"], headers=desk.headers())
    assert [r["id"] for r in third.json()] == list(range(51, 61))
    assert set(links(third.headers["link"])) == {"prev", "first"}


@pytest.mark.parametrize("conditions", [{}, {"conditions": "id > 0"}])
def test_a_page_past_the_end_is_empty(desk: Desk, conditions: dict[str, str]) -> None:
    assert desk.get(MAKERS, page=9, pageSize=10, **conditions) == []
    assert desk.get(MAKERS, page=10**17, pageSize=1000, **conditions) == []


def test_a_page_has_at_most_1000_records(desk: Desk) -> None:
    with desk.store.transaction():
        for number in range(61, 1201):
            add_manufacturer(desk.store, f"Maker {number}")
    assert len(desk.get(MAKERS, pageSize=5000)) == 1000
    assert len(desk.get(MAKERS, pageSize=5000, page=2)) == 200
    assert desk.get(f"{MAKERS}/count") == {"count": 1200}


@pytest.mark.parametrize("conditions", ["", "inactiveFlag = false"])
def test_forward_only_goes_by_id_to_an_empty_link(desk: Desk, conditions: str) -> None:
    params = {"pageSize": "20", "conditions": conditions, "page": "7"}
    answer = desk.ask("GET", MAKERS, params=params, headers=FORWARD)
    ids = [r["id"] for r in answer.json()]
    sizes = [len(ids)]
    while answer.headers["link"]:
        url = links(answer.headers["link"])["next"]
        assert f"pageId={ids[-1]}" in url
        answer = desk.raw("GET", url, headers={**desk.headers(), **FORWARD})
        ids += [r["id"] for r in answer.json()]
        sizes.append(len(answer.json()))
    assert ids == [n for n in range(1, 61) if not conditions or n % 2 or n == 1]
    assert sizes == ([20, 20, 20, 0] if not conditions else [20, 10])


def test_forward_only_refuses_an_order(desk: Desk) -> None:
    answer = desk.ask("GET", MAKERS, params={"orderBy": "name"}, headers=FORWARD)
    assert (answer.status_code, answer.json()["code"]) == (400, "ConnectWiseApi")


def test_an_endpoint_without_forward_only_sends_no_link(desk: Desk) -> None:
    desk.set("psa.forward_only", "off")
    answer = desk.ask("GET", MAKERS, headers=FORWARD)
    assert "link" not in answer.headers
    assert len(answer.json()) == 25


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("name", [2, 3, 4]),
        ("name desc", [60, 59, 58]),
        ("inactiveFlag desc, id desc", [60, 58, 56]),
        ("inactiveFlag asc,name ASC", [3, 5, 7]),
        ("lastUpdated desc", [60, 59, 58]),
    ],
)
def test_orders(desk: Desk, order: str, ids: list[int]) -> None:
    found = desk.get(MAKERS, orderBy=order, pageSize=3, conditions="id != 1")
    assert [r["id"] for r in found] == ids


@pytest.mark.parametrize(
    "params",
    [{"page": "0"}, {"page": "-1"}, {"page": "x"}, {"pageSize": "0"}, {"pageSize": "1.5"}, {"orderBy": "name up"}],
)
def test_what_is_no_page(desk: Desk, params: dict[str, str]) -> None:
    assert desk.ask("GET", MAKERS, params=params).status_code == 400
    assert desk.ask("GET", MAKERS, params={"pageId": "x"}, headers=FORWARD).status_code == 400


def test_an_address_can_be_too_long(desk: Desk) -> None:
    assert desk.ask("GET", MAKERS, params={"conditions": f"name = '{'x' * 10_000}'"}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "record"),
    [
        ("id,name", {"id": 1, "name": "Cloud"}),
        ("ID, Name", {"id": 1, "name": "Cloud"}),
        ("id,company/id", {"id": 1, "company": {"id": 1}}),
        ("company", {"company": {"id": 1, "identifier": "ExampleBakery", "name": "Example Bakery"}}),
        ("company,company/id", {"company": {"id": 1, "identifier": "ExampleBakery", "name": "Example Bakery"}}),
        ("id,_info/updatedBy", {"id": 1, "_info": {"updatedBy": "sandbox"}}),
        ("id,endDate", {"id": 1}),
    ],
)
def test_fields(desk: Desk, fields: str, record: dict[str, Any]) -> None:
    assert desk.get("/finance/agreements", fields=fields) == [record]
    assert desk.get("/finance/agreements", fields=fields, conditions="id = 1") == [record]
    assert desk.get("/finance/agreements/1", fields=fields) == record


def test_info_comes_whole_without_fields_and_only_named_with_them(desk: Desk) -> None:
    assert set(desk.get("/finance/agreements/1")["_info"]) == {"lastUpdated", "updatedBy", "dateEntered", "enteredBy"}
    assert "_info" not in desk.get("/finance/agreements/1", fields="id")
    assert set(desk.get("/finance/agreements/1", fields="_info")["_info"]) >= {"lastUpdated"}


@pytest.mark.parametrize("fields", ["colour", "company/colour", "_info/colour", "name/id", "autoUpdateUnitCostFlag"])
def test_unknown_fields(desk: Desk, fields: str) -> None:
    assert desk.ask("GET", "/finance/agreements", params={"fields": fields}).status_code == 400


def test_fields_of_a_post(desk: Desk) -> None:
    answer = desk.ask("POST", MAKERS, json={"name": "Newcomer"}, params={"fields": "name"})
    assert (answer.status_code, answer.json()) == (201, {"name": "Newcomer"})
