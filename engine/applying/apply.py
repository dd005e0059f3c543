"""Carry out a plan: what is shared first, then one customer after another.

Before a customer's objects are written they are read again. One that moved since the plan holds the whole customer
back, as does what the guards found of it; what is found done already is left as it is. Afterwards every agreement that
was written to is searched for lines that exist twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from engine.applying.admissible import inadmissible
from engine.applying.current import Current, Record, moved, subscription_of
from engine.applying.duplicates import duplicates, in_words
from engine.applying.options import Options
from engine.applying.order import Group, stages
from engine.applying.refusal import Refused
from engine.applying.report import Canary, Duplicate, Outcome, Report, Status
from engine.applying.write import Writer, outcome
from engine.applying.write_log import UNLOGGED, WriteLog
from engine.http.errors import ServiceError
from engine.planning.guards import held_customers, stopping
from engine.planning.plan import Change, Finding, Plan
from engine.psa.client import PsaClient

Progress = Callable[[int, int], None]
Interrupted = Callable[[], str | None]

DEFAULT = Options()


def never() -> None:
    """Nobody interrupts the run."""


def apply(
    plan: Plan,
    psa: PsaClient,
    progress: Progress,
    options: Options = DEFAULT,
    log: WriteLog = UNLOGGED,
    interrupted: Interrupted = never,
) -> Report:
    """Apply every change of the plan and report on each. `progress` is told how many are done, of how many.

    `log` is told of each write before it is sent and after; where it fails nothing more is written. `interrupted` is
    asked before each change and says why the run is to end, if it is. Raises Refused where the plan holds what cwctl
    never plans, or where a finding, or with `strict` a moved object, refuses all of it: then nothing was written.
    """
    _refuse_what_is_not_ours(plan)
    _refuse_for_findings(plan, options)
    held = held_customers(plan.findings, options.allowed)
    order = stages(plan.changes, options.canary, held)
    current = Current(psa)
    if options.strict:
        _refuse_for_moves(plan, current)
    run = _Run(plan, Writer(psa, current, log), current, progress, options, interrupted)
    run.groups(order.first, held)
    run.search(psa)
    if order.canary is not None:
        run.judge_canary(order.canary, last=not order.then)
    run.groups(order.then, held)
    run.search(psa)
    return run.report(plan)


def _refuse_what_is_not_ours(plan: Plan) -> None:
    why = inadmissible(plan)
    if why is not None:
        raise Refused(f"the plan holds what cwctl never plans: {why}", "Somebody edited it: make a new plan.")


def _refuse_for_findings(plan: Plan, options: Options) -> None:
    found = stopping(plan.findings, options.allowed)
    if found:
        raise Refused(
            f"the guards refuse the plan: {'; '.join(f'{one.why} [{one.guard}]' for one in found)}",
            f"If that is meant, allow it by name: {' '.join(f'--allow {one.guard}' for one in _distinct(found))}.",
        )


def _refuse_for_moves(plan: Plan, current: Current) -> None:
    try:
        current.read(plan.changes)
    except ServiceError as error:
        raise Refused(f"whether an object moved since the plan could not be read. {error}") from error
    why = [f"{one.name}: {text}" for one in plan.changes if (text := moved(one, current.find(one), {})) is not None]
    if why:
        more = f"; and {len(why) - 3} more" if len(why) > 3 else ""
        hint = "Make a new plan. Without --strict only the customers concerned would be left out."
        raise Refused(f"not all is as it was when the plan was made: {'; '.join(why[:3])}{more}", hint)


class _Run:
    """One pass over a plan: what became of each change, and whether to go on."""

    def __init__(
        self,
        plan: Plan,
        writer: Writer,
        current: Current,
        progress: Progress,
        options: Options,
        interrupted: Interrupted,
    ) -> None:
        self._writer, self._current = writer, current
        self._total = len(plan.changes)
        self._progress, self._interrupted = progress, interrupted
        self._most_errors = options.stop_after_errors
        self._outcomes: dict[str, Outcome] = {}
        self._duplicates: dict[str, Duplicate] = {}
        self._canary: Canary | None = None
        self._unsearched: set[int] = set()

    def groups(self, groups: Sequence[Group], held: Mapping[str, Sequence[Finding]]) -> None:
        """One group of changes after another."""
        for changes in groups:
            findings = held.get(changes[0].customer or "")
            if self._stopped() is None and findings:
                why = "; ".join(f"{one.why} [{one.guard}]" for one in findings)
                names = " ".join(f"--allow {one.guard}" for one in _distinct(findings))
                meant = f"If it is meant, apply a plan with {names}"
                self._all(changes, "held", f"the guards hold this customer back: {why}. {meant}")
            else:
                self._group(changes)

    def judge_canary(self, customer: str, *, last: bool) -> None:
        """After the first stage: whether all of it went well, so that the others, if there are any, may follow."""
        bad = any(one.status not in {"applied", "already"} for one in self._outcomes.values())
        well = not (bad or self._duplicates or self._unsearched)
        self._canary = Canary(customer=customer, well=well)
        if not last and self._stopped() is None and not well:
            self._writer.stopped = f"not all went well with the customer {customer}, who was to go first"

    def search(self, psa: PsaClient) -> None:
        """Look for lines that exist twice on every agreement that was written to since the last search."""
        for agreement in self._writer.taken_touched():
            if self._unsearched and self._writer.stopped is not None:
                self._unsearched.add(agreement)
                continue
            try:
                self._note_duplicates(duplicates(psa.additions(agreement)))
            except ServiceError as error:
                self._writer.note_failure(error)
                self._unsearched.add(agreement)

    def report(self, plan: Plan) -> Report:
        """The outcomes in the order of the plan."""
        outcomes = tuple(self._outcomes[change.address] for change in plan.changes)
        return Report(
            connection=plan.connection,
            outcomes=outcomes,
            counts=dict(Counter(one.status for one in outcomes)),
            held=len(plan.held),
            stopped=self._writer.stopped,
            duplicates=tuple(self._duplicates.values()),
            unsearched=tuple(sorted(self._unsearched)),
            canary=self._canary,
        )

    def _group(self, changes: Group) -> None:
        if (why := self._stopped()) is not None:
            self._all(changes, "skipped", f"not tried: {why}")
            return
        try:
            self._current.read(changes)
        except ServiceError as error:
            self._writer.note_failure(error)
            self._all(changes, "failed", f"nothing was written: reading again failed. {error}")
            return
        self._note_duplicates(duplicates(self._current.additions))
        found = [(change, self._current.find(change)) for change in changes]
        results = self._writer.results
        if changes[0].customer is not None:
            whose = {change.address: why for change, record in found if (why := moved(change, record, results))}
            if whose:
                self._all(changes, "stale", "another object of this customer moved since the plan", whose)
                return
        for change, record in found:
            self._done(self._one(change, record))

    def _one(self, change: Change, record: Record | None) -> Outcome:
        if (stop := self._stopped()) is not None:
            return outcome(change, "skipped", message=f"not tried: {stop}")
        if (why := moved(change, record, self._writer.results)) is not None:
            return outcome(change, "stale", message=why)
        service = subscription_of(change, record)
        twice = next((one for one in self._duplicates.values() if one.subscription == service), None)
        if twice is not None:
            return outcome(change, "held", message=in_words(twice))
        return self._writer.one(change, record)

    def _stopped(self) -> str | None:
        """Why nothing more is to be written, asked before each change."""
        if self._writer.stopped is None:
            self._writer.stopped = self._interrupted() or self._too_many_errors()
        return self._writer.stopped

    def _too_many_errors(self) -> str | None:
        if self._most_errors is None:
            return None
        failed = sum(one.status == "failed" for one in self._outcomes.values())
        return (
            f"{failed} changes failed, and no more than {self._most_errors} were to"
            if failed >= self._most_errors
            else None
        )

    def _note_duplicates(self, found: Sequence[Duplicate]) -> None:
        self._duplicates.update({one.mark: one for one in found})

    def _all(self, changes: Group, status: Status, message: str, own: Mapping[str, str] | None = None) -> None:
        for change in changes:
            self._done(outcome(change, status, message=(own or {}).get(change.address, message)))

    def _done(self, one: Outcome) -> None:
        self._outcomes[one.address] = one
        self._progress(len(self._outcomes), self._total)


def _distinct(findings: Sequence[Finding]) -> list[Finding]:
    return list({one.guard: one for one in findings}.values())
