"""`cwctl explain`: which subscription it finds, what it reads, what it prints, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Cwctl, Served, on_terminal, plain

DAY = ("--as-of", "2026-06-15")


@pytest.fixture
def july(cwctl: Cwctl) -> Cwctl:
    """The example in July, after a first night in June."""
    assert cwctl("apply", "--yes").code == 0
    assert cwctl("sandbox", "advance", "--to", "2026-07-20").code == 0
    return cwctl


def document(cwctl: Cwctl, *arguments: str, code: int = 0) -> Any:
    ended = cwctl("explain", *arguments, "--format", "json")
    assert ended.code == code, ended.err
    return json.loads(ended.out)


# -- what it says


def test_it_says_what_the_plan_says(july: Cwctl) -> None:
    planned = json.loads(july("plan", "--format", "json").out)["changes"]
    subscriptions = {one["line"]["subscription"] for one in planned if one["line"]}
    assert len(subscriptions) > 20
    for subscription in sorted(subscriptions):
        found = document(july, subscription)
        wanted = {one["address"]: one for one in planned if one["line"] and one["line"]["subscription"] == subscription}
        told = {one["address"]: one for one in found["lines"] if one["status"] != "in_step"}
        assert told.keys() == wanted.keys()
        for address, line in told.items():
            assert (line["reason"], line["effect"]) == (wanted[address]["reason"], wanted[address]["effect"])


def test_an_increase_is_told_from_its_rule_to_its_bill(july: Cwctl) -> None:
    text = july("explain", "710001").out
    assert "effective 2026-06-17 (effective_date_positive_change: actual_date, rules/sync.yaml:27)" in text
    assert "+ increase, M365-BUS-PREM: 2 × 21.96 from 2026-06-17 to 2026-06-30" in text
    # 2 × 21.96 × 14/30 = 20.496
    assert "increase from 2026-06-17    2 × 21.96  14/30 days   20.50    0.00" in text
    assert text.endswith("2 lines differ from the PSA; `cwctl plan` shows what would change.\n")


def test_once_applied_it_is_in_step_and_keeps_its_rules(july: Cwctl) -> None:
    before = document(july, "710001")
    assert july("apply", "--yes").code == 0
    after = document(july, "710001")
    assert (before["state"], after["state"]) == ("changes", "in_step")
    rules = [[one["rule"] for one in found["events"]] for found in (before, after)]
    assert rules[0] == rules[1]
    assert [one["wanted"] for one in after["periods"]] == [one["wanted"] for one in before["periods"]]
    assert [one["posted"] for one in after["periods"]] == [one["wanted"] for one in after["periods"]]


@pytest.mark.parametrize(
    ("subscription", "says"),
    [
        ("710035", "+ credit, M365-BUS-BASIC: -4 × 7.20 from 2026-06-26 to 2026-06-30"),
        ("710027", "effective 2026-07-06 (service_cancellation: cancellation_date, rules/sync.yaml:30)"),
        ("710018", "converted from a trial"),
        ("710004", "consumption of 2026-07"),
        ("710020", "the subscription as expired"),
        ("710023", "effective 2026-08-01 (price_change: next_period, rules/billing.yaml:8)"),
        ("710029", "it is deleted and never had a line: it gets none"),
        ("710036", "addition 1 on agreement 510: M365-BUS-STD, 3 × 11.90 from 2026-05-11 without an end"),
        ("710040", "To bill it, map its customer in mappings/customers.yaml"),
    ],
)
def test_every_kind_of_subscription_is_explained(july: Cwctl, subscription: str, says: str) -> None:
    ended = july("explain", subscription)
    assert (ended.code, ended.err) == (0, "")
    assert says in ended.out


def test_as_of_an_earlier_day_it_knows_no_more_than_that_day_did(july: Cwctl) -> None:
    found = document(july, "710001", "--as-of", "2026-06-10")
    assert [one["outcome"] for one in found["events"]][-1] == "not_yet"
    assert found["as_of"] == "2026-06-10"
    assert found["state"] == "in_step"


def test_on_a_terminal_it_fits_the_columns(july: Cwctl, workspace: Path) -> None:
    code, out, _ = on_terminal("explain", "710035", cwd=workspace, columns=80)
    assert code == 0
    assert "\x1b[1m" in out
    assert max(len(line) for line in plain(out).splitlines()) <= 80


# -- how it ends


def test_what_is_held_back_ends_with_4_and_shows_both_sides(july: Cwctl, workspace: Path) -> None:
    assert july("sandbox", "invoice", "--period", "2026-07").code == 0
    connections = workspace / "config/connections.yaml"
    text = connections.read_text("utf-8")
    assert "manage_from: 2026-06-01" in text
    connections.write_text(text.replace("manage_from: 2026-06-01", "manage_from: 2026-06-10"), "utf-8")
    ended = july("explain", "710014")
    assert ended.code == 4
    assert "would have to change, but agreement 504 has been invoiced through 2026-07-31" in ended.out
    assert "[line-invoiced]" in ended.out
    assert "It is held back: nothing is planned for it." in ended.out


def test_an_unknown_subscription_ends_with_1_and_names_what_comes_close(cwctl: Cwctl) -> None:
    cwctl.fails("explain", "71001", says="there is no subscription '71001'", advises="Did you mean 71")
    cwctl.fails("explain", "zzz", says="there is no subscription 'zzz'", advises="the provider's id, or a name")
    cwctl.fails(
        "explain", "Visio Plan 2", says="2 subscriptions are named", advises="710011 (Visio Plan 2, Copperfield"
    )


@pytest.mark.parametrize(
    "text", ["710001", "000ad571-cafe-4000-8000-000000064191", "000AD571-cafe-4000-8000-000000064191"]
)
def test_it_is_found_by_either_id(cwctl: Cwctl, text: str) -> None:
    assert document(cwctl, text)["id"] == "710001"


def test_it_is_found_by_a_name_that_only_one_has(cwctl: Cwctl) -> None:
    assert document(cwctl, "google workspace business standard")["id"] == "710021"


def test_a_wrong_connection_and_no_subscription_are_refused(cwctl: Cwctl) -> None:
    cwctl.fails("explain", "710001", "--connection", "nowhere", says="there is no connection 'nowhere'")
    cwctl.fails("explain", says="Missing argument 'SUBSCRIPTION'")


# -- what it reads


def test_of_a_mapped_one_only_what_a_plan_for_it_needs_is_read_and_nothing_is_written(
    served: Served, cwctl: Cwctl
) -> None:
    plan = ["plan", "--target", "service:710001"]
    assert cwctl(*plan, *DAY).code == 0, "which leaves the token and the activity log behind"
    read = []
    for command in (plan, ["explain", "710001"]):
        served.requests("psa")
        served.requests("platform")
        assert cwctl(*command, *DAY).code == 0
        read.append((served.requests("psa"), served.requests("platform")))
    assert read[0] == read[1]
    psa, _ = read[1]
    assert psa["GET /finance/agreements/{id}/additions"] == 1
    assert not [one for one in psa if not one.startswith("GET ")]


def test_what_no_mapping_has_by_that_text_is_looked_for_in_the_whole_list(served: Served, cwctl: Cwctl) -> None:
    listing = "GET /api/v3/accounts/{id}/subscriptions"
    assert cwctl("explain", "710001", *DAY).code == 0
    once = served.requests("platform")[listing]
    assert cwctl("explain", "000ad571-cafe-4000-8000-000000064191", *DAY).code == 0
    assert served.requests("platform")[listing] > once


def test_of_one_whose_customer_is_not_mapped_the_psa_is_not_asked(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("explain", "710040", *DAY).code == 0
    assert not [one for one in served.requests("psa") if "finance" in one]
