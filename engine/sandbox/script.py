"""The sandbox's clock at work: scripted events, renewals and the ends of months, in the order of their days."""

import heapq
import itertools
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec

from engine.sandbox.calendar import last_of
from engine.sandbox.closing import close_month, months_ended
from engine.sandbox.event import Event
from engine.sandbox.events import next_term
from engine.sandbox.happening import EVENT, happen
from engine.sandbox.platform.settings import PlatformSettings
from engine.sandbox.platform.subscriptions import SUBSCRIPTION
from engine.sandbox.possible import Impossible
from engine.sandbox.store import Store

CLOSED_UNTIL = "platform.closed_until"
"""Setting: months that ended before this day have their figures and invoices (or never get them)."""

Document = dict[str, Any]


def schedule(store: Store, events: Iterable[Event]) -> None:
    """Writes events into the script; each happens when the clock reaches its day."""
    with store.transaction():
        for event in events:
            if event.action == "purchase":
                store.reserve(SUBSCRIPTION, event.subscription)
            id = store.next_id(EVENT)
            store.put(EVENT, id, {"id": id, "event": event})


def run(store: Store, settings: PlatformSettings, to: date) -> list[str]:
    """Lets everything happen up to and including a day, and sets the clock to it; says what happened.

    Raises ValueError for a day before the sandbox's own.
    """
    today = settings.today
    if to < today:
        raise ValueError(f"the sandbox's clock stands at {today} and cannot go back to {to}")
    said: list[str] = []
    with store.transaction():
        agenda = _Agenda(store, today, to)
        while (step := agenda.next()) is not None:
            if isinstance(step, str):
                said.append(close_month(store, step))
                continue
            try:
                outcomes = happen(store, settings.account, step)
            except Impossible as reason:
                said.append(f"{step.on}: the script's {step.action} did not happen: {reason}")
                continue
            for outcome in outcomes:
                said.append(outcome.said)
                agenda.add_term(outcome.document)
        store.set_setting("today", str(to))
        store.set_setting(CLOSED_UNTIL, str(to))
    return said


class _Agenda:
    """What is due up to a day, by day; on one day ends of months come first, then the script, then ends of terms."""

    def __init__(self, store: Store, today: date, to: date) -> None:
        self._to = to
        self._count = itertools.count()
        self._waiting: list[tuple[date, int, int, Event | str]] = []
        closed = date.fromisoformat(store.setting(CLOSED_UNTIL) or str(today))
        for month in months_ended(closed, to):
            self._add(last_of(month) + timedelta(days=1), 0, month)
        for doc in list(store.rows(EVENT)):
            event = msgspec.convert(doc["event"], Event, strict=False)
            if event.on <= to:
                self._add(max(event.on, today), 1, event)
                store.delete(EVENT, doc["id"])
        for subscription in store.rows(SUBSCRIPTION):
            self.add_term(subscription)

    def next(self) -> Event | str | None:
        """The next event, or a month that ended; None when nothing is left."""
        return heapq.heappop(self._waiting)[3] if self._waiting else None

    def add_term(self, doc: Document) -> None:
        """Puts the end of a subscription's term down, if something happens then."""
        day = next_term(doc)
        if day is not None and day <= self._to:
            self._add(day, 2, Event(on=day, action="term", subscription=int(doc["id"])))

    def _add(self, day: date, rank: int, step: Event | str) -> None:
        heapq.heappush(self._waiting, (day, rank, next(self._count), step))
