"""Pinned prices: a person's value in place of the platform's, from a price change of the day on which it is first seen.

The pin's last day is known in advance, so that the line is cut there at once and an invoice made in advance finds what
comes after it: the platform's price as known today. Where new prices are billed by periods, the pin holds to the end
of the period of its last day. Once its lines are made, its end does not depend on which nights ran.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from engine.billing.evidence import PostedLine, evidence
from engine.billing.history import Cancellation, PriceChange, Upgrade
from engine.billing.model import SubscriptionTerms
from engine.billing.money import plain
from engine.billing.told import Completed, Told
from engine.diagnostics import Diagnostic, Severity
from engine.planning.plan import Change
from engine.planning.stretches import Stretch
from engine.psa.models import Addition
from engine.workspace.model import Kind, ServiceMapping
from engine.workspace.owners import SWITCHES, Pin

_ONE_DAY = timedelta(days=1)
_ENDS_SOON = timedelta(days=30)

Priced = TypeVar("Priced", SubscriptionTerms, PostedLine)


class PinnedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price or cost that a pin decides about now; from `returns` on the platform does again."""

    pin: Pin
    returns: date

    @property
    def field(self) -> str:
        """`unit_price` or `unit_cost`."""
        return self.pin.field


def prices_in_force(
    mapping: ServiceMapping, kind: Kind, stretches: Sequence[Stretch], posted: Sequence[PostedLine], as_of: date
) -> tuple[PinnedPrice, ...]:
    """The pinned prices that decide about lines today, in the order of their ends.

    One that has ended decides as long as nothing carries on the line that it was cut from.
    """
    found = []
    for pin in mapping.pins:
        if pin.field not in SWITCHES or kind == "usage":
            continue
        returns = _returns_on(pin, stretches)
        if as_of < returns or (kind == "license" and _left_open(pin, returns, posted)):
            found.append(PinnedPrice(pin=pin, returns=returns))
    return tuple(sorted(found, key=lambda one: (one.returns, one.field)))


def _returns_on(pin: Pin, stretches: Sequence[Stretch]) -> date:
    stretch = next(one for one in stretches if one.until is None or pin.until <= one.until)
    if stretch.choices.price_change == "actual_date":
        return pin.until + _ONE_DAY
    return stretch.terms.period_end(pin.until) + _ONE_DAY


def _left_open(pin: Pin, returns: date, posted: Sequence[PostedLine]) -> bool:
    base = [line for line in posted if line.role == "base"]
    last = max(base, key=lambda line: (line.segment, line.effective), default=None)
    return last is not None and last.cancelled == returns - _ONE_DAY and _amount(last, pin.field) == pin.amount


def with_pins(terms: SubscriptionTerms, pins: Iterable[PinnedPrice]) -> SubscriptionTerms:
    """The terms with the pinned prices for those that the platform shows."""
    for one in pins:
        terms = _with(terms, one)
    return terms


def as_evidence(posted: Sequence[PostedLine], pins: Iterable[PinnedPrice]) -> tuple[PostedLine, ...]:
    """Our lines without what those of after a pin tell of prices: they were made ahead, at the price of that day."""
    found = list(posted)
    for one in pins:
        found = [_with(line, one) if line.effective >= one.returns else line for line in found]
    return tuple(found)


def _with(priced: Priced, one: PinnedPrice) -> Priced:
    if one.field == "unit_price":
        return replace(priced, unit_price=one.pin.amount)
    return replace(priced, unit_cost=one.pin.amount)


def with_price_events(
    completed: Completed,
    posted: Sequence[PostedLine],
    pins: Sequence[PinnedPrice],
    shown: SubscriptionTerms,
    as_of: date,
) -> Completed:
    """The history with the beginning of each pin as a price change of today, and its end as one of its own day.

    `completed` is of the pinned terms, `posted` as evidence, `shown` what the platform shows.
    """
    if not pins or shown.kind != "license":
        return completed
    told = _apart(list(completed.told), posted, pins, as_of)
    # What follows a cancellation counts no more.
    place = next((at for at, one in enumerate(told) if isinstance(one.event, Cancellation)), len(told))
    day = max((one.event.on for one in told[:place]), default=as_of)
    returns = [
        Told(
            event=_price_change(one.field, day, _amount(shown, one.field), one.returns),
            source="pinned",
            why=f"the pinned {_word(one.field)} ends with {one.returns - _ONE_DAY}",
        )
        for one in pins
    ]
    return replace(completed, told=(*told[:place], *returns, *told[place:]))


def _apart(told: list[Told], posted: Sequence[PostedLine], pins: Sequence[PinnedPrice], as_of: date) -> list[Told]:
    """What is new about prices today, taken apart: what the platform shows, and what is pinned."""
    known = evidence(posted)
    for at, one in enumerate(told):
        if one.source != "inferred" or not isinstance(one.event, PriceChange) or not known:
            continue
        before, pinned = known[-1].prices[-1], {each.field for each in pins}
        parts: list[Told] = []
        for field, name in (("unit_price", "price"), ("unit_cost", "cost")):
            amount = _amount(one.event, field)
            if amount == _amount(before, field):
                continue
            if field in pinned:
                why = f"its {_word(field)} is pinned to {plain(amount)}"
                parts.append(Told(event=_price_change(field, as_of, amount), source="pinned", why=why))
            else:
                why = f"the platform shows a {name} of {plain(amount)}; {one.why.partition('; ')[2]}"
                event = _price_change(field, as_of, amount, one.event.effective)
                # What renewed before the pin began holds from before it, too.
                parts.insert(0, Told(event=event, source="inferred", why=why))
        return [*told[:at], *parts, *told[at + 1 :]]
    return told


