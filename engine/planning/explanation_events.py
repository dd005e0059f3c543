"""What happened to a subscription, and what each event did to its lines.

The effect of an event is the difference between the lines that follow from what was known before it, and with it, by
the same calculus as the plan's and for the same day: all effects together make the lines of the plan.
"""

from decimal import Decimal

from msgspec.structs import replace

from engine.billing.history import Cancellation, Purchase, known
from engine.billing.model import Line
from engine.billing.told import Told
from engine.planning.explanation_seen import Changed, licences, seen, settled, unsettled
from engine.planning.explanation_values import Bill, ExplainedEvent, LineEffect, Outcome
from engine.planning.observed import Inputs
from engine.planning.study import Study
from engine.psa.models import CatalogItem


def explained_events(inputs: Inputs, study: Study) -> tuple[ExplainedEvent, ...]:
    """The events in their order, with what each did to the lines of each agreement."""
    if study.desired is None:
        return ()
    ordered = sorted(study.desired.completed.told, key=lambda told: told.event.on)
    heard = known([told.event for told in ordered], inputs.as_of)
    found: list[ExplainedEvent] = []
    before: list[Told] = []
    for told in ordered:
        if not any(told.event is one for one in heard):
            found.append(_unheard(inputs, told, before))
            continue
        found.append(_explained(inputs, study, before, told))
        before.append(told)
    log = inputs.observed.activity.get(study.mapping.subscription)
    converted = {item.on for item in log.items if item.kind == "converted"} if log is not None else set()
    return tuple(_of_trial(one) if one.source == "log" and one.event.on in converted else one for one in found)


def _of_trial(one: ExplainedEvent) -> ExplainedEvent:
    return replace(one, why="converted from a trial") if isinstance(one.event, Purchase) else one


def _unheard(inputs: Inputs, told: Told, before: list[Told]) -> ExplainedEvent:
    over = any(isinstance(one.event, Cancellation) for one in before)
    late: Outcome = "after_cancellation" if over else "repeated" if before else "nothing"
    return ExplainedEvent(
        event=told.event,
        source=told.source,
        why=told.why,
        was=licences(before),
        outcome="not_yet" if told.event.on > inputs.as_of else late,
        effective=None,
        settled=False,
        rule=None,
        effects=(),
    )


def _explained(inputs: Inputs, study: Study, before: list[Told], told: Told) -> ExplainedEvent:
    found = seen(inputs, study, before, told.event)
    posted, rule = settled(told.event) and bool(found.changes), None
    if not settled(told.event):
        rule = found.rule()
    elif posted:
        # The rule still decides where it would give the same day.
        anew = seen(inputs, study, before, unsettled(told.event))
        rule = anew.rule() if anew.effective() == found.effective() else None
    return ExplainedEvent(
        event=told.event,
        source=told.source,
        why=told.why,
        was=licences(before),
        outcome=found.outcome() if study.services else "nothing",
        effective=found.effective(),
        settled=posted,
        rule=rule,
        effects=tuple(_effect(study, change) for change in found.changes),
    )


def _effect(study: Study, changed: Changed) -> LineEffect:
    line = changed.line
    return LineEffect(
        agreement=changed.agreement,
        segment=line.segment,
        role=line.role,
        period=line.period,
        item=item_named(study, line.product),
        before=_bill(changed.before),
        after=_bill(changed.after),
    )


def item_named(study: Study, product: str) -> str:
    """The identifier of a product's catalog item; the product itself where the PSA has told none."""
    for service in study.services[:1]:
        item = service.items.get(product)
        if isinstance(item, CatalogItem):
            return item.identifier
    kind, _, number = product.partition(":")
    alike = (
        one.product_identifier for _, one in study.ours if kind == "catalog_item" and str(one.product_id) == number
    )
    return next(alike, product)


def _bill(line: Line | None) -> Bill | None:
    if line is None:
        return None
    return Bill(
        quantity=Decimal(line.quantity),
        unit_price=line.unit_price,
        unit_cost=line.unit_cost,
        effective=line.effective,
        cancelled=line.cancelled,
    )
