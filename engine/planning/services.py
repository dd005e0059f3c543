"""Services → additions: the lines of each mapped subscription, against what carries our mark on its agreements."""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.money import rounded
from engine.planning.catalog import CatalogPlan
from engine.planning.companies import CompanyPlan
from engine.planning.fitting import Refused
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import Held
from engine.planning.posted import Posted
from engine.planning.study import basis_of, study
from engine.platform.models import Subscription
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
    basis = basis_of(inputs, companies, catalog, posted)
    for mapping in inputs.workspace.mappings.services.values():
        if mapping.subscription not in selected:
            continue
        found = study(basis, mapping)
        if found.refused is not None:
            parts.append(replace(found.part, held=(held(inputs, mapping, found.refused),)))
            continue
        parts.append(found.part)
        if found.subscription is not None:
            pinned = found.desired is not None and any(pin.field == "unit_price" for pin in found.desired.pins)
            rounding += Decimal(0) if pinned else _rounding(inputs, mapping, found.subscription)
    return ServicePlan(part=joined(parts), rounding=rounding)


def _rounding(inputs: Inputs, mapping: ServiceMapping, subscription: Subscription) -> Decimal:
    """What rounding the unit price adds to a billing cycle."""
    if "customer_unit_price" not in mapping.synced or subscription.trial or subscription.state == "ended":
        return Decimal(0)
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    return subscription.licenses * (rounded(subscription.unit_price, decimals) - subscription.unit_price)


def held(inputs: Inputs, mapping: ServiceMapping, refused: Refused) -> Held:
    """What is said of a service for which nothing can be planned."""
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
