"""What a plan says of the next invoices, against what the simulated PSA would charge: it shares no arithmetic."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from engine.sandbox.psa.invoicing import next_amount
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Store
from tests.cli.support import Cwctl

pytestmark = pytest.mark.long


def charged(workspace: Path) -> dict[int, Decimal]:
    """What the next invoice of each agreement comes to, as the PSA reckons."""
    store = Store(str(workspace / ".cwctl" / "sandbox.sqlite"))
    try:
        settings = PsaSettings(store)
        return {doc["id"]: next_amount(store, settings, doc) for doc in store.rows("agreement")}
    finally:
        store.close()


def told(plan: dict[str, object]) -> dict[int, Decimal]:
    """What the plan says by how much they change."""
    found: dict[int, Decimal] = {}
    changes = plan["changes"]
    assert isinstance(changes, list)
    for change in changes:
        if change["effect"]:
            amount = Decimal(change["effect"]["next_invoice"])
            found[change["agreement"]] = found.get(change["agreement"], Decimal(0)) + amount
    return {agreement: amount for agreement, amount in found.items() if amount}


def test_the_next_invoices_change_by_what_the_plan_says_to_the_cent(cwctl: Cwctl, workspace: Path) -> None:
    """The first plan, ten days later, and in a month that has been invoiced: on none of these days a term renews."""
    for days, period, compared in ((0, None, True), (10, None, True), (10, "2026-07", False), (14, None, True)):
        if days:
            assert cwctl("sandbox", "advance", "--days", str(days)).code == 0
        if period is not None:
            assert cwctl("sandbox", "invoice", "--period", period).code == 0
        plan = json.loads(cwctl("plan", "--format", "json").out)
        before = charged(workspace)
        cwctl("apply", "--yes", "--allow", "monthly-change", "--allow", "incomplete")
        moved = {agreement: amount - before[agreement] for agreement, amount in charged(workspace).items()}
        if compared:
            assert told(plan)
            assert {agreement: amount for agreement, amount in moved.items() if amount} == told(plan), plan["as_of"]
