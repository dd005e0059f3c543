"""What the guards look at: a plan's changes of lines, what the calendar causes of them, and what is there already."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec

from engine.planning.billed import Billed
from engine.planning.plan import Change, Effect
from engine.workspace.guards import GuardRules


class Guarded(msgspec.Struct, frozen=True, kw_only=True):
    """The changes of lines and all planned lines. `known` are the subscriptions that have lines of ours already.

    `lines` is how many of ours bill on the plan's day or later. What is billed for the first time somebody has just
    mapped, or a run that broke off left to do: it counts by itself, but not as a share of what is there.
    """

    rules: GuardRules
    changes: tuple[Change, ...]
    billed: tuple[Billed, ...]
    known: frozenset[str]
    lines: int
    renewed: tuple[Change, ...] = ()
    """The renewals that the calendar rolls on."""

    @property
    def first(self) -> bool:
        """Whether no line of ours is there yet."""
        return not self.known

    def knows(self, change: Change) -> bool:
        """Whether it is of a subscription that has lines of ours already."""
        return change.line is not None and change.line.subscription in self.known

    def caused(self) -> tuple[Change, ...]:
        """The changes that somebody or something caused, rather than the calendar."""
        rolled = {change.address for change in self.renewed}
        return tuple(change for change in self.changes if change.address not in rolled and not opens_month(change))


def guarded(rules: GuardRules, changes: Iterable[Change], billed: tuple[Billed, ...], as_of: date) -> Guarded:
    """What the guards look at. A line that is taken over was not ours before."""
    lines = tuple(change for change in changes if change.kind == "addition" and change.line is not None)
    taken = {change.address for change in lines if any(one.field == "mark" for one in change.fields)}
    ours = [
        (service.subscription, line.before)
        for service in billed
        for line in service.lines
        if line.before is not None and line.before.quantity and line.address not in taken
    ]
    return Guarded(
        rules=rules,
        changes=lines,
        billed=billed,
        known=frozenset(subscription for subscription, _ in ours),
        lines=sum(1 for _, line in ours if line.cancelled is None or line.cancelled >= as_of),
        renewed=tuple(_renewed(lines, billed)),
    )


def _renewed(changes: tuple[Change, ...], billed: tuple[Billed, ...]) -> Iterator[Change]:
    """The ends that are kept ahead of a term which renews by itself, where nothing else of its service changes.

    An end that is put back, after an edit by hand or with what carried on from it taken back, somebody caused.
    """
    by_address = {change.address: change for change in changes}
    for service in billed:
        mine = [by_address[line.address] for line in service.lines if line.address in by_address]
        if service.renews and all(_ends_later(change) and not change.drift for change in mine):
            yield from mine


def _ends_later(change: Change) -> bool:
    """Whether a change only moves the end of a line to a later day."""
    if change.action != "update" or [one.field for one in change.fields] != ["cancelled"]:
        return False
    before, after = change.fields[0].before, change.fields[0].after
    return before is not None and (after is None or after > before)


def opens_month(change: Change) -> bool:
    """Whether a change makes the line of a month of consumption."""
    return change.action == "create" and change.line is not None and change.line.role == "usage"


def monthly(effect: Effect) -> Decimal:
    """An effect by the month: a twelfth of a year's counts."""
    return effect.month + effect.year / 12


def share_of(part: Decimal, whole: Decimal) -> Decimal:
    """A part in %, without a sign; `whole` is more than 0."""
    return abs(part) * 100 / whole
