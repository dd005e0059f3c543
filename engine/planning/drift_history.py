"""Edits that the history takes for what was so: a line proves its time, so they are put right from then on alone."""

from collections.abc import Iterator
from datetime import date

from engine.billing.history import PriceChange, QuantityChange
from engine.planning.drift_causes import untouched_since_made
from engine.planning.drift_fields import Edited
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.posted import key_of
from engine.planning.service import Row, Service
from engine.psa.mark import Mark
from engine.psa.models import Addition


def taken_for_history(inputs: Inputs, service: Service, row: Row) -> Iterator[Edited]:
    """What a line has otherwise than the platform, where nothing happened there since the line was made.

    Such a difference has no day: other lines put it right from the day on which it is seen, or from the next period.
    Prices are told by the last base line, licences by the one that bills today.
    """
    line, addition = row.line, row.addition
    assert line is not None
    assert addition is not None
    if row.mark.role != "base" or not untouched_since_made(service, addition):
        return
    base = [mark for mark, one in service.ours if mark.role == "base" and stands(one)]
    is_last = key_of(row.mark) == key_of(max(base, key=lambda mark: (mark.segment, mark.on or date.min)))
    for event in (told.event for told in service.completed.told if told.source == "inferred"):
        since = _made_up_from(service, addition, inputs.as_of)
        if isinstance(event, PriceChange) and is_last:
            price, cost = event.unit_price, event.unit_cost
            if price not in {None, addition.unit_price} and line.unit_price == addition.unit_price:
                yield Edited("unit_price", addition.unit_price, price, since=since)
            if cost not in {None, addition.unit_cost} and line.unit_cost == addition.unit_cost:
                yield Edited("unit_cost", addition.unit_cost, cost, since=since)
        elif isinstance(event, QuantityChange) and _bills(row.mark, addition, inputs.as_of):
            billed = sum(one.quantity for mark, one in service.ours if _bills(mark, one, inputs.as_of))
            if addition.quantity == line.quantity and billed != event.quantity:
                wants = addition.quantity + event.quantity - billed
                yield Edited("quantity", addition.quantity, wants, since=since)


def _bills(mark: Mark, addition: Addition, day: date) -> bool:
    begins, ends = addition.effective or date.max, addition.cancelled or date.max
    return mark.role in {"base", "delta"} and stands(addition) and begins <= day <= ends


def _made_up_from(service: Service, addition: Addition, as_of: date) -> date:
    """The first day of the lines that are yet to be made."""
    posted = {(mark.segment, mark.role, mark.on) for mark, _ in service.ours}
    new = [
        one.effective
        for one in service.lines
        if (one.segment, one.role, one.effective) not in posted and one.effective > (addition.effective or date.min)
    ]
    return min(new, default=as_of)
