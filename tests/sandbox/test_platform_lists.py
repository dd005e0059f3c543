"""Three ways of paging, the filters, and the vendor's own description as the measure of every reply."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from engine.sandbox.event import Event
from engine.sandbox.sandbox import Sandbox
from tests.sandbox.platform_calls import Caller

DESCRIPTION = Path(__file__).parents[3] / "shared/spec/streamone-ion-v3.openapi.json"


def _all(platform: Caller, what: str, size: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params: dict[str, str | int] = {"pageSize": size}
    while True:
        page = platform.get(what, params)
        found += page[what]
        if "nextPageToken" not in page:
            return found
        params = {"pageToken": page["nextPageToken"]}


@pytest.mark.parametrize(("what", "size", "count"), [("customers", 5, 12), ("products", 2, 6), ("orders", 10, 55)])
def test_page_tokens_lead_to_everything_once(platform: Caller, what: str, size: int, count: int) -> None:
    names = [doc["name"] for doc in _all(platform, what, size)]
    assert len(names) == len(set(names)) == count


def test_paging_needs_a_size_or_a_token(platform: Caller) -> None:
    assert platform.get("customers", status=400)["error"] == "INVALID_REQUEST"
    assert platform.get("customers", {"pageSize": "many"}, status=400)["code"] == 400
    for token in ("%%%", "é", "NS4=", "LTUuNQ=="):
        assert platform.get("customers", {"pageToken": token}, status=400)["code"] == 400
    for number in ("-1", "²", "9" * 30):
        assert platform.get("subscriptions", {"pagination.offset": number}, status=400)["code"] == 400


def test_the_server_may_give_fewer_than_asked(platform: Caller, sandbox: Sandbox) -> None:
    sandbox.store.set_setting("platform.max_page_size", "7")
    assert len(platform.get("customers", {"pageSize": 1000})["customers"]) == 7
    assert len(platform.get("subscriptions", {"pagination.limit": 1000})["items"]) == 7
    assert len(_all(platform, "customers", 1000)) == 12


def test_subscriptions_page_by_limit_and_offset(platform: Caller) -> None:
    seen: list[str] = []
    while True:
        page = platform.get("subscriptions", {"pagination.limit": 9, "pagination.offset": len(seen)})
        assert page["totalCount"] == "41"
        assert page["paginationResponse"]["totalSize"] == 41
        if not page["items"]:
            break
        seen += [doc["id"] for doc in page["items"]]
    assert len(seen) == len(set(seen)) == 41


def test_subscriptions_sort(platform: Caller) -> None:
    down = platform.get("subscriptions", {"pagination.sortBy": "id", "pagination.sortOrder": "DESC"})["items"]
    assert [doc["id"] for doc in down][:2] == ["710041", "710040"]
    params = {"pagination.sortBy": "subscriptionTotalLicenses", "pagination.sortOrder": "DESC"}
    assert platform.get("subscriptions", params)["items"][0]["subscriptionTotalLicenses"] == "210"
    assert platform.get("subscriptions", {"pagination.sortOrder": "UP"}, status=400)["error"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"customerId": 410001}, 4),
        ({"customerId": 1}, 0),
        ({"subscriptionStatus": "SUSPENDED"}, 1),
        ({"subscriptionStatus": "DELETED", "customerId": 410008}, 1),
        ({"providerId": 1}, 2),
        ({"cloudProviderName": "Sophos", "customerName": "Tidewater"}, 1),
        ({"billingCycle": "annual"}, 2),
        ({"ccpProductId": "Google-Workspace"}, 3),
        ({"startDateRange.fixedDateRange.startDate": "2026-06-01T00:00:00Z"}, 6),
    ],
)
def test_subscriptions_filter(platform: Caller, filters: dict[str, str | int], count: int) -> None:
    page = platform.get("subscriptions", filters)
    assert (len(page["items"]), page["totalCount"]) == (count, str(count))


@pytest.mark.parametrize(
    ("what", "filters", "count"),
    [
        ("customers", {"filter.customerName": "bakery"}, 1),
        ("customers", {"filter.customerEmail": "yard@tidewater-boats.example"}, 1),
        ("customers", {"filter.customerStatus": "INACTIVE"}, 0),
        ("products", {"filter.cloudProviderId": 30}, 2),
        ("products", {"filter.mfgPartNumber": "CFQ7TTC0LCHC:0002:P1Y:M"}, 1),
        ("products", {"filter.skuDisplayName": "Visio Plan 2"}, 1),
        ("products", {"filter.skuDisplayName": "Visio"}, 0),
        ("orders", {"filter.customerIdList": "410003,410004"}, 9),
        ("customers/410003/orders", {}, 4),
    ],
)
def test_lists_filter(platform: Caller, what: str, filters: dict[str, str | int], count: int) -> None:
    member = what.rpartition("/")[2]
    assert len(platform.get(what, {"pageSize": 100, **filters})[member]) == count


def test_a_subscription_looks_as_recorded(platform: Caller) -> None:
    by_id = {doc["id"]: doc for doc in platform.get("subscriptions")["items"]}
    premium, azure = by_id["710001"], by_id["710004"]
    assert premium["subscriptionTotalLicenses"] == "28"
    assert str(premium["price"]) == "21.9613508"
    assert premium["mfgPartNumber"] == "CFQ7TTC0LCHC:0002:P1Y:M"
    assert azure["subscriptionStartDate"] == azure["subscriptionEndDate"]
    assert (azure["subscriptionBillingType"], azure["price"], azure["total"]) == ("license", 0, 0)
    assert "mfgPartNumber" not in azure
    assert by_id["710018"]["isTrial"] is True
    assert by_id["710010"]["subscriptionEndDate"][:10] == "2026-02-20", "a monthly plan shows its first term's end"


def test_the_history_is_newest_first_with_what_is_unrelated(platform: Caller) -> None:
    log = platform.get("customers/410004/subscriptions/710013")["activityLogs"]
    assert log["totalCount"] == str(len(log["items"]))
    dates = [item["actionDate"] for item in log["items"]]
    assert dates == sorted(dates, reverse=True)
    kinds = [item["actionType"] for item in log["items"]]
    assert kinds == ["Subscription Updated", "Users Update", "Users Update", "Subscription Created"]
    assert log["items"][1]["id"] == log["items"][2]["id"]
    assert log["items"][0]["actionDetails"] == "New Quantity: 38; Status: active; "
    assert log["items"][-1]["actionDetails"] == "Offer Name: Microsoft 365 E3 (no Teams); Quantity: 35; "


def test_a_thin_log_tells_of_creation_and_quantities_alone(platform: Caller, sandbox: Sandbox) -> None:
    path = "customers/410008/subscriptions/710029"
    assert platform.get(path)["activityLogs"]["items"][0]["actionType"] == "Subscription Cancelled"
    sandbox.store.set_setting("platform.activity_log", "thin")
    items = platform.get(path)["activityLogs"]["items"]
    assert {item["actionType"] for item in items} <= {"Subscription Created", "Users Update"}
    assert platform.get(path)["subscriptionStatus"] == "deleted"


@pytest.mark.parametrize(
    "path",
    ["customers/410001/subscriptions/710029", "customers/1/subscriptions/²", f"customers/{10**25}", "products/none"],
)
def test_what_is_not_there_is_404(platform: Caller, path: str) -> None:
    assert platform.get(path, status=404)["error"] == "NOT_FOUND"


def test_unknown_resources_and_verbs(platform: Caller) -> None:
    assert platform.get("invoices", status=404)["code"] == 404
    headers = {"Authorization": f"Bearer {platform.token}"}
    assert platform.http.delete(f"/api/v3/accounts/{platform.account}/customers", headers=headers).status_code == 405


@pytest.mark.parametrize(
    ("path", "params", "schema"),
    [
        ("customers", {"pageSize": 100}, "ListCustomers"),
        ("customers/410001", {}, "GetCustomerResponse"),
        ("products", {"pageSize": 100}, "ListProductsResponse"),
        ("products/Microsoft365-NCE", {}, "CatalogProductResponse"),
        ("subscriptions", {"pagination.limit": 1000}, "ListSubscriptions"),
        ("customers/410001/subscriptions/710001", {}, "GetSubscription"),
        ("orders", {"pageSize": 100}, "ListOrdersResponse"),
        ("reports", {}, "ListReportsResponse"),
    ],
)
def test_replies_satisfy_the_vendors_description(
    platform: Caller, sandbox: Sandbox, path: str, params: dict[str, str | int], schema: str
) -> None:
    headers = {"Authorization": f"Bearer {platform.token}"}
    url = f"/api/v3/accounts/{platform.account}/{path}"
    reply = json.loads(platform.http.get(url, params=params, headers=headers).content)
    assert differences(reply, schema) == []
    assert differences({**reply, next(iter(reply)): 5.5}, schema) != [], "the check must be able to fail"


@pytest.mark.parametrize("mode", ["complete", "thin"])
def test_a_subscription_that_everything_happened_to_still_satisfies_it(
    platform: Caller, sandbox: Sandbox, mode: str
) -> None:
    sandbox.set("platform.activity_log", mode)
    premium = ("30", "Microsoft365-NCE", "business-premium-p1y")
    changes: list[dict[str, Any]] = [
        {"action": "price", "price": Decimal("30.0000001")},
        {"action": "partial_upgrade", "offer": premium, "quantity": 4},
        {"action": "renew", "price": Decimal("31.5")},
        {"action": "upgrade", "offer": premium},
        {"action": "seats", "quantity": 40},
        {"action": "suspend"},
        {"action": "cancel"},
    ]
    for change in changes:
        sandbox.happen(Event(on=sandbox.today, subscription=710013, **change))
    for id in ("710013", "710045"):
        url = f"/api/v3/accounts/{platform.account}/customers/410004/subscriptions/{id}"
        reply = json.loads(platform.http.get(url, headers={"Authorization": f"Bearer {platform.token}"}).content)
        assert reply["activityLogs"]["items"]
        assert differences(reply, "GetSubscription") == []


def differences(reply: Any, schema: str) -> list[str]:
    """Where a reply is not as the vendor's description says of this schema."""
    if not DESCRIPTION.exists():
        pytest.skip("the vendor's description lies beside the repository, and is not here")
    for doc in [*reply.get("items", []), reply]:
        if isinstance(doc.get("subscriptionStatus"), str):  # described in upper case, recorded in lower case
            doc["subscriptionStatus"] = doc["subscriptionStatus"].upper()
    described = json.loads(DESCRIPTION.read_text())
    registry = Registry().with_resource("urn:ion", Resource.from_contents(described, default_specification=DRAFT4))
    validator = OAS30Validator({"$ref": f"urn:ion#/components/schemas/{schema}"}, registry=registry)
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(reply)]
