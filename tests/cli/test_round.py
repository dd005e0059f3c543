"""The main job, whole: plan, apply, and nothing left to do."""

import json
from pathlib import Path

import pytest

from tests.cli.digests import with_no_digest_in_particular, without_digest
from tests.cli.support import GOLDEN, Cwctl

EVERYTHING = "Plan: 43 to create, 9 to change, 14 in step."


@pytest.mark.parametrize(("style", "file"), [("text", "plan.txt"), ("markdown", "plan.md")])
def test_the_plan_of_the_example_world_reads_as_approved(cwctl: Cwctl, style: str, file: str) -> None:
    """After a deliberate change: write what the command prints into the file, and read the difference."""
    ended = cwctl("plan", "--format", style)
    assert (ended.code, without_digest(ended.err)) == (0, "")
    assert with_no_digest_in_particular(ended.out) == (GOLDEN / file).read_text(encoding="utf-8")


def test_after_apply_nothing_is_left(cwctl: Cwctl) -> None:
    assert cwctl("plan").last.startswith(EVERYTHING)
    applied = cwctl("apply", "--yes")
    assert (applied.code, applied.last) == (0, "Applied: 52 changes.")
    assert EVERYTHING in applied.out
    again = cwctl("plan", "--detailed-exitcode")
    assert (again.code, again.last.partition("  ")[0]) == (
        0,
        "No changes. 65 objects are in step. Rounding of unit prices: +0.69 a cycle against the platform's own prices.",
    )
    nothing = cwctl("apply", "--yes")
    assert (nothing.code, nothing.last) == (0, "Nothing to apply.")


@pytest.mark.parametrize("days", [1, 30, 200])
def test_as_time_passes_apply_catches_up(cwctl: Cwctl, days: int) -> None:
    assert cwctl("apply", "--yes").code == 0
    assert cwctl("sandbox", "advance", "--days", str(days)).code == 0
    due = json.loads(cwctl("plan", "--format", "json").out)
    assert bool(due["changes"]) == (days > 1)
    # After so long, what ran out meanwhile is much of what some customers are billed.
    allowed = ("--allow", "monthly-change") if days > 100 else ()
    assert cwctl("apply", "--yes", *allowed).code == 0
    assert cwctl("plan", "--detailed-exitcode").last.startswith("No changes.")


def test_what_a_plan_holds_back_is_said_by_apply_too(cwctl: Cwctl) -> None:
    """One was upgraded while nobody billed it; one has become a product that someone bills by hand."""
    assert cwctl("sandbox", "advance", "--days", "200").code == 0
    planned = cwctl("plan", "--detailed-exitcode")
    assert planned.code == 4
    assert "! service:710017 Microsoft 365 Business Basic: it was upgraded before its first line" in planned.out
    assert "! service:710035 Microsoft 365 Business Basic: agreement 510 already has an addition" in planned.out
    assert "write `addition: 1` to take that line over" in planned.out
    applied = cwctl("apply", "--yes")
    assert applied.code == 4
    assert applied.out.endswith("Applied: 113 changes.\n2 objects were held back by the plan.\n")
    again = cwctl("apply", "--yes")
    assert again.code == 4
    assert again.out.endswith("Nothing to apply.\n2 objects were held back by the plan.\n")


@pytest.mark.long
def test_a_large_world_is_in_step_after_apply(cwctl: Cwctl, tmp_path: Path) -> None:
    large = tmp_path / "large"
    made = cwctl("sandbox", "reset", "--customers", "1000", "--subscriptions", "10000", "--workspace", large)
    assert made.code == 0
    assert cwctl("-C", large, "plan", "--detailed-exitcode").code == 2
    assert cwctl("-C", large, "apply", "--yes").code == 0
    left = cwctl("-C", large, "plan", "--detailed-exitcode")
    assert (left.code, left.last.partition(".")[0]) == (0, "No changes")
