"""What the tests of the platform client share: its replies, made up, and a client whose tokens are fresh."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.http.hosts import AllowedHosts
from engine.platform.client import PlatformClient
from engine.platform.connect import open_client
from engine.platform.token_store import MemoryStore, Tokens, TokenStore
from tests.http.support import SERVICE_URL, Clock

NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)
ACCOUNT = "4711"
BASE = f"/api/v3/accounts/{ACCOUNT}"


def held(**changes: Any) -> Tokens:
    """Tokens whose access token still lives."""
    given: dict[str, Any] = {
        "refresh_token": "made-up-refresh-1",
        "access_token": "made-up-access-1",
        "access_expires_at": NOW + timedelta(hours=1),
    }
    return Tokens(**{**given, **changes})


class FreshStore(MemoryStore):
    """A store that holds a living access token, so that no exchange is needed."""

    def __init__(self) -> None:
        super().__init__("made-up-refresh-1")
        self.put(held())


def client(store: TokenStore | None = None, clock: Clock | None = None, **given: Any) -> PlatformClient:
    """A client on a clock that does not wait."""
    return open_client(
        SERVICE_URL,
        ACCOUNT,
        store or FreshStore(),
        hosts=AllowedHosts(),
        pace=(clock or Clock()).pace,
        now=lambda: NOW,
        **given,
    )


def subscription(number: int, **changes: Any) -> Mapping[str, Any]:
    """A monthly licence subscription as the list shows it; a change to None leaves the field out."""
    fields = {
        "id": str(number),
        "customerId": "306",
        "cloudProviderId": "30",
        "subscriptionId": f"guid-{number}",
        "subscriptionName": "Example",
        "ccpProductId": "prod",
        "ccpSkuId": "sku",
        "ccpPlanId": "plan",
        "subscriptionTotalLicenses": "3",
        "subscriptionStatus": "active",
        "subscriptionStartDate": "2027-01-03T16:29:10.491Z",
        "subscriptionEndDate": "2027-02-03T16:29:10.491Z",
        "subscriptionBillingCycle": "monthly",
        "subscriptionBillingTerm": "P1M",
        "autoRenew": True,
        "isTrial": False,
        "price": 63.8452759,
        "cost": 60,
        "currency": "SEK",
        "someNewField": {"deep": [1]},
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}
