"""The three ways of paging, and what happens when a page is late, cut, strange, or the list moves."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from engine.http.errors import BadReply, Forbidden, ServerFailed
from tests.http.support import SERVICE_URL, Clock
from tests.platform.support import BASE, client, subscription


@pytest.fixture
def service() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=SERVICE_URL, assert_all_called=False) as router:
        yield router


def by_offset(
    items: list[Any], size: int, total: Callable[[], dict[str, Any]] | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    """Answers like the list of subscriptions, at most `size` at once."""

    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["pagination.offset"])
        limit = min(size, int(request.url.params["pagination.limit"]))
        counted = total() if total else {"totalCount": str(len(items))}
        return httpx.Response(200, json={"items": items[offset : offset + limit], **counted})

    return answer


def test_customers_come_page_by_page(service: respx.MockRouter) -> None:
    pages = {
        None: {"customers": [{"name": "accounts/1/customers/1"}], "nextPageToken": "a"},
        "a": {"customers": [], "nextPageToken": "b"},
        "b": {"customers": [{"name": "accounts/1/customers/2"}], "nextPageToken": ""},
    }
    route = service.get(f"{BASE}/customers").mock(
        side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("pageToken")])
    )
    assert [customer.id for customer in client().customers()] == ["1", "2"]
    assert {call.request.url.params["pageSize"] for call in route.calls} == {"1000"}


def test_products_come_page_by_page(service: respx.MockRouter) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("pageToken", "1")
        plan = {"id": f"plan-{token}", "phases": []}
        sku = {"id": "s", "productCloudProviderName": "accounts/1/cloudProviders/30", "plans": [plan]}
        product = {"name": f"accounts/1/products/{token}", "definition": {"skus": [sku]}}
        return httpx.Response(200, json={"products": [product], **({"nextPageToken": "2"} if token == "1" else {})})

    service.get(f"{BASE}/products").mock(side_effect=answer)
    assert [plan.key for plan in client().products()] == [("30", "1", "plan-1"), ("30", "2", "plan-2")]


def test_a_page_token_that_returns_is_an_error(service: respx.MockRouter) -> None:
    route = service.get(f"{BASE}/customers").respond(json={"customers": [], "nextPageToken": "again"})
    with pytest.raises(BadReply, match="goes in a circle"):
        client().customers()
    assert route.call_count == 2


@pytest.mark.parametrize("size", [1, 3, 4, 7, 10, 11, 1000])
@pytest.mark.parametrize("parallel", [1, 8])
def test_subscriptions_come_whole_whatever_the_page_size(service: respx.MockRouter, size: int, parallel: int) -> None:
    items = [subscription(number) for number in range(10)]
    route = service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, size))
    platform = client()
    platform._parallel = parallel
    found = platform.subscriptions()
    assert [item.id for item in found.items] == [str(number) for number in range(10)]
    assert route.call_count == -(-10 // size) + 1


def test_pages_may_differ_in_size(service: respx.MockRouter) -> None:
    items = [subscription(number) for number in range(20)]

    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["pagination.offset"])
        size = 5 if offset in {0, 5} else 3
        page = {"items": items[offset : offset + size], "paginationResponse": {"totalSize": 20}}
        return httpx.Response(200, json=page)

    service.get(f"{BASE}/subscriptions").mock(side_effect=answer)
    assert len(client().subscriptions().items) == 20


def test_without_a_total_the_empty_page_ends_the_list(service: respx.MockRouter) -> None:
    items = [subscription(number) for number in range(5)]
    service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, 2, dict))
    assert len(client().subscriptions().items) == 5


def test_one_customer_s_subscriptions_are_asked_for_on_every_page(service: respx.MockRouter) -> None:
    route = service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset([subscription(1)], 1))
    client().subscriptions("306")
    assert [call.request.url.params["customerId"] for call in route.calls] == ["306", "306"]


def test_an_empty_list_is_empty(service: respx.MockRouter) -> None:
    service.get(f"{BASE}/subscriptions").respond(json={"totalCount": "0"})
    assert client().subscriptions().items == []


def test_a_list_that_changed_is_swept_again(service: respx.MockRouter) -> None:
    totals = iter(["4", "3", "3", "3", "3", "3"])
    items = [subscription(number) for number in range(3)]
    service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, 1000, lambda: {"totalCount": next(totals)}))
    assert len(client().subscriptions().items) == 3


@pytest.mark.parametrize("total", ["4", "2"])
def test_a_list_that_keeps_changing_is_an_error(service: respx.MockRouter, total: str) -> None:
    items = [subscription(number) for number in range(3)]
    service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, 2, lambda: {"totalCount": total}))
    with pytest.raises(BadReply, match=f"changed while it was read, twice: 3 different .* counts {total}"):
        client().subscriptions()


def test_a_subscription_that_comes_twice_is_a_changed_list(service: respx.MockRouter) -> None:
    items = [subscription(1), subscription(2), subscription(2)]
    service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, 2))
    with pytest.raises(BadReply, match="2 different"):
        client().subscriptions()


def test_a_platform_that_ignores_the_offset_is_not_asked_for_ever(service: respx.MockRouter) -> None:
    listing = service.get(f"{BASE}/subscriptions").respond(json={"items": [subscription(1), subscription(2)]})
    with pytest.raises(BadReply, match="the page before it once more"):
        client().subscriptions()
    assert len(listing.calls) < 10


@pytest.mark.parametrize("price", [-1, 1e25, 1e-40])
def test_a_price_that_is_none_fails_its_item_only(service: respx.MockRouter, price: float) -> None:
    items = [subscription(1, price=price), subscription(2)]
    service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, 1000))
    found = client().subscriptions()
    assert ([one.id for one in found.items], [one.id for one in found.problems]) == (["2"], ["1"])


def test_a_strange_item_fails_itself_only(service: respx.MockRouter) -> None:
    items = [
        subscription(1, subscriptionStatus="from_the_future"),
        subscription(2, subscriptionTotalLicenses={"no": "text"}),
        subscription(3, subscriptionTotalLicenses="-4"),
        subscription(4, mfgPartNumber=None),
    ]
    service.get(f"{BASE}/subscriptions").mock(side_effect=by_offset(items, 1000))
    found = client().subscriptions()
    assert [(item.id, item.state) for item in found.items] == [("1", "unknown"), ("4", "billing")]
    assert [(item.id, item.customer_id) for item in found.problems] == [("2", "306"), ("3", "306")]


def test_a_truncated_page_is_an_error_with_advice(service: respx.MockRouter) -> None:
    service.get(f"{BASE}/subscriptions").respond(content=b'{"items": [{"id": "1", "customerId')
    with pytest.raises(BadReply, match=r"GET api/v3/accounts/4711/subscriptions\?.*not complete JSON.*Try again"):
        client().subscriptions()


def test_a_web_page_is_an_error_with_advice(service: respx.MockRouter) -> None:
    service.get(f"{BASE}/customers").respond(html="<html><title>Sign in</title></html>")
    with pytest.raises(BadReply, match=r"web page came instead of data \(Sign in\)"):
        client().customers()


def test_a_throttled_page_is_asked_for_again_after_the_wait(service: respx.MockRouter) -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={"customers": []})]
    service.get(f"{BASE}/customers").mock(side_effect=answers)
    clock = Clock(chance=0.0)
    assert client(clock=clock).customers() == []
    assert max(clock.naps) == 7


def test_a_cut_connection_is_asked_for_again(service: respx.MockRouter) -> None:
    failure = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    service.get(f"{BASE}/customers").mock(side_effect=[failure, httpx.Response(200, json={"customers": []})])
    assert client().customers() == []


def test_an_internal_error_has_the_platform_s_words(service: respx.MockRouter) -> None:
    body = {"error": "INTERNAL_ERROR", "message": "something broke", "code": 500, "details": []}
    service.get(f"{BASE}/customers").respond(500, json=body)
    with pytest.raises(ServerFailed, match=r"answered 500 \(INTERNAL_ERROR\): something broke"):
        client().customers()


def test_a_missing_role_is_named(service: respx.MockRouter) -> None:
    body = {"error": "PERMISSION_DENIED", "message": "no access", "code": 403, "details": [{"x": 1}]}
    service.get(f"{BASE}/customers").respond(403, json=body)
    with pytest.raises(Forbidden, match="Account Admin or Operations"):
        client().customers()