def _price_change(field: str, on: date, amount: Decimal, effective: date | None = None) -> PriceChange:
    if field == "unit_price":
        return PriceChange(on=on, unit_price=amount, effective=effective)
    return PriceChange(on=on, unit_cost=amount, effective=effective)


def _amount(of: object, field: str) -> Decimal:
    amount = getattr(of, field)
    assert isinstance(amount, Decimal)
    return amount


def pinned_text(mapping: ServiceMapping, as_of: date) -> str | None:
    """The pinned invoice text of a service, while it holds."""
    return next((pin.value for pin in mapping.pins if pin.field == "description" and as_of <= pin.until), None)


def pin_notices(
    mapping: ServiceMapping,
    kind: Kind,
    stretches: Sequence[Stretch],
    standing: Sequence[Addition],
    begins: date,
    as_of: date,
) -> list[Diagnostic]:
    """Pins that have ended, that end within 30 days, and that have no effect.

    `standing` are the service's lines as they are, `begins` is its first billed day.
    """
    found = []
    for pin in mapping.pins:
        named = f"subscription {mapping.subscription}: its {_word(pin.field)} pinned to {pin.value[:60]} ({pin.reason})"
        last = _returns_on(pin, stretches) - _ONE_DAY if pin.field in SWITCHES and kind == "license" else pin.until
        if kind == "usage" and pin.field in SWITCHES:
            text = f"{named} has no effect, as consumption has no price per unit"
            found.append(_said(mapping, pin, code="pin-unused", text=text, hint="Remove the pin"))
        elif pin.until < as_of:
            text = f"{named} ended with {last}"
            hint = "Remove the pin, or write a later `until`"
            found.append(_said(mapping, pin, code="pin-ended", text=text, hint=hint))
        elif (first := _first_billed(pin, kind, stretches, standing, begins, as_of)) > last:
            text = f"{named} has no effect: it ends with {last}, and {first} is the first day that it could bill"
            hint = "Write a later `until`, or remove the pin"
            found.append(_said(mapping, pin, code="pin-unused", text=text, hint=hint, severity="warning"))
        elif pin.until - as_of <= _ENDS_SOON:
            text = f"{named} ends with {last}"
            hint = "Nothing, or write a later `until`"
            found.append(_said(mapping, pin, code="pin-ends", text=text, hint=hint))
    return found


def _first_billed(
    pin: Pin, kind: Kind, stretches: Sequence[Stretch], standing: Sequence[Addition], begins: date, as_of: date
) -> date:
    """The first day on which a pin can be billed; a line that has its value already, or is yet to be made, bills it."""
    if pin.field not in SWITCHES or kind != "license":
        return date.min
    if not standing or any(_amount(one, pin.field) == pin.amount for one in standing):
        return begins
    stretch = next(one for one in stretches if one.until is None or as_of <= one.until)
    if stretch.choices.price_change == "actual_date":
        return max(begins, as_of)
    return max(begins, stretch.terms.period_end(as_of) + _ONE_DAY)


def _word(field: str) -> str:
    """A field's name for a reader."""
    return "invoice text" if field == "description" else field.replace("_", " ")


def upgrade_notices(
    mapping: ServiceMapping, pins: Iterable[PinnedPrice], completed: Completed, segments: Iterable[int]
) -> list[Diagnostic]:
    """Pinned prices that are about to be billed for another product; `segments` are those that have a line."""
    upgrades = [one.event for one in completed.told if isinstance(one.event, Upgrade)]
    if not upgrades or completed.terms.first_segment + len(upgrades) in segments:
        return []
    text = f"subscription {mapping.subscription}: it was upgraded on {upgrades[-1].on}, and its {{}} is still pinned"
    hint = "If the pin was meant for the product before, end it: write an earlier `until`"
    return [
        _said(mapping, one.pin, code="pin-upgraded", text=text.format(_word(one.field)), hint=hint, severity="warning")
        for one in pins
    ]


def _said(
    mapping: ServiceMapping, pin: Pin, *, code: str, text: str, hint: str, severity: Severity = "notice"
) -> Diagnostic:
    return Diagnostic(code=code, severity=severity, text=text, hint=hint, place=pin.place, customer=mapping.customer)


def noted(change: Change, mapping: ServiceMapping) -> Change:
    """The change of a line, with the reason of each pinned value that it writes."""
    line = change.line
    if line is None or line.retracted:
        return change
    written = {one.field: one.after for one in change.fields}
    notes = [
        f"{_word(pin.field)} pinned to {pin.value} through {pin.until}: {pin.reason} "
        f"({pin.place.file}:{pin.place.line})"
        for pin in mapping.pins
        if pin.field in SWITCHES and written.get(pin.field) == pin.amount and line.effective <= pin.until
    ]
    return replace(change, notes=(*change.notes, *notes)) if notes else change
