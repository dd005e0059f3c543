"""`cwctl sandbox event`, `invoice` and `set`: the world moves at a person's word."""

import json
from pathlib import Path

import pytest

from engine.sandbox.sandbox import Sandbox
from tests.cli.support import Cwctl

E3 = "30/Microsoft365-NCE/e3-no-teams-p1m"


def test_an_event_happens_on_the_sandboxs_day(cwctl: Cwctl) -> None:
    ended = cwctl("sandbox", "event", "710013", "seats", "12")
    assert ended.out == (
        "2026-06-15: Blue Quarry Engineering (example) changes Microsoft 365 E3 (no Teams) from 38 to 12"
        " (subscription 710013)\n"
    )
    again = json.loads(cwctl("sandbox", "event", "710013", "seats", "13", "--format", "json").out)
    assert again == {
        "today": "2026-06-15",
        "on": "2026-06-15",
        "action": "seats",
        "scripted": False,
        "subscriptions": ["710013"],
        "happened": [ended.out.replace("from 38 to 12", "from 12 to 13").rstrip("\n")],
    }


def test_an_event_for_a_later_day_happens_when_the_clock_gets_there(cwctl: Cwctl) -> None:
    ended = cwctl("sandbox", "event", "710013", "cancel", "--on", "2026-06-17")
    assert ended.out == "Scripted for 2026-06-17: cancel of subscription 710013.\n"
    assert "cancels Microsoft 365 E3 (no Teams) (subscription 710013)" in cwctl("sandbox", "advance", "--days", "2").out


def test_a_partial_upgrade_names_the_new_subscription(cwctl: Cwctl) -> None:
    told = json.loads(cwctl("sandbox", "event", "710006", "partial-upgrade", E3, "5", "--format", "json").out)
    assert told["subscriptions"] == ["710006", "710045"]
    assert len(told["happened"]) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("710001", "price", "12.90", "--cost", "10.32"), "pays 12.90 for Microsoft 365 Business Premium from now on"),
        (("710017", "upgrade", E3), "upgrades Microsoft 365 Business Basic to Microsoft 365 E3 (no Teams)"),
        (("710011", "renew", "--price", "15.40"), "renews Visio Plan 2 until 2028-02-16"),
        (("710004", "usage", "2026-05", "431.07"), "used 431.07 of Azure Plan in 2026-05"),
        (("720001", "purchase", E3, "5", "--customer", "410001"), "buys 5 × Microsoft 365 E3 (no Teams)"),
        (("710018", "convert", "--price", "21.96"), "turns the trial of Microsoft 365 Business Premium into"),
        (("710020", "auto-renew", "off"), "switches the renewal of Google Workspace Business Starter to disabled"),
        (("710013", "suspend"), "has Microsoft 365 E3 (no Teams) suspended"),
        (("710016", "resume"), "has Exchange Online (Plan 1) active again"),
    ],
)
def test_every_action_says_what_happened(cwctl: Cwctl, arguments: tuple[str, ...], says: str) -> None:
    ended = cwctl("sandbox", "event", *arguments)
    assert (ended.code, ended.err) == (0, "")
    assert says in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("999999", "seats", "1"), "there is no subscription 999999"),
        (("710029", "seats", "1"), "has ended (deleted)"),
        (("710017", "upgrade", "30/none/none"), "the platform offers no 30/none/none; there are 30/"),
        (("710017", "upgrade", "none"), "write it as PROVIDER/PRODUCT/PLAN"),
        (("710001", "seats", "-5"), "-5 is not in the range"),
        (("710001", "seats", "1.5"), "Invalid value for 'NUMBER'"),
        (("710001", "price", "-5"), "-5 is negative"),
        (("710001", "price", "1e3"), "'1e3' is not an amount"),
        (("710001", "price", "NaN"), "'NaN' is not an amount"),
        (("710004", "usage", "2026-13", "5"), "'2026-13' is not a month"),
        (("710001", "seats", "5", "--on", "2026-06-14"), "2026-06-14 has passed: the sandbox's day is 2026-06-15"),
        (("710001", "seats", "5", "--price", "5"), "--price"),
        (("0", "cancel"), "Invalid value for 'SUBSCRIPTION'"),
        (("710001",), "Missing command"),
        (("710001", "explode"), "No such command 'explode'"),
    ],
)
def test_what_cannot_happen_is_said_so(cwctl: Cwctl, workspace: Path, arguments: tuple[str, ...], says: str) -> None:
    before = _subscriptions(workspace)
    ended = cwctl("sandbox", "event", *arguments)
    assert (ended.code != 0, ended.out) == (True, "")
    assert says in " ".join(ended.err.split())
    assert _subscriptions(workspace) == before


