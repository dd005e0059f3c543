"""The plan: desired state against what both services have."""

from collections import Counter

from engine.diagnostics import in_order
from engine.planning.catalog import plan_catalog
from engine.planning.companies import plan_companies
from engine.planning.coverage import covered
from engine.planning.followers import with_followers
from engine.planning.guards import findings
from engine.planning.money import effect_by_customer, totals
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import (
    KIND_ORDER,
    Change,
    Counts,
    Plan,
    Unmanaged,
    Unmapped,
)
from engine.planning.posted import Posted
from engine.planning.selection import Selected, select
from engine.planning.services import plan_services


def make(inputs: Inputs) -> Plan:
    """The plan of these inputs. A pure function: the same inputs give the same plan, byte for byte."""
    inputs, followed = with_followers(inputs)
    selected, incomplete = covered(inputs, select(inputs))
    posted = Posted(inputs.account, inputs.observed.additions)
    companies = plan_companies(inputs, selected.customers)
    catalog = plan_catalog(inputs, selected.products)
    services = plan_services(inputs, selected.services, companies, catalog, posted)
    followed = tuple(one for one in followed if one.customer in selected.customers)
    part = joined((Part(notices=followed), companies.part, catalog.part, services.part, incomplete))
    changes = _needed(part, selected)
    unmanaged = _unmanaged(inputs, selected, posted)
    unmapped = _unmapped(inputs, selected)
    by_customer = effect_by_customer(
        part.billed, changes, {one.id: one.name for one in inputs.observed.customers.values()}
    )
    actions = Counter(change.action for change in changes)
    kinds = Counter(held.kind for held in part.held)
    return Plan(
        made_by=inputs.made_by,
        connection=inputs.connection,
        workspace_digest=inputs.workspace.digest,
        as_of=inputs.as_of,
        selection=inputs.selection,
        changes=changes,
        counts=Counts(
            create=actions["create"],
            update=actions["update"],
            unchanged=part.unchanged,
            unmanaged=len(unmanaged),
            unmapped=len(unmapped),
            blocked=kinds["blocked"],
            incomplete=kinds["incomplete"],
        ),
        by_customer=by_customer,
        totals=totals(by_customer),
        rounding=services.rounding,
        notices=tuple(in_order(part.notices)),
        held=part.held,
        unmanaged=unmanaged,
        unmapped=unmapped,
        findings=findings(inputs.workspace.rules.guards, changes, part.billed, inputs.as_of),
        drift=part.drift,
    )


def _needed(part: Part, selected: Selected) -> tuple[Change, ...]:
    """The changes in the order of their kinds; of what was resolved only for a selected service, just what it needs."""
    needed = {address for change in part.changes if change.kind == "addition" for address in change.needs}
    wanted = [
        change
        for change in part.changes
        if change.kind not in {"company", "catalog_item"} or change.address in needed or selected.shows(change.address)
    ]
    referred = {address for change in wanted for address in change.needs}
    kept = [change for change in wanted if change.kind != "manufacturer" or change.address in referred]
    return tuple(sorted(kept, key=lambda change: KIND_ORDER.index(change.kind)))


def _unmanaged(inputs: Inputs, selected: Selected, posted: Posted) -> tuple[Unmanaged, ...]:
    customers = {
        reference.agreement: mapping.customer
        for mapping in inputs.workspace.mappings.customers.values()
        if mapping.customer in selected.customers
        for reference in mapping.agreements
    }
    services = inputs.workspace.mappings.services
    adopted = frozenset(one.addition for one in services.values() if isinstance(one.addition, int))
    return posted.unmanaged(customers, frozenset(services), adopted)


def _unmapped(inputs: Inputs, selected: Selected) -> tuple[Unmapped, ...]:
    """Live subscriptions without a mapping: each is a leak of its amount per billing cycle."""
    mappings = inputs.workspace.mappings
    found = []
    for subscription in inputs.observed.subscriptions.values():
        if subscription.id in mappings.services or subscription.state == "ended" or subscription.trial:
            continue
        if not (inputs.selection.everything or subscription.customer_id in selected.customers):
            continue
        customer = inputs.observed.customers.get(subscription.customer_id)
        found.append(
            Unmapped(
                customer=subscription.customer_id,
                customer_name=customer.name if customer else subscription.customer_id,
                customer_mapped=subscription.customer_id in mappings.customers,
                subscription=subscription.id,
                provider_id=subscription.provider_id,
                product="/".join(subscription.product_key),
                name=subscription.plan_name or subscription.name,
                quantity=subscription.licenses,
                unit_price=subscription.unit_price,
                amount=subscription.licenses * subscription.unit_price,
                currency=subscription.currency,
                cycle=subscription.cycle,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.amount, one.subscription)))
