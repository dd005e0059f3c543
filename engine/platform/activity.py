"""The activity log of a subscription as the platform writes it, and what its items tell. Pure; no item breaks it.

Creations, quantities and updates of users are recorded. How the platform writes anything else is not known, so it is
read by its words, and only where every word is understood: `Cancellation Scheduled` ends nothing yet.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from engine.http.redaction import HIDDEN, scrub
from engine.platform.dates import instant, last_day
from engine.platform.models import Activity, ActivityKind, ActivityLog, SubscriptionState
from engine.platform.wire import state_of

_USERS = ("users", "update")
_UPDATED = frozenset(("update", "updated", "change", "changed"))
_UPDATES = frozenset(("subscription", "status", "price", *_UPDATED))
_TOLD: Mapping[str, ActivityKind] = {
    **dict.fromkeys(("upgrade", "upgraded"), "upgraded"),
    **dict.fromkeys(("cancel", "cancelled", "canceled", "cancellation"), "cancelled"),
    **dict.fromkeys(("delete", "deleted", "deletion", "expire", "expired", "expiration"), "cancelled"),
    **dict.fromkeys(("renew", "renewed", "renewal"), "renewed"),
    **dict.fromkeys(("convert", "converted", "conversion"), "converted"),
    **dict.fromkeys(("suspend", "suspended", "suspension", "resume", "resumed"), "unrelated"),
}
_FILLING = frozenset(("subscription", "product", "plan", "trial", "full", "auto", "completed", "to", "from", "paid"))
"""Words that change nothing. Any other one may turn the meaning round: the item is then not understood."""

_DONE = frozenset(("", "succeeded"))
_NOT_DONE = frozenset(("failed", "failure", "error", "rejected", "cancelled", "canceled", "pending", "in_progress"))

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W_]")
_MAIL = re.compile(r"[^\s@;:,<>()]+@[^\s@;:,<>()]+")
_PERSON = re.compile(r"user|mail|contact|member|admin|owner|person|assign|first name|last name|\bby\b", re.IGNORECASE)
_LONGEST = 200


class WireDetail(msgspec.Struct, rename="camel"):
    """The needed fields of one subscription with its log, in whatever form they come."""

    subscription_start_date: Any = None
    last_updated_date: Any = None
    activity_logs: Any = None


def log(subscription: str, wire: WireDetail) -> ActivityLog:
    """The log of a subscription, oldest first; within a day in the reverse of the wire's order, not by the items' ids.

    An item whose date cannot be read stands, as `unknown`, on the latest day that it can be of: that of the next
    younger item, or on which the subscription was last updated. The log is then not `whole`, as its order is guessed.
    """
    held = {} if wire.activity_logs is None else wire.activity_logs
    found = held.get("items") if isinstance(held, dict) else held
    items = found if isinstance(found, list) else []
    days = [_day(item.get("actionDate")) if isinstance(item, dict) else None for item in items]
    start = _instant(wire.subscription_start_date)
    latest = next((day for day in (_day(wire.last_updated_date), *days) if day), start.date() if start else date.max)
    people = _people(items)
    read = []
    for item, day in zip(items, days, strict=True):
        latest = day or latest
        read.append(_activity(item, latest, start, people, placed=day is not None))
    read.reverse()
    readable = isinstance(held, dict) and (found is None or isinstance(found, list))
    return ActivityLog(
        subscription=subscription,
        items=tuple(_ending_once(sorted(read, key=lambda one: one[0].on))),
        whole=readable and None not in days and len(items) >= _count(held.get("totalCount")),
        last_updated=wire.last_updated_date if isinstance(wire.last_updated_date, str) else "",
    )


def _ending_once(read: Iterable[tuple[Activity, bool]]) -> Iterator[Activity]:
    """An end told again (expired, and deleted weeks later) is one, on its first day, if it did not live between."""
    ended = False
    for item, alive in read:
        repeated = ended and item.kind == "cancelled"
        ended = (ended or item.kind == "cancelled") and not alive
        yield replace(item, kind="unrelated", quantity=None) if repeated else item


def _activity(
    item: Any, on: date, start: datetime | None, people: re.Pattern[str] | None, *, placed: bool
) -> tuple[Activity, bool]:
    """An item, and whether it may be a sign of life."""
    if not isinstance(item, dict):
        text = f"an item that cannot be read: {item}" if isinstance(item, str) else "an item that cannot be read"
        return Activity(on=on, kind="unknown", text=_shown(text, people)), True
    action, details, status = (_text(item.get(name)) for name in ("actionType", "actionDetails", "actionStatus"))
    product, sku = _text(item.get("productId")), _text(item.get("skuId"))
    kind: ActivityKind = "unknown"
    pairs: Mapping[str, str] = {}
    if placed and action is not None and details is not None and status is not None:
        words = tuple(word.lower() for word in _WORD.findall(action))
        pairs = {} if words == _USERS else _pairs(details)
        kind = _after(status, _kind(words, pairs))
    alive = _state(pairs) in {"billing", "suspended"} or kind not in {"cancelled", "unrelated"}
    activity = Activity(
        on=on,
        kind=kind,
        quantity=_quantity(pairs) if kind not in {"unrelated", "unknown"} else None,
        end=_end(pairs, start) if kind in {"renewed", "converted", "upgraded"} else None,
        product=f"{product}/{sku}" if product and sku else "",
        text=_told(action, details, status, people),
    )
    return activity, alive


def _kind(words: tuple[str, ...], pairs: Mapping[str, str]) -> ActivityKind:
    """What an item that succeeded tells."""
    if words == _USERS:
        return "unrelated"
    if "quantity" in pairs and _quantity(pairs) is None:
        return "unknown"
    if words == ("subscription", "created"):
        return "created"
    kind = _change(words, pairs)
    # Whatever else it is about: a new quantity is one.
    return "quantity" if kind == "unrelated" and "new quantity" in pairs else kind


def _change(words: tuple[str, ...], pairs: Mapping[str, str]) -> ActivityKind:
    state = _state(pairs)
    if _UPDATED & set(words) and set(words) <= _UPDATES:
        return "cancelled" if state == "ended" and "price" not in words else "unrelated"
    if "autorenew" in "".join(words) and "new end date" not in pairs:
        return "unrelated"
    kinds = {_TOLD[word] for word in words if word in _TOLD}
    if len(kinds) != 1 or any(word not in _TOLD and word not in _FILLING for word in words):
        return "unknown"
    kind = kinds.pop()
    if kind == "converted" and "trial" not in words:
        return "unknown"
    # An end that left it alive, or a change that left it ended, is not what its words say.
    contradicted = state not in {"ended", "unknown"} if kind == "cancelled" else state == "ended"
    return "unknown" if contradicted else kind


def _after(status: str, kind: ActivityKind) -> ActivityKind:
    """What is left of it by its status: what did not happen is `unrelated`, a status never heard of not understood."""
    known = status.lower().replace(" ", "_")
    if known in _DONE:
        return kind
    return "unrelated" if known in _NOT_DONE or kind == "unrelated" else "unknown"


def _pairs(details: str) -> Mapping[str, str]:
    """The `key: value; ` pairs, keys in lower case; `quantity` is the new one where there is one.

    A key that comes twice with different values has both, which is then neither a number nor a date.
    """
    found: dict[str, str] = {}
    for part in details.split(";"):
        key, colon, value = part.partition(":")
        key, value = " ".join(key.lower().split()), value.strip()
        if colon:
            found[key] = value if found.get(key, value) == value else f"{found[key]} or {value}"
    if "new quantity" in found:
        found["quantity"] = found["new quantity"]
    return found


def _state(pairs: Mapping[str, str]) -> SubscriptionState:
    return state_of(pairs.get("status", ""), begun=True)


def _quantity(pairs: Mapping[str, str]) -> int | None:
    text = pairs.get("quantity", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _end(pairs: Mapping[str, str], start: datetime | None) -> date | None:
    """The last day of the new term. Without the start's time of day only an end at a day's edge can be told."""
    end = _instant(pairs.get("new end date"))
    return last_day(start or end.replace(hour=0, minute=0, second=0), end)[0] if end else None


def _told(action: str | None, details: str | None, status: str | None, people: re.Pattern[str] | None) -> str:
    """What the log says, for people and about none of them."""
    parts = [part.strip() for part in (details or "")[: 10 * _LONGEST].split(";")]
    kept = [part for part in parts if part and not _PERSON.search(part.partition(":")[0])]
    if _PERSON.search(action or "") is not None:
        kept = []
    text = _shown(": ".join(filter(None, (action or "an item of no readable type", "; ".join(kept)))), people)
    if status is not None and status.lower() in _DONE:
        return text
    return f"{text} ({_shown(status[:40], people) if status else 'of no readable status'})"


def _shown(text: str, people: re.Pattern[str] | None) -> str:
    text = text[: 10 * _LONGEST]
    text = people.sub(HIDDEN, text) if people else text
    return scrub(_MAIL.sub(HIDDEN, text), limit=_LONGEST)


def _people(items: Sequence[Any]) -> re.Pattern[str] | None:
    """Finds the names and addresses of everyone whom the log names."""
    names: Iterable[str | None] = (
        _text(item.get(name)) for item in items if isinstance(item, dict) for name in ("ccpUserName", "ccpUserEmail")
    )
    known = sorted({name for name in names if name}, key=lambda name: (-len(name), name))
    if not known:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(name) for name in known)})(?!\w)", re.IGNORECASE)


def _count(value: Any) -> int:
    """The platform's own count of the items; 0 where it gives none."""
    text = _text(value) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0


def _day(value: Any) -> date | None:
    found = _instant(value)
    return found.date() if found else None


def _instant(value: Any) -> datetime | None:
    try:
        return instant(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str | None:
    """A text or whole number as text, "" for none; None for what is neither."""
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 64:
        return str(value)
    return None
