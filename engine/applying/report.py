"""What became of every change of a plan."""

from typing import Any, Literal

import msgspec

from engine.planning.plan import Action, ObjectKind

Status = Literal["applied", "already", "failed", "stale", "skipped"]
"""`already`: it was found done. `stale`: the object moved since the plan. `skipped`: not tried."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    address: str
    kind: ObjectKind
    action: Action
    name: str
    status: Status
    customer: str | None = None
    object_id: int | None = None
    message: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcomes in the order of the plan, with a count of each status. `held`: what the plan itself held back."""

    connection: str
    outcomes: tuple[Outcome, ...]
    counts: dict[Status, int]
    held: int

    @property
    def complete(self) -> bool:
        """Whether everything was done and nothing had been held back."""
        return self.held == 0 and all(one.status in {"applied", "already"} for one in self.outcomes)


def to_document(report: Report) -> dict[str, Any]:
    """The dict form: JSON values only."""
    document: dict[str, Any] = msgspec.to_builtins(report)
    return document
