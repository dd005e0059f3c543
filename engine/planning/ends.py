"""The end of a line as the PSA keeps it: whether the cancelled day itself bills is a setting of the connection."""

from datetime import date, timedelta

from engine.workspace.model import PsaBehaviour


def cancelled_day(last: date | None, behaviour: PsaBehaviour) -> date | None:
    """What `cancelledDate` must say for `last` to be the last billed day."""
    if last is None or behaviour.cancelled_day == "billed":
        return last
    return last + timedelta(days=1)


def last_billed(cancelled: date | None, behaviour: PsaBehaviour) -> date | None:
    """The last billed day of a line whose `cancelledDate` is `cancelled`."""
    if cancelled is None or behaviour.cancelled_day == "billed":
        return cancelled
    return cancelled - timedelta(days=1)
