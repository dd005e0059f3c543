"""One change after another, each noted before it is sent and again after: sent once, and in doubt looked up."""

from engine.applying.current import Current, Record, holds
from engine.applying.report import Outcome, Status
from engine.applying.values import DependencyMissing, written
from engine.applying.write_log import JournalFailed, WriteLog
from engine.http.errors import AuthenticationFailed, ServiceError, Unreachable
from engine.planning.plan import Change
from engine.psa.client import PsaClient
from engine.psa.errors import NoEffect


class Writer:
    """Writes changes. `results` are the ids of what is there, by address; `stopped` says why nothing more is to be."""

    def __init__(self, psa: PsaClient, current: Current, log: WriteLog) -> None:
        self._psa, self._current, self._log = psa, current, log
        self.results: dict[str, int] = {}
        self.stopped: str | None = None
        self._touched: dict[int, None] = {}

    def one(self, change: Change, record: Record | None) -> Outcome:
        """What became of a change whose object was just read as `record`."""
        if record is not None and holds(change, record, self.results):
            self.results[change.address] = record.id
            return outcome(change, "already", record.id)
        try:
            values = written(change, self.results)
        except DependencyMissing as missing:
            return outcome(change, "skipped", message=f"it needs {missing}, which was not done")
        try:
            self._log.writing(change)
        except JournalFailed as error:
            self.stopped = str(error)
            return outcome(change, "skipped", message=f"not tried: {error}")
        done = self._sent(change, values)
        try:
            self._log.written(done, self._psa.request_ids())
        except JournalFailed as error:
            self.stopped = str(error)
        return done

    def taken_touched(self) -> tuple[int, ...]:
        """The agreements under which something was sent since this was asked before."""
        touched = tuple(self._touched)
        self._touched.clear()
        return touched

    def note_failure(self, error: ServiceError) -> None:
        """A service that cannot be reached or refuses the credentials ends the run: each further write would fail."""
        if isinstance(error, Unreachable | AuthenticationFailed) and not error.outcome_unknown:
            self.stopped = f"{error.service} could not be used any more ({error.message})"

    def _sent(self, change: Change, values: dict[str, object]) -> Outcome:
        self._psa.request_ids()
        if change.agreement is not None:
            self._touched[change.agreement] = None
        try:
            made = (
                self._psa.create(change.kind, values, change.agreement)
                if change.action == "create"
                else self._psa.update(change.kind, change.object_id or 0, values, change.agreement)
            )
        except NoEffect as error:
            return outcome(change, "failed", error.id, str(error))
        except ServiceError as error:
            return self._looked_up(change, error)
        except ValueError as error:
            return outcome(change, "failed", message=f"its values do not fit the PSA: {error}")
        self.results[change.address] = made.id
        return outcome(change, "applied", made.id)

    def _looked_up(self, change: Change, error: ServiceError) -> Outcome:
        """After a failed write: if it may have taken effect, whether it did."""
        self.note_failure(error)
        if not error.outcome_unknown:
            return outcome(change, "failed", message=str(error))
        try:
            self._current.read([change])
        except ServiceError as second:
            self.note_failure(second)
            return outcome(change, "failed", message=f"{error} Reading it again failed too: {second}")
        record = self._current.find(change)
        if record is None or not holds(change, record, self.results):
            return outcome(change, "failed", message=f"{error} It was read again: it did not.")
        self.results[change.address] = record.id
        return outcome(change, "applied", record.id, "the reply was lost; it was found done when read again")


def outcome(change: Change, status: Status, object_id: int | None = None, message: str | None = None) -> Outcome:
    """The outcome of a change."""
    return Outcome(
        address=change.address,
        kind=change.kind,
        action=change.action,
        name=change.name,
        status=status,
        customer=change.customer,
        object_id=object_id or change.object_id,
        message=message,
    )
