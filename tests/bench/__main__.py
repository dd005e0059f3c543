"""`make bench`: prints requests, wall time and peak memory of `plan`, and its ratio to the floor.

Fails if a plan sends a request more than its pages, one for each mapped agreement and one for each activity log that
is not kept yet (none, once everything is in step), or if the ratio of a plan in step, which is that of every night,
misses its aim. The first plan prints every line that it makes; its ratio is shown.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.world import CWCTL, World, served

DAY = "2026-06-15"
AIMS = {1_000: 1.0, 10_000: 0.75}
ADDITIONS, LOG = "/additions", "/subscriptions/{id}"


def main() -> None:
    """Measure each size; exit with 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 subscriptions only, three runs")
    parser.add_argument("--slack", type=float, default=1.0, help="factor on the aims, for noisy machines")
    options = parser.parse_args()
    runs = 3 if options.quick else 5
    missed = [miss for size in ([1_000] if options.quick else AIMS) for miss in measure(size, runs, options.slack)]
    for miss in missed:
        print(f"MISSED: {miss}")
    sys.exit(1 if missed else 0)


def measure(subscriptions: int, runs: int, slack: float) -> list[str]:
    """Print the figures of one size; returns the bounds that were missed."""
    customers = subscriptions // 10
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "w", customers, subscriptions) as world:
        plan = [*CWCTL, "-C", str(world.root), "plan", "--connection", "served", "--as-of", DAY]
        floor = [sys.executable, "-m", "tests.bench.floor", str(world.root), _json(world)]
        missed = _timed(world, plan, floor, runs, None, subscriptions, "first plan: everything to create")
        applied = _run(
            [*CWCTL, "-C", str(world.root), "apply", "--connection", "served", "--as-of", DAY, "--yes"], world
        )
        print(f"  apply: {applied[0]:.2f} s, {applied[1]:.0f} MiB")
        missed += _timed(world, plan, floor, runs, slack, subscriptions, "plan after it: nothing to do")
        return missed


def _timed(
    world: World, plan: list[str], floor: list[str], runs: int, slack: float | None, subscriptions: int, title: str
) -> list[str]:
    world.requests()
    _run(plan, world)
    requests = world.requests()
    additions, logs = (sum(number for path, number in requests.items() if part in path) for part in (ADDITIONS, LOG))
    others = sum(requests.values()) - additions - logs
    pairs = [(_run(plan, world), _run(floor, world)) for _ in range(runs)]
    world.requests()
    _run(floor, world)
    floor_sent = sum(world.requests().values())
    ratios = sorted(own[0] / bare[0] for own, bare in pairs)
    ratio = statistics.median(ratios)
    own, bare = ([statistics.median(one[side][figure] for one in pairs) for figure in (0, 1)] for side in (0, 1))
    aim = AIMS[subscriptions]
    print(
        f"{subscriptions:,} subscriptions, {title}\n"
        f"  requests: {additions + logs + others} = {additions} agreements + {logs} activity logs + {others} others "
        f"(bare loop: {floor_sent})\n"
        f"  plan: {own[0]:.2f} s, {own[1]:.0f} MiB; bare loop: {bare[0]:.2f} s, {bare[1]:.0f} MiB\n"
        f"  ratio: {ratio:.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}; aim {aim})",
        flush=True,
    )
    missed = []
    if additions != subscriptions // 10:
        missed.append(f"{title}: {additions} requests for additions, {subscriptions // 10} agreements are mapped")
    # Where services have no line so far, further agreements of their companies are listed, a hundred companies at once.
    listed = subscriptions // 1_000 if slack is None else 0
    if others > floor_sent - additions + 3 + listed:
        missed.append(f"{title}: {others} requests beside agreements and activity logs; the bare loop needs fewer")
    if slack is not None and logs:
        missed.append(f"{title}: {logs} activity logs are read again")
    if slack is not None and ratio > aim * slack:
        missed.append(f"{title}, {subscriptions:,} subscriptions: ratio {ratio:.2f}, aim {aim}")
    return missed


def _run(command: list[str], world: World) -> tuple[float, float]:
    """Wall seconds and peak MiB of a whole process. Raises for a command that fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=world.environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command[:8])} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def _json(world: World) -> str:
    import json

    return json.dumps(world.announcement)


if __name__ == "__main__":
    main()
