"""Single events: what they change, what the activity log says of them, and what cannot happen."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.sandbox.event import Event
from engine.sandbox.possible import Impossible
from engine.sandbox.sandbox import Sandbox
from tests.sandbox.platform_calls import Caller

TODAY = date(2026, 6, 15)
PREMIUM = ("30", "Microsoft365-NCE", "business-premium-p1y")
E3 = ("30", "Microsoft365-NCE", "e3-no-teams-p1m")
STANDARD = ("30", "Microsoft365-NCE", "business-standard-p1y")


def happen(sandbox: Sandbox, action: Any, subscription: int, on: date = TODAY, **more: Any) -> tuple[Any, ...]:
    return sandbox.happen(Event(on=on, action=action, subscription=subscription, **more))


def record(sandbox: Sandbox, id: int) -> dict[str, Any]:
    doc = sandbox.store.get("platform_subscription", id)
    assert doc is not None
    return doc


def log(sandbox: Sandbox, id: int) -> list[dict[str, Any]]:
    """The log as the platform shows it."""
    caller = Caller(sandbox)
    shown = caller.get(f"customers/{record(sandbox, id)['customerId']}/subscriptions/{id}")["activityLogs"]
    caller.http.close()
    assert shown["totalCount"] == str(len(shown["items"]))
    items: list[dict[str, Any]] = shown["items"]
    return items


def test_an_event_of_today_happens_at_once(sandbox: Sandbox) -> None:
    (outcome,) = happen(sandbox, "seats", 710001, quantity=12)
    assert outcome.said.startswith("2026-06-15: Larkspur Dental Group (example) changes Microsoft 365 Business Premium")
    assert record(sandbox, 710001)["subscriptionTotalLicenses"] == "12"
    newest = log(sandbox, 710001)[0]
    assert (newest["actionDate"][:10], newest["actionDetails"]) == ("2026-06-15", "New Quantity: 12; Status: active; ")


def test_an_event_of_a_later_day_waits_for_the_clock(sandbox: Sandbox) -> None:
    assert happen(sandbox, "seats", 710011, on=date(2026, 6, 20), quantity=9) == ()
    sandbox.advance(date(2026, 6, 19))
    assert record(sandbox, 710011)["subscriptionTotalLicenses"] == "3"
    said = sandbox.advance(date(2026, 6, 20))
    assert any("from 3 to 9 (subscription 710011)" in text for text in said)
    assert record(sandbox, 710011)["subscriptionTotalLicenses"] == "9"


def test_a_scripted_event_that_cannot_happen_is_said_so_and_the_clock_goes_on(sandbox: Sandbox) -> None:
    happen(sandbox, "cancel", 710011, on=date(2026, 6, 18))
    happen(sandbox, "seats", 710011, on=date(2026, 6, 19), quantity=5)
    said = sandbox.advance(date(2026, 6, 20))
    assert "2026-06-19: the script's seats did not happen: subscription 710011 has ended (deleted)" in " ".join(said)
    assert sandbox.today == date(2026, 6, 20)
    assert record(sandbox, 710011)["subscriptionTotalLicenses"] == "3"


def test_a_partial_upgrade_is_fewer_licences_here_and_a_new_subscription_that_names_its_parent(
    sandbox: Sandbox,
) -> None:
    old, new = happen(sandbox, "partial_upgrade", 710006, offer=E3, quantity=5)
    assert old.document["id"] == "710006"
    assert new.document["id"] == "710045", "the script's 710042 to 710044 are taken"
    assert record(sandbox, 710006)["subscriptionTotalLicenses"] == "60"
    bought = record(sandbox, 710045)
    assert (bought["parentSubscriptionId"], bought["customerId"]) == ("710006", "410002")
    assert (bought["subscriptionTotalLicenses"], bought["ccpPlanId"]) == ("5", "e3-no-teams-p1m")
    assert bought["subscriptionStartDate"][:10] == "2026-06-15"
    assert str(bought["price"]) == "33.7518294"
    assert log(sandbox, 710006)[0]["actionDetails"] == "New Quantity: 60; Status: active; "
    assert [item["actionType"] for item in log(sandbox, 710045)] == ["Subscription Created"]
    assert sandbox.advance(date(2026, 8, 5)) != []
    assert record(sandbox, 710044)["customerId"] == "410004", "the script's own purchases keep their ids"


def test_a_renewal_by_hand_moves_the_end_on_by_one_term_each_time(sandbox: Sandbox) -> None:
    assert record(sandbox, 710011)["subscriptionEndDate"][:10] == "2027-02-16"
    happen(sandbox, "renew", 710011, price=Decimal("15.40"))
    renewed = record(sandbox, 710011)
    assert (renewed["subscriptionEndDate"][:10], renewed["renewalDate"][:10]) == ("2028-02-16", "2028-02-16")
    assert (renewed["price"], str(renewed["cost"])) == (Decimal("15.40"), "12.0227694")
    happen(sandbox, "renew", 710011)
    assert record(sandbox, 710011)["subscriptionEndDate"][:10] == "2029-02-16"
    happen(sandbox, "auto_renew", 710011, auto_renew=False)
    assert record(sandbox, 710011)["subscriptionEndDate"][:10] == "2029-02-16", "what was renewed stays renewed"


def test_a_renewal_counts_from_the_running_term_where_the_end_shown_is_that_of_the_first(sandbox: Sandbox) -> None:
    assert record(sandbox, 710010)["subscriptionEndDate"][:10] == "2026-02-20"
    happen(sandbox, "renew", 710010)
    assert record(sandbox, 710010)["subscriptionEndDate"][:10] == "2026-07-20", "the running term ends on 20 June"


def test_a_complete_log_has_the_day_of_every_event_and_no_price(sandbox: Sandbox) -> None:
    happen(sandbox, "price", 710001, price=Decimal("19.8765432"), cost=Decimal("11.2345678"))
    happen(sandbox, "seats", 710001, quantity=30)
    happen(sandbox, "upgrade", 710001, offer=STANDARD, price=Decimal("13.5791357"))
    happen(sandbox, "renew", 710001, price=Decimal("14.9753197"))
    happen(sandbox, "auto_renew", 710001, auto_renew=False)
    happen(sandbox, "suspend", 710001)
    happen(sandbox, "resume", 710001)
    happen(sandbox, "cancel", 710001)
    items = log(sandbox, 710001)
    assert [item["actionType"] for item in items[:8]] == [
        "Subscription Cancelled",
        "Subscription Resumed",
        "Subscription Suspended",
        "Auto Renew Updated",
        "Subscription Renewed",
        "Subscription Upgraded",
        "Subscription Updated",
        "Price Updated",
    ]
    assert {item["actionDate"][:10] for item in items[:8]} == {"2026-06-15"}
    assert len({item["id"] for item in items[:8]}) == 8
    for amount in ("19.87", "11.23", "13.57", "14.97", "21.96"):
        assert not [item for item in items if amount in str(item)], "the platform keeps no past price"


def test_a_thin_log_has_creation_and_quantities_only_with_the_new_sku_after_an_upgrade(sandbox: Sandbox) -> None:
    sandbox.set("platform.activity_log", "thin")
    happen(sandbox, "price", 710013, price=Decimal(30))
    happen(sandbox, "upgrade", 710013, offer=PREMIUM)
    happen(sandbox, "seats", 710013, quantity=40)
    items = log(sandbox, 710013)
    assert [item["actionType"] for item in items] == [
        "Subscription Updated",
        "Subscription Updated",
        "Users Update",
        "Users Update",
        "Subscription Created",
    ]
    assert [item["skuId"] for item in items] == ["0002", "0013", "0013", "0013", "0013"]
    assert [item["productId"] for item in items[:2]] == ["CFQ7TTC0LCHC", "CFQ7TTC0LFLX"]
    assert items[2]["id"] == items[3]["id"]
    assert record(sandbox, 710013)["ccpPlanId"] == "business-premium-p1y"


def figures(sandbox: Sandbox, month: str) -> dict[str, tuple[str, str]]:
    """Price and cost per subscription, by the CSV of v3, and the same by the report of v1."""
    caller = Caller(sandbox)
    url = f"/api/v3/accounts/{caller.account}/reports/5001/reportDataCsv"
    chosen = {"fixedDateRange": {"startDate": f"{month}-01", "endDate": f"{month}-02"}}
    body = {"reportId": "5001", "specs": {"dateRangeOption": {"selectedRange": chosen}}}
    reply = caller.http.post(url, json=body, headers={"Authorization": f"Bearer {caller.token}"}).json()
    rows = list(csv.DictReader(io.StringIO(reply["results"])))
    by_csv = {row["Subscription ID"]: (row["Customer Cost"], row["Seller Cost"]) for row in rows}
    report = caller.v1("reports/billing/azureplan", {"filter[date_range]": f"m-{month[5:]}-{month[:4]}"})
    caller.http.close()
    for customer in report["data"]:
        for subscription in customer["lines"]:
            skus = [sku["data"] for product in subscription["lines"] for sku in product["lines"]]
            sums = tuple(str(sum((Decimal(sku[name]) for sku in skus), Decimal(0))) for name in ("price", "cost"))
            assert by_csv[subscription["entity"]["id"]] == sums
    assert len(rows) == len(by_csv), "one row a subscription"
    return by_csv


def invoices(sandbox: Sandbox, month: str) -> dict[str, dict[str, Any]]:
    return {doc["number"]: doc for doc in sandbox.store.rows("platform_invoice") if month in doc["number"]}


def test_usage_of_a_month_that_is_over_shows_at_once_everywhere(sandbox: Sandbox) -> None:
    azure = record(sandbox, 710004)["subscriptionId"]
    before, billed = figures(sandbox, "2026-05"), invoices(sandbox, "2026-05")
    happen(sandbox, "usage", 710004, month="2026-05", price=Decimal("400.00"), cost=Decimal("350.00"))
    happen(sandbox, "usage", 710004, month="2026-05", price=Decimal("431.07"), cost=Decimal("374.85"))
    after = figures(sandbox, "2026-05")
    assert after[azure] == ("431.0700000000", "374.8500000000"), "the last one holds"
    assert {**after, azure: 0} == {**before, azure: 0}
    for number, amount, index in (("INV-2026-05-30", "374.85", 1), ("INV-2026-05-C410001", "431.07", 0)):
        old, new = billed[number], invoices(sandbox, "2026-05")[number]
        (line,) = [one for one in new["lines"] if one["subscriptionId"] == azure]
        assert Decimal(line["total"]) == Decimal(amount)
        was = Decimal(before[azure][index]).quantize(Decimal("0.01"))
        assert Decimal(new["total"]) - Decimal(old["total"]) == Decimal(amount) - was
        assert len(new["lines"]) == len(old["lines"])


def test_usage_of_a_month_under_way_shows_once_it_is_over_even_after_a_cancellation(sandbox: Sandbox) -> None:
    azure = record(sandbox, 710004)["subscriptionId"]
    happen(sandbox, "usage", 710004, month="2026-06", price=Decimal("12.34"))
    happen(sandbox, "cancel", 710004)
    assert figures(sandbox, "2026-06") == {}
    sandbox.advance(date(2026, 7, 3))
    assert figures(sandbox, "2026-06")[azure] == ("12.3400000000", "12.3400000000")
    happen(sandbox, "usage", 710004, on=date(2026, 7, 3), month="2026-06", price=Decimal("15.00"))
    assert figures(sandbox, "2026-06")[azure] == ("15.0000000000", "15.0000000000")


def test_usage_of_a_month_without_figures_makes_them() -> None:
    sandbox = Sandbox.in_memory(2, 20)
    metered = next(doc for doc in sandbox.store.rows("platform_subscription") if doc["ccpPlanId"].startswith("azure"))
    happen(sandbox, "usage", int(metered["id"]), month="2026-05", price=Decimal("7.50"))
    assert figures(sandbox, "2026-05") == {metered["subscriptionId"]: ("7.5000000000", "7.5000000000")}
    assert sorted(invoices(sandbox, "2026-05")) == ["INV-2026-05-30", f"INV-2026-05-C{metered['customerId']}"]
    sandbox.close()


def test_a_purchase_has_the_id_that_it_is_given(sandbox: Sandbox) -> None:
    happen(sandbox, "purchase", 720001, customer=410001, offer=E3, quantity=4)
    assert record(sandbox, 720001)["subscriptionTotalLicenses"] == "4"
    happen(sandbox, "purchase", 720002, on=date(2026, 7, 1), customer=410001, offer=E3, quantity=4)
    happen(sandbox, "seats", 720002, on=date(2026, 7, 2), quantity=6)
    sandbox.advance(date(2026, 7, 2))
    assert record(sandbox, 720002)["subscriptionTotalLicenses"] == "6"


@pytest.mark.parametrize(
    ("action", "subscription", "more", "says"),
    [
        ("seats", 999999, {"quantity": 1}, "there is no subscription 999999"),
        ("seats", 710042, {"quantity": 1}, "subscription 710042 is only bought on 2026-06-22"),
        ("seats", 710001, {"quantity": -1}, "a quantity cannot be negative: -1"),
        ("seats", 710029, {"quantity": 1}, r"710029 has ended \(deleted\)"),
        ("seats", 710004, {"quantity": 1}, "710004 is billed by consumption"),
        ("price", 710001, {"price": Decimal("-0.01")}, "a price cannot be negative"),
        ("price", 710001, {"cost": Decimal("-0.01")}, "a cost cannot be negative"),
        ("upgrade", 710017, {"offer": ("30", "none", "none")}, "the platform offers no 30/none/none; there are 30/"),
        ("upgrade", 710017, {"offer": ("99", "x", "y")}, "the platform offers no 99/x/y; there are 30/"),
        ("upgrade", 710013, {"offer": E3}, r"710013 is Microsoft 365 E3 \(no Teams\) already"),
        ("upgrade", 710020, {"offer": E3}, "is of provider 2 and cannot be upgraded to one of 30"),
        ("upgrade", 710017, {"offer": ("30", "MSAZURE-plan", "azure-plan-monthly")}, "which is billed by consumption"),
        ("partial_upgrade", 710011, {"offer": E3, "quantity": 3}, "has 3 licences: fewer can be upgraded in part"),
        ("partial_upgrade", 710011, {"offer": E3, "quantity": 0}, "at least 1 licence"),
        ("renew", 710018, {}, "is a trial: `convert`"),
        ("convert", 710001, {}, "710001 is no trial"),
        ("suspend", 710016, {}, "suspended already"),
        ("resume", 710001, {}, "is not suspended"),
        ("auto_renew", 710001, {"auto_renew": True}, "renewal of subscription 710001 is on already"),
        ("usage", 710001, {"month": "2026-05", "price": Decimal(1)}, "only one that is billed by consumption"),
        ("usage", 710004, {"month": "2025-09", "price": Decimal(1)}, "began on 2025-10-20: it has no usage in 2025-09"),
        ("usage", 710004, {"month": "2026-07", "price": Decimal(1)}, "2026-07 has not begun on 2026-06-15"),
        ("purchase", 710001, {"customer": 410001, "offer": E3}, "there is a subscription 710001 already"),
        ("purchase", 710042, {"customer": 410001, "offer": E3}, "there is a subscription 710042 already"),
        ("purchase", 720001, {"customer": 1, "offer": E3}, "there is no customer 1"),
        ("seats", 710001, {"quantity": 1, "on": date(2026, 6, 14)}, "2026-06-14 has passed"),
    ],
)
def test_what_cannot_happen_is_refused_and_changes_nothing(
    sandbox: Sandbox, action: str, subscription: int, more: dict[str, Any], says: str
) -> None:
    kinds = ("platform_subscription", "platform_activity", "platform_order", "platform_event", "platform_figures")
    before = {kind: sandbox.store.texts(kind) for kind in kinds}
    with pytest.raises(Impossible, match=says):
        happen(sandbox, action, subscription, **more)
    assert {kind: sandbox.store.texts(kind) for kind in kinds} == before


def test_settings_are_checked(sandbox: Sandbox) -> None:
    sandbox.set("psa.arrears_types", "21")
    for name, value in (("platform.activity_log", "thinner"), ("psa.nothing", "x"), ("nothing", "x"), ("today", "x")):
        with pytest.raises(ValueError, match=r"\w"):
            sandbox.set(name, value)
