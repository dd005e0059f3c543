"""In which order a plan is carried out: what is shared first, then one customer after another."""

from collections.abc import Collection, Iterable
from itertools import groupby

import msgspec

from engine.applying.refusal import Refused
from engine.planning.plan import KIND_ORDER, Change

Group = tuple[Change, ...]
"""The changes of one customer, or those that no customer owns, in their order."""


class Stages(msgspec.Struct, frozen=True):
    """Groups to carry out, and those that follow only if all of the first went well. `canary` is who goes first."""

    first: tuple[Group, ...]
    then: tuple[Group, ...] = ()
    canary: str | None = None


def stages(changes: Iterable[Change], canary: str | None, held: Collection[str]) -> Stages:
    """The changes in their order. With a canary, that customer and what it needs are the first stage.

    An empty canary is the first customer that no guard holds back. Raises Refused where the plan has no changes of the
    one that is named.
    """
    groups = [tuple(group) for _, group in groupby(sorted(changes, key=_order), key=lambda change: change.customer)]
    if canary is None:
        return Stages(tuple(groups))
    shared = [change for group in groups if group[0].customer is None for change in group]
    customers = [group for group in groups if group[0].customer is not None]
    chosen = canary or next((group[0].customer for group in customers if group[0].customer not in held), None)
    alone = next((group for group in customers if group[0].customer == chosen), None)
    if alone is None:
        if canary:
            raise Refused(
                f"the plan has no changes of the customer {canary}, who was to go first",
                "Name a customer of the plan, by the platform's id, or none to take the first one.",
            )
        return Stages(tuple(groups))
    needed = _needed(alone, shared)
    before = tuple(change for change in shared if change.address in needed)
    after = tuple(change for change in shared if change.address not in needed)
    others = tuple(group for group in customers if group is not alone)
    return Stages(_filled((before, alone)), _filled((after, *others)), chosen)


def _order(change: Change) -> tuple[bool, str, int]:
    return (change.customer is not None, change.customer or "", KIND_ORDER.index(change.kind))


def _needed(group: Group, shared: Iterable[Change]) -> set[str]:
    """Addresses of what these changes need of the shared ones, and of what those need themselves."""
    needs = {change.address: _needs(change) for change in shared}
    found: set[str] = set()
    todo = {address for change in group for address in _needs(change)}
    while todo:
        address = todo.pop()
        if address in needs and address not in found:
            found.add(address)
            todo |= needs[address]
    return found


def _needs(change: Change) -> set[str]:
    """What it says that it needs, and whose results its fields take."""
    taken = {
        field.after[1:]
        for field in change.fields
        if field.field.endswith("_id") and isinstance(field.after, str) and field.after.startswith("@")
    }
    return taken | set(change.needs)


def _filled(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(group for group in groups if group)
