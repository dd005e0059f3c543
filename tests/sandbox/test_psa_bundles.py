"""Bundles, and faults in front of the PSA."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine.sandbox.faults import TIMEOUT_TEXT, ConnectionDropped, Fault
from tests.sandbox.psa_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def part(number: int, kind: str, **request: Any) -> dict[str, Any]:
    return {"Version": "2025.1", "SequenceNumber": number, "ResourceType": kind, "ApiRequest": request}


def test_bundles_are_off_by_default(desk: Desk) -> None:
    for path in ("/system/bundles", "/system/bundles/count"):
        assert desk.post(path, {"requests": []}, status=404)["message"] == "The endpoint does not exist."


def test_a_bundle_reads_many_lists(desk: Desk) -> None:
    desk.set("psa.bundles", "on")
    first, second = desk.new_addition(quantity=1), desk.new_addition(quantity=2)
    requests = [
        part(1, "addition", ParentId=desk.agreement, Filters={"conditions": "quantity > 1"}, Fields="id,quantity"),
        part(2, "addition", parentId=desk.agreement, page={"pageSize": 1}),
        part(3, "company", Filters={"conditions": "nonsense"}),
        part(4, "addition", ParentId=999),
        part(5, "spaceship"),
        part(6, "agreement", Fields=["id"]),
    ]
    results = desk.post("/system/bundles", {"requests": requests}, status=200)["results"]
    assert [(r["sequenceNumber"], r["statusCode"], r["success"]) for r in results] == [
        (1, 200, True),
        (2, 200, True),
        (3, 400, False),
        (4, 404, False),
        (5, 404, False),
        (6, 200, True),
    ]
    assert results[0]["entities"] == [{"id": second, "quantity": 2}]
    assert [entry["id"] for entry in results[1]["entities"]] == [first]
    assert results[2]["error"]["code"] == "ConnectWiseApi"
    assert results[5]["entities"] == [{"id": desk.agreement}]
    counts = desk.post("/system/bundles/count", {"requests": requests[:2]}, status=200)["results"]
    assert [result["count"] for result in counts] == [1, 2]


def test_a_bundle_has_a_cap_and_needs_rights(desk: Desk) -> None:
    desk.set("psa.bundles", "on")
    desk.set("psa.bundle_cap", "2")
    desk.post("/system/bundles", {"requests": [part(n, "company") for n in range(3)]}, status=400)
    desk.set("psa.rights.companies", "")
    results = desk.post("/system/bundles", {"requests": [part(1, "company")]}, status=200)["results"]
    assert results[0]["statusCode"] == 403
    malformed: tuple[Any, ...] = ([], {}, {"requests": 5}, {"requests": [5]})
    for wrong in malformed:
        desk.post("/system/bundles", wrong, status=400)


def test_a_timeout_after_commit_leaves_the_addition(desk: Desk) -> None:
    body = {"product": {"id": desk.item}, "billCustomer": "Billable", "quantity": 1, "effectiveDate": "2026-07-01"}
    desk.faults.add(Fault(kind="timeout_before", verb="POST", path="/finance/agreements/*/additions"))
    assert desk.post(desk.additions, body, status=500)["message"] == TIMEOUT_TEXT
    assert desk.get(f"{desk.additions}/count") == {"count": 0}
    desk.faults.add(Fault(kind="timeout_after_commit", verb="POST", path="/finance/agreements/*/additions"))
    assert desk.post(desk.additions, body, status=500)["message"] == TIMEOUT_TEXT
    desk.faults.add(Fault(kind="drop_after_commit", verb="POST"))
    with pytest.raises(ConnectionDropped):
        desk.post(desk.additions, body)
    assert desk.get(f"{desk.additions}/count") == {"count": 2}


def test_a_person_edits_between_a_read_and_a_write(desk: Desk) -> None:
    at = f"{desk.additions}/{desk.new_addition()}"
    desk.faults.add(
        Fault(kind="edit_between", verb="GET", path="*/additions/*", after=True),
        edit=lambda: desk.store.put("company", desk.company, {"id": desk.company, "name": "Edited"}),
    )
    desk.get(at)
    assert desk.get(f"/company/companies/{desk.company}") == {"id": desk.company, "name": "Edited"}
