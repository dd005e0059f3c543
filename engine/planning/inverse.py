"""The inverse of a journalled run, as a plan like any other: what the run wrote, put back, the last write first."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from engine.diagnostics import Diagnostic, in_order
from engine.planning.guards import findings
from engine.planning.inverse_lines import lines_taken_back
from engine.planning.inverse_money import with_effects
from engine.planning.inverse_objects import Found, Objects, held, taken_back
from engine.planning.inverse_run import Made, TakenRun
from engine.planning.money import effect_by_customer, totals
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import KIND_ORDER, Change, Counts, CustomerEffect, Held, Plan, Selection


def inverse(inputs: Inputs, run: TakenRun) -> Plan:
    """The plan that takes a run back, as far as the PSA is still as the run left it. A pure function.

    `inputs` hold what the PSA has of the objects that the run wrote; the platform is not asked. What was taken back
    before, or never made, counts as unchanged; what has to stay is held, and what cannot be undone is a notice.
    """
    objects = Objects(inputs.observed)
    unread = {one.change.address for one in run.writes if one.change.agreement in inputs.observed.unread_agreements}
    written = [one for one in reversed(run.writes) if one.change.address not in unread]
    found = [taken_back(run, made, objects.of(made)) for made in written]
    services = list(_services(inputs, run, found))
    lines, billed = with_effects(inputs, run, [one for taken, _ in services for one in taken])
    parts = (Part(changes=lines, billed=billed), *(part for _, part in services), _others(found))
    part = joined((*parts, _not_read(inputs, run, unread)))
    changes = tuple(sorted(part.changes, key=lambda change: KIND_ORDER.index(change.kind)))
    by_customer = _named(inputs, effect_by_customer(part.billed, changes, {}))
    kinds = Counter(one.kind for one in part.held)
    return Plan(
        made_by=inputs.made_by,
        connection=inputs.connection,
        workspace_digest=inputs.workspace.digest,
        as_of=inputs.as_of,
        selection=inputs.selection,
        changes=changes,
        counts=Counts(
            create=0,
            update=len(changes),
            unchanged=part.unchanged,
            unmanaged=0,
            unmapped=0,
            blocked=kinds["blocked"],
            incomplete=kinds["incomplete"],
        ),
        by_customer=by_customer,
        totals=totals(by_customer),
        rounding=Decimal(0),
        notices=tuple(in_order((*part.notices, *_cause(changes)))),
        held=part.held,
        unmanaged=(),
        unmapped=(),
        findings=findings(inputs.workspace.rules.guards, changes, part.billed, inputs.as_of),
    )


def selection_of(run: TakenRun) -> Selection:
    """What the inverse is limited to: the customers of whom the run wrote something."""
    return Selection(customers=tuple(sorted({one.change.customer for one in run.writes if one.change.customer})))


def _services(inputs: Inputs, run: TakenRun, found: Iterable[Found]) -> Iterable[tuple[tuple[Found, ...], Part]]:
    """The lines of each service, on whichever agreements: together or not at all."""
    services: dict[str, list[Found]] = {}
    for one in found:
        if one.made.change.kind == "addition":
            services.setdefault(_service(one.made.change), []).append(one)
    for group in services.values():
        taken = lines_taken_back(inputs, run, group)
        unchanged = sum(1 for one in group if one.change is None and one.held is None)
        yield taken.found, Part(held=taken.held, unchanged=unchanged)


def _service(change: Change) -> str:
    return change.line.subscription if change.line is not None else change.address


def _others(found: Iterable[Found]) -> Part:
    others = [one for one in found if one.made.change.kind != "addition"]
    return Part(
        changes=tuple(one.change for one in others if one.change is not None),
        held=tuple(one.held for one in others if one.held is not None),
        notices=tuple(one.notice for one in others if one.notice is not None),
        unchanged=sum(1 for one in others if one.change is None and one.held is None and one.notice is None),
    )


def _not_read(inputs: Inputs, run: TakenRun, unread: set[str]) -> Part:
    return Part(held=tuple(_unread(inputs, run, one) for one in run.writes if one.change.address in unread))


def _unread(inputs: Inputs, run: TakenRun, made: Made) -> Held:
    why = inputs.observed.unread_agreements.get(made.change.agreement or 0, "")
    hint = "make the plan again once it can be read"
    why = f"agreement {made.change.agreement} could not be read: {why}"
    found = held(run, made, code="read-incomplete", why=why, hint=hint)
    return replace(found, kind="incomplete")


def _named(inputs: Inputs, found: tuple[CustomerEffect, ...]) -> tuple[CustomerEffect, ...]:
    """With the names of the mappings, as the platform was not asked for its own; by name."""
    mappings = inputs.workspace.mappings.customers
    names = {one: mapping.name or mapping.company_name or one for one, mapping in mappings.items()}
    named = (replace(one, name=names.get(one.customer, one.customer)) for one in found)
    return tuple(sorted(named, key=lambda one: (one.name.casefold(), one.customer, one.currency or "")))


def _cause(changes: tuple[Change, ...]) -> Iterable[Diagnostic]:
    """What made the run write this makes the next one write it again."""
    if not changes:
        return
    files = sorted({one.source.file for one in changes if one.source is not None})
    services = sorted({one.line.subscription for one in changes if one.line is not None})
    hint = f"`git log -p -- {' '.join([*files, 'rules'])}` shows what changed there last"
    if services:
        hint += f"; `cwctl explain {services[0]}` which mapping and rules made a line"
    yield Diagnostic(
        code="cause-remains",
        severity="warning",
        text="the next `cwctl apply` does these changes again, unless the mapping or rule that caused them is reverted "
        "in git before; any change of the workspace makes this plan stale, so revert first, then plan the rollback",
        hint=hint,
    )
