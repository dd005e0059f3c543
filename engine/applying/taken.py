"""A journalled run as the values that its inverse is planned from."""

from collections.abc import Sequence
from datetime import date

from engine.applying.runs import Run, Write
from engine.planning.inverse_run import Made, TakenRun

_DONE = frozenset({"applied", "already"})


def taken_run(all_runs: Sequence[Run], run: Run) -> TakenRun:
    """What a run of the journal wrote, with what those that began after it wrote of the same objects.

    A write without an end (the run was killed), or that failed, may have been made or not: the PSA tells.
    """
    place = next(number for number, one in enumerate(all_runs) if one.begun.run == run.begun.run)
    later: dict[str, dict[str, str]] = {}
    for other in all_runs[place + 1 :]:
        for write in other.writes:
            if _done(write):
                change = write.writing.change
                later.setdefault(change.address, {}).update(dict.fromkeys(_fields(write), other.begun.run))
    return TakenRun(
        id=run.begun.run,
        on=date.fromisoformat(run.begun.as_of),
        writes=tuple(_made(write) for write in run.writes),
        results={
            write.written.address: write.written.object_id
            for write in run.writes
            if write.written is not None and write.written.object_id is not None
        },
        later=later,
    )


def _made(write: Write) -> Made:
    written = write.written
    return Made(
        change=write.writing.change,
        object_id=written.object_id if written is not None else None,
        certain=_done(write),
    )


def _done(write: Write) -> bool:
    return write.written is not None and write.written.status in _DONE


def _fields(write: Write) -> list[str]:
    return [one.field for one in write.writing.change.fields]
