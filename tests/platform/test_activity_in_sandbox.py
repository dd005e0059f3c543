"""The simulated platform's logs, complete and as thin as recorded, against what its script says happened."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.http.asgi import AsgiTransport
from engine.http.errors import NotFound, ServerFailed
from engine.http.hosts import AllowedHosts
from engine.platform.activity_cache import ActivityCache
from engine.platform.client import PlatformClient
from engine.platform.connect import open_client
from engine.platform.models import ActivityLog
from engine.platform.token_store import MemoryStore
from engine.sandbox.faults import Fault
from engine.sandbox.sandbox import Sandbox
from tests.http.support import Clock

LAST = date(2026, 9, 20)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The example world after its whole story."""
    world = Sandbox.in_memory()
    world.advance(LAST)
    yield world
    world.close()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[PlatformClient]:
    known = sandbox.platform_credentials
    opened = open_client(
        "http://localhost",
        known.account,
        MemoryStore(known.refresh_token),
        hosts=AllowedHosts(),
        wire=AsgiTransport(sandbox.platform),
        pace=Clock().pace,
        now=lambda: datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=UTC),
    )
    yield opened
    opened.close()
    sandbox.faults.clear()
    sandbox.store.set_setting("platform.activity_log", "complete")


def everything(client: PlatformClient) -> dict[str, ActivityLog]:
    with ThreadPoolExecutor(4) as pool:
        listed = client.subscriptions().items
        logs = list(pool.map(lambda one: client.activity(one.customer_id, one.id), listed))
    assert [log.last_updated for log in logs] == [one.last_updated for one in listed]
    return {log.subscription: log for log in logs}


def test_a_complete_log_tells_of_everything(client: PlatformClient) -> None:
    logs = everything(client)
    kinds = Counter(item.kind for log in logs.values() for item in log.items)
    assert kinds.keys() == {"created", "quantity", "upgraded", "cancelled", "renewed", "converted", "unrelated"}
    assert all(log.whole for log in logs.values())
    assert kinds["created"] == len(logs)


def told(log: ActivityLog) -> list[tuple[str, str, int | None]]:
    return [(str(one.on), one.kind, one.quantity) for one in log.items if one.kind != "unrelated"]


def test_what_the_script_says_is_what_the_log_tells(client: PlatformClient) -> None:
    logs = everything(client)
    assert told(logs["710001"]) == [
        ("2025-09-15", "created", 24),
        ("2025-11-03", "quantity", 26),
        ("2026-06-09", "quantity", 28),
        ("2026-06-17", "quantity", 30),
        ("2026-09-15", "renewed", 30),
    ]
    assert logs["710001"].items[-1].end == date(2027, 9, 14)
    assert told(logs["710018"])[:2] == [("2026-06-01", "created", 5), ("2026-06-29", "converted", None)]
    assert told(logs["710035"]) == [("2026-05-11", "created", 4), ("2026-06-26", "upgraded", 4)]
    assert len({one.product for one in logs["710035"].items}) == 2
    assert told(logs["710029"])[-1] == ("2026-05-20", "cancelled", None)
    # It suspends on one day and resumes on another: neither is a change of what is billed.
    assert told(logs["710016"]) == [("2025-12-01", "created", 10)]
    # Its renewal was switched off: its term runs out, which ends it.
    ended = [one for one in logs["710020"].items if one.kind == "cancelled"]
    assert [(str(one.on), one.text) for one in ended] == [("2026-07-20", "Subscription Expired: Status: expired")]


def test_what_a_log_announces_last_is_what_the_list_shows(client: PlatformClient) -> None:
    logs = everything(client)
    for one in client.subscriptions().items:
        counts = [item.quantity for item in logs[one.id].items if item.quantity is not None]
        assert counts[-1] == one.licenses


def test_a_thin_log_tells_of_creations_and_quantities_alone(client: PlatformClient, sandbox: Sandbox) -> None:
    complete = everything(client)
    sandbox.store.set_setting("platform.activity_log", "thin")
    thin = everything(client)
    assert {item.kind for log in thin.values() for item in log.items} == {"created", "quantity", "unrelated"}
    for id, log in thin.items():
        assert log.whole
        assert [one for one in log.items if one.kind != "unrelated"] == [
            one for one in complete[id].items if one.kind in {"created", "quantity"}
        ]


def test_no_log_names_anyone(client: PlatformClient) -> None:
    texts = [item.text for log in everything(client).values() for item in log.items]
    assert not any(word in text for text in texts for word in ("user1", "Reseller", "@"))


def test_a_subscription_of_another_customer_is_not_found(client: PlatformClient) -> None:
    with pytest.raises(NotFound, match="customers/410002/subscriptions/710001"):
        client.activity("410002", "710001")


def test_a_failure_of_the_platform_is_a_service_error(client: PlatformClient, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="status", status=500, service="platform", path="*/subscriptions/710001"))
    with pytest.raises(ServerFailed, match="subscriptions/710001"):
        client.activity("410001", "710001")


def test_a_cache_finds_what_the_list_says_has_not_moved(client: PlatformClient, tmp_path: Path) -> None:
    logs = everything(client)
    cache = ActivityCache(tmp_path)
    assert cache.put_many("900100", logs.values())
    wanted = {one.id: one.last_updated for one in client.subscriptions().items}
    assert cache.get_many("900100", wanted) == logs
