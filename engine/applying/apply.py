"""Carry out a plan: what is shared first, then one customer after another.

Before a customer's objects are written they are read again. One that moved since the plan holds the whole customer
back; one that is found done already is left as it is. A POST whose outcome is unknown is looked up, never repeated.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from engine.applying.current import Current, Record, holds, wanted
from engine.applying.report import Outcome, Report, Status
from engine.applying.values import DependencyMissing, written
from engine.http.errors import AuthenticationFailed, ServiceError, Unreachable
from engine.planning.plan import KIND_ORDER, Change, Plan
from engine.psa.client import PsaClient

Progress = Callable[[int, int], None]


def apply(plan: Plan, psa: PsaClient, progress: Progress) -> Report:
    """Apply every change of the plan and report on each. `progress` is told how many are done, of how many."""
    run = _Run(psa, len(plan.changes), progress)
    for _, changes in groupby(sorted(plan.changes, key=_order), key=lambda change: change.customer):
        run.customer(list(changes))
    by_address = {outcome.address: outcome for outcome in run.outcomes}
    outcomes = tuple(by_address[change.address] for change in plan.changes)
    counts = Counter(outcome.status for outcome in outcomes)
    return Report(connection=plan.connection, outcomes=outcomes, counts=dict(counts), held=len(plan.held))


def _order(change: Change) -> tuple[bool, str, int]:
    return (change.customer is not None, change.customer or "", KIND_ORDER.index(change.kind))


class _Run:
    """One pass over a plan: ids of what was made, what became of each change, and whether to go on."""

    def __init__(self, psa: PsaClient, total: int, progress: Progress) -> None:
        self._psa = psa
        self._current = Current(psa)
        self._results: dict[str, int] = {}
        self._total = total
        self._progress = progress
        self._stopped: str | None = None
        self.outcomes: list[Outcome] = []

    def customer(self, changes: list[Change]) -> None:
        """The changes of one customer, or those that no customer owns."""
        if self._stopped is not None:
            self._all(changes, "skipped", self._stopped)
            return
        try:
            self._current.read(changes)
        except ServiceError as error:
            self._note_failure(error)
            self._all(changes, "failed", f"nothing was written: reading again failed. {error}")
            return
        found = [(change, self._current.find(change)) for change in changes]
        if changes[0].customer is not None:
            whose = {change.address: why for change, record in found if (why := _moved(change, record, self._results))}
            if whose:
                self._all(changes, "stale", "another object of this customer moved since the plan", whose)
                return
        for change, record in found:
            if self._stopped is not None:
                self._done(change, "skipped", message=self._stopped)
            elif (why := _moved(change, record, self._results)) is not None:
                self._done(change, "stale", message=why)
            else:
                self._one(change, record)

    def _one(self, change: Change, record: Record | None) -> None:
        if record is not None and holds(change, record, self._results):
            self._results[change.address] = record.id
            self._done(change, "already", record.id)
            return
        try:
            values = written(change, self._results)
        except DependencyMissing as missing:
            self._done(change, "skipped", message=f"it needs {missing}, which was not done")
            return
        try:
            made = (
                self._psa.create(change.kind, values, change.agreement)
                if change.action == "create"
                else self._psa.update(change.kind, change.object_id or 0, values, change.agreement)
            )
        except ServiceError as error:
            self._recover(change, error)
            return
        except ValueError as error:
            self._done(change, "failed", message=f"its values do not fit the PSA: {error}")
            return
        self._results[change.address] = made.id
        self._done(change, "applied", made.id)

    def _recover(self, change: Change, error: ServiceError) -> None:
        """After a failed write: if it may have taken effect, look whether it did."""
        self._note_failure(error)
        if error.outcome_unknown:
            try:
                self._current.read([change])
                record = self._current.find(change)
            except ServiceError as second:
                self._note_failure(second)
                self._done(change, "failed", message=f"{error} Reading it again failed too: {second}")
                return
            if record is not None and holds(change, record, self._results):
                self._results[change.address] = record.id
                self._done(change, "applied", record.id, "the reply was lost; it was found done when read again")
                return
        self._done(change, "failed", message=str(error))

    def _note_failure(self, error: ServiceError) -> None:
        """A service that cannot be reached or refuses the credentials ends the run: each further write would fail."""
        if isinstance(error, Unreachable | AuthenticationFailed) and not error.outcome_unknown:
            self._stopped = f"not tried: {error.service} could not be used any more ({error.message})"

    def _all(self, changes: Iterable[Change], status: Status, message: str, own: dict[str, str] | None = None) -> None:
        for change in changes:
            self._done(change, status, message=(own or {}).get(change.address, message))

    def _done(self, change: Change, status: Status, object_id: int | None = None, message: str | None = None) -> None:
        self.outcomes.append(
            Outcome(
                address=change.address,
                kind=change.kind,
                action=change.action,
                name=change.name,
                status=status,
                customer=change.customer,
                object_id=object_id or change.object_id,
                message=message,
            )
        )
        self._progress(len(self.outcomes), self._total)


def _moved(change: Change, record: Record | None, results: Mapping[str, int]) -> str | None:
    """Why a change can no longer be made as planned: its object is gone, or is not as it was."""
    if change.action == "create":
        return None
    if record is None:
        return "it is gone from the PSA since the plan"
    for one in change.fields:
        now = getattr(record, one.field)
        if now not in (one.before, wanted(one, results)) and not (one.before is None and now == ""):
            return f"its {one.field} moved since the plan: planned from {one.before}, now {now}"
    return None
