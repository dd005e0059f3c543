"""Which run of a journal is meant by the name that somebody typed."""

from typing import TYPE_CHECKING

from engine.cli.exits import Stop

if TYPE_CHECKING:
    from engine.applying.runs import Run

_SHORTEST = 6
"""Characters of a run's name that are enough to name it, where no other run begins with them."""

_SHOW = "`cwctl journal show` lists the runs."


def run_named(runs: "tuple[Run, ...]", name: str) -> "Run":
    """The run of this name, or the only one whose name begins so; `last` is the last one. Raises Stop."""
    whole = list(runs[-1:]) if name == "last" else [run for run in runs if run.begun.run == name]
    found = whole or [run for run in runs if run.begun.run.startswith(name)]
    if not found:
        raise Stop(f"the journal holds no run {name!r}", hint=_SHOW)
    if len(name) < _SHORTEST and not whole:
        raise Stop(f"{name!r} is too short to name a run: give at least {_SHORTEST} characters", hint=_SHOW)
    if len(found) > 1:
        names = ", ".join(run.begun.run for run in found[:5])
        raise Stop(f"{len(found)} runs begin with {name!r}: {names}{', …' if len(found) > 5 else ''}", hint=_SHOW)
    return found[0]
