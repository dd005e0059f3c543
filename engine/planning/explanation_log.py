"""The platform's log of a subscription, item by item: what of it became an event, and what did not."""

from collections.abc import Sequence

from engine.billing.history import Cancellation, Event, Purchase, QuantityChange, Upgrade
from engine.billing.told import Told
from engine.planning.explanation_values import ExplainedLog, LogItem
from engine.planning.observed import Inputs
from engine.planning.study import Study
from engine.platform.models import Activity

_TAKEN: dict[str, tuple[type, ...]] = {
    "created": (Purchase,),
    "converted": (Purchase,),
    "quantity": (QuantityChange, Upgrade),
    "upgraded": (Upgrade,),
    "cancelled": (Cancellation,),
}
"""The events that an item of each kind can tell."""


def explained_log(inputs: Inputs, study: Study) -> ExplainedLog:
    """The platform's log, item by item: what was taken from it, and what was not."""
    id = study.mapping.subscription
    log = inputs.observed.activity.get(id)
    if log is None:
        failure = inputs.observed.unread_activity.get(id)
        why = f"it could not be read: {failure}" if failure else "nothing in it could change a line, so it was not read"
        return ExplainedLog(read=False, note=why, items=())
    told = study.desired.completed.told if study.desired is not None else ()
    items = tuple(_item(item, told) for item in log.items)
    note = ""
    if not log.whole:
        note = "the platform does not give all of it, so it is not relied on"
    elif told and not any(item.used for item in items):
        note = "it does not tell the whole history, so what our lines and the platform's list show was taken instead"
    return ExplainedLog(read=True, note=note, items=items)


def _item(item: Activity, told: Sequence[Told]) -> LogItem:
    used = any(one.source == "log" and _is_of(one.event, item) for one in told)
    note = ""
    if item.kind == "unknown":
        note = "not understood"
    elif item.kind not in _TAKEN:
        note = "changes no line"
    elif not used:
        note = "not taken"
    return LogItem(on=item.on, kind=item.kind, text=item.text, used=used, note=note)


def _is_of(event: Event, item: Activity) -> bool:
    """Whether the event was read from this item."""
    if event.on != item.on or not isinstance(event, _TAKEN.get(item.kind, ())):
        return False
    quantity = getattr(event, "quantity", None)
    return quantity is None or item.quantity in {None, quantity}
