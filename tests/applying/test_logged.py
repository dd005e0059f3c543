"""Each write is noted before it is sent and after, and without its note nothing is sent."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from engine.applying.apply import apply
from engine.applying.report import Outcome, Report
from engine.applying.write_log import JournalFailed
from engine.planning.plan import Change
from tests.applying.support import AGREEMENT, OTHER_AGREEMENT, World, changed_line, new_line, opened, plan, statuses

LINES = [new_line("9001"), new_line("9002"), new_line("9003", "410002", OTHER_AGREEMENT)]


class Log:
    """Notes what it is told, with the requests sent so far; fails from its note `fails` on."""

    def __init__(self, world: World, fails: int | None = None) -> None:
        self._world, self._fails = world, fails
        self.notes: list[tuple[Any, ...]] = []

    def writing(self, change: Change) -> None:
        self._note("writing", change.address, self._world.sent("POST"))

    def written(self, outcome: Outcome, requests: tuple[str, ...]) -> None:
        self._note("written", outcome.address, outcome.status, self._world.sent("POST"), requests)

    def _note(self, *what: Any) -> None:
        if self._fails is not None and len(self.notes) >= self._fails:
            raise JournalFailed("the journal j cannot be written: No space left on device.")
        self.notes.append(what)


@pytest.fixture
def world() -> Iterator[World]:
    with opened() as found:
        yield found


def carry_out(world: World, log: Log, *changes: Change) -> Report:
    return apply(plan(*changes), world.psa, lambda done, total: None, log=log)


def test_each_write_is_noted_before_it_is_sent_and_after(world: World) -> None:
    log = Log(world)
    assert carry_out(world, log, *LINES).complete
    assert [note[0] for note in log.notes] == ["writing", "written"] * 3
    assert [note[2] for note in log.notes if note[0] == "writing"] == [0, 1, 2]
    assert [note[3] for note in log.notes if note[0] == "written"] == [1, 2, 3]
    requests = [note[4] for note in log.notes if note[0] == "written"]
    assert all(len(ids) == 1 for ids in requests)
    assert len({ids[0] for ids in requests}) == 3


def test_what_is_not_written_is_not_noted(world: World) -> None:
    carry_out(world, Log(world), *LINES)
    log = Log(world)
    assert carry_out(world, log, *LINES).counts == {"already": 3}
    assert log.notes == []


def test_a_repeated_write_has_the_id_of_each_request(world: World) -> None:
    carry_out(world, Log(world), LINES[0])
    (line,) = world.additions()
    world.fault("throttle", "PATCH", times=2)
    log = Log(world)
    carry_out(world, log, changed_line(line.id, {"quantity": (Decimal(12), Decimal(13))}))
    assert log.notes[1][2] == "applied"
    assert log.notes[1][4]


@pytest.mark.parametrize("fails", range(6))
def test_once_a_note_fails_nothing_more_is_written(world: World, fails: int) -> None:
    report = carry_out(world, Log(world, fails), *LINES)
    made = (fails + 1) // 2
    assert world.sent("POST") == made
    assert [one.status for one in report.outcomes] == ["applied"] * made + ["skipped"] * (3 - made)
    assert "No space left on device" in (report.stopped or "")
    assert not report.complete


def test_a_write_without_an_answer_is_noted_with_what_was_found(world: World) -> None:
    world.fault("drop_after_commit", "POST")
    log = Log(world)
    report = carry_out(world, log, *LINES)
    assert set(statuses(report).values()) == {"applied"}
    assert log.notes[1][1:4] == (LINES[0].address, "applied", 1)
    assert world.additions(AGREEMENT)[0].id == report.outcomes[0].object_id
