"""The runs that a journal holds, and whether a plan was applied by one of them."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from engine.applying.records import Begun, Ended, Record, Resumed, Writing, Written


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One write of a run. Without `written` nobody knows whether it was made: the run broke off meanwhile."""

    writing: Writing
    written: Written | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the journal holds it, its writes in their order."""

    begun: Begun
    writes: tuple[Write, ...] = ()
    ended: Ended | None = None

    @property
    def broken_off(self) -> bool:
        """Whether it did not end by itself: it was killed, or is still at work."""
        return self.ended is None


def runs(records: Iterable[Record]) -> tuple[Run, ...]:
    """The runs of a journal, in the order in which they began."""
    begun: dict[str, Begun] = {}
    writing: dict[str, dict[str, Writing]] = defaultdict(dict)
    written: dict[tuple[str, str], Written] = {}
    ended: dict[str, Ended] = {}
    for record in records:
        match record:
            case Begun():
                begun[record.run] = record
            case Writing():
                writing[record.run][record.change.address] = record
            case Written():
                written[record.run, record.address] = record
            case Ended():
                ended[record.run] = record
            case Resumed():
                pass
    return tuple(
        Run(
            begun=one,
            writes=tuple(Write(writing=sent, written=written.get((run, to))) for to, sent in writing[run].items()),
            ended=ended.get(run),
        )
        for run, one in begun.items()
    )


def applied(records: Iterable[Record], plan_id: str) -> Run | None:
    """The last run that applied this plan, if any did.

    A run counts once it began a write, or found all of the plan done already. One that was refused, or that wrote
    nothing as everything was held back, does not: the plan may be applied again.
    """
    return next((run for run in reversed(runs(records)) if run.begun.plan_id == plan_id and _counts(run)), None)


def applied_by(run: Run) -> str:
    """In words how a plan was applied by a run."""
    who = f"by {run.begun.who} on {run.begun.where}, run {run.begun.run}"
    if run.broken_off:
        return f"it was applied in part {who}: that run broke off, and running the rest again needs a new plan"
    if applied_in_part(run):
        return f"it was applied in part {who}"
    return f"it was applied already {who}"


def applied_in_part(run: Run) -> bool:
    """Whether the run left some of its plan undone, as far as the journal tells."""
    return run.ended is None or run.ended.stopped is not None or not set(run.ended.counts) <= {"applied", "already"}


def _counts(run: Run) -> bool:
    if run.writes or run.ended is None:
        return bool(run.writes)
    return run.ended.stopped is None and set(run.ended.counts) <= {"already"}
