"""From the platform's activity log to what it tells: nothing guessed, nothing dropped, nobody named."""

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from engine.http.errors import BadReply, Forbidden, NotFound
from engine.platform import activity
from engine.platform.models import Activity, ActivityLog
from tests.http.support import SERVICE_URL
from tests.platform.support import BASE, client

SAMPLE = Path(__file__).parents[3] / "shared" / "spec" / "samples" / "ion-get-subscription.json"
START = "2026-01-03T16:29:10.491Z"


def item(kind: Any, details: Any = "", **changes: Any) -> dict[str, Any]:
    """An item as the platform writes it, of a made-up person."""
    return {
        "id": "1bedc31a",
        "actionType": kind,
        "actionDate": "2026-03-16T14:49:52.371Z",
        "actionStatus": "succeeded",
        "productId": "CFQ7",
        "skuId": "000D",
        "actionDetails": details,
        "ccpUserId": "677176",
        "ccpUserName": "Mallory Example",
        "ccpUserEmail": "mallory@example.com",
        **changes,
    }


def read(*items: Any, **logs: Any) -> ActivityLog:
    """A log of items, newest first, through their JSON."""
    content = {
        "id": "7",
        "subscriptionStartDate": START,
        "lastUpdatedDate": "2026-05-01T08:00:00.000Z",
        "activityLogs": {"totalCount": str(len(items)), "items": items, **logs},
    }
    return activity.log("7", msgspec.json.decode(msgspec.json.encode(content), type=activity.WireDetail))


def only(kind: Any, details: Any = "", **changes: Any) -> Activity:
    (found,) = read(item(kind, details, **changes)).items
    return found


@pytest.mark.parametrize(
    ("action", "details", "kind", "quantity"),
    [
        ("Subscription Created", "Offer Name: Example 365: Basic; Quantity: 1; ", "created", 1),
        ("subscription created", "Quantity: 0", "created", 0),
        ("Subscription Created", "Offer Name: Example; ", "created", None),
        ("Subscription Updated", "New Quantity: 10; Status: active; ", "quantity", 10),
        ("SUBSCRIPTION_UPDATED", "new quantity :10", "quantity", 10),
        ("Subscription Updated", "Quantity: 8; New Quantity: 10; ", "quantity", 10),
        ("Subscription Updated", "Status: active; ", "unrelated", None),
        ("Subscription Updated", "", "unrelated", None),
        ("Subscription Updated", "Status: deleted; ", "cancelled", None),
        ("Users Update", "License Updated", "unrelated", None),
        ("Users Update", "User Created: New Quantity: 9; Status: deleted; ", "unrelated", None),
        ("Subscription Upgraded", "Offer Name: Example; Quantity: 4; Status: active; ", "upgraded", 4),
        ("Subscription Full Upgrade Completed", "", "upgraded", None),
        ("SubscriptionUpgraded", "", "upgraded", None),
        ("Subscription Cancelled", "Status: deleted; ", "cancelled", None),
        ("Cancel Subscription", "", "cancelled", None),
        ("Subscription Canceled", "Quantity: 3", "cancelled", 3),
        ("Subscription Deleted", "Status: from the future", "cancelled", None),
        ("Trial Expired", "Status: expired; ", "cancelled", None),
        ("Subscription Renewed", "Quantity: 30; Status: active; ", "renewed", 30),
        ("Trial Converted To Paid Subscription", "New Quantity: 5", "converted", 5),
        ("Subscription Suspended", "Status: suspended; ", "unrelated", None),
        ("Subscription Resumed", "Status: active; ", "unrelated", None),
        ("Subscription Resumed", "New Quantity: 6; Status: active; ", "quantity", 6),
        ("Auto Renew Updated", "Auto Renew: DISABLED; ", "unrelated", None),
        ("Auto-Renewal Cancelled", "", "unrelated", None),
        ("AutoRenew Enabled", "", "unrelated", None),
        ("Auto Renewed", "New End Date: 2027-01-03T16:29:10Z; Quantity: 3", "renewed", 3),
        ("Subscription Status Changed", "Status: from_the_future; ", "unrelated", None),
        ("Subscription Status Changed", "Status: expired; ", "cancelled", None),
        ("Subscription Status Updated", "Status: suspended", "unrelated", None),
        ("Price Updated", "Status: active; ", "unrelated", None),
        ("Subscription Price Changed", "Status: deleted; ", "unrelated", None),
    ],
)
def test_an_item_tells(action: str, details: str, kind: str, quantity: int | None) -> None:
    found = only(action, details)
    assert (found.kind, found.quantity) == (kind, quantity)


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("Subscription Teleported", "New Quantity: 4"),
        ("", "New Quantity: 4"),
        ("Subscription Cancellation Scheduled", ""),
        ("Subscription Cancellation Reverted", ""),
        ("Subscription Renewal Cancelled", ""),
        ("Subscription Not Renewed", ""),
        ("Partial Upgrade", ""),
        ("User Deleted", ""),
        ("Subscription Expires Soon", ""),
        ("Subscription Converted", ""),
        ("Subscription Cancelled ไม่", ""),
        ("Subscription Cancelled", "Status: active; "),
        ("Subscription Cancelled", "Status: pending; "),
        ("Subscription Renewed", "Status: deleted; "),
        ("Subscription Suspended", "Status: deleted; "),
        ("Auto Renew Updated", "New End Date: 2027-01-03T16:29:10Z"),
        (["Subscription Created"], "Quantity: 1"),
        ("Subscription Updated", {"New Quantity": 4}),
    ],
)
def test_what_is_not_understood_stays_visible(action: Any, details: Any) -> None:
    found = only(action, details)
    assert (found.kind, found.quantity, found.end) == ("unknown", None, None)
    assert found.text
    if isinstance(action, str):
        assert action in found.text


