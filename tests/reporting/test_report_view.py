"""A report as its template needs it: the same told once for each customer, and the way forward."""

from typing import Any

import pytest

from engine.reporting.report_view import report_view


def report(*statuses: str, customer: str = "100") -> dict[str, Any]:
    outcomes = [
        {"address": f"{at}", "kind": "addition", "name": "Suite", "status": one, "customer": customer, "message": "why"}
        for at, one in enumerate(statuses)
    ]
    counts = {one: statuses.count(one) for one in statuses}
    return {"outcomes": outcomes, "counts": counts, "stopped": None, "canary": None}


def test_what_is_said_of_all_changes_of_a_customer_is_said_once() -> None:
    shown = report_view(report("held", "held", "held", "failed", "failed"))["left"]
    assert [(one["what"], one["name"]) for one in shown] == [
        ("held: ", "3 changes"),
        ("failed: addition ", "Suite"),
        ("failed: addition ", "Suite"),
    ]


@pytest.mark.parametrize(
    ("statuses", "file", "says"),
    [
        (("held",), "night.plan", "`cwctl apply night.plan --allow price-jump`"),
        (("held",), None, "`cwctl apply` with the same options and --allow price-jump"),
        (("held", "applied"), "night.plan", "make a new plan and apply that with --allow price-jump"),
    ],
)
def test_the_way_forward_fits_what_was_written(statuses: tuple[str, ...], file: str | None, says: str) -> None:
    assert says in report_view(report(*statuses), ["price-jump"], file)["hint"]
