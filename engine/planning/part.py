"""What one stage of planning hands on: changes, what was held back, notices, what is in step, and what is billed."""

from collections.abc import Iterable

import msgspec

from engine.diagnostics import Diagnostic
from engine.planning.billed import Billed
from engine.planning.plan import Change, Drift, Held


class Part(msgspec.Struct, frozen=True, kw_only=True):
    changes: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()
    notices: tuple[Diagnostic, ...] = ()
    unchanged: int = 0
    billed: tuple[Billed, ...] = ()
    drift: tuple[Drift, ...] = ()


def joined(parts: Iterable[Part]) -> Part:
    """The parts as one, in their order."""
    all_parts = list(parts)
    return Part(
        changes=tuple(change for part in all_parts for change in part.changes),
        held=tuple(held for part in all_parts for held in part.held),
        notices=tuple(notice for part in all_parts for notice in part.notices),
        unchanged=sum(part.unchanged for part in all_parts),
        billed=tuple(billed for part in all_parts for billed in part.billed),
        drift=tuple(drift for part in all_parts for drift in part.drift),
    )
