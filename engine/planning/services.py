"""Services → additions: the lines of each mapped subscription, against what carries our mark on its agreements."""

from decimal import Decimal

import msgspec

from engine.billing.money import rounded
from engine.billing.told import Completed
from engine.planning.additions import compared
from engine.planning.catalog import CatalogPlan
from engine.planning.companies import CompanyPlan
from engine.planning.desired import desired, items_by_product, owned
from engine.planning.fitting import Refused, check_currencies, item_of, mixed_currencies, subscription_of
from engine.planning.histories import stands
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import Held
from engine.planning.posted import Posted
from engine.planning.service import Service
from engine.planning.service_notices import agreement_notices, excess_notices, history_notices, notice
from engine.planning.stretches import stretches_of
from engine.planning.takeover import adopted_line, our_lines
from engine.platform.models import Subscription
from engine.psa.models import CatalogItem
from engine.workspace.model import ServiceMapping


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
    items = items_by_product(catalog)
    mixed = mixed_currencies(inputs)
    for mapping in inputs.workspace.mappings.services.values():
        if mapping.subscription not in selected:
            continue
        try:
            subscription = subscription_of(inputs, mapping)
            check_currencies(mixed, mapping)
            parts.append(_planned(inputs, mapping, subscription, companies, catalog, items, posted))
        except Refused as refused:
            parts.append(Part(held=(_held(inputs, mapping, refused),)))
            continue
        except (ArithmeticError, ValueError) as error:
            unusable = Refused("value-unusable", f"a value of it cannot be reckoned with: {error}", "report it")
            parts.append(Part(held=(_held(inputs, mapping, unusable),)))
            continue
        rounding += _rounding(inputs, mapping, subscription)
    return ServicePlan(part=joined(parts), rounding=rounding)


def _planned(
    inputs: Inputs,
    mapping: ServiceMapping,
    subscription: Subscription,
    companies: CompanyPlan,
    catalog: CatalogPlan,
    items: dict[str, CatalogItem | str],
    posted: Posted,
) -> Part:
    """The changes of one service on all its agreements. Raises Refused."""
    product, item = item_of(inputs, subscription, catalog)
    stretches = stretches_of(inputs, mapping, subscription, product, companies)
    ours = our_lines(mapping, posted)
    notices = agreement_notices(inputs, mapping, subscription, product, stretches)
    if subscription.state == "unknown":
        why = f"the platform's status {subscription.status!r} is not known, so it cannot be told whether it bills"
        raise Refused("status-unknown", why, "report it; until then, bill this subscription by hand")
    if subscription.trial:
        if any(stands(addition) for _, addition in ours):
            raise Refused("trial-billed", "it is a trial, but has lines", "end them in the PSA and clear their marks")
        return Part(notices=(*notices, notice(mapping, "trial", "it is a trial: it has no line until converted")))
    found = desired(inputs, mapping, subscription, product, items, stretches, ours)
    notices += history_notices(inputs, mapping, subscription, found.completed)
    if subscription.state == "ended" and not ours and not _told_by_log(found.completed):
        # Nobody knows the day of its cancellation any more, so a line made now would bill days on a guess.
        text = f"it is {subscription.status} and never had a line: it gets none"
        return Part(notices=(notice(mapping, "ended", text),))
    if not any(found.lines) and not ours and product.kind == "license":
        notices.append(notice(mapping, "nothing-to-bill", "it has no line: none of its days may be billed so far"))
    adopts = next((index for index, lines in enumerate(found.lines) if lines), None) if not ours else None
    parts = []
    for index, (stretch, lines) in enumerate(zip(stretches, found.lines, strict=True)):
        on_agreement = stretch.agreement.id
        adopted = adopted_line(inputs, mapping, product, item, on_agreement, posted) if index == adopts else None
        service = Service(
            mapping=mapping,
            subscription=subscription,
            items=items,
            stretch=stretch,
            owned_from=owned(inputs, mapping),
            lines=lines,
            ours=tuple(pair for pair in ours if pair[1].agreement_id == on_agreement),
            completed=found.completed,
            adopted=adopted,
        )
        parts.append(compared(inputs, service))
        notices += excess_notices(service)
    whole = joined(parts)
    return Part(changes=whole.changes, notices=tuple(notices), unchanged=whole.unchanged)


def _told_by_log(completed: Completed) -> bool:
    """Whether the log has the day on which it ended, or its term simply ran out."""
    return all(told.source != "inferred" for told in completed.told)


def _rounding(inputs: Inputs, mapping: ServiceMapping, subscription: Subscription) -> Decimal:
    """What rounding the unit price adds to a billing cycle."""
    if "customer_unit_price" not in mapping.fields or subscription.trial or subscription.state == "ended":
        return Decimal(0)
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    return subscription.licenses * (rounded(subscription.unit_price, decimals) - subscription.unit_price)


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
