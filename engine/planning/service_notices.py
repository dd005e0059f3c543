"""What a plan says of a service without holding it back."""

from datetime import date

from engine.billing.money import plain
from engine.billing.proration import overbilled
from engine.billing.told import Completed
from engine.diagnostics import Diagnostic, Place
from engine.planning.histories import not_understood
from engine.planning.names import same_name
from engine.planning.observed import Inputs
from engine.planning.service import Service
from engine.planning.stretches import Stretch
from engine.platform.models import Subscription
from engine.psa.models import Agreement
from engine.workspace.model import ProductMapping, ServiceMapping


def notice(mapping: ServiceMapping, code: str, text: str) -> Diagnostic:
    """A notice on a service."""
    return Diagnostic(
        code=code,
        severity="notice",
        text=f"subscription {mapping.subscription}: {text}",
        place=mapping.place,
        customer=mapping.customer,
    )


def agreement_notices(
    inputs: Inputs,
    mapping: ServiceMapping,
    subscription: Subscription,
    product: ProductMapping,
    stretches: tuple[Stretch, ...],
) -> list[Diagnostic]:
    """What stands out on a subscription and its agreements."""
    found = [one for stretch in stretches for one in _named_otherwise(inputs, mapping, subscription, stretch.agreement)]
    if subscription.state == "suspended":
        found.append(notice(mapping, "suspended", "it is suspended on the platform, and bills on"))
    if subscription.state == "ended" or subscription.trial:
        return found
    if product.kind == "license" and subscription.part_number is None:
        found.append(notice(mapping, "part-number-missing", "the platform names no part number for it"))
    over = subscription.end is not None and subscription.start <= subscription.end < inputs.as_of
    if product.kind == "license" and over and not subscription.auto_renew:
        text = f"its term ended on {subscription.end} and does not renew, but the platform shows it as live"
        found.append(notice(mapping, "term-over", text))
    last = stretches[-1].agreement
    if last.start is not None and last.start > inputs.as_of:
        text = f"agreement {last.id} ({last.name}) begins on {last.start}: nothing bills there before"
        found.append(notice(mapping, "agreement-begins-later", text))
    ends_first = last.end is not None and (subscription.end is None or subscription.auto_renew)
    if last.end is not None and (ends_first or (subscription.end is not None and last.end < subscription.end)):
        text = f"agreement {last.id} ({last.name}) ends on {last.end}, the subscription goes on: it needs another then"
        found.append(notice(mapping, "agreement-ends", text))
    return found


def history_notices(
    inputs: Inputs, mapping: ServiceMapping, subscription: Subscription, completed: Completed
) -> list[Diagnostic]:
    """Every event that had to be inferred, and what of the log could not be read."""
    log = inputs.observed.activity.get(subscription.id)
    found = []
    for told in completed.told:
        if told.source == "inferred":
            text = f"{told.why}; taken as of {told.event.on}"
            found.append(notice(mapping, "event-inferred", text))
    if log is not None and not log.whole:
        text = "the platform does not give its whole activity log, so it is not relied on"
        found.append(notice(mapping, "log-incomplete", text))
    for item in not_understood(log, _recent(inputs.as_of)):
        found.append(notice(mapping, "log-not-understood", f"its activity log says on {item.on}: {item.text}"))
    return found


def _recent(as_of: date) -> date:
    """First day of the month before: what is older has been seen often enough."""
    year, month = divmod(as_of.year * 12 + as_of.month - 2, 12)
    return date(year, month + 1, 1)


def excess_notices(service: Service) -> list[Diagnostic]:
    """What first and last periods bill too much on an agreement that does not prorate."""
    agreement = service.stretch.agreement
    if agreement.prorates:
        return []
    renews = service.subscription.auto_renew and service.subscription.state != "ended"
    last = service.lines[-1].cancelled if service.lines else None
    return [
        notice(
            service.mapping,
            "period-overbilled",
            f"agreement {agreement.id} does not prorate: the period from {excess.period} bills "
            f"{plain(excess.amount.price)} more than its days",
        )
        for line in service.lines
        if line.role in {"base", "delta", "reversal"}
        for excess in overbilled(line, service.stretch.terms, renews=renews and line.cancelled == last)
        if excess.amount.price
    ]


def _named_otherwise(
    inputs: Inputs, mapping: ServiceMapping, subscription: Subscription, agreement: Agreement
) -> list[Diagnostic]:
    """Names beside the ids of the mapping that are not what the services say: a mistyped id shows itself so."""
    customer = inputs.workspace.mappings.customers[mapping.customer]
    reference = next((one for one in customer.agreements if one.agreement == agreement.id), None)
    found = []
    plan, full = subscription.plan_name, f"{subscription.product_name} {subscription.plan_name}"
    if mapping.name and not any(same_name(mapping.name, name) for name in (plan, subscription.name, full)):
        text = f"the mapping calls subscription {subscription.id} {mapping.name!r}; the platform calls it {plan!r}"
        found.append(_wrong_name(text, mapping.place, mapping.customer))
    if reference is not None and reference.name is not None and not same_name(reference.name, agreement.name):
        text = f"the mapping calls agreement {agreement.id} {reference.name!r}; the PSA calls it {agreement.name!r}"
        found.append(_wrong_name(text, reference.place, mapping.customer))
    return found


def _wrong_name(text: str, place: Place, customer: str) -> Diagnostic:
    hint = "check that the id is the right one, then correct the name"
    return Diagnostic(code="name-differs", severity="warning", text=text, hint=hint, place=place, customer=customer)
