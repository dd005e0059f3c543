"""Nights on the example world in the process: plan, apply under a journal, and what the PSA holds afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.applying.chain import Chain
from engine.applying.journal import Journal, JournalRun, read
from engine.applying.options import Options
from engine.applying.report import Report
from engine.http.asgi import AsgiTransport
from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.secrets import Secret
from engine.pipeline import Services, apply_plan, make_plan
from engine.planning.guards import GUARDS
from engine.planning.plan import Plan, Selection
from engine.platform.connect import ApiKey, open_client
from engine.platform.token_store import MemoryStore
from engine.psa.client import connect
from engine.sandbox.sandbox import Sandbox
from engine.workspace.load import load
from engine.workspace.model import Workspace
from tests.applying.journals import begun, clock
from tests.faults.wire import FaultyWire

ROOT = Path(__file__).parents[2]


@dataclass
class Nights:
    """A sandbox with both clients, the wire to its PSA, and the journal of the runs."""

    sandbox: Sandbox
    wire: FaultyWire
    services: Services
    workspace: Workspace
    journal: Path
    selection: Selection

    def plan(self) -> Plan:
        return make_plan(self.workspace, "sandbox", self.services, self.sandbox.today, self.selection, _quiet)

    def apply(self, plan: Plan) -> Report:
        journal = Journal(self.journal, clock())
        try:
            run = JournalRun(journal, begun(f"run-{len(journal.records)}"), clock())
            return run.ended(apply_plan(plan, self.services, _quiet, Options(allowed=frozenset(GUARDS)), run))
        finally:
            journal.close()

    def read_journal(self) -> Chain:
        return read(self.journal)


def example() -> Workspace:
    """The example workspace."""
    workspace, _ = load(ROOT, None)
    assert workspace is not None
    return workspace


@contextmanager
def opened(workspace: Workspace, journal: Path, customers: tuple[str, ...] = ()) -> Iterator[Nights]:
    """The example world as at first, of which these customers are planned (none: all), and no journal."""
    journal.unlink(missing_ok=True)
    sandbox = Sandbox.in_memory()
    psa, platform = sandbox.psa_credentials, sandbox.platform_credentials
    pace = Pace(sleep=lambda seconds: None, chance=lambda: 0.5)
    wire = FaultyWire(AsgiTransport(sandbox.psa))
    services = Services(
        psa=connect(
            url="http://localhost",
            company=psa.company,
            client_id=Secret(psa.client_id),
            public_key=Secret(psa.public_key),
            private_key=Secret(psa.private_key),
            hosts=AllowedHosts(),
            wire=wire,
            pace=pace,
        ),
        platform=open_client(
            "http://localhost",
            platform.account,
            MemoryStore(platform.refresh_token),
            hosts=AllowedHosts(),
            api_key=ApiKey(Secret(platform.api_key), Secret(platform.api_secret)),
            wire=AsgiTransport(sandbox.platform),
        ),
        account=platform.account,
    )
    try:
        yield Nights(sandbox, wire, services, workspace, journal, Selection(customers=customers))
    finally:
        services.close()
        sandbox.close()


def _quiet(label: str, done: int, total: int) -> None:
    """Nobody watches."""
