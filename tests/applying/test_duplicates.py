"""A line that exists twice stops its service, and is reported with both additions."""

from collections.abc import Iterator
from datetime import date

import pytest

from engine.applying.duplicates import duplicates
from engine.psa.models import Addition
from tests.applying.doubling import copy_after_post, copy_line
from tests.applying.support import AGREEMENT, OTHER_AGREEMENT, World, changed_line, mark, new_line, opened, statuses


@pytest.fixture
def world() -> Iterator[World]:
    with opened() as found:
        yield found


def test_a_line_that_exists_twice_before_a_write_stops_its_service_alone(world: World) -> None:
    (made,) = world.apply(new_line("9001")).outcomes
    copy = copy_line(world)
    report = world.apply(new_line("9001"), new_line("9002"))
    assert list(statuses(report).values()) == ["held", "applied"]
    message = report.outcomes[0].message or ""
    assert f"additions {made.object_id} and {copy} on agreement {AGREEMENT} carry the same mark" in message
    assert "subscription 9001" in message
    (found,) = report.duplicates
    assert (found.agreement, found.subscription, found.additions) == (AGREEMENT, "9001", (made.object_id, copy))
    assert not report.complete


def test_a_line_that_exists_twice_after_a_run_is_reported(world: World) -> None:
    copy_after_post(world)
    report = world.apply(new_line("9001"), new_line("9002", "410002", OTHER_AGREEMENT))
    assert set(statuses(report).values()) == {"applied"}
    (found,) = report.duplicates
    assert len(found.additions) == 2
    assert set(found.additions) == {line.id for line in world.additions()}
    assert not report.complete


def test_a_line_of_a_service_that_exists_twice_is_not_changed_either(world: World) -> None:
    copy_after_post(world)
    world.fault("timeout_after_commit", "POST")
    end = {"cancelled": (date(2027, 5, 31), date(2026, 12, 31))}
    report = world.apply(new_line("9001"), new_line("9002"))
    assert list(statuses(report).values()) == ["applied", "applied"]
    first = world.additions()[0].id
    again = world.apply(changed_line(first, end))
    assert list(statuses(again).values()) == ["held"]
    assert again.duplicates == report.duplicates


def test_an_agreement_that_cannot_be_searched_is_named(world: World) -> None:
    world.psa.additions(AGREEMENT)
    world.fault("status", "GET", f"*/{AGREEMENT}/additions*", status=404, times=None, skip=1)
    report = world.apply(new_line("9001"))
    assert list(statuses(report).values()) == ["applied"]
    assert (report.unsearched, report.complete) == ((AGREEMENT,), False)


def test_agreements_that_were_not_written_to_are_not_read_again(world: World) -> None:
    world.apply(new_line("9001"))
    world.sandbox.faults.reset_requests()
    world.apply(new_line("9001"))
    assert world.sent("GET") == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (mark("9001"), mark("9002")),
        (mark("9001"), None),
        (None, None),
        ("by hand", "by hand"),
        (mark("9001", OTHER_AGREEMENT), mark("9001", OTHER_AGREEMENT)),
        (mark("9001")[:-1] + "?", mark("9001")[:-1] + "?"),
    ],
    ids=["others", "unmarked", "none", "text", "copied agreement", "damaged"],
)
def test_what_is_no_line_of_ours_twice_is_no_duplicate(first: str | None, second: str | None) -> None:
    assert duplicates([_addition(1, first), _addition(2, second)]) == ()


def test_a_mark_is_the_same_in_upper_case() -> None:
    (found,) = duplicates([_addition(2, mark("9001").upper()), _addition(1, mark("9001"))])
    assert found.additions == (1, 2)


def _addition(number: int, text: str | None) -> Addition:
    return Addition(id=number, agreement_id=AGREEMENT, product_id=1, mark=text)
