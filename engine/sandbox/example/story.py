"""What happens in the example world: before its first day (the histories) and after it (the script)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from engine.sandbox.event import Event
from engine.sandbox.example.catalog import OFFERS

FIRST_DAY = date(2026, 6, 15)
FIRST_CLOSED = date(2026, 4, 1)
"""Months before this day have no figures."""

_BOUGHT = """
710001 410001 premium 2025-09-15 24
710002 410001 exchange 2025-09-15 6
710003 410001 sophos-ix 2025-10-01 30
710004 410001 azure 2025-10-20 1
710005 410002 standard 2025-07-01 40
710006 410002 basic 2025-07-01 60
710007 410002 azure 2025-08-11 1
710008 410002 aws 2025-08-11 1
710009 410002 sophos-email 2025-07-01 106
710010 410003 e3 2026-01-20 18
710011 410003 visio 2026-02-16 3
710012 410003 sophos-ix 2026-01-20 22
710013 410004 e3 2025-12-01 35
710014 410004 visio 2025-12-01 8
710015 410004 azure 2025-12-05 1
710016 410004 exchange 2025-12-01 10
710017 410005 basic 2026-03-10 9
710018 410005 premium 2026-06-01 5 trial
710019 410005 sophos-ix 2026-03-10 11
710020 410006 google-starter 2025-06-20 14
710021 410006 google-standard 2025-06-20 4
710022 410006 sophos-email 2025-06-25 18
710023 410007 standard 2026-01-05 12
710024 410007 copilot 2026-06-01 6
710025 410007 e5 2026-06-05 3
710026 410007 sophos-ix 2026-01-05 15
710027 410008 google-starter 2026-02-02 7
710028 410008 aws 2026-02-09 1
710029 410008 basic 2026-02-02 3
710030 410008 sophos-ix 2026-04-01 7
710031 410009 basic 2025-08-15 180
710032 410009 premium 2025-08-15 25
710033 410009 azure 2025-09-01 1
710034 410009 sophos-email 2025-08-15 210
710035 410010 basic 2026-05-11 4
710036 410010 standard 2026-05-11 3
710037 410010 exchange 2026-06-11 2
710038 410011 premium 2026-06-08 10
710039 410011 azure 2026-06-08 1
710040 410012 basic 2025-11-01 6
710041 410012 sophos-ix 2025-11-01 6
"""
"""Subscription, customer, offer, day, quantity; `trial` for a trial, `once` for one that does not renew itself."""

_CHANGED = """
2025-11-03 710001 seats 26
2025-12-01 710003 seats 32
2026-01-08 710031 seats 185
2026-01-12 710005 seats 46
2026-02-10 710002 seats 5
2026-03-02 710010 seats 19
2026-04-02 710017 seats 11
2026-04-15 710013 seats 38
2026-05-04 710020 seats 12
2026-05-18 710005 seats 44
2026-05-20 710029 cancel
2026-06-02 710031 seats 190
2026-06-03 710006 seats 65
2026-06-08 710016 suspend
2026-06-09 710001 seats 28
2026-06-17 710001 seats 30
2026-06-24 710006 seats 62
2026-06-26 710035 upgrade standard
2026-06-29 710018 convert premium
2026-07-02 710023 price 12.9831063 10.3864850
2026-07-06 710027 cancel
2026-07-09 710016 resume
2026-07-13 710010 seats 16
2026-07-15 710020 auto_renew off
2026-07-22 710031 seats 204
2026-08-03 710009 price 2.2340518 1.6755389
2026-08-10 710022 cancel
2026-08-17 710014 seats 9
2026-09-01 710024 seats 8
2026-09-08 710013 seats 41
2026-09-14 710006 partial_upgrade premium 6
2026-09-21 710005 seats 40
2026-10-05 710017 upgrade standard
2026-10-12 710011 renew 15.9604371 12.7683497
2026-10-19 710030 cancel
"""

_LATER = """
710042 410005 exchange 2026-06-22 4
710043 410012 azure 2026-07-20 1
710044 410004 premium 2026-08-05 12 once
"""


def events() -> Iterator[Event]:
    """The whole story. Every third subscription also tells of users soon after it was bought."""
    for line in (_BOUGHT + _LATER).split("\n"):
        if line:
            yield from _purchase(line.split())
    for line in _CHANGED.split("\n"):
        if line:
            yield _change(line.split())


def _purchase(words: list[str]) -> Iterator[Event]:
    id, customer, offer, day, quantity, *rest = words
    on = date.fromisoformat(day)
    yield Event(
        on=on,
        action="purchase",
        subscription=int(id),
        customer=int(customer),
        offer=OFFERS[offer].key,
        quantity=int(quantity),
        trial="trial" in rest,
        auto_renew=not rest,
    )
    if int(id) % 3 == 0:
        yield Event(on=date.fromordinal(on.toordinal() + 5), action="users", subscription=int(id))


def _change(words: list[str]) -> Event:
    day, id, action, *rest = words
    told: dict[str, object]
    match action:
        case "seats":
            told = {"quantity": int(rest[0])}
        case "upgrade":
            told = {"offer": OFFERS[rest[0]].key}
        case "partial_upgrade":
            told = {"offer": OFFERS[rest[0]].key, "quantity": int(rest[1])}
        case "convert":
            told = {"price": OFFERS[rest[0]].price, "cost": OFFERS[rest[0]].cost}
        case "price" | "renew":
            told = {"price": Decimal(rest[0]), "cost": Decimal(rest[1])}
        case "auto_renew":
            told = {"auto_renew": rest != ["off"]}
        case "cancel" | "suspend" | "resume":
            told = {}
        case _:
            raise ValueError(f"the story knows no {action}")
    return msgspec.convert({"on": day, "subscription": int(id), "action": action, **told}, Event)