def _subscriptions(workspace: Path) -> list[str]:
    sandbox = Sandbox.open(workspace / ".cwctl" / "sandbox.sqlite")
    texts = sandbox.store.texts("platform_subscription") + sandbox.store.texts("platform_event")
    sandbox.close()
    return texts


@pytest.mark.parametrize("action", ["seats", "price", "upgrade", "partial-upgrade", "renew", "usage", "purchase"])
def test_the_help_of_every_action_has_an_example(cwctl: Cwctl, action: str) -> None:
    ended = cwctl("sandbox", "event", "1", action, "--help")
    (example,) = [line.strip() for line in ended.out.splitlines() if line.strip().startswith("cwctl ")]
    assert cwctl(*example.split()[1:]).code == 0, "and the example can be run"


def test_an_invoice_is_made_and_taken_back_and_made_again(cwctl: Cwctl) -> None:
    july = ("sandbox", "invoice", "--period", "2026-07")
    made = cwctl(*july)
    assert made.out.splitlines()[0] == "11 invoices made for the period that begins in 2026-07, 35.70 in all."
    line = (
        "Orchard Lane Bakery (example), Cloud services (510): 2026-07-01 to 2026-07-31, 1 line, 35.70;"
        " next invoice 2026-08-01"
    )
    assert f"  A000010  {line}\n" in made.out
    assert "yearly (513): no billing period of it begins in 2026-07; the next one due begins on 2026-06-01" in made.out
    again = json.loads(cwctl(*july, "--agreement", "510", "--format", "json").out)
    assert again["invoices"] == []
    assert again["skipped"][0]["reason"] == "that period is invoiced already; the next one due begins on 2026-08-01"
    assert cwctl(*july, "--agreement", "510", "--delete").out.startswith("1 invoice taken back for the period")
    back = json.loads(cwctl(*july, "--agreement", "510", "--format", "json").out)
    assert {name: back[name] for name in ("today", "period", "deleted", "total")} == {
        "today": "2026-06-15",
        "period": "2026-07",
        "deleted": False,
        "total": "35.70",
    }
    assert back["invoices"][0]["number"] == "A000012"
    assert back["invoices"][0]["lines"] == [
        {
            "addition": 1,
            "product": "M365-BUS-STD",
            "from": "2026-07-01",
            "to": "2026-07-31",
            "quantity": "3",
            "unit_price": "11.90",
            "amount": "35.70",
        }
    ]


def test_an_invoice_that_cannot_be(cwctl: Cwctl) -> None:
    cwctl.fails("sandbox", "invoice", "--period", "2026-07", "--agreement", "999", says="there is no agreement 999")
    cwctl.fails("sandbox", "invoice", "--period", "July", says="'July' is not a month")
    cwctl.fails("sandbox", "invoice", says="Missing option '--period'")
    early = cwctl("sandbox", "invoice", "--period", "2026-08")
    assert "an earlier period is due first: the one from 2026-07-01 to 2026-07-31" in early.out


def test_a_setting_is_changed_until_the_next_reset(cwctl: Cwctl) -> None:
    assert cwctl("sandbox", "set", "platform.activity_log", "thin").out == "platform.activity_log is thin now.\n"
    told = json.loads(cwctl("sandbox", "set", "psa.arrears_types", "21", "--format", "json").out)
    assert told == {"name": "psa.arrears_types", "value": "21"}
    cwctl.fails("sandbox", "set", "platform.activity_log", "long", says="platform.activity_log cannot be 'long'")
    cwctl.fails(
        "sandbox",
        "set",
        "platform.log",
        "thin",
        says="there is no setting platform.log",
        advises="      platform.account\n",
    )
    cwctl.fails("sandbox", "set", "today", "2026-07-01", says="today is moved by `advance`")
