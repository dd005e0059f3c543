"""From the platform's JSON to our values: lenient where nothing hangs on it, strict where money does."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.platform import catalog, wire
from engine.platform.models import Subscription, UnreadableSubscription
from tests.platform.support import subscription

SAMPLES = Path(__file__).parents[3] / "shared" / "spec" / "samples"


def read(**changes: Any) -> Subscription | UnreadableSubscription:
    return wire.raw_subscription(msgspec.Raw(msgspec.json.encode(subscription(1, **changes))))


def good(**changes: Any) -> Subscription:
    found = read(**changes)
    assert isinstance(found, Subscription)
    return found


def test_a_subscription_is_read() -> None:
    assert good(mfgPartNumber="CFQ7TTC0LH18:000D:P1M:M", lastUpdatedDate="2027-01-08T08:53:07.388Z") == Subscription(
        id="1",
        provider_id="guid-1",
        customer_id="306",
        provider="30",
        product="prod",
        plan="plan",
        sku="sku",
        name="Example",
        product_name="",
        plan_name="",
        licenses=3,
        status="active",
        state="billing",
        start=date(2027, 1, 3),
        end=date(2027, 2, 2),
        term="P1M",
        cycle="monthly",
        auto_renew=True,
        unit_price=Decimal("63.8452759"),
        unit_cost=Decimal(60),
        currency="SEK",
        part_number="CFQ7TTC0LH18:000D:P1M:M",
        last_updated="2027-01-08T08:53:07.388Z",
    )


@given(st.integers(0, 10**15))
def test_a_price_keeps_its_seven_decimals(units: int) -> None:
    text = f"{units // 10**7}.{units % 10**7:07}"
    content = msgspec.json.encode(subscription(1, price="PRICE")).replace(b'"PRICE"', text.encode())
    found = wire.raw_subscription(msgspec.Raw(content))
    assert isinstance(found, Subscription)
    assert f"{found.unit_price:.7f}" == text
    assert found.unit_price.as_tuple().exponent == -7


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("active", "billing"),
        ("ACTIVE", "billing"),
        ("in_progress", "billing"),
        ("PENDING", "billing"),
        ("suspended", "suspended"),
        ("PAUSED", "suspended"),
        ("deleted", "ended"),
        ("Cancelled", "ended"),
        ("canceled", "ended"),
        ("EXPIRED", "ended"),
        ("ERROR", "unknown"),
        ("disabled", "unknown"),
        ("from_the_future", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_status_means_a_state(status: str | None, state: str) -> None:
    found = good(subscriptionStatus=status)
    assert (found.state, found.status) == (state, status or "")


def test_what_has_not_begun_is_pending_from_its_purchase() -> None:
    found = good(
        subscriptionStatus="initiated", subscriptionStartDate=None, subscriptionPurchasedDate="2027-01-04T01:00:00Z"
    )
    assert (found.state, found.start) == ("pending", date(2027, 1, 4))


@pytest.mark.parametrize(
    ("auto", "status", "renews"),
    [
        (True, "DISABLED", True),
        (False, "ENABLED", False),
        (None, "ENABLED", True),
        (None, "x", False),
        (None, None, False),
    ],
)
def test_renewal(auto: bool | None, status: str | None, renews: bool) -> None:
    assert good(autoRenew=auto, subscriptionRenewStatus=status).auto_renew is renews


def test_an_end_that_is_no_day_gets_a_note() -> None:
    found = good(subscriptionEndDate="2027-02-03T09:00:00Z")
    assert found.end is None
    assert found.end_note is not None
    assert "2027-02-03T09:00:00" in found.end_note


def test_missing_optional_fields_are_fine() -> None:
    found = good(
        subscriptionEndDate=None,
        subscriptionBillingTerm=None,
        subscriptionBillingCycle=None,
        mfgPartNumber=None,
        isTrial=None,
        autoRenew=None,
        subscriptionName=None,
        ccpSkuId=None,
        subscriptionId=None,
    )
    assert (found.end, found.term, found.cycle, found.part_number, found.trial) == (None, None, None, None, False)


@pytest.mark.parametrize(
    ("changes", "parent"),
    [
        ({}, None),
        ({"parentSubscriptionId": "77"}, "77"),
        ({"parentSubscriptionId": 77}, "77"),
        ({"parentSubscriptionId": " guid-77 "}, "guid-77"),
        ({"parentSubscriptionId": "77", "relatedSubscription": {"id": "78"}}, "77"),
        ({"parentSubscriptionId": "", "relatedSubscription": {"id": "78"}}, "78"),
        ({"relatedSubscription": {"id": 78, "activityLogs": {"items": [1]}}}, "78"),
        ({"relatedSubscription": {"internalId": "79"}}, "79"),
        ({"relatedSubscription": {"internalId": "0"}}, None),
        ({"relatedSubscription": {}}, None),
        ({"relatedSubscription": {"id": ["78"]}}, None),
        ({"relatedSubscription": "78"}, None),
        ({"parentSubscriptionId": "0"}, None),
        ({"parentSubscriptionId": "1"}, None),
        ({"parentSubscriptionId": "guid-1"}, None),
        ({"relatedSubscription": {"id": "1"}}, None),
        ({"parentSubscriptionId": {"of": "another form"}}, None),
        ({"parentSubscriptionId": True}, None),
    ],
)
def test_a_parent_is_another_subscription_and_never_a_reason_to_refuse(
    changes: dict[str, Any], parent: str | None
) -> None:
    assert good(**changes).parent == parent


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"subscriptionTotalLicenses": "-1"}, "whole number"),
        ({"subscriptionTotalLicenses": "2.5"}, "whole number"),
        ({"subscriptionTotalLicenses": "many"}, "whole number"),
        ({"subscriptionTotalLicenses": None}, "no subscriptionTotalLicenses"),
        ({"subscriptionTotalLicenses": ["3"]}, "subscriptionTotalLicenses"),
        ({"subscriptionStartDate": None}, "no start date"),
        ({"subscriptionStartDate": "yesterday"}, "not a date"),
        ({"subscriptionEndDate": "2027-13-01"}, "not a date"),
        ({"price": None}, "no price"),
        ({"cost": "dear"}, "cost"),
        ({"cost": "NaN"}, "cost is not a number"),
        ({"currency": None}, "no currency"),
        ({"ccpPlanId": None}, "no ccpPlanId"),
    ],
)
def test_an_unreadable_item_says_why(changes: dict[str, Any], why: str) -> None:
    found = read(**changes)
    assert isinstance(found, UnreadableSubscription)
    assert (found.id, found.customer_id) == ("1", "306")
    assert why in found.why


@pytest.mark.parametrize("item", [b"7", b"null", b'"x"', b"[]", b'{"id": {}}'])
def test_what_is_no_subscription_at_all_is_unreadable(item: bytes) -> None:
    found = wire.raw_subscription(msgspec.Raw(item))
    assert isinstance(found, UnreadableSubscription)
    assert found.customer_id is None


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the recorded replies are not beside this checkout")
    return path.read_bytes()


def test_the_recorded_list_is_read_whole() -> None:
    page = msgspec.json.decode(sample("ion-list-subscriptions.json"), type=wire.SubscriptionPage)
    found = [wire.subscription(item) for item in page.items or ()]
    assert wire.total_of(page) == len(found) == 7
    assert all(isinstance(item, Subscription) for item in found)
    first, azure = found[0], found[2]
    assert isinstance(first, Subscription)
    assert isinstance(azure, Subscription)
    assert (first.unit_price, first.end, first.part_number) == (
        Decimal("63.8452759"),
        date(2024, 2, 2),
        "CFQ7TTC0LH18:000D:P1M:M",
    )
    assert azure.part_number is None
    assert azure.end is not None
    assert azure.end < azure.start


def test_the_recorded_detail_is_read() -> None:
    found = wire.raw_subscription(msgspec.Raw(sample("ion-get-subscription.json")))
    assert isinstance(found, Subscription)
    assert found.licenses == 10


def product(plan: dict[str, Any]) -> list[Any]:
    content = {
        "name": "accounts/1/products/prod-9",
        "marketing": {"displayName": "Example 365", "description": "All of it"},
        "definition": {
            "skus": [
                {
                    "id": "sku-1",
                    "displayName": "Basic",
                    "productCloudProviderName": "accounts/1/cloudProviders/30",
                    "plans": [{"id": "plan-1", "displayName": "Basic monthly", "mpnId": "AB:1:P1M:M", **plan}],
                }
            ]
        },
    }
    return list(catalog.plans(msgspec.json.decode(msgspec.json.encode(content), type=catalog.WireProduct)))


TRIAL = {"type": "TRIAL_PHASE", "recurringPrice": {"SEK": 0}}
LASTING = {"type": "UNLIMITED_PHASE", "recurringPrice": {"SEK": 10.1234567}}


@pytest.mark.parametrize(
    ("plan", "currency", "price"),
    [
        ({"phases": [TRIAL, LASTING]}, "SEK", Decimal("10.1234567")),
        ({"phases": [LASTING, TRIAL]}, "SEK", Decimal("10.1234567")),
        ({"phases": [TRIAL, {"recurringPrice": {"SEK": 5}}]}, "SEK", Decimal(5)),
        ({"phases": [{"recurringPrice": {"SEK": 5, "EUR": 1}}]}, None, None),
        ({"phases": [{"recurringPrice": {"SEK": 5, "EUR": 1}}], "pricebookCurrency": "EUR"}, "EUR", Decimal(1)),
        ({"phases": [{"recurringPrice": {"SEK": 5}}], "pricebookCurrency": "USD"}, "USD", None),
        ({"phases": []}, None, None),
        ({}, None, None),
    ],
)
def test_a_plan_s_price_is_that_of_the_phase_that_lasts(
    plan: dict[str, Any], currency: str | None, price: Decimal | None
) -> None:
    (found,) = product({**plan, "pricebookMasterPrice": 8.5})
    assert found.key == ("30", "prod-9", "plan-1")
    assert (found.currency, found.unit_price, found.unit_cost) == (currency, price, Decimal("8.5"))
    assert (found.product_name, found.plan_name, found.part_number) == ("Example 365", "Basic monthly", "AB:1:P1M:M")


def test_a_customer_is_read() -> None:
    content = (
        b'{"name": "accounts/1/customers/306", "uid": "u", "customerOrganization": "Example AB",'
        b' "customerAddress": {"street": "A 1", "zip": "123 45", "country": "SE", "state": null},'
        b' "customerStatus": "INACTIVE"}'
    )
    found = catalog.customer(msgspec.json.decode(content, type=catalog.WireCustomer))
    assert (found.id, found.name, found.street, found.zip, found.state) == ("306", "Example AB", "A 1", "123 45", "")
    assert not found.active
