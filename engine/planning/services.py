"""Services → additions: the lines of each mapped subscription, against what carries our mark on its agreement."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from engine.billing.calendar import TermUnreadable, eom
from engine.billing.lines import AgreementTerms, Line, Purchase, lines
from engine.billing.money import rounded
from engine.diagnostics import Diagnostic, Place
from engine.planning.additions import Service, compared
from engine.planning.catalog import CatalogPlan
from engine.planning.companies import CompanyPlan
from engine.planning.ends import last_billed
from engine.planning.fitting import Refused, agreement_of, frequency_of, item_of, subscription_of
from engine.planning.names import same_name
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import Held
from engine.planning.posted import Posted
from engine.planning.takeover import adopted_line, check_product, our_lines
from engine.platform.models import Subscription
from engine.psa.mark import Mark
from engine.psa.models import Addition, Agreement
from engine.workspace.model import ProductMapping, ServiceMapping


class ServicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """The part, and what rounding the unit prices adds per billing cycle over all lines."""

    part: Part
    rounding: Decimal


def plan_services(
    inputs: Inputs, selected: frozenset[str], companies: CompanyPlan, catalog: CatalogPlan, posted: Posted
) -> ServicePlan:
    """Changes for the selected services. One that cannot be planned is held, the others go on."""
    parts: list[Part] = []
    rounding = Decimal(0)
    for mapping in inputs.workspace.mappings.services.values():
        if mapping.subscription not in selected:
            continue
        try:
            service = _service(inputs, mapping, companies, catalog, posted)
            parts.append(compared(inputs, service))
        except Refused as refused:
            parts.append(Part(held=(_held(inputs, mapping, refused),)))
            continue
        except (ArithmeticError, ValueError) as error:
            unusable = Refused("value-unusable", f"a value of it cannot be reckoned with: {error}", "report it")
            parts.append(Part(held=(_held(inputs, mapping, unusable),)))
            continue
        rounding += sum((line_rounding for line_rounding in _roundings(inputs, service)), Decimal(0))
    return ServicePlan(part=joined(parts), rounding=rounding)


def _service(
    inputs: Inputs, mapping: ServiceMapping, companies: CompanyPlan, catalog: CatalogPlan, posted: Posted
) -> Service:
    """Everything needed to compare one service. Raises Refused."""
    subscription = subscription_of(inputs, mapping)
    product, item = item_of(inputs, subscription, catalog)
    agreement = agreement_of(inputs, mapping, subscription, companies)
    ours = our_lines(mapping, agreement, posted)
    if subscription.state != "ended":
        check_product(ours, item)
    notices = _named_otherwise(inputs, mapping, subscription, agreement)
    wanted: tuple[Line, ...] = ()
    if subscription.state == "unknown":
        why = f"the platform's status {subscription.status!r} is not known, so it cannot be told whether it bills"
        raise Refused("status-unknown", why, "report it; until then, bill this subscription by hand")
    if subscription.trial:
        notices.append(_notice(mapping, "trial", "it is a trial: it has no line until it is converted"))
    else:
        wanted = _lines(inputs, mapping, subscription, product, agreement, ours)
        if not wanted and not ours and product.kind == "license":
            notices.append(_notice(mapping, "nothing-to-bill", "it has no line: none of its days may be billed so far"))
    if subscription.state == "ended" and not ours:
        # Nobody knows the day of its cancellation any more, so a line made now would bill days on a guess.
        wanted = ()
        notices = [_notice(mapping, "ended", f"it is {subscription.status} and never had a line: it gets none")]
    if subscription.state == "suspended":
        notices.append(_notice(mapping, "suspended", "it is suspended on the platform, and bills on"))
    return Service(
        mapping=mapping,
        subscription=subscription,
        item=item,
        agreement=agreement,
        lines=wanted,
        ours=ours,
        adopted=adopted_line(inputs, mapping, product, item, posted) if wanted and not ours else None,
        notices=tuple(notices),
    )


def _lines(
    inputs: Inputs,
    mapping: ServiceMapping,
    subscription: Subscription,
    product: ProductMapping,
    agreement: Agreement,
    ours: tuple[tuple[Mark, Addition], ...],
) -> tuple[Line, ...]:
    connection = inputs.workspace.connections.by_name[inputs.connection]
    start = agreement.start or connection.manage_from
    purchase = Purchase(
        kind=product.kind,
        quantity=subscription.licenses,
        start=subscription.start,
        # A self-renewing subscription may show its first term's end, and no renewal once it has ended; consumption
        # may show an end at its start.
        end=None if subscription.state == "ended" or _no_term(subscription) else subscription.end,
        term=subscription.term,
        auto_renew=subscription.auto_renew,
        owned_from=mapping.effective_date or connection.manage_from,
        ended_on=_ended_on(inputs, subscription, ours),
        unit_price=subscription.unit_price,
        unit_cost=subscription.unit_cost,
    )
    terms = AgreementTerms(start=start, billing="annual" if frequency_of(inputs, agreement) == "Yearly" else "monthly")
    if product.kind == "usage" and terms.billing == "annual":
        why = f"consumption is billed by the month, agreement {agreement.id} ({agreement.name}) by the year"
        raise Refused("cycle-differs", why, "map it onto an agreement that bills monthly")
    try:
        return lines(purchase, terms, inputs.as_of)
    except (TermUnreadable, ValueError, OverflowError) as error:
        raise Refused("term-unreadable", f"its term cannot be rolled: {error}") from error


def _no_term(subscription: Subscription) -> bool:
    return subscription.end is not None and subscription.end < subscription.start


def _ended_on(inputs: Inputs, subscription: Subscription, ours: tuple[tuple[Mark, Addition], ...]) -> date | None:
    """The last billed day of an ended subscription.

    The platform does not date a cancellation reliably. It counts from the day on which it was first seen; the end that
    was posted then is the evidence on every later day; of monthly lines, that of the last one.
    """
    if subscription.state != "ended":
        return None
    by_rule = inputs.workspace.rules.sync.addition.service_cancellation
    first_seen = eom(inputs.as_of) if by_rule == "end_of_month" else inputs.as_of - timedelta(days=1)
    behaviour = inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
    posted = [day for _, addition in ours if (day := last_billed(addition.cancelled, behaviour)) is not None]
    return min(first_seen, max(posted, default=first_seen))


def _roundings(inputs: Inputs, service: Service) -> list[Decimal]:
    if "customer_unit_price" not in service.mapping.fields:
        return []
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    return [line.quantity * (rounded(line.unit_price, decimals) - line.unit_price) for line in service.lines]


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


def _notice(mapping: ServiceMapping, code: str, text: str) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity="notice",
        text=f"subscription {mapping.subscription}: {text}",
        place=mapping.place,
        customer=mapping.customer,
    )


def _held(inputs: Inputs, mapping: ServiceMapping, refused: Refused) -> Held:
    subscription = inputs.observed.subscriptions.get(mapping.subscription)
    return Held(
        kind="incomplete" if refused.code == "subscription-missing" else "blocked",
        subject=f"service:{mapping.subscription}",
        name=mapping.name or (subscription.name if subscription else mapping.subscription),
        code=refused.code,
        why=refused.why,
        hint=refused.hint,
        customer=mapping.customer,
        source=mapping.place,
    )
