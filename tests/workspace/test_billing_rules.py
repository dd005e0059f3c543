"""Overrides and dated moves: hints that lead to what was meant, and everything that is wrong at once."""

from pathlib import Path

import pytest

from engine.diagnostics import Diagnostic
from engine.workspace.load import load
from tests.workspace.broken import BILLING_FILE, SERVICES_FILE
from tests.workspace.sample import BILLING, SERVICES, problems_of, write_workspace


def hint_of(found: list[Diagnostic]) -> str | None:
    assert len(found) == 1
    return found[0].hint


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("customer: 3068700", "Did you mean 306870 (Example Customer)?"),
        ("customer: 306872", "Did you mean 306871?"),
        ("customer: 999", "Map the customer, or correct the id."),
        ("agreement: 412", "Did you mean 42 (Yearly licences)?"),
        ("agreement: 9000", "List it with its customer, or correct the id."),
    ],
)
def test_an_override_for_nothing_known_says_what_may_be_meant(written: str, hint: str, tmp_path: Path) -> None:
    changed = f"version: 1\noverrides:\n  - {{{written}, in_place_days: 3}}\n"
    assert hint_of(problems_of(tmp_path, {BILLING_FILE: changed})) == hint


def test_a_choice_mistyped_in_an_override_says_what_may_be_meant(tmp_path: Path) -> None:
    changed = BILLING.replace("positive_change: first_of_month", "positive_change: first_of_moth")
    assert hint_of(problems_of(tmp_path, {BILLING_FILE: changed})) == "Did you mean first_of_month?"


def test_overrides_are_not_held_against_customers_that_could_not_be_read(tmp_path: Path) -> None:
    found = problems_of(tmp_path, {"mappings/customers.yaml": "version: 1\ncustomers: [\n"})
    assert [each.code for each in found] == ["yaml-syntax"]


def test_an_empty_override_and_one_for_two_things_are_both_reported(tmp_path: Path) -> None:
    changed = "version: 1\noverrides:\n  - {customer: 1, agreement: 2}\n  - {}\n"
    found = problems_of(tmp_path, {BILLING_FILE: changed})
    assert [(each.code, str(each.place)) for each in found] == [
        ("override-empty", "rules/billing.yaml:3:5"),
        ("customer-unmapped", "rules/billing.yaml:3:16"),
        ("agreement-unlisted", "rules/billing.yaml:3:30"),
        ("override-target", "rules/billing.yaml:3:30"),
        ("override-empty", "rules/billing.yaml:4:5"),
        ("override-target", "rules/billing.yaml:4:5"),
    ]


def test_everything_that_is_wrong_with_the_moves_of_a_service_is_reported_at_once(tmp_path: Path) -> None:
    moves = "[{id: 42, from: 2026-02-01}, {id: 41}, {id: 42, from: 2026-02-31}, {id: 9, from: 2025-01-01}]"
    services = SERVICES.replace("agreement: 42,", f"agreement: 41, agreements: {moves},")
    found = problems_of(tmp_path, {SERVICES_FILE: services})
    assert [(each.code, each.place.column) for each in found if each.place is not None] == [
        ("agreement-both", 62),
        ("move-first", 94),
        ("move-undated", 107),
        ("agreement-again", 122),
        ("date-invalid", 132),
        ("agreement-unlisted", 150),
        ("move-early", 159),
    ]
    assert {each.place.line for each in found if each.place is not None} == {3}


def test_moves_are_held_against_the_connection_of_the_run(tmp_path: Path) -> None:
    services = SERVICES.replace("2026-02-01", "2026-07-01").replace("2026-11-01", "2026-06-30")
    root = write_workspace(tmp_path, {SERVICES_FILE: services})
    assert load(root, "sandbox")[1] == []
    found = load(root, "production")[1]
    assert [each.code for each in found] == ["move-early"]
    assert "config/connections.yaml:10:18" in found[0].text


def test_a_single_agreement_may_be_written_as_a_list(tmp_path: Path) -> None:
    services = SERVICES.replace("agreement: 42,", "agreements: [{id: 42}],")
    workspace, found = load(write_workspace(tmp_path, {SERVICES_FILE: services}))
    assert found == []
    assert workspace is not None
    assert [(each.agreement, each.starts) for each in workspace.mappings.services["2277242"].agreements] == [(42, None)]


def test_the_example_states_the_defaults() -> None:
    workspace, found = load(Path(__file__).parents[2])
    assert found == []
    assert workspace is not None
    billing = workspace.rules.billing
    assert (billing.price_change, billing.in_place_days) == ("next_period", 2)
    assert (billing.overrides, billing.arrears) == ((), frozenset())