@pytest.mark.parametrize("quantity", ["-1", "2.5", "many", "", "1e3", "٣", "1,000", "9" * 13, "3; New Quantity: 4"])
@pytest.mark.parametrize("action", ["Subscription Updated", "Subscription Upgraded", "Subscription Suspended"])
def test_a_quantity_that_is_none_is_not_understood(action: str, quantity: str) -> None:
    found = only(action, f"New Quantity: {quantity}; Status: active; ")
    assert (found.kind, found.quantity) == ("unknown", None)


@pytest.mark.parametrize("status", ["succeeded", "SUCCEEDED", " Succeeded ", "", None])
def test_what_succeeded_counts(status: str | None) -> None:
    found = only("Subscription Updated", "New Quantity: 3", actionStatus=status)
    assert (found.kind, found.text) == ("quantity", "Subscription Updated: New Quantity: 3")


@pytest.mark.parametrize("status", ["failed", "Pending", "IN_PROGRESS", "in progress", "error"])
def test_what_failed_or_pends_is_no_change_and_says_so(status: str) -> None:
    found = only("Subscription Cancelled", "Status: deleted; ", actionStatus=status)
    assert found.kind == "unrelated"
    assert found.text == f"Subscription Cancelled: Status: deleted ({status})"


@pytest.mark.parametrize("status", ["half done", 3, True, {"of": "another form"}])
def test_a_status_never_heard_of_is_not_understood(status: Any) -> None:
    assert only("Subscription Updated", "New Quantity: 3", actionStatus=status).kind == "unknown"


def test_what_is_unrelated_stays_so_whatever_its_status() -> None:
    assert only("Users Update", actionStatus="half done").kind == "unrelated"


@pytest.mark.parametrize(
    ("new_end", "end"),
    [
        ("2027-01-03T16:29:10.000Z", date(2027, 1, 2)),
        ("2027-01-03T18:29:10+02:00", date(2027, 1, 2)),
        ("2027-01-03", date(2027, 1, 2)),
        ("2027-01-03T23:59:59.999Z", date(2027, 1, 3)),
        ("2027-01-03T09:00:00Z", None),
        ("someday", None),
        ("2027-01-03; New End Date: 2028-01-03", None),
    ],
)
def test_a_new_term_ends_on_its_last_day_inclusive(new_end: str, end: date | None) -> None:
    found = only("Subscription Renewed", f"New End Date: {new_end}; Status: active; ")
    assert (found.kind, found.end) == ("renewed", end)


def test_without_the_start_only_an_end_at_a_day_s_edge_is_told() -> None:
    def end(text: str) -> date | None:
        logs = {"items": [item("Subscription Renewed", f"New End Date: {text}")]}
        return activity.log("7", activity.WireDetail(activity_logs=logs)).items[0].end

    assert end("2027-01-03T00:00:00Z") == date(2027, 1, 2)
    assert end("2027-01-03T16:29:10Z") is None


def days(*given: str | None) -> ActivityLog:
    """A log in the wire's order with one item a date, each numbered by its quantity."""
    return read(
        *(item("Subscription Updated", f"New Quantity: {n}", actionDate=day) for n, day in enumerate(given, start=1))
    )


