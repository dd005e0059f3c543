"""What the journal holds: one record as a run begins, one before and one after each write, one as it ends.

Instants are in UTC. A run is named by its `run`; of a run without an end, a write that has no `written` may have been
made or not.
"""

from datetime import datetime

import msgspec

from engine.applying.report import Status
from engine.planning.plan import Change


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="begun"):
    """A run begins to carry out a plan. `allowed` are the guards that were overridden."""

    run: str
    at: datetime
    plan_id: str
    plan_digest: str
    connection: str
    target: str
    as_of: str
    who: str
    where: str
    made_by: str
    allowed: tuple[str, ...] = ()


class Writing(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="writing"):
    """A write is about to be sent: the change as it was planned, with what is before and after."""

    run: str
    at: datetime
    change: Change


class Written(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="written"):
    """What became of it. `requests` are the ids of what was sent for it, as the service or its client names them."""

    run: str
    at: datetime
    address: str
    status: Status
    object_id: int | None = None
    message: str | None = None
    requests: tuple[str, ...] = ()


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="ended"):
    """The run ended by itself: how many changes have each status, and why it stopped early, if it did."""

    run: str
    at: datetime
    counts: dict[str, int]
    stopped: str | None = None


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="resumed"):
    """The journal goes on below a line that a killed run left cut off. `cut_off` is the SHA-256 of its text."""

    at: datetime
    cut_off: str


Record = Begun | Writing | Written | Ended | Resumed
