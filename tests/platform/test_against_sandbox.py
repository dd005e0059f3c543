"""The same client against the simulated platform: in the process, and served on loopback."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from engine.http.asgi import AsgiTransport
from engine.http.errors import AuthenticationFailed, BadReply, Forbidden, ServerFailed
from engine.http.hosts import AllowedHosts
from engine.http.secrets import Secret
from engine.platform.client import PlatformClient
from engine.platform.connect import ApiKey, open_client
from engine.platform.token_store import FileStore, MemoryStore, TokenStore
from engine.sandbox.faults import Fault
from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import served
from tests.http.support import Clock

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@dataclass
class World:
    """A sandbox and the way to its platform."""

    sandbox: Sandbox
    url: str
    wire: httpx.BaseTransport | None
    opened: list[PlatformClient]
    clock: Clock

    def client(self, store: TokenStore | None = None, secret: str | None = None) -> PlatformClient:
        known = self.sandbox.platform_credentials
        client = open_client(
            self.url,
            known.account,
            store or MemoryStore(known.refresh_token),
            hosts=AllowedHosts(),
            api_key=ApiKey(Secret(known.api_key), Secret(secret or known.api_secret)),
            wire=self.wire,
            pace=self.clock.pace,
            now=lambda: NOON,
        )
        self.opened.append(client)
        return client

    def set(self, name: str, value: str) -> None:
        self.sandbox.store.set_setting(f"platform.{name}", value)

    def fault(self, fault: Fault) -> None:
        self.sandbox.faults.add(fault)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example world in a file, to copy."""
    path = tmp_path_factory.mktemp("world") / "sandbox.sqlite"
    Sandbox.open(path).close()
    return path


@pytest.fixture(params=["in the process", "served"])
def world(request: pytest.FixtureRequest, example: Path, tmp_path: Path) -> Iterator[World]:
    sandbox = Sandbox.open(Path(shutil.copy(example, tmp_path / "sandbox.sqlite")))
    opened: list[PlatformClient] = []
    if request.param == "served":
        with served(sandbox) as announced:
            yield World(sandbox, announced["platform"]["url"], None, opened, Clock())
            for client in opened:
                client.close()
    else:
        yield World(sandbox, "http://localhost", AsgiTransport(sandbox.platform), opened, Clock())
        for client in opened:
            client.close()
    sandbox.close()


def test_the_world_is_read_whole(world: World) -> None:
    client = world.client()
    customers, products, listed = client.customers(), client.products(), client.subscriptions()
    assert len(customers) >= 12
    assert len(listed.items) >= 40
    assert listed.problems == []
    assert {item.customer_id for item in listed.items} <= {customer.id for customer in customers}
    assert {item.product_key for item in listed.items} <= {plan.key for plan in products}
    assert {item.state for item in listed.items} <= {"billing", "suspended", "ended", "pending"}
    assert len({plan.key for plan in products}) == len(products)


def test_small_pages_give_the_same_lists(world: World) -> None:
    client = world.client()
    whole = (client.customers(), client.products(), client.subscriptions().items)
    world.set("max_page_size", "3")
    assert (client.customers(), client.products(), client.subscriptions().items) == whole


def test_a_plan_costs_the_pages_and_one_more(world: World) -> None:
    client = world.client()
    client.customers()
    client.subscriptions()
    account = world.sandbox.platform_credentials.account
    seen = {key.replace(account, "{id}"): number for key, number in world.sandbox.faults.requests("platform").items()}
    assert seen == {
        "POST /oauth/token": 1,
        "GET /api/v3/accounts/{id}/customers": 1,
        "GET /api/v3/accounts/{id}/subscriptions": 2,
    }


def test_one_customer_s_subscriptions(world: World) -> None:
    client = world.client()
    everything = client.subscriptions().items
    customer = everything[0].customer_id
    assert client.subscriptions(customer).items == [item for item in everything if item.customer_id == customer]


def test_tokens_rotate_through_a_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = world.sandbox.platform_credentials.refresh_token
    path.write_text(first)
    path.chmod(0o600)
    world.client(FileStore(path)).customers()
    world.client(FileStore(path)).customers()
    kept = FileStore(path).get()
    assert kept.refresh_token == world.sandbox.platform_credentials.refresh_token != first
    assert kept.previous == first
    with pytest.raises(AuthenticationFailed, match="refresh token is refused"):
        world.client(MemoryStore(first)).customers()


def test_a_401_in_mid_run_is_mended(world: World) -> None:
    client = world.client()
    world.set("max_page_size", "5")
    whole = client.subscriptions().items
    world.fault(Fault(kind="status", status=401, service="platform", path="*/subscriptions", skip=2))
    assert client.subscriptions().items == whole
    assert world.sandbox.faults.requests("platform")["POST /oauth/token"] == 2


def test_ping(world: World) -> None:
    found = world.client().ping()
    assert (found.access_seconds, found.v1, found.findings) == (7200, True, ())
    assert found.refresh_seconds is not None
    assert found.refresh_seconds > 30 * 24 * 3600
    assert world.client(secret="another-made-up-secret").ping().v1 is False


def test_a_role_without_rights(world: World) -> None:
    world.set("role", "Sales")
    with pytest.raises(Forbidden, match=r"PERMISSION_DENIED.*Account Admin or Operations"):
        world.client().ping()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="throttle", path="*/customers", retry_after="3"),
        Fault(kind="throttle", path="*/customers", html=True),
        Fault(kind="drop_before", path="*/customers"),
        Fault(kind="timeout_before", path="*/customers"),
        Fault(kind="status", status=503, path="*/customers", times=3),
        Fault(kind="slow", seconds=0.01, path="*/customers"),
    ],
    ids=lambda fault: fault.kind,
)
def test_what_passes_is_survived(world: World, fault: Fault) -> None:
    world.fault(fault)
    assert len(world.client().customers()) >= 12


@pytest.mark.parametrize(
    ("fault", "read", "kind", "says"),
    [
        (Fault(kind="truncate", path="*/subscriptions"), PlatformClient.subscriptions, BadReply, "not complete JSON"),
        (Fault(kind="html_page", path="*/products"), PlatformClient.products, BadReply, "web page came instead"),
        (
            Fault(kind="status", status=500, path="*/customers"),
            PlatformClient.customers,
            ServerFailed,
            "INTERNAL_ERROR",
        ),
        (Fault(kind="drop_after_commit", path="*/token"), PlatformClient.customers, AuthenticationFailed, "Run again"),
    ],
    ids=["truncated", "web page", "500", "lost token"],
)
def test_what_stays_is_explained(
    world: World, fault: Fault, read: Callable[[PlatformClient], object], kind: type[Exception], says: str
) -> None:
    world.fault(fault)
    with pytest.raises(kind, match=says) as caught:
        read(world.client())
    assert "sandbox-refresh-token" not in str(caught.value)
