"""How a service on an agreement is billed, and what its lines bill, as far as the effect of changing them asks."""

from collections.abc import Sequence
from datetime import date, timedelta

from engine.planning.billed import Billed, BilledLine
from engine.planning.effect import Billing, Measured, Pair
from engine.planning.rows import address_of
from engine.planning.service import Service
from engine.psa.mark import Mark
from engine.workspace.model import PsaBehaviour


def billing_of(service: Service, as_of: date, behaviour: PsaBehaviour, *, renews: bool) -> Billing:
    """How its agreement bills a service. One that names no next invoice has the period of `as_of` invoiced next."""
    through = service.stretch.invoiced_through
    return Billing(
        terms=service.stretch.terms,
        prorates=service.stretch.agreement.prorates,
        renews=renews,
        owned_from=service.owned_from,
        as_of=as_of,
        due=as_of if through is None else through + timedelta(days=1),
        behaviour=behaviour,
    )


def billed_of(service: Service, pairs: Sequence[tuple[Mark, Pair]], found: Measured) -> Billed:
    """The lines of a service, with what they bring."""
    return Billed(
        customer=service.mapping.customer,
        subscription=service.subscription.id,
        agreement=service.stretch.agreement.id,
        name=service.name,
        currency=currency_of(service),
        before=found.before,
        after=found.after,
        licences=found.licences,
        renews=service.subscription.auto_renew and service.subscription.state != "ended",
        lines=tuple(
            BilledLine(address=address_of(service, mark), segment=mark.segment, before=before, after=after)
            for mark, (before, after) in pairs
        ),
    )


def currency_of(service: Service) -> str:
    """What its agreement bills in: where that names no currency, what the platform does."""
    return (service.stretch.agreement.currency or service.subscription.currency).upper()
