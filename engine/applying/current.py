"""The objects that a plan names, as they are in the PSA right now."""

from collections.abc import Iterable, Mapping

from engine.applying.admissible import foreign
from engine.applying.duplicates import own_mark
from engine.planning.plan import Change, FieldChange, Value
from engine.psa.client import PsaClient
from engine.psa.mark import MarkDamaged, decode
from engine.psa.models import Addition, CatalogItem, Company, Manufacturer

Record = Company | CatalogItem | Manufacturer | Addition


class Current:
    """Reads again what is about to be written, and finds the object of a change: by id, or by what marks it as made."""

    def __init__(self, psa: PsaClient) -> None:
        self._psa = psa
        self._records: dict[str, Record] = {}
        self.additions: tuple[Addition, ...] = ()
        """All additions of the agreements that were read last."""

    def read(self, changes: Iterable[Change]) -> None:
        """Read the objects of these changes. Raises ServiceError."""
        wanted = list(changes)
        found: list[Record] = []
        for kind, read in (("company", self._psa.companies), ("catalog_item", self._psa.catalog_items)):
            of_kind = [change for change in wanted if change.kind == kind]
            ids = {change.object_id for change in of_kind if change.object_id is not None}
            identifiers = {text for change in of_kind if (text := _text_of(change, "identifier"))}
            if ids or identifiers:
                found.extend(read(ids, identifiers))
        if any(change.kind == "manufacturer" for change in wanted):
            found.extend(self._psa.manufacturers())
        agreements = sorted({change.agreement for change in wanted if change.agreement is not None})
        self.additions = tuple(line for agreement in agreements for line in self._psa.additions(agreement))
        found.extend(self.additions)
        self._records = {key: record for record in found if _stands(record) for key in _keys(record)}

    def find(self, change: Change) -> Record | None:
        """The object of a change as last read, or None where there is none (yet)."""
        if change.object_id is not None:
            return self._records.get(f"{change.kind}#{change.object_id}")
        text = _text_of(change, {"addition": "mark", "manufacturer": "name"}.get(change.kind, "identifier"))
        return self._records.get(f"{change.kind}={text.casefold()}") if text else None


def holds(change: Change, record: Record, results: Mapping[str, int]) -> bool:
    """Whether the record is as the change wants it: a creation is done once the object is there."""
    if change.action == "create":
        return True
    return all(_known(one, results) and getattr(record, one.field) == wanted(one, results) for one in change.fields)


def moved(change: Change, record: Record | None, results: Mapping[str, int]) -> str | None:
    """Why a change can no longer be made as planned: its object is gone, is not ours, or is not as it was."""
    if change.action == "create":
        return None
    if record is None:
        return "it is gone from the PSA since the plan"
    if (why := foreign(change, record)) is not None:
        return why
    for one in change.fields:
        now = getattr(record, one.field)
        if now not in (one.before, wanted(one, results)) and not (one.before is None and now == ""):
            return f"its {one.field} moved since the plan: planned from {one.before}, now {now}"
    return None


def subscription_of(change: Change, record: Record | None) -> str | None:
    """The subscription that a change of an addition bills, None of anything else."""
    if change.line is not None:
        return change.line.subscription
    if isinstance(record, Addition) and (mark := own_mark(record)) is not None:
        return mark.subscription
    try:
        mark = decode(_text_of(change, "mark"))
    except MarkDamaged:
        return None
    return mark.subscription if mark is not None else None


def wanted(field: FieldChange, results: Mapping[str, int]) -> Value:
    """What a field is to become; of a reference to another change, its result, or None while that is not done."""
    after: Value = field.after
    if field.field.endswith("_id") and isinstance(after, str) and after.startswith("@"):
        return results.get(after[1:])
    return after


def _known(field: FieldChange, results: Mapping[str, int]) -> bool:
    """Whether the result that a field refers to is there, if it refers to one: nothing is done that still needs it."""
    return field.after is None or wanted(field, results) is not None


def _text_of(change: Change, field: str) -> str | None:
    for one in change.fields:
        if one.field == field and change.action == "create" and isinstance(one.after, str):
            return one.after
    return None


def _stands(record: Record) -> bool:
    """Whether planning counts the record as there: a deleted company and an inactive manufacturer are not."""
    if isinstance(record, Company):
        return not record.deleted
    return not (isinstance(record, Manufacturer) and record.inactive)


def _keys(record: Record) -> tuple[str, ...]:
    if isinstance(record, Addition):
        own = (f"addition={record.mark.casefold()}",) if record.mark and own_mark(record) else ()
        return (f"addition#{record.id}", *own)
    if isinstance(record, Manufacturer):
        return (f"manufacturer#{record.id}", f"manufacturer={record.name.casefold()}")
    kind = "company" if isinstance(record, Company) else "catalog_item"
    return (f"{kind}#{record.id}", f"{kind}={record.identifier.casefold()}")
