"""Activity logs of the subscription, item by item."""

from datetime import date

from engine.platform.models import Activity, ActivityLog

START = date(2026, 3, 10)


def log(*items: Activity, subscription: str = "9001", whole: bool = True) -> ActivityLog:
    """A log, oldest first."""
    return ActivityLog(subscription=subscription, items=items, whole=whole)


def created(quantity: int, on: date = START, product: str = "") -> Activity:
    return Activity(on=on, kind="created", quantity=quantity, product=product)


def changed(quantity: int, on: date, product: str = "") -> Activity:
    return Activity(on=on, kind="quantity", quantity=quantity, product=product)


def upgraded(on: date, product: str = "") -> Activity:
    return Activity(on=on, kind="upgraded", product=product)


def cancelled(on: date) -> Activity:
    return Activity(on=on, kind="cancelled")


def converted(on: date, quantity: int | None = None) -> Activity:
    return Activity(on=on, kind="converted", quantity=quantity)


def unknown(on: date, text: str) -> Activity:
    return Activity(on=on, kind="unknown", text=text)
