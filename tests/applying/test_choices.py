"""What holds a plan or a part of it back: guards, strictness, a canary, too many errors, and an interruption."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.applying.apply import apply
from engine.applying.options import Options
from engine.applying.refusal import Refused
from engine.applying.report import Canary, Report
from engine.planning.plan import Change, Finding
from tests.applying.doubling import copy_after_post, copying_after_post
from tests.applying.support import (
    AGREEMENT,
    COMPANY,
    OTHER_AGREEMENT,
    World,
    change,
    changed_company,
    new,
    new_item,
    new_line,
    opened,
    plan,
    statuses,
)

FIRST, SECOND = new_line("9001"), new_line("9002", "410002", OTHER_AGREEMENT)
MAKER = change("manufacturer:Made Up Maker", "create", new({"name": "Made Up Maker"}))
ITEM = new_item("MADE-UP", manufacturer_id="@manufacturer:Made Up Maker")
OTHER_ITEM = new_item("MADE-UP-TOO")
MOVED = changed_company(COMPANY, {"city": ("Columbus", "Cleveland")}, "410001")


@pytest.fixture
def world() -> Iterator[World]:
    with opened() as found:
        yield found


def carry_out(world: World, *changes: Change, findings: tuple[Finding, ...] = (), **options: Any) -> Report:
    made = replace(plan(*changes), findings=findings)
    return apply(made, world.psa, lambda done, total: None, Options(**options))


def finding(customer: str | None = "410001", guard: str = "monthly-change") -> Finding:
    return Finding(
        guard=guard,
        customer=customer,
        value=Decimal(900),
        limit=Decimal(500),
        unit="USD",
        why="900.00 USD a month more, and the limit is 500.00",
    )


def written(world: World) -> int:
    return world.sent("POST") + world.sent("PATCH")


# -- guards


def test_a_finding_holds_its_customer_back_and_lets_the_others_go_on(world: World) -> None:
    report = carry_out(world, FIRST, SECOND, findings=(finding(),))
    assert list(statuses(report).values()) == ["held", "applied"]
    assert report.counts == {"held": 1, "applied": 1}
    assert "900.00 USD a month more" in (report.outcomes[0].message or "")
    assert "--allow monthly-change" in (report.outcomes[0].message or "")
    assert not report.complete


def test_a_finding_of_an_allowed_guard_holds_nothing_back(world: World) -> None:
    report = carry_out(world, FIRST, findings=(finding(),), allowed=frozenset({"monthly-change"}))
    assert report.complete


def test_a_finding_without_a_customer_refuses_the_plan(world: World) -> None:
    findings = (finding(None, "changes"), finding())
    with pytest.raises(Refused, match=r"the guards refuse the plan: 900\.00 USD") as caught:
        carry_out(world, FIRST, SECOND, findings=findings)
    assert "--allow changes" in (caught.value.hint or "")
    assert written(world) == 0
    report = carry_out(world, FIRST, SECOND, findings=findings, allowed=frozenset({"changes"}))
    assert list(statuses(report).values()) == ["held", "applied"]


# -- strictness


def test_strict_refuses_all_of_a_plan_of_which_one_object_moved(world: World) -> None:
    world.edit("company", COMPANY, city="Cincinnati")
    with pytest.raises(Refused, match=r"not all is as it was.*planned from Columbus, now Cincinnati"):
        carry_out(world, SECOND, MOVED, strict=True)
    assert written(world) == 0
    assert list(statuses(carry_out(world, SECOND, MOVED)).values()) == ["applied", "stale"]


def test_strict_applies_a_plan_of_which_nothing_moved(world: World) -> None:
    report = carry_out(world, MAKER, ITEM, FIRST, SECOND, MOVED, strict=True)
    assert report.complete


def test_strict_refuses_what_cannot_be_read(world: World) -> None:
    world.fault("status", "GET", f"*/{OTHER_AGREEMENT}/additions*", status=404, times=None)
    with pytest.raises(Refused, match="whether an object moved since the plan could not be read"):
        carry_out(world, FIRST, SECOND, strict=True)
    assert written(world) == 0


# -- a canary


def test_the_others_follow_a_canary_that_went_well(world: World) -> None:
    report = carry_out(world, FIRST, SECOND, canary="410002")
    assert report.complete
    assert world.additions(OTHER_AGREEMENT)[0].id < world.additions(AGREEMENT)[0].id


def test_nobody_follows_a_canary_that_went_wrong(world: World) -> None:
    world.fault("status", "POST", f"*/{OTHER_AGREEMENT}/additions", status=400)
    report = carry_out(world, OTHER_ITEM, FIRST, SECOND, canary="410002")
    assert list(statuses(report).values()) == ["skipped", "skipped", "failed"]
    assert "customer 410002, who was to go first" in (report.stopped or "")
    assert world.additions() == []


def test_what_a_canary_needs_goes_before_it_and_the_rest_after(world: World) -> None:
    world.fault("status", "POST", f"*/{AGREEMENT}/additions", status=400)
    line = new_line("9001", product_id="@catalog_item:MADE-UP")
    report = carry_out(world, MAKER, ITEM, OTHER_ITEM, line, SECOND, canary="410001")
    assert list(statuses(report).values()) == ["applied", "applied", "skipped", "failed", "skipped"]


def test_the_first_canary_is_one_whom_no_guard_holds_back(world: World) -> None:
    report = carry_out(world, FIRST, SECOND, findings=(finding(),), canary="")
    assert list(statuses(report).values()) == ["held", "applied"]


def test_a_canary_without_changes_refuses_the_plan(world: World) -> None:
    with pytest.raises(Refused, match="no changes of the customer 410003"):
        carry_out(world, FIRST, canary="410003")


def test_a_canary_whose_line_exists_twice_afterwards_stops_the_others(world: World) -> None:
    copy_after_post(world)
    report = carry_out(world, FIRST, SECOND, canary="410001")
    assert list(statuses(report).values()) == ["applied", "skipped"]
    assert len(report.duplicates) == 1


def test_an_agreement_that_is_written_to_again_after_the_canary_is_searched_again(world: World) -> None:
    also_there = new_line("9003", "410003", AGREEMENT)
    world.sandbox.faults.add(*copying_after_post(world, skip=1))
    report = carry_out(world, FIRST, also_there, canary="410001")
    assert list(statuses(report).values()) == ["applied", "applied"]
    assert len(report.duplicates) == 1


# -- errors and interruption


@pytest.mark.parametrize(("most", "expected"), [(1, 1), (2, 2), (None, 4)])
def test_after_so_many_errors_nothing_more_is_tried(world: World, most: int | None, expected: int) -> None:
    world.fault("status", "POST", status=400, times=None)
    lines = [new_line(f"{9000 + number}") for number in range(4)]
    report = carry_out(world, *lines, stop_after_errors=most)
    assert report.counts.get("failed") == expected
    assert report.counts.get("skipped", 0) == 4 - expected
    assert world.sent("POST") == expected
    assert bool(report.stopped) == (most is not None)


def test_an_interruption_ends_the_run_after_the_write_under_way(world: World) -> None:
    lines = [new_line(f"{9000 + number}") for number in range(3)]
    done: list[int] = []
    report = apply(
        plan(*lines, SECOND),
        world.psa,
        lambda count, total: done.append(count),
        interrupted=lambda: "interrupted by SIGTERM" if len(done) >= 2 else None,
    )
    assert list(statuses(report).values()) == ["applied", "applied", "skipped", "skipped"]
    assert (report.stopped, report.complete) == ("interrupted by SIGTERM", False)
    assert len(world.additions()) == 2


def test_a_run_of_which_guards_hold_back_everything_is_refused(world: World) -> None:
    assert carry_out(world, FIRST, findings=(finding(),)).refused
    assert not carry_out(world, FIRST, SECOND, findings=(finding(),)).refused
    assert written(world) == 1


def test_the_report_names_the_canary_and_how_it_went(world: World) -> None:
    assert carry_out(world, FIRST, SECOND, canary="410002").canary == Canary(customer="410002", well=True)
    assert carry_out(world, FIRST, SECOND).canary is None
