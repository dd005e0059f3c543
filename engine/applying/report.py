"""What became of every change of a plan."""

from typing import Any, Literal

import msgspec

from engine.planning.plan import Action, ObjectKind

Status = Literal["applied", "already", "failed", "stale", "skipped", "held"]
"""`already`: it was found done. `stale`: the object moved since the plan. `skipped`: not tried. `held`: a guard holds
its customer back, or a line of its service exists twice."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    address: str
    kind: ObjectKind
    action: Action
    name: str
    status: Status
    customer: str | None = None
    object_id: int | None = None
    message: str | None = None


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """Additions of one agreement that carry the same mark: a line that exists more than once, and may be billed so."""

    agreement: int
    subscription: str
    mark: str
    additions: tuple[int, ...]


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """The customer who was written first, by platform id, and whether all of it went well, so that others followed."""

    customer: str
    well: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcomes in the order of the plan, with a count of each status. `held`: what the plan itself held back, for
    which it has no changes; the dict form names it `plan_held` as well.

    `stopped` says why not all of it was tried. `duplicates` were found on the agreements that the run touched;
    `unsearched` are those of them that could not be read afterwards. `run` is the run's name in the journal.
    """

    connection: str
    outcomes: tuple[Outcome, ...]
    counts: dict[Status, int]
    held: int
    stopped: str | None = None
    duplicates: tuple[Duplicate, ...] = ()
    unsearched: tuple[int, ...] = ()
    run: str | None = None
    canary: Canary | None = None

    @property
    def refused(self) -> bool:
        """Whether nothing was written, as guards held back all that was not found done."""
        found = {one.status for one in self.outcomes}
        return "held" in found and found <= {"held", "already"} and not (self.stopped or self.duplicates)

    @property
    def complete(self) -> bool:
        """Whether everything was done, nothing had been held back, and no line was found twice."""
        done = all(one.status in {"applied", "already"} for one in self.outcomes)
        return done and self.held == 0 and not (self.stopped or self.duplicates or self.unsearched)


def to_document(report: Report) -> dict[str, Any]:
    """The dict form: JSON values only."""
    document: dict[str, Any] = msgspec.to_builtins(report)
    return {**document, "plan_held": report.held}
