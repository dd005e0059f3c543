"""One write of a run beside its object as the PSA has it now: what puts it back, or why nothing can."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.diagnostics import Diagnostic
from engine.planning.histories import stands
from engine.planning.inverse_run import Made, TakenRun, same
from engine.planning.observed import Observed
from engine.planning.plan import Change, FieldChange, Held, Value
from engine.psa.mark import MarkDamaged, decode
from engine.psa.models import Addition, CatalogItem, Company, Manufacturer

Record = Company | CatalogItem | Manufacturer | Addition

_NOT_SHOWN = frozenset({"types", "status", "site", "subcategory", "type", "unit_of_measure"})
"""Fields of a new object that the engine writes and never reads."""

_REFERENCES = frozenset({"country"})
"""Fields in which there is no empty text: without a value the reference is removed."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a write: exactly one of these, or nothing where nothing is left to take back.

    `record` is the object as it is.
    """

    made: Made
    record: Record | None = None
    change: Change | None = None
    held: Held | None = None
    notice: Diagnostic | None = None


class Objects:
    """What was read of the PSA, by id and by what marks an object as made."""

    def __init__(self, observed: Observed) -> None:
        self._found: dict[str, Record] = {}
        for one in observed.companies:
            if not one.deleted:
                self._add("company", one, one.identifier)
        for item in observed.catalog_items:
            self._add("catalog_item", item, item.identifier)
        for maker in observed.manufacturers:
            if not maker.inactive:
                self._add("manufacturer", maker, maker.name)
        for addition in (addition for group in observed.additions.values() for addition in group):
            self._add("addition", addition, f"{addition.agreement_id} {addition.mark}" if addition.mark else "")

    def of(self, made: Made) -> Record | None:
        """The object of a write: by the id that the journal has, otherwise by its mark, identifier or name."""
        change = made.change
        number = made.object_id or change.object_id
        if number is not None:
            return self._found.get(f"{change.kind}#{number}")
        field = {"addition": "mark", "manufacturer": "name"}.get(change.kind, "identifier")
        text = next((str(one.after) for one in change.fields if one.field == field), "")
        if change.kind == "addition":
            text = f"{change.agreement} {text}"
        return self._found.get(f"{change.kind}={text.casefold()}")

    def _add(self, kind: str, record: Record, text: str) -> None:
        self._found[f"{kind}#{record.id}"] = record
        if text:
            self._found[f"{kind}={text.casefold()}"] = record


def taken_back(run: TakenRun, made: Made, record: Record | None) -> Found:
    """What takes a write back, as far as its object alone decides. A change has no effect and no line yet."""
    if not made.certain and run.later_run(made) is not None:
        # The later run found it not made, and made it itself.
        return Found(made=made, record=record)
    if made.change.action == "update":
        return _restored(run, made, record)
    if isinstance(record, Addition):
        return _retracted(run, made, record)
    if record is None or made.change.kind == "addition":
        return Found(made=made)
    return Found(made=made, record=record, notice=_stays(run, made, record))


def moved(run: TakenRun, made: Made, why: str) -> Held:
    """Held back as its object is not as the run left it."""
    later = run.later_run(made)
    if later is not None:
        hint = f"run {later} wrote it since: take that run back first, with `cwctl rollback {later}`"
    else:
        hint = "look at it in the PSA; what is still wrong there is to be put right by hand"
    return held(run, made, code="moved-since-run", why=why, hint=hint)


def held(run: TakenRun, made: Made, *, code: str, why: str, hint: str) -> Held:
    """Held back: what a run did with an object stays."""
    change = made.change
    return Held(
        kind="blocked",
        subject=_subject(change),
        name=change.name,
        code=code,
        why=f"run {run.id} {'made' if change.action == 'create' else 'changed'} {label(made)}; {why}",
        hint=hint,
        customer=change.customer,
        source=change.source,
    )


def label(made: Made, record: Record | None = None) -> str:
    """The object of a write in words."""
    number = record.id if record is not None else made.object_id or made.change.object_id
    return f"{made.change.kind.replace('_', ' ')} {number if number is not None else made.change.address}"


def _subject(change: Change) -> str:
    if change.line is not None:
        return f"service:{change.line.subscription}"
    kind, _, rest = change.address.partition(":")
    if kind == "catalog_item":
        return f"product:{rest}"
    return f"customer:{change.customer}" if kind == "company" else change.address


def _restored(run: TakenRun, made: Made, record: Record | None) -> Found:
    """The fields that the run changed, as they were before it."""
    if record is None:
        gone = moved(run, made, "it is gone from the PSA since") if made.certain else None
        return Found(made=made, held=gone)
    fields: list[FieldChange] = []
    for one in made.change.fields:
        value: Value = getattr(record, one.field)
        before = _before(one)
        if same(value, before):
            continue
        if run.knows(one) and not same(value, run.left(one)):
            return Found(made=made, record=record, held=moved(run, made, _moved_text(one, run.left(one), value)))
        fields.append(replace(one, before=value, after=before, rule=None, reads=None))
    if not fields:
        return Found(made=made, record=record)
    change = _change(run, made, record, tuple(fields))
    return Found(made=made, record=record, change=replace(change, notes=tuple(_lost(change, made))))


def _before(field: FieldChange) -> Value:
    """What a field is put back to. In a mark's place nothing but a mark of ours is ever written."""
    if field.field == "mark" and not _is_ours(field.before):
        return None
    return None if field.field in _REFERENCES and field.before == "" else field.before


