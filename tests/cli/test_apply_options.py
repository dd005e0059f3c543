"""How a plan is carried out, as the options of `apply` say: strict, one customer first, an end after errors."""

import json
from pathlib import Path

import pytest

from engine.sandbox.faults import Fault
from tests.cli.support import Cwctl, Served
from tests.cli.test_saved import DAY

NIGHT = "night.plan"


def writes(served: Served) -> list[str]:
    return [request for request in served.requests("psa") if request.startswith(("POST", "PATCH"))]


def test_strict_refuses_all_of_a_plan_of_which_one_object_moved(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--out", NIGHT).code == 0
    company = served.sandbox.store.get("company", 304)
    assert company is not None
    served.sandbox.store.put("company", 304, {**company, "city": "Elsewhere"})
    served.requests("psa")
    cwctl.fails(
        *("apply", NIGHT, "--yes", "--strict", "--format", "json"), code=3, says="its city moved since the plan"
    )
    assert writes(served) == []
    assert cwctl("apply", NIGHT, "--yes").code == 4


def test_a_canary_that_fails_keeps_the_others_from_being_written(served: Served, cwctl: Cwctl) -> None:
    served.sandbox.faults.add(
        Fault(kind="status", service="psa", verb="POST", path="*/agreements/501/additions", status=400, times=None)
    )
    ended = cwctl("apply", *DAY, "--yes", "--canary=410001", "--format", "json")
    report = json.loads(ended.out)
    assert ended.code == 4
    assert report["stopped"]
    written = {one["customer"] for one in report["outcomes"] if one["status"] == "applied"}
    assert written <= {None, "410001"}


def test_after_so_many_errors_no_more_is_tried(served: Served, cwctl: Cwctl) -> None:
    served.sandbox.faults.add(
        Fault(kind="status", service="psa", verb="POST", path="*/additions", status=400, times=None)
    )
    ended = cwctl("apply", *DAY, "--yes", "--stop-after-errors", "2", "--format", "json")
    report = json.loads(ended.out)
    assert ended.code == 4
    assert report["counts"]["failed"] == 2
    assert report["counts"]["skipped"] > 20


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--stop-after-errors", "0"), "0 is not in the range x>=1"),
        (("--lock-timeout", "-1"), "-1.0 is not in the range x>=0"),
        (("--lock-timeout", "soon"), "'soon' is not a valid float"),
        (("--digest", ""), "is no digest"),
        (("--allow", ""), "There is no guard ''"),
    ],
)
def test_what_an_option_does_not_take_is_a_wrong_call(cwctl: Cwctl, option: tuple[str, ...], says: str) -> None:
    cwctl.fails("apply", "--yes", *option, says=says)
    assert not Path(".cwctl/apply-sandbox.lock").exists()


def test_show_tells_the_digest_that_an_approval_needs(cwctl: Cwctl) -> None:
    digest = cwctl("plan", "--out", NIGHT).err.split("Digest ")[1][:64]
    assert f"Digest {digest}\n    `cwctl apply {NIGHT} --digest` with it" in cwctl("show", NIGHT).err
    assert digest in cwctl("show", NIGHT, "--format", "markdown").out
    assert cwctl("apply", NIGHT, "--yes", "--digest", digest).code == 0
