"""A service that is held because of invoiced days: what it was billed for goes on, rather than run out unseen."""

from datetime import date, timedelta

from msgspec.structs import replace

from engine.planning import fields as wire
from engine.planning.additions import line_change, planned_line
from engine.planning.effect import measured, posted
from engine.planning.ends import cancelled_day, last_billed
from engine.planning.fields import differing
from engine.planning.histories import stands
from engine.planning.measuring import billed_of, billing_of, currency_of
from engine.planning.observed import Inputs
from engine.planning.part import Part
from engine.planning.service import Service


def kept_going(inputs: Inputs, service: Service) -> Part:
    """The last base line with a later end, where it runs out before the end of the next period and others would not.

    Quantity and price stay as they are: what is right is for the person to settle who looks at the held service.
    """
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    base = [(mark, one) for mark, one in service.ours if mark.role == "base" and stands(one)]
    past = service.stretch.until is not None and service.stretch.until < inputs.as_of
    if not base or past or service.subscription.state == "ended":
        return Part()
    mark, addition = max(base, key=lambda pair: (pair[0].segment, pair[0].on or date.min, pair[0].sequence))
    ends = [line.cancelled for line in service.lines if line.role == "base"]
    last = last_billed(addition.cancelled, behaviour)
    terms = service.stretch.terms
    horizon = terms.period_end(terms.period_end(inputs.as_of) + timedelta(days=1))
    if not ends or last is None or last >= horizon or not addition.quantity:
        return Part()
    reach = None if None in ends else max(end for end in ends if end is not None)
    if reach is not None and reach <= last:
        return Part()
    change = line_change(
        service,
        mark,
        action="update",
        fields=differing([(wire.CANCELLED, addition.cancelled, cancelled_day(reach, behaviour))]),
        reason="it is held back, so what it was billed for so far goes on",
        object_id=addition.id,
    )
    before = posted(mark, addition, behaviour)
    billing = billing_of(service, inputs.as_of, behaviour, renews=service.subscription.auto_renew)
    after = replace(before, cancelled=reach)
    found = measured(billing, [(before, after)])
    line = planned_line(mark, after, addition.product_identifier)
    line = replace(line, currency=currency_of(service), steady_from=found.steady_from)
    return Part(
        changes=(replace(change, effect=found.effects[0], line=line),),
        billed=(billed_of(service, [(mark, (before, after))], found),),
    )
