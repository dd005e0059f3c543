"""What `apply` refuses with exit code 3, and names: nothing is written then."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.diagnostics import Diagnostic
from engine.planning.guards import GUARDS
from engine.planning.plan import Held
from tests.cli.support import Cwctl, Served
from tests.cli.test_saved import DAY, resealed

NIGHT = Path("night.plan")


@pytest.fixture
def apply(served: Served, cwctl: Cwctl) -> Callable[..., str]:
    """Makes a plan, lets it be tampered with, and applies it, which must be refused: what was said."""

    def applied(tamper: Callable[[], object] = lambda: None, *options: str) -> str:
        assert cwctl("plan", *DAY, "--out", str(NIGHT)).code == 0
        tamper()
        before = served.snapshot()
        served.requests("psa")
        ended = cwctl.fails("apply", str(NIGHT), "--yes", "--format", "json", *options, code=3)
        assert served.snapshot() == before
        assert {request.partition(" ")[0] for request in served.requests("psa")} <= {"GET"}
        return ended.err

    return applied


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[], object]:
    def edited() -> None:
        document = json.loads(NIGHT.read_text())
        change(document)
        NIGHT.write_text(json.dumps(document, indent=2))

    return edited


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["changes"].pop(),
        lambda plan: plan["changes"][-1]["fields"][0].update(after="other"),
        lambda plan: plan.update(as_of="2026-06-14"),
        lambda plan: plan["seal"].update(expires_at="2999-01-01T00:00:00Z"),
        lambda plan: plan["seal"].update(target="elsewhere"),
        lambda plan: plan["seal"].update(digest="0" * 64),
    ],
)
def test_a_plan_that_was_edited(apply: Callable[..., str], change: Callable[[dict[str, Any]], object]) -> None:
    assert "night.plan: it was changed after it was made" in apply(edit(change))


def test_a_plan_without_a_seal(apply: Callable[..., str]) -> None:
    assert "night.plan has no seal" in apply(edit(lambda plan: plan.update(seal=None)))


def test_a_plan_for_other_services_under_the_same_name(apply: Callable[..., str]) -> None:
    said = apply(lambda: resealed(NIGHT, now(), target="examplemsp on https://psa.example.com"))
    assert "night.plan is for examplemsp on https://psa.example.com, but the connection 'served' is sandbox on" in said


def test_a_plan_past_its_time(apply: Callable[..., str]) -> None:
    made_at = now() - timedelta(hours=24, seconds=1)
    said = apply(lambda: resealed(NIGHT, made_at))
    assert f"night.plan was made at {made_at:%Y-%m-%d %H:%M:%S} UTC and could be applied until " in said
    assert "plan_valid_hours" in said


def test_a_plan_that_gives_itself_more_time_than_the_connection_does(apply: Callable[..., str], served: Served) -> None:
    made_at = now() - timedelta(hours=3)
    file = served.root / "config" / "connections.yaml"
    file.write_text(file.read_text() + "    apply: {plan_valid_hours: 2}\n")
    until = f"{made_at + timedelta(hours=2):%Y-%m-%d %H:%M:%S} UTC"
    assert f"could be applied until {until}" in apply(lambda: resealed(NIGHT, made_at))


def test_a_plan_of_a_clock_that_is_ahead(apply: Callable[..., str]) -> None:
    assert "One of the two clocks is wrong" in apply(lambda: resealed(NIGHT, now() + timedelta(hours=1)))


def _held() -> Held:
    return Held(kind="incomplete", subject="410005", name="Orchard Lane Bakery (example)", code="x", why="HTTP 500")


def test_an_incomplete_plan(apply: Callable[..., str], cwctl: Cwctl) -> None:
    said = apply(lambda: resealed(NIGHT, now(), held=(_held(),)))
    assert "night.plan is incomplete: Orchard Lane Bakery (example): HTTP 500" in said
    assert "--allow incomplete" in said
    ended = cwctl("apply", str(NIGHT), "--yes", "--allow", "incomplete")
    assert ended.code == 4
    assert "52 applied" in ended.out or "Applied: 52" in ended.out
    begun = json.loads(Path(".cwctl/journal-served.jsonl").read_text().splitlines()[0])
    assert "incomplete" in json.dumps(begun)


def test_a_plan_with_an_error(apply: Callable[..., str]) -> None:
    wrong = Diagnostic(code="x", text="something went wrong")
    said = apply(lambda: resealed(NIGHT, now(), notices=(wrong,)))
    assert "night.plan is incomplete: something went wrong" in said


@pytest.mark.parametrize("demanded", ["0" * 64, "0" * 12])
def test_a_plan_that_is_not_the_approved_one(apply: Callable[..., str], demanded: str) -> None:
    said = apply(lambda: None, "--digest", demanded)
    digest = json.loads(NIGHT.read_text())["seal"]["digest"]
    assert f"--digest demands {demanded}, its digest is {digest}" in said


def test_a_plan_made_on_the_spot_that_is_not_the_approved_one(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--out", str(NIGHT)).code == 0
    digest = json.loads(NIGHT.read_text())["seal"]["digest"]
    company = served.sandbox.store.get("company", 304)
    assert company is not None
    served.sandbox.store.put("company", 304, {**company, "city": "Elsewhere"})
    cwctl.fails(
        *("apply", *DAY, "--yes", "--format", "json", "--digest", digest), code=3, says=f"--digest demands {digest}"
    )
    served.sandbox.store.put("company", 304, company)
    assert cwctl("apply", *DAY, "--yes", "--digest", f"sha256:{digest[:12].upper()}").code == 0


@pytest.mark.parametrize("text", ["abc", "0" * 11, "0" * 65, "xyz" * 10])
def test_what_is_no_digest_is_a_wrong_call(cwctl: Cwctl, text: str) -> None:
    cwctl.fails("apply", "--yes", "--digest", text, says="is no digest: give all 64 hexadecimal digits")


def test_the_digest_is_that_of_the_content(served: Served, cwctl: Cwctl) -> None:
    """Two plans of the same day that would do the same have the same digest, and each format of one shows it."""
    digests = set()
    for _ in range(2):
        digests.add(cwctl("plan", *DAY).err.split()[1])
    digests.add(json.loads(cwctl("plan", *DAY, "--format", "json").out)["seal"]["digest"])
    assert len(digests) == 1
    assert digests.pop() in cwctl("plan", *DAY, "--format", "markdown").out


def test_an_unknown_guard_is_a_wrong_call(cwctl: Cwctl) -> None:
    ended = cwctl.fails("apply", "--yes", "--allow", "everything", says="There is no guard 'everything' to --allow.")
    assert all(name in " ".join(ended.err.split()) for name in (*GUARDS, "incomplete"))


def test_a_canary_that_is_no_customer(cwctl: Cwctl) -> None:
    cwctl.fails("apply", "--yes", "--canary=999999", says="999999")
    NIGHT.write_text("{}")
    cwctl.fails("apply", "--canary", str(NIGHT), says="takes night.plan for a customer")


def test_a_canary_by_its_name_goes_first(served: Served, cwctl: Cwctl) -> None:
    ended = cwctl("apply", *DAY, "--yes", "--canary=Orchard Lane Bakery (example)", "--format", "json")
    assert ended.code == 0
    assert json.loads(ended.out)["counts"] == {"applied": 52}


def test_a_plan_for_a_past_day_would_undo_what_is_known_since(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("apply", *DAY, "--yes").code == 0
    served.sandbox.advance(date(2026, 7, 10))
    assert cwctl("apply", "--as-of", "2026-07-10", "--yes").code in {0, 4}
    before = served.snapshot()
    assert cwctl("plan", *DAY, "--out", str(NIGHT)).code in {0, 4}
    assert json.loads(NIGHT.read_text())["changes"]
    for arguments in ((*DAY, "--allow", "incomplete"), (str(NIGHT), "--allow", "incomplete")):
        ended = cwctl("apply", *arguments, "--yes", "--format", "json")
        assert (ended.code, ended.out) == (3, "")
        assert "the plan is as of 2026-06-15, a day that is over, and would undo what became known since" in ended.err
        assert "was written on 2026-07-" in ended.err
    assert served.snapshot() == before


def test_a_plan_of_yesterday_is_applied_after_a_night(served: Served, cwctl: Cwctl) -> None:
    """A plan made on its own day takes nothing known for unknown, though it is approved on the next."""
    file = served.root / "config" / "connections.yaml"
    file.write_text(file.read_text() + "    apply: {plan_valid_hours: 720}\n")
    assert cwctl("plan", *DAY, "--out", str(NIGHT)).code == 0
    yesterday = datetime.now(UTC) - timedelta(hours=23)
    resealed(NIGHT, yesterday)
    assert cwctl("apply", str(NIGHT), "--yes").code == 0