def test_the_oldest_comes_first_and_within_a_day_the_wire_s_order_is_reversed() -> None:
    log = days("2026-03-02T09:00:00Z", "2026-03-01T07:00:00Z", "2026-03-01T08:00:00Z", "2026-02-28T23:30:00-02:00")
    assert [(one.on.day, one.quantity) for one in log.items] == [(1, 4), (1, 3), (1, 2), (2, 1)]
    assert log.whole


def test_a_wire_out_of_order_is_put_in_order_of_its_days() -> None:
    log = days("2026-03-01T09:00:00Z", "2026-03-03T07:00:00Z", "2026-03-02T08:00:00Z")
    assert [one.on.day for one in log.items] == [1, 2, 3]


def kinds(*oldest_first: tuple[str, str]) -> list[str]:
    return [one.kind for one in read(*(item(*one) for one in reversed(oldest_first))).items]


EXPIRED, DELETED = ("Subscription Expired", "Status: expired; "), ("Subscription Updated", "Status: deleted; ")


def test_an_end_that_is_told_again_is_one_end() -> None:
    users = ("Users Update", "License Updated")
    assert kinds(EXPIRED, users, DELETED, DELETED) == ["cancelled", "unrelated", "unrelated", "unrelated"]


@pytest.mark.parametrize(
    "life",
    [
        ("Subscription Resumed", "Status: active; "),
        ("Subscription Updated", "New Quantity: 3; "),
        ("Subscription Renewed", ""),
        ("Subscription Brought Back", ""),
    ],
)
def test_an_end_after_a_sign_of_life_is_another_one(life: tuple[str, str]) -> None:
    found = kinds(EXPIRED, life, DELETED)
    assert (found[0], found[2]) == ("cancelled", "cancelled")


def test_items_that_share_an_id_are_all_kept() -> None:
    same = item("Subscription Updated", "New Quantity: 4")
    assert len(read(same, same).items) == 2


@pytest.mark.parametrize("unreadable", [None, "", "yesterday", "2026-13-01", "0001-01-01T00:00:00Z"])
def test_an_item_without_a_day_is_not_understood_and_the_log_not_whole(unreadable: str | None) -> None:
    log = days("2026-03-09T09:00:00Z", unreadable, "2026-03-01T09:00:00Z")
    assert [(one.on, one.kind) for one in log.items] == [
        (date(2026, 3, 1), "quantity"),
        (date(2026, 3, 9), "unknown"),
        (date(2026, 3, 9), "quantity"),
    ]
    assert not log.whole


def test_the_youngest_item_without_a_day_is_placed_when_the_subscription_was_last_updated() -> None:
    assert [one.on for one in days(None, "2026-03-01T09:00:00Z").items] == [date(2026, 3, 1), date(2026, 5, 1)]
    alone = activity.log("7", activity.WireDetail(subscription_start_date=START, activity_logs={"items": [None]}))
    assert [one.on for one in alone.items] == [date(2026, 1, 3)]


@pytest.mark.parametrize(
    ("total", "whole"),
    [("1", True), (1, True), (0, True), (None, True), ("many", True), ("2", False), (2, False), (" 7 ", False)],
)
def test_a_log_of_fewer_items_than_counted_is_not_whole(total: Any, whole: bool) -> None:
    assert read(item("Users Update"), totalCount=total).whole is whole


@pytest.mark.parametrize("logs", [None, {}, {"items": None}, {"totalCount": "0", "items": [], "new": 1}])
def test_a_missing_log_is_an_empty_one(logs: Any) -> None:
    log = activity.log("7", activity.WireDetail(activity_logs=logs, last_updated_date="2026-05-01T08:00:00.000Z"))
    assert log == ActivityLog(subscription="7", items=(), whole=True, last_updated="2026-05-01T08:00:00.000Z")


@pytest.mark.parametrize("logs", ["none", 7, {"items": "none"}, {"items": {}}, [item("Users Update")]])
def test_a_log_of_another_form_is_not_whole(logs: Any) -> None:
    assert not activity.log("7", activity.WireDetail(activity_logs=logs)).whole


def test_the_product_is_told_where_product_and_sku_are() -> None:
    assert only("Users Update").product == "CFQ7/000D"
    assert only("Users Update", productId=12, skuId="1").product == "12/1"
    # Half of it would look like another product beside an item that has both.
    assert only("Users Update", skuId=None).product == ""


def test_nobody_of_the_log_is_named() -> None:
    log = read(
        item("Users Update", "User Created: Alice Example; "),
        item("Owner Assigned", "To: Alice Example"),
        item("Subscription Handed Over", "From: MALLORY EXAMPLE; To: bob.b@example.org, Carol Example; Contact: Dave"),
        item("Users Update", "License Updated", ccpUserName="Carol Example", ccpUserEmail="carol@example.com"),
        item("Note Added by Mallory Example", "Alice Example (new user) may log in; Status: active; "),
        "a note of alice@example.com",
    )
    shown = msgspec.json.encode(log).decode()
    for name in ("Alice", "Mallory", "MALLORY", "bob", "Carol", "Dave", "@", "677176"):
        assert name not in shown
    assert log.items[3].text == "Subscription Handed Over: From: ***; To: ***, ***"


