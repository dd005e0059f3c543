"""Whether a service can be billed: its subscription, its catalog item and its agreement, and that they fit together."""

from collections.abc import Mapping
from datetime import date

from engine.billing.calendar import fom
from engine.planning.catalog import CatalogPlan
from engine.planning.companies import CompanyPlan
from engine.planning.observed import Inputs
from engine.platform.models import Subscription
from engine.psa.models import Agreement, CatalogItem
from engine.workspace.model import ProductMapping, ServiceMapping

_CYCLES: Mapping[str, str] = {"monthly": "Monthly", "annual": "Yearly"}


class Refused(Exception):
    """Why nothing can be planned for a service: a code, the reason and a hint."""

    def __init__(self, code: str, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.code, self.why, self.hint = code, why, hint


def subscription_of(inputs: Inputs, mapping: ServiceMapping) -> Subscription:
    """The subscription that the mapping names, as the platform shows it. Raises Refused."""
    subscription = inputs.observed.subscriptions.get(mapping.subscription)
    if subscription is None:
        why = "the platform does not list this subscription (any more): its lines are left as they are"
        hint = "check the id; if it was cancelled, end its lines in the PSA"
        if not inputs.selection.everything:
            why = f"the platform does not list this subscription under customer {mapping.customer}"
            hint = "check both ids; a plan without a selection shows whose it is"
        raise Refused("subscription-missing", why, hint)
    if subscription.customer_id != mapping.customer:
        why = f"the platform has it under customer {subscription.customer_id}, the mapping under {mapping.customer}"
        raise Refused("subscription-of-another-customer", why, "correct `customer` in the mapping")
    if subscription.end_note is not None:
        raise Refused("end-unreadable", f"its end cannot be read as a day: {subscription.end_note}")
    return subscription


def item_of(
    inputs: Inputs, subscription: Subscription, catalog: CatalogPlan
) -> tuple[ProductMapping, CatalogItem | str]:
    """The product's mapping and its catalog item, or the address of its creation. Raises Refused."""
    key = subscription.product_key
    product = inputs.workspace.mappings.products.get(key)
    label = f"{subscription.product_name} / {subscription.plan_name} ({'/'.join(key)})"
    if product is None:
        hint = "map it in mappings/products.yaml: provider, product, plan, kind, catalog_item"
        raise Refused("product-unmapped", f"its product is not mapped: {label}", hint)
    item = catalog.items.get(key)
    if item is None:
        raise Refused("product-held", f"its product is held back: {label}", "see what is said of the product")
    ends_at_start = subscription.end is not None and subscription.end <= subscription.start
    if product.kind == "license" and ends_at_start and not subscription.unit_price:
        why = (
            f"its product is mapped as `kind: license`, but it ends when it starts ({subscription.start}), "
            "costs nothing and so looks like consumption"
        )
        raise Refused("kind-contradicted", why, "write `kind: usage` in the product's mapping")
    if product.kind == "usage" and subscription.unit_price and subscription.part_number:
        why = (
            f"its product is mapped as `kind: usage`, but it has a part number ({subscription.part_number}) and a "
            f"price for each of its {subscription.licenses} licences, and so looks like licences"
        )
        raise Refused("kind-contradicted", why, "write `kind: license` in the product's mapping")
    if product.kind == "license" and subscription.cycle is None:
        why = "the platform does not say whether it bills monthly or yearly"
        raise Refused("cycle-unknown", why, "look at it on the platform; until then, bill it by hand")
    if product.kind != "one_time" and subscription.cycle == "one_time":
        why = f"its product is mapped as `kind: {product.kind}`, but the platform bills it once"
        raise Refused("kind-contradicted", why, "write `kind: one_time` in the product's mapping")
    if product.kind == "license" and subscription.end is not None and subscription.end < subscription.start:
        why = f"it ends on {subscription.end}, before its start on {subscription.start}"
        raise Refused("end-before-start", why, "look at it on the platform; until then, bill it by hand")
    return product, item


def agreement_of(
    inputs: Inputs,
    mapping: ServiceMapping,
    agreement_id: int,
    subscription: Subscription,
    companies: CompanyPlan,
    until: date | None = None,
) -> Agreement:
    """An agreement that the mapping names, if the subscription can be billed on it until then. Raises Refused.

    One that the subscription has moved away from may have ended meanwhile.
    """
    company = companies.companies.get(mapping.customer)
    if company is None:
        raise Refused("customer-held", "its customer is held back", "see what is said of the customer")
    agreement = inputs.observed.agreements.get(agreement_id)
    if agreement is None:
        why = f"the PSA has no agreement {agreement_id}"
        raise Refused("agreement-missing", why, "map the service onto an agreement that exists")
    label = f"agreement {agreement.id} ({agreement.name})"
    if agreement.company_id != company:
        why = f"{label} belongs to company {agreement.company_id} ({agreement.company}), not to its customer's"
        raise Refused("agreement-of-another-company", why, "correct the agreement, or the customer's company")
    left = until is not None and until < inputs.as_of
    if not left and (agreement.cancelled or (agreement.end is not None and agreement.end < inputs.as_of)):
        raise Refused("agreement-ended", f"{label} is cancelled or has ended", "map the service onto another agreement")
    if agreement.start is None:
        raise Refused("agreement-without-start", f"{label} has no start date", "enter its start date in the PSA")
    if agreement.currency is not None and agreement.currency.upper() != subscription.currency.upper():
        why = f"{label} is in {agreement.currency}, the subscription in {subscription.currency}"
        raise Refused("currency-differs", why, "map it onto an agreement in the subscription's currency")
    frequency = frequency_of(inputs, agreement)
    wanted = _CYCLES.get(subscription.cycle or "monthly", "Monthly" if subscription.cycle == "one_time" else None)
    fits = frequency in _CYCLES.values() if subscription.cycle == "one_time" else frequency == wanted
    if not fits:
        why = f"it bills {subscription.cycle or 'monthly'}, {label} bills {frequency.lower()}"
        raise Refused("cycle-differs", why, "map it onto an agreement with the same billing cycle")
    if subscription.cycle == "annual":
        _check_year(agreement, subscription)
    return agreement


def _check_year(agreement: Agreement, subscription: Subscription) -> None:
    """A yearly subscription needs an agreement whose year begins with its month (the guide's note on services)."""
    assert agreement.start is not None
    wanted = fom(subscription.start)
    if (agreement.start.month, agreement.start.day) == (wanted.month, 1):
        return
    why = (
        f"it is paid yearly and starts on {subscription.start}, agreement {agreement.id} ({agreement.name}) on "
        f"{agreement.start}: its year must begin on the first of the subscription's start month ({wanted})"
    )
    raise Refused("year-differs", why, f"map it onto a yearly agreement that starts on {wanted}")


def frequency_of(inputs: Inputs, agreement: Agreement) -> str:
    """How often the agreement bills, in the PSA's word."""
    cycle = inputs.observed.billing_cycles.get(agreement.billing_cycle_id or 0)
    return cycle.frequency if cycle is not None else "unknown"


def mixed_currencies(inputs: Inputs) -> Mapping[int, tuple[str, ...]]:
    """Agreements that name no currency and are to bill subscriptions of several, with those currencies."""
    found: dict[int, set[str]] = {}
    for mapping in inputs.workspace.mappings.services.values():
        subscription = inputs.observed.subscriptions.get(mapping.subscription)
        for named in mapping.agreements if subscription is not None else ():
            agreement = inputs.observed.agreements.get(named.agreement)
            if subscription is not None and agreement is not None and agreement.currency is None:
                found.setdefault(agreement.id, set()).add(subscription.currency.upper())
    return {agreement: tuple(sorted(currencies)) for agreement, currencies in found.items() if len(currencies) > 1}


def check_currencies(mixed: Mapping[int, tuple[str, ...]], mapping: ServiceMapping) -> None:
    """Raises Refused for a service on one of these agreements."""
    for named in mapping.agreements:
        if named.agreement in mixed:
            several = " and ".join(mixed[named.agreement])
            why = f"agreement {named.agreement} names no currency, and is to bill subscriptions in {several}"
            raise Refused("currency-differs", why, "map them onto an agreement for each currency")
