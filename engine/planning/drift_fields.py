"""What of a line that stands is never written again, and so differs only by hand."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from engine.billing.money import plain
from engine.planning.because import described
from engine.planning.observed import Inputs
from engine.planning.plan import Value
from engine.planning.service import Row, Service
from engine.psa.models import Addition, CatalogItem
from engine.psa.text import canonical


class Edited(msgspec.Struct, frozen=True):
    """A field with what it has and what it should have.

    `written` says whether the rules write it while the line stands; `since` is the first day from which other lines
    make up for it, where this one is left as it is.
    """

    field: str
    has: Value
    wants: Value
    written: bool = True
    since: date | None = None

    @property
    def has_text(self) -> str | bool | None:
        """What it has, as it is told."""
        return _told(self.field, self.has)

    @property
    def wants_text(self) -> str | bool | None:
        """What it should have, as it is told."""
        return _told(self.field, self.wants)


def _told(field: str, value: Value) -> str | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return plain(value) if field.startswith("unit_") else f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def never_written(inputs: Inputs, service: Service, row: Row) -> Iterator[Edited]:
    """Fields of a line that differ from what it was made with; one that was taken over was made by somebody else."""
    line, addition = row.line, row.addition
    assert line is not None
    assert addition is not None
    if _taken_over(service, row, addition):
        return
    if row.mark.role in {"usage", "one_time"} and addition.effective != line.effective:
        yield Edited("effective", addition.effective, line.effective, written=False)
    item = service.items.get(line.product)
    if isinstance(item, CatalogItem) and item.id != addition.product_id:
        yield Edited("product_id", addition.product_identifier, item.identifier, written=False)
    if addition.less_included:
        yield Edited("less_included", addition.less_included, Decimal(0), written=False)
    defaults = inputs.workspace.rules.defaults.addition
    if addition.bill_customer != defaults.bill_customer:
        yield Edited("bill_customer", addition.bill_customer, defaults.bill_customer, written=False)
    if addition.taxable != defaults.taxable:
        yield Edited("taxable", addition.taxable, defaults.taxable, written=False)
    if "description" not in service.mapping.owned and addition.invoice_description:
        wanted, has = described(service, line, inputs.as_of), addition.invoice_description
        # Nearly all are as they were made: those are told apart cheaply.
        if wanted and canonical(has) != canonical(wanted) and not _is_our_text(service, has):
            yield Edited("invoice_description", has, wanted, written=False)


def _taken_over(service: Service, row: Row, addition: Addition) -> bool:
    if service.mapping.addition == addition.id:
        return True
    begins, marked = addition.effective, row.mark.on
    return row.mark.role == "base" and begins is not None and marked is not None and begins < marked


def _is_our_text(service: Service, text: str) -> bool:
    """Whether the text is one that we write: names change on the platform, what is before them in the mapping."""
    mapping, subscription = service.mapping, service.subscription
    own = canonical(mapping.description).rstrip(".")
    known = {own, *(canonical(pin.value) for pin in mapping.pins if pin.field == "description")}
    given = canonical(text)
    if given in known:
        return True
    named = re.escape(canonical(subscription.provider_id or subscription.id))
    details = rf"(Product: .*; )?(Plan: .*; )?(Part number: .*; )?Subscription: {named}; Licenses: [+-]?\d+"
    return re.fullmatch(rf"({re.escape(own)}\. )?{details}" if own else details, given) is not None
