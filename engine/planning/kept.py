"""A service that is held because of invoiced days: what it was billed for goes on, rather than run out unseen."""

from datetime import date, timedelta

from msgspec.structs import replace

from engine.planning import fields as wire
from engine.planning.additions import line_change, planned_line
from engine.planning.effect import Billing, effects, posted
from engine.planning.ends import cancelled_day, last_billed
from engine.planning.fields import differing
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.plan import Change
from engine.planning.service import Service


def kept_going(inputs: Inputs, service: Service) -> tuple[Change, ...]:
    """The last base line with a later end, where it runs out before the end of the next period and others would not.

    Quantity and price stay as they are: what is right is for the person to settle who looks at the held service.
    """
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    base = [(mark, one) for mark, one in service.ours if mark.role == "base" and stands(one)]
    past = service.stretch.until is not None and service.stretch.until < inputs.as_of
    if not base or past or service.subscription.state == "ended":
        return ()
    mark, addition = max(base, key=lambda pair: (pair[0].segment, pair[0].on or date.min))
    ends = [line.cancelled for line in service.lines if line.role == "base"]
    last = last_billed(addition.cancelled, behaviour)
    terms = service.stretch.terms
    horizon = terms.period_end(terms.period_end(inputs.as_of) + timedelta(days=1))
    if not ends or last is None or last >= horizon or not addition.quantity:
        return ()
    reach = None if None in ends else max(end for end in ends if end is not None)
    if reach is not None and reach <= last:
        return ()
    change = line_change(
        service,
        mark,
        action="update",
        fields=differing([(wire.CANCELLED, addition.cancelled, cancelled_day(reach, behaviour))]),
        reason="it is held back, so what it was billed for so far goes on",
        object_id=addition.id,
    )
    before = posted(mark, addition, behaviour)
    billing = Billing(
        terms=terms,
        prorates=service.stretch.agreement.prorates,
        renews=service.subscription.auto_renew,
        owned_from=service.owned_from,
        as_of=inputs.as_of,
        behaviour=behaviour,
    )
    after = replace(before, cancelled=reach)
    (effect,) = effects(billing, [(before, after)])
    return (replace(change, effect=effect, line=planned_line(mark, after, addition.product_identifier)),)