def test_a_long_or_broken_text_is_cut_and_put_on_one_line() -> None:
    assert len(only("Subscription Updated", "x" * 10_000).text) == 200
    assert only("Subscription\nUpdated", "a\u202eb").text == "Subscription Updated: a b"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
ACTIONS = st.sampled_from(["Subscription Created", "Subscription Updated", "Subscription Renewed", "Trial Converted"])
DETAILS = st.sampled_from(
    ["New Quantity: 3; Status: active; ", "New End Date: 9999-12-31T23:59:59-23:00; ", ";:;", ":"]
)
DATES = st.sampled_from(["2026-03-16T14:49:52Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "x"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "actionType": ACTIONS | JSON,
        "actionDetails": DETAILS | JSON,
        "actionDate": DATES | JSON,
        "actionStatus": JSON,
        "productId": JSON,
        "skuId": JSON,
        "ccpUserName": JSON,
        "ccpUserEmail": JSON,
    },
)


@given(st.lists(FIELDS | JSON, max_size=4), DATES | JSON, DATES | JSON)
def test_no_item_breaks_a_log_or_gets_lost(items: list[Any], start: Any, updated: Any) -> None:
    wire = activity.WireDetail(subscription_start_date=start, last_updated_date=updated, activity_logs={"items": items})
    log = activity.log("7", wire)
    assert len(log.items) == len(items)
    assert all(one.text for one in log.items)
    assert [one.on for one in log.items] == sorted(one.on for one in log.items)
    assert msgspec.json.decode(msgspec.json.encode(log), type=ActivityLog) == log


@given(JSON)
def test_no_log_breaks_its_reading(logs: Any) -> None:
    activity.log("7", activity.WireDetail(activity_logs=logs))


def test_the_recorded_log_is_read() -> None:
    if not SAMPLE.is_file():
        pytest.skip("the recorded replies are not beside this checkout")
    log = activity.log("2277242", msgspec.json.decode(SAMPLE.read_bytes(), type=activity.WireDetail))
    assert (log.whole, log.last_updated, len(log.items)) == (True, "2024-08-16T14:49:52.371Z", 7)
    assert [(one.on, one.kind, one.quantity, one.product) for one in log.items if one.kind != "unrelated"] == [
        (date(2024, 1, 3), "created", 1, "CFQ7TTC0LH18/0001"),
        (date(2024, 1, 3), "quantity", 3, "CFQ7TTC0LH18/0001"),
        (date(2024, 8, 16), "quantity", 10, "CFQ7TTC0LH18/000D"),
    ]
    assert not any(word in one.text for one in log.items for word in ("Demo", "test test", "@"))


@respx.mock(base_url=SERVICE_URL)
def test_one_request_asks_for_a_log(respx_mock: respx.MockRouter) -> None:
    body = {"id": "7", "activityLogs": {"totalCount": 1, "items": [item("Subscription Created", "Quantity: 2")]}}
    route = respx_mock.get(f"{BASE}/customers/30%2F6/subscriptions/7").respond(json=body)
    log = client().activity("30/6", "7")
    assert (route.call_count, log.subscription, [one.quantity for one in log.items]) == (1, "7", [2])


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404, json={"error": "NOT_FOUND", "message": "no such subscription", "code": 404}), NotFound),
        (httpx.Response(403, json={"error": "PERMISSION_DENIED", "message": "no", "code": 403}), Forbidden),
        (httpx.Response(200, content=b'{"activityLogs": {"items": [{"actionTy'), BadReply),
        (httpx.Response(200, content=b"[" * 100_000), BadReply),
        (httpx.Response(200, json=["another form"]), BadReply),
    ],
    ids=["not found", "forbidden", "truncated", "endless nesting", "no object"],
)
@respx.mock(base_url=SERVICE_URL)
def test_a_log_that_cannot_be_had_is_an_error_with_its_place(
    respx_mock: respx.MockRouter, answer: httpx.Response, kind: type[Exception]
) -> None:
    respx_mock.get(f"{BASE}/customers/306/subscriptions/7").mock(return_value=answer)
    with pytest.raises(kind, match=r"GET api/v3/accounts/4711/customers/306/subscriptions/7"):
        client().activity("306", "7")
