"""A client whose network is a table of answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import respx

from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.secrets import Secret
from engine.psa.client import PsaClient, connect
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