def _is_ours(text: Value) -> bool:
    try:
        return isinstance(text, str) and decode(text) is not None
    except MarkDamaged:
        return False


def _lost(change: Change, made: Made) -> Iterator[str]:
    """What the plan cannot put back, for a person to do."""
    written = {one.field for one in change.fields}
    for one in made.change.fields:
        if one.field in written and one.before and _before(one) is None:
            yield f"{one.before!r} stood in the place of its mark before: write it again by hand"


def _retracted(run: TakenRun, made: Made, record: Addition) -> Found:
    """Never deleted: quantity 0, cancelled on its first day; the mark stays, so that nothing is made twice."""
    if not stands(record):
        return Found(made=made, record=record)
    for one, left, value in _differing(run, made, record):
        return Found(made=made, record=record, held=moved(run, made, _moved_text(one, left, value)))
    fields = [
        FieldChange(field="quantity", before=record.quantity, after=Decimal(0), writes="quantity"),
        FieldChange(field="cancelled", before=record.cancelled, after=record.effective, writes="cancelledDate"),
    ]
    wanted = tuple(one for one in fields if not same(one.before, one.after))
    return Found(made=made, record=record, change=_change(run, made, record, wanted))


def _differing(run: TakenRun, made: Made, record: Addition) -> Iterator[tuple[FieldChange, Value, Value]]:
    """The fields of a new line that are not as the run left them, each with what it left and what is there."""
    for one in made.change.fields:
        left = run.left(one)
        if one.field in _NOT_SHOWN or not run.knows(one):
            continue
        value: Value = getattr(record, one.field)
        if not same(value, left):
            yield one, left, value


def _change(run: TakenRun, made: Made, record: Record, fields: tuple[FieldChange, ...]) -> Change:
    change = made.change
    return Change(
        address=change.address,
        kind=change.kind,
        action="update",
        name=change.name,
        fields=fields,
        reason=f"it takes back run {run.id}, change {change.address}",
        customer=change.customer,
        object_id=record.id,
        agreement=change.agreement,
        source=change.source,
    )


def _moved_text(field: FieldChange, left: Value, record: Value) -> str:
    return f"its {field.field} moved since: {_shown(left)} was left, now it is {_shown(record)}"


def _shown(value: Value) -> str:
    return "nothing" if value in (None, "") else f"{value}"


def _stays(run: TakenRun, made: Made, record: Record) -> Diagnostic:
    return Diagnostic(
        code="made-stays",
        severity="notice",
        text=f"{label(made, record)} ({made.change.name}) was made by run {run.id}, and stays: nothing is ever deleted",
        hint="if nobody needs it, make it inactive in the PSA by hand",
        subject=made.change.address,
        customer=made.change.customer,
    )
