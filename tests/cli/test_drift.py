"""`cwctl drift`: what was edited by hand in the PSA, its exit codes, and that it never writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.embedded import embedded
from engine.cli.services import opened
from engine.cli.workspace import loaded
from engine.psa.api import WriteRefused
from engine.psa.client import PsaClient
from engine.reporting.render import render_drift_text
from engine.sandbox.sandbox import Sandbox
from tests.cli.support import GOLDEN, Cwctl

OURS = 501
"""An agreement of the first customer of the example."""


def edit(root: Path, **members: object) -> int:
    """Edits the first of our lines on an agreement by hand, in the sandbox's own records; gives its id."""
    with embedded(root) as sandbox:
        record = next(one for one in lines(sandbox, OURS) if one.get("serialNumber"))
        sandbox.store.put("addition", record["id"], {**record, **members}, OURS)
        number: int = record["id"]
        return number


def lines(sandbox: Sandbox, agreement: int | None = None) -> list[dict[str, Any]]:
    return list(sandbox.store.rows("addition", agreement))


@pytest.fixture
def applied(cwctl: Cwctl, workspace: Path) -> Path:
    assert cwctl("apply", "--yes").code == 0
    return workspace


def test_what_was_just_applied_has_no_drift(cwctl: Cwctl, applied: Path) -> None:
    ended = cwctl("drift")
    assert (ended.code, ended.last) == (0, "No drift.")


def test_an_edit_by_hand_is_listed_with_what_to_do(cwctl: Cwctl, applied: Path) -> None:
    edit(applied, lessIncluded=2, cancelledDate="2026-06-20T00:00:00Z")
    ended = cwctl("drift")
    assert ended.code == 2
    assert ended.out == (GOLDEN / "drift.txt").read_text("utf-8")

    document = json.loads(cwctl("drift", "--format", "json").out)
    assert max(map(len, render_drift_text(document, 80, color=False).splitlines())) <= 80
    (first, second) = json.loads(cwctl("drift", "--format", "json").out)["drift"]
    assert (first["field"], first["has"], first["wants"], first["remedy"]) == (
        "cancelled",
        "2026-06-20",
        "2026-06-30",
        "apply",
    )
    assert (second["field"], second["remedy"]) == ("less_included", "by_hand")


def test_the_plan_shows_it_and_apply_puts_back_what_it_writes(cwctl: Cwctl, applied: Path) -> None:
    edit(applied, lessIncluded=2, cancelledDate="2026-06-20T00:00:00Z")
    told = cwctl("plan").out
    assert "2026-06-20 → 2026-06-30 (edited by hand)" in told
    assert "Edited by hand  2 fields of our lines differ" in told
    assert cwctl("apply", "--yes").code == 0
    (left,) = json.loads(cwctl("drift", "--format", "json").out)["drift"]
    assert left["field"] == "less_included"


def test_a_selection_limits_what_is_compared(cwctl: Cwctl, applied: Path) -> None:
    edit(applied, lessIncluded=2)
    assert cwctl("drift", "--customer", "410001").code == 2
    assert cwctl("drift", "--customer", "410002").code == 0


def test_what_cannot_be_compared_is_named_and_has_an_exit_code_of_its_own(cwctl: Cwctl, applied: Path) -> None:
    edit(applied, lessIncluded=2)
    services = applied / "mappings/services.yaml"
    services.write_text(services.read_text("utf-8").replace("subscription: 710030", "subscription: 799999"), "utf-8")
    ended = cwctl("drift")
    assert ended.code == 4
    assert "Not compared" in ended.out
    assert ended.last == "Drift: 1 field was edited by hand. 1 object could not be compared."


def test_an_error_is_one_as_ever(cwctl: Cwctl, workspace: Path) -> None:
    cwctl.fails("drift", "--customer", "nobody", says="no mapping has the customer")


def test_nothing_is_written_and_nothing_could_be(cwctl: Cwctl, applied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(applied, cancelledDate="2026-06-20T00:00:00Z")
    with embedded(applied) as sandbox:
        before = lines(sandbox)
    clients: list[PsaClient] = []
    read = PsaClient.additions

    def noted(self: PsaClient, agreement_id: int) -> Any:
        clients.append(self)
        return read(self, agreement_id)

    monkeypatch.setattr(PsaClient, "additions", noted)
    assert cwctl("drift").code == 2
    assert clients
    for client in clients:
        with pytest.raises(WriteRefused):
            client.update("addition", before[0]["id"], {"cancelled": None}, OURS)
    with embedded(applied) as sandbox:
        assert lines(sandbox) == before


def test_a_client_that_reads_alone_reads(cwctl: Cwctl, workspace: Path) -> None:
    settings, chosen = loaded(str(workspace), None)
    with opened(chosen, Path(settings.root), writes=False) as (services, _):
        assert services.psa.agreements()
        sent = services.psa.sent
        with pytest.raises(WriteRefused, match="POST"):
            services.psa.create("manufacturer", {"name": "Never"})
        assert services.psa.sent == sent
