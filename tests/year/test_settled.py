"""A decrease that shows after next month's invoice was made, settled: the invoices come to what was had."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.billing.model import Rules
from engine.pipeline import Services, apply_plan, make_plan
from engine.planning.plan import Plan, Selection
from engine.sandbox.event import Event
from engine.sandbox.generate import FIRST_DAY
from engine.workspace.load import load
from engine.workspace.model import Workspace
from tests.year.known import cents
from tests.year.world import CONNECTION, World, services_of

JUNE_18, AUGUST = date(2026, 6, 18), date(2026, 8, 1)


def _workspace(world: World) -> Workspace:
    world.workspace()
    billing = world.root / "rules" / "billing.yaml"
    billing.write_text(billing.read_text().replace("version: 1\n", "version: 1\nlate_change: settle\n", 1))
    workspace, problems = load(world.root)
    assert workspace is not None, problems
    return workspace


def _night(services: Services, workspace: Workspace, day: date) -> Plan:
    """A plan, applied; the PSA refuses what would change a charge. With it, there is nothing left to plan."""
    plan = make_plan(workspace, CONNECTION, services, day, Selection(), lambda *_: None)
    assert plan.held == ()
    report = apply_plan(plan, services, lambda *_: None)
    assert {one.status for one in report.outcomes} <= {"applied"}
    again = make_plan(workspace, CONNECTION, services, day, Selection(), lambda *_: None)
    assert (again.changes, again.held) == ((), ())
    return plan


@pytest.mark.parametrize("taken_back", [False, True])
def test_the_invoices_of_three_months_come_to_what_was_had(tmp_path: Path, taken_back: bool) -> None:
    world = World(random.Random(3), 1, 1, tmp_path)
    world.deals = [replace(one, rules=Rules()) for one in world.deals]
    (known,) = world.known.values()
    assert (known.terms.kind, known.deal.kind.yearly, known.deal.kind.prorates) == ("license", False, True)
    workspace, sandbox = _workspace(world), world.sandbox
    before, after = known.licences, known.licences - 1
    with services_of(sandbox, tmp_path / ".cwctl") as services:
        _night(services, workspace, FIRST_DAY)
        totals = [sandbox.invoice(month).total for month in ("2026-06", "2026-07")]
        sandbox.advance(JUNE_18)
        sandbox.happen(Event(on=JUNE_18, action="seats", subscription=known.id, quantity=after))
        settling = _night(services, workspace, JUNE_18)
        assert [one.address for one in settling.changes if "/settlement/" in one.address]
        if taken_back:
            sandbox.delete_invoice("2026-07")
            _night(services, workspace, JUNE_18)
            totals[1] = sandbox.invoice("2026-07").total
        for day in (date(2026, 7, 10), AUGUST):
            sandbox.advance(day)
            _night(services, workspace, day)
        totals.append(sandbox.invoice("2026-08").total)
    price = known.terms.unit_price
    billed = 31 - max(known.deal.start, date(2026, 6, 1)).day  # of June's 30 days
    june = cents(before * price * billed / Decimal(30)) - cents(price * 13 / Decimal(30))
    assert sum(totals) == june + 2 * cents(after * price)
