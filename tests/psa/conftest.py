"""A client whose network is a table of answers, and one that talks to the simulated PSA."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx
import pytest
import respx

from engine.http.asgi import AsgiTransport
from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.secrets import Secret
from engine.psa.client import PsaClient, connect
from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import served
from engine.workspace.model import MarkKeeping

SITE = "https://na.myconnectwise.net"
API = "https://api-na.myconnectwise.net"
BASE = f"{API}/v2025_1/apis/3.0"

Make = Callable[..., PsaClient]


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self) -> Pace:
        return Pace(clock=lambda: self.now, sleep=self.sleep, wall=lambda: self.now, chance=lambda: 0.5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def psa() -> respx.Router:
    """The answers; whatever has none fails the test."""
    router = respx.Router(assert_all_called=False)
    router.get(f"{SITE}/login/companyinfo/example").respond(json={"Codebase": "v2025_1/", "IsCloud": "True"})
    return router


@pytest.fixture
def make(psa: respx.Router, clock: Clock) -> Iterator[Make]:
    made: list[PsaClient] = []

    def client(url: str = SITE, keeping: MarkKeeping | None = None) -> PsaClient:
        made.append(
            connect(
                url=url,
                company="example",
                client_id=Secret("a-client-id"),
                public_key=Secret("a-public-key"),
                private_key=Secret("a-private-key"),
                hosts=AllowedHosts(),
                keeping=keeping,
                wire=httpx.MockTransport(psa.handler),
                pace=clock.pace(),
            )
        )
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def client(make: Make) -> PsaClient:
    return make()


@dataclass
class Setting:
    """A sandbox and how to reach it."""

    sandbox: Sandbox
    client: Callable[..., PsaClient]

    def change(self, name: str, value: str) -> None:
        self.sandbox.store.set_setting(name, value)


@pytest.fixture(params=["in the process", pytest.param("served", marks=pytest.mark.long)])
def setting(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Setting]:
    with ExitStack() as stack:
        sandbox = Sandbox.in_memory()
        stack.callback(sandbox.close)
        address = stack.enter_context(served(sandbox))["psa"]["url"] if request.param == "served" else None

        def client(keeping: MarkKeeping | None = None, **other: str) -> PsaClient:
            credentials = sandbox.psa_credentials
            one = connect(
                url=address or "http://localhost",
                company=other.get("company", credentials.company),
                client_id=Secret(other.get("client_id", credentials.client_id)),
                public_key=Secret(credentials.public_key),
                private_key=Secret(other.get("private_key", credentials.private_key)),
                hosts=AllowedHosts(),
                keeping=keeping,
                wire=None if address else AsgiTransport(sandbox.psa),
                pace=clock.pace(),
            )
            stack.callback(one.close)
            return one

        yield Setting(sandbox, client)
