"""Services → additions: the lines of each mapped subscription, against what carries our mark on its agreement."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from engine.billing.calendar import TermUnreadable, eom
from engine.billing.lines import AgreementTerms, Line, Purchase, lines
from engine.billing.money import rounded
from engine.diagnostics import Diagnostic
from engine.planning.additions import Service, compared
from engine.planning.catalog import CatalogPlan
from engine.planning.companies import CompanyPlan
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import Held
from engine.planning.posted import Posted
from engine.platform.models import Subscription
from engine.psa.mark import Mark
from engine.psa.models import Addition, Agreement, CatalogItem
from engine.workspace.model import ProductMapping, ServiceMapping

_CYCLES: Mapping[str, str] = {"monthly": "Monthly", "annual": "Yearly"}


class Refused(Exception):
    """Why nothing can be planned for a service: a code, the reason and a hint."""

    def __init__(self, code: str, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.code, self.why, self.hint = code, why, hint


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
        except Refused as refused:
            parts.append(Part(held=(_held(inputs, mapping, refused),)))
            continue
        parts.append(compared(inputs, service))
        rounding += sum((line_rounding for line_rounding in _roundings(inputs, service)), Decimal(0))
    return ServicePlan(part=joined(parts), rounding=rounding)


def _service(
    inputs: Inputs, mapping: ServiceMapping, companies: CompanyPlan, catalog: CatalogPlan, posted: Posted
) -> Service:
    """Everything needed to compare one service. Raises Refused."""
    subscription = _subscription(inputs, mapping)
    product, item = _item(inputs, subscription, catalog)
    agreement = _agreement(inputs, mapping, subscription, companies)
    ours = _ours(mapping, agreement, posted)
    notices: list[Diagnostic] = []
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
        adopted=_adopted(inputs, mapping, product, item, posted) if wanted and not ours else None,
        notices=tuple(notices),
    )


def _subscription(inputs: Inputs, mapping: ServiceMapping) -> Subscription:
    subscription = inputs.observed.subscriptions.get(mapping.subscription)
    if subscription is None:
        why = "the platform does not list this subscription (any more): its lines are left as they are"
        raise Refused("subscription-missing", why, "check the id; if it was cancelled, end its lines in the PSA")
    if subscription.customer_id != mapping.customer:
        why = f"the platform has it under customer {subscription.customer_id}, the mapping under {mapping.customer}"
        raise Refused("subscription-of-another-customer", why, "correct `customer` in the mapping")
    if subscription.end_note is not None:
        raise Refused("end-unreadable", f"its end cannot be read as a day: {subscription.end_note}")
    return subscription


def _item(inputs: Inputs, subscription: Subscription, catalog: CatalogPlan) -> tuple[ProductMapping, CatalogItem | str]:
    key = subscription.product_key
    product = inputs.workspace.mappings.products.get(key)
    label = f"{subscription.product_name} / {subscription.plan_name} ({'/'.join(key)})"
    if product is None:
        hint = "map it in mappings/products.yaml: provider, product, plan, kind, catalog_item"
        raise Refused("product-unmapped", f"its product is not mapped: {label}", hint)
    item = catalog.items.get(key)
    if item is None:
        raise Refused("product-held", f"its product is held back: {label}", "see what is said of the product")
    if product.kind == "license" and subscription.start == subscription.end and not subscription.unit_price:
        why = (
            f"its product is mapped as `kind: license`, but it ends on the day it starts ({subscription.start}), "
            "costs nothing and so looks like consumption"
        )
        raise Refused("kind-contradicted", why, "write `kind: usage` in the product's mapping")
    if product.kind != "one_time" and subscription.cycle == "one_time":
        why = f"its product is mapped as `kind: {product.kind}`, but the platform bills it once"
        raise Refused("kind-contradicted", why, "write `kind: one_time` in the product's mapping")
    return product, item


def _agreement(
    inputs: Inputs, mapping: ServiceMapping, subscription: Subscription, companies: CompanyPlan
) -> Agreement:
    company = companies.companies.get(mapping.customer)
    if company is None:
        raise Refused("customer-held", "its customer is held back", "see what is said of the customer")
    agreement = inputs.observed.agreements.get(mapping.agreement)
    if agreement is None:
        why = f"the PSA has no agreement {mapping.agreement}"
        raise Refused("agreement-missing", why, "map the service onto an agreement that exists")
    label = f"agreement {agreement.id} ({agreement.name})"
    if agreement.company_id != company:
        why = f"{label} belongs to company {agreement.company_id} ({agreement.company}), not to its customer's"
        raise Refused("agreement-of-another-company", why, "correct the agreement, or the customer's company")
    if agreement.cancelled or (agreement.end is not None and agreement.end < inputs.as_of):
        raise Refused("agreement-ended", f"{label} is cancelled or has ended", "map the service onto another agreement")
    if agreement.start is None:
        raise Refused("agreement-without-start", f"{label} has no start date", "enter its start date in the PSA")
    if agreement.currency is not None and agreement.currency.upper() != subscription.currency.upper():
        why = f"{label} is in {agreement.currency}, the subscription in {subscription.currency}"
        raise Refused("currency-differs", why, "map it onto an agreement in the subscription's currency")
    frequency = _frequency(inputs, agreement)
    wanted = _CYCLES.get(subscription.cycle or "monthly", "Monthly" if subscription.cycle == "one_time" else None)
    fits = frequency in _CYCLES.values() if subscription.cycle == "one_time" else frequency == wanted
    if not fits:
        why = f"it bills {subscription.cycle or 'monthly'}, {label} bills {frequency.lower()}"
        raise Refused("cycle-differs", why, "map it onto an agreement with the same billing cycle")
    return agreement


def _frequency(inputs: Inputs, agreement: Agreement) -> str:
    cycle = inputs.observed.billing_cycles.get(agreement.billing_cycle_id or 0)
    return cycle.frequency if cycle is not None else "unknown"


def _ours(mapping: ServiceMapping, agreement: Agreement, posted: Posted) -> tuple[tuple[Mark, Addition], ...]:
    """Our lines of this subscription on its agreement. Raises Refused for duplicates and for lines elsewhere."""
    found = posted.of_subscription(mapping.subscription)
    elsewhere = sorted({addition.agreement_id for _, addition in found} - {agreement.id})
    if elsewhere:
        why = f"it has lines on agreement {elsewhere[0]} already; on agreement {agreement.id} it would bill twice"
        hint = f"map it back onto agreement {elsewhere[0]}, or end those lines and clear their marks first"
        raise Refused("lines-elsewhere", why, hint)
    twice = posted.duplicates(mapping.subscription)
    if twice:
        hint = "end the wrong one in the PSA and clear its mark"
        ids = " and ".join(str(addition.id) for addition in twice)
        raise Refused("duplicate-lines", f"additions {ids} carry the same mark", hint)
    return found


def _adopted(
    inputs: Inputs,
    mapping: ServiceMapping,
    product: ProductMapping,
    item: CatalogItem | str,
    posted: Posted,
) -> Addition | None:
    """The existing line that the mapping names. Raises Refused if a line stands in the way of a new one."""
    if isinstance(mapping.addition, int) and product.kind == "usage":
        why = f"consumption has a line for each month, so it cannot take over addition {mapping.addition}"
        raise Refused("addition-unsuitable", why, "write `addition: new`, and end the old line in the PSA")
    if isinstance(item, str):
        if isinstance(mapping.addition, int):
            why = f"its catalog item is yet to be made, so addition {mapping.addition} cannot be of it"
            raise Refused("addition-missing", why, "map the product onto that addition's catalog item")
        return None
    foreign = posted.foreign(mapping.agreement, item.id, inputs.as_of)
    if isinstance(mapping.addition, int):
        for addition in foreign:
            if addition.id == mapping.addition:
                return addition
        why = f"agreement {mapping.agreement} has no unmarked addition {mapping.addition} of {item.identifier}"
        raise Refused("addition-missing", why, "correct `addition` in the mapping")
    if foreign and mapping.addition is None:
        first = foreign[0]
        why = (
            f"agreement {mapping.agreement} already has an addition of {item.identifier} that is not ours "
            f"(id {first.id}, {first.quantity.normalize():f} × {first.unit_price}): a second one might bill twice"
        )
        hint = f"write `addition: {first.id}` to take that line over, or `addition: new` for a line beside it"
        raise Refused("addition-exists", why, hint)
    return None


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
        # A self-renewing subscription may show its first term's end, and no renewal once it has ended.
        end=None if subscription.state == "ended" else subscription.end,
        term=subscription.term,
        auto_renew=subscription.auto_renew,
        owned_from=mapping.effective_date or connection.manage_from,
        ended_on=_ended_on(inputs, subscription, ours),
        unit_price=subscription.unit_price,
        unit_cost=subscription.unit_cost,
    )
    terms = AgreementTerms(start=start, billing="annual" if _frequency(inputs, agreement) == "Yearly" else "monthly")
    if product.kind == "usage" and terms.billing == "annual":
        why = f"consumption is billed by the month, agreement {agreement.id} ({agreement.name}) by the year"
        raise Refused("cycle-differs", why, "map it onto an agreement that bills monthly")
    try:
        return lines(purchase, terms, inputs.as_of)
    except (TermUnreadable, ValueError, OverflowError) as error:
        raise Refused("term-unreadable", f"its term cannot be rolled: {error}") from error


def _ended_on(inputs: Inputs, subscription: Subscription, ours: tuple[tuple[Mark, Addition], ...]) -> date | None:
    """The last billed day of an ended subscription.

    The platform does not date a cancellation reliably. It counts from the day on which it was first seen; the end that
    was posted then is the evidence on every later day; of monthly lines, that of the last one.
    """
    if subscription.state != "ended":
        return None
    by_rule = inputs.workspace.rules.sync.addition.service_cancellation
    first_seen = eom(inputs.as_of) if by_rule == "end_of_month" else inputs.as_of - timedelta(days=1)
    posted = [addition.cancelled for _, addition in ours if addition.cancelled is not None]
    return min(first_seen, max(posted, default=first_seen))


def _roundings(inputs: Inputs, service: Service) -> list[Decimal]:
    if "customer_unit_price" not in service.mapping.fields:
        return []
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    return [line.quantity * (rounded(line.unit_price, decimals) - line.unit_price) for line in service.lines]


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
