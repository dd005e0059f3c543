"""Journals as documents: runs that ended, were interrupted and broke off, and the writes of one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.applying.journal_json import run_document
from engine.applying.records import Ended, Record, Writing, Written
from engine.applying.runs import Run, runs
from engine.planning.plan import Change
from tests.applying.journals import START, begun
from tests.applying.support import change, changed_line, new, new_line

CHANGED = changed_line(
    7, {"quantity": (Decimal(12), Decimal("14.5")), "unit_price": (Decimal("21.96"), Decimal("1022.40"))}
)


def document() -> dict[str, Any]:
    """Three runs, as a list."""
    return {"journal": "journal.jsonl", "runs": [run_document(run, None, False) for run in _runs("Made up")]}


def one_run(hostile: str) -> dict[str, Any]:
    """The writes of a run that broke off, with texts from a hostile service."""
    return {"journal": "journal.jsonl", "runs": [run_document(_runs(hostile)[-1], None, True)]}


def _runs(name: str) -> tuple[Run, ...]:
    maker = change("manufacturer:1", "create", new({"name": name}), name=name)
    records: list[Record] = [
        begun(),
        *_write(maker, begun().run),
        *_write(CHANGED, begun().run),
        Ended(run=begun().run, at=START + timedelta(minutes=1), counts={"applied": 2, "already": 1}),
        begun("second"),
        Ended(run="second", at=START, counts={"skipped": 3}, stopped="interrupted by SIGTERM"),
        replace(begun("third"), allowed=("monthly-change",), who=name),
        *_write(maker, "third"),
        *_write(CHANGED, "third", name),
        Writing(run="third", at=START + timedelta(seconds=9), change=replace(new_line("9009"), name=name)),
    ]
    return runs(records)


def _write(of: Change, run: str, message: str | None = None) -> list[Record]:
    return [
        Writing(run=run, at=START, change=of),
        Written(
            run=run,
            at=START + timedelta(seconds=2),
            address=of.address,
            status="failed" if message else "applied",
            object_id=12,
            message=message,
            requests=("00000000-0000-4000-8000-00000000002a",),
        ),
    ]
