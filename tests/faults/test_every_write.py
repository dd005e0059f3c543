"""Whatever write of a run fails, and however: no line twice, none lost, and the next plan does the rest."""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from engine.applying.runs import runs
from engine.planning.plan import Plan
from tests.faults.conftest import Told
from tests.faults.holding import lines, others, twice
from tests.faults.nights import Nights, example, opened
from tests.faults.wire import FAILURES, Failure

CASES = [(failure, after) for failure in FAILURES for after in (False, True)]

SOME = ("410001", "410002", "410003", "410004", "410006", "410007", "410009")
"""Customers of the example world with more than 30 changes."""


class Whole:
    """A plan of at least 30 writes, and what the PSA holds after a run of it without a fault."""

    def __init__(self, folder: Path, customers: tuple[str, ...] = ()) -> None:
        self.workspace, self.journal, self.customers = example(), folder / "journal.jsonl", customers
        with self.world() as nights:
            self.plan: Plan = nights.plan()
            assert nights.apply(self.plan).complete
            self.writes = list(nights.wire.writes)
            assert len(self.writes) == len(self.plan.changes) >= 30
            self.lines, self.others = lines(nights.sandbox), others(nights.sandbox)
            assert twice(nights.sandbox) == []
            assert nights.plan().changes == ()

    def world(self) -> AbstractContextManager[Nights]:
        return opened(self.workspace, self.journal, self.customers)


def strike(nights: Nights, whole: Whole, number: int, failure: Failure, after: bool) -> Counter[str]:
    """One run in which this write fails, and the next night: what became of the changes."""
    nights.wire.arm(number, failure, after)
    report = nights.apply(whole.plan)
    case = f"write {number}, {failure} {'after' if after else 'before'} it was carried out"
    assert nights.wire.struck is not None, case
    sent = Counter(one for one in nights.wire.writes if one[0] == "POST")
    assert set(sent.values()) == {1}, f"{case}: a POST was sent twice"
    if after:
        assert set(report.counts) == {"applied"}, f"{case}: {report}"
    else:
        assert report.counts.get("failed") == 1, f"{case}: {report}"
    assert report.duplicates == (), case
    nights.wire.arm(None)
    rest = nights.plan()
    assert bool(rest.changes) != after, f"{case}: {[one.address for one in rest.changes]}"
    if rest.changes:
        assert nights.apply(rest).complete, case
        assert nights.plan().changes == (), case
    assert lines(nights.sandbox) == whole.lines, case
    assert others(nights.sandbox) == whole.others, case
    chain = nights.read_journal()
    assert (chain.broken, chain.cut_off) == (None, None), case
    first, *later = runs(chain.records)
    noted = {one.writing.change.address: one.written.status for one in first.writes if one.written}
    assert noted == {one.address: one.status for one in report.outcomes if one.status != "skipped"}, case
    assert [len(run.writes) for run in later] == ([len(rest.changes)] if rest.changes else []), case
    return Counter({str(status): count for status, count in report.counts.items()})


def strike_all(whole: Whole, numbers: Sequence[int]) -> str:
    """All faults at these writes, in words."""
    seen: Counter[str] = Counter()
    faults = 0
    for number in numbers:
        for failure, after in CASES:
            with whole.world() as nights:
                seen += strike(nights, whole, number, failure, after)
            faults += 1
    counts = ", ".join(f"{count} {status}" for status, count in seen.items())
    return f"{faults} faults in runs of {len(whole.writes)} writes, 0 duplicates, 0 lines lost ({counts})"


def test_a_write_fails_in_every_way(tmp_path: Path, told: Told) -> None:
    told(strike_all(Whole(tmp_path, SOME), [17]))


@pytest.mark.long
def test_a_write_of_each_kind_fails_in_every_way(tmp_path: Path, told: Told) -> None:
    whole = Whole(tmp_path)
    kinds = [f"{verb} {url.rstrip('0123456789').rpartition('/')[2]}" for verb, url, _ in whole.writes]
    numbers = [kinds.index(kind) for kind in dict.fromkeys(kinds)]
    assert len(numbers) >= 4
    told(strike_all(whole, numbers))


@pytest.mark.long
def test_every_write_fails_in_every_way(tmp_path: Path, told: Told) -> None:
    whole = Whole(tmp_path, SOME)
    told(strike_all(whole, range(len(whole.writes))))
