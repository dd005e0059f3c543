"""Why a customer is billed what for one subscription: from its history and the rules to the lines and invoices.

Everything comes of the study that the plan is made from.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec.structs import replace

from engine.billing.calendar import fom
from engine.diagnostics import Diagnostic, Place, in_order
from engine.planning.catalog import plan_catalog
from engine.planning.companies import CompanyPlan, plan_companies
from engine.planning.coverage import covered
from engine.planning.explanation_events import explained_events
from engine.planning.explanation_lines import Pair, pairs_of, periods_of, retracted_lines, through, total_effect
from engine.planning.explanation_log import explained_log
from engine.planning.explanation_rules import explained_rules
from engine.planning.explanation_values import (
    ExplainedAgreement,
    ExplainedCustomer,
    ExplainedLog,
    ExplainedMapping,
    ExplainedProduct,
    ExplainedSubscription,
    Explanation,
)
from engine.planning.fitting import frequency_of
from engine.planning.followers import with_followers
from engine.planning.observed import Inputs
from engine.planning.plan import Effect, Held, Selection, Unmanaged
from engine.planning.posted import Posted
from engine.planning.selection import select
from engine.planning.services import held
from engine.planning.stretches import Stretch, stretch_on
from engine.planning.study import Study, basis_of, study
from engine.platform.models import Subscription
from engine.psa.mark import subscription_named
from engine.psa.models import CatalogItem
from engine.workspace.model import ServiceMapping


def explain(inputs: Inputs, subscription: str) -> Explanation:
    """The explanation of a subscription, by the platform's id. A pure function.

    Of a mapped one the inputs need what a plan for it alone needs; of another one what a plan for its customer needs,
    where that is mapped.
    """
    followed, said = with_followers(inputs)
    services = followed.workspace.mappings.services
    mapping = services.get(subscription)
    if mapping is None:
        return _unmapped(inputs, subscription)
    automatic = subscription not in inputs.workspace.mappings.services
    inputs = replace(followed, selection=Selection(services=(subscription,)))
    selected, incomplete = covered(inputs, select(inputs))
    posted = Posted(inputs.account, inputs.observed.additions)
    companies = plan_companies(inputs, selected.customers)
    catalog = plan_catalog(inputs, selected.products)
    # Its lines may bill products that it no longer is: all of them are resolved, as in a plan for everything.
    whole = plan_catalog(inputs, frozenset(inputs.workspace.mappings.products))
    found = study(basis_of(inputs, companies, whole, posted), mapping)
    own = found.refused is not None and subscription in selected.services
    stopped: tuple[Held, ...] = (
        *companies.part.held,
        *catalog.part.held,
        *((held(inputs, mapping, found.refused),) if own and found.refused is not None else ()),
        *found.part.held,
        *incomplete.held,
    )
    stretches = _stretches(inputs, mapping)
    pairs = pairs_of(inputs, found, posted)
    notices = (
        *(one for one in said if one.text.startswith(f"subscription {subscription}:")),
        *companies.part.notices,
        *catalog.part.notices,
        *found.notices,
    )
    shown = inputs.observed.subscriptions.get(subscription)
    agreements = {one.agreement: mapping.customer for one in mapping.agreements}
    billed = frozenset(pair.line.addition for pair in pairs if pair.line.addition is not None)
    items = {addition.product_id for _, addition in found.ours} | _ids(found.item)
    periods = tuple(period for stretch in stretches for period in periods_of(inputs, stretch, pairs))
    changes = any(pair.line.status != "in_step" for pair in pairs)
    return Explanation(
        connection=inputs.connection,
        as_of=inputs.as_of,
        id=subscription,
        name=_name(shown, mapping, subscription),
        state="held" if stopped else "changes" if changes else "in_step",
        subscription=_subscription(shown),
        mapping=_mapping(mapping, automatic=automatic),
        customer=_customer(inputs, mapping.customer, companies),
        product=_product(inputs, shown, found.item),
        agreements=tuple(_agreement(inputs, found, stretch, pairs) for stretch in stretches),
        log=explained_log(inputs, found),
        events=explained_events(inputs, found),
        lines=tuple(pair.line for pair in pairs),
        retracted=retracted_lines(found, posted),
        others=_others(inputs, posted.unmanaged(agreements, frozenset(services), billed), subscription, items),
        periods=periods,
        effect=total_effect(pairs),
        notices=_distinct(notices),
        held=stopped,
    )


def _unmapped(inputs: Inputs, subscription: str) -> Explanation:
    """What is known of a subscription that nobody mapped: what it is worth, and what may bill it all the same."""
    mappings, shown = inputs.workspace.mappings, inputs.observed.subscriptions.get(subscription)
    customer = shown.customer_id if shown is not None else ""
    mapped = mappings.customers.get(customer)
    companies = plan_companies(inputs, frozenset({customer} & mappings.customers.keys()))
    key = shown.product_key if shown is not None else None
    item = plan_catalog(inputs, frozenset({key})).items.get(key) if key in mappings.products else None
    agreements = {one.agreement: customer for one in mapped.agreements} if mapped is not None else {}
    unmanaged = Posted(inputs.account, inputs.observed.additions).unmanaged(
        agreements, frozenset(mappings.services), frozenset()
    )
    return Explanation(
        connection=inputs.connection,
        as_of=inputs.as_of,
        id=subscription,
        name=_name(shown, None, subscription),
        state="unmapped",
        subscription=_subscription(shown),
        mapping=None,
        customer=_customer(inputs, customer, companies) if customer else None,
        product=_product(inputs, shown, item),
        agreements=(),
        log=ExplainedLog(read=False, note="it is not read of a subscription that is not mapped", items=()),
        events=(),
        lines=(),
        retracted=(),
        others=_others(inputs, unmanaged, subscription, _ids(item)),
        periods=(),
        effect=Effect(),
        notices=(),
        held=(),
    )


def _name(shown: Subscription | None, mapping: ServiceMapping | None, id: str) -> str:
    names = (shown.plan_name, shown.name) if shown is not None else (mapping.name if mapping is not None else None,)
    return next((name for name in names if name), id)


def _subscription(shown: Subscription | None) -> ExplainedSubscription | None:
    if shown is None:
        return None
    return ExplainedSubscription(
        provider_id=shown.provider_id,
        name=shown.name,
        product_name=shown.product_name,
        plan_name=shown.plan_name,
        part_number=shown.part_number,
        status=shown.status,
        state=shown.state,
        trial=shown.trial,
        licenses=shown.licenses,
        unit_price=shown.unit_price,
        unit_cost=shown.unit_cost,
        amount=shown.licenses * shown.unit_price,
        currency=shown.currency,
        cycle=shown.cycle,
        start=shown.start,
        end=shown.end,
        term=shown.term,
        auto_renew=shown.auto_renew,
        parent=shown.parent,
        last_updated=shown.last_updated,
    )


def _mapping(mapping: ServiceMapping, *, automatic: bool) -> ExplainedMapping:
    return ExplainedMapping(
        source=mapping.place,
        automatic=automatic,
        name=mapping.name,
        effective_date=mapping.effective_date,
        addition=None if mapping.addition is None else str(mapping.addition),
    )


def _customer(inputs: Inputs, customer: str, companies: CompanyPlan) -> ExplainedCustomer:
    mapping = inputs.workspace.mappings.customers.get(customer)
    known, id = inputs.observed.customers.get(customer), companies.companies.get(customer)
    company = next((one for one in inputs.observed.companies if one.id == id), None)
    return ExplainedCustomer(
        id=customer,
        name=known.name if known is not None else customer,
        company=id if isinstance(id, int) else None,
        company_name=company.name if company is not None else None,
        source=mapping.place if mapping is not None else None,
    )


def _product(inputs: Inputs, shown: Subscription | None, item: CatalogItem | str | None) -> ExplainedProduct | None:
    if shown is None:
        return None
    mapping = inputs.workspace.mappings.products.get(shown.product_key)
    return ExplainedProduct(
        key="/".join(shown.product_key),
        kind=mapping.kind if mapping is not None else None,
        catalog_item=item.id if isinstance(item, CatalogItem) else None,
        identifier=item.identifier if isinstance(item, CatalogItem) else None,
        source=mapping.place if mapping is not None else None,
    )


def _ids(item: CatalogItem | str | None) -> set[int]:
    return {item.id} if isinstance(item, CatalogItem) else set()


def _others(
    inputs: Inputs, unmanaged: tuple[Unmanaged, ...], subscription: str, items: set[int]
) -> tuple[Unmanaged, ...]:
    """Additions that no mapping stands for, of the same catalog item or with this subscription's mark.

    Those that ended before the month before `as_of` are left out.
    """
    since = fom(fom(inputs.as_of) - timedelta(days=1))
    alike = {
        addition.id
        for additions in inputs.observed.additions.values()
        for addition in additions
        if addition.product_id in items or subscription_named(addition.mark) == subscription
    }
    return tuple(
        one for one in unmanaged if one.addition in alike and (one.cancelled is None or one.cancelled >= since)
    )


def _stretches(inputs: Inputs, mapping: ServiceMapping) -> tuple[Stretch, ...]:
    """The stretches on the agreements that the PSA has, whether or not the service fits on them."""
    return tuple(
        stretch_on(inputs, mapping, index, agreement)
        for index, named in enumerate(mapping.agreements)
        if (agreement := inputs.observed.agreements.get(named.agreement)) is not None
    )


def _agreement(inputs: Inputs, found: Study, stretch: Stretch, pairs: tuple[Pair, ...]) -> ExplainedAgreement:
    agreement = stretch.agreement
    mine = [pair for pair in pairs if pair.line.agreement == agreement.id]
    bills = [pair.wanted for pair in mine] if any(pair.known for pair in mine) else [pair.posted for pair in mine]
    first = min((one.effective for one in bills if one is not None), default=None)
    because, source = _because(inputs, found, stretch, first)
    return ExplainedAgreement(
        id=agreement.id,
        name=agreement.name,
        type=agreement.type_name,
        starts=stretch.starts,
        until=stretch.until,
        start=agreement.start,
        end=agreement.end,
        frequency=frequency_of(inputs, agreement),
        prorates=agreement.prorates,
        arrears=stretch.arrears,
        next_invoice=agreement.next_invoice,
        invoiced_through=through(stretch),
        currency=agreement.currency,
        first_billed=first,
        first_billed_because=because,
        first_billed_source=source,
        rules=explained_rules(stretch.choices),
    )


def _because(inputs: Inputs, found: Study, stretch: Stretch, first: date | None) -> tuple[str | None, Place | None]:
    """Why the first line on an agreement begins on its day: the first reason that gives just that day."""
    mapping, connection = found.mapping, inputs.workspace.connections.by_name[inputs.connection]
    start = found.desired.completed.terms.start if found.desired is not None else None
    named = next((one.place for one in mapping.agreements if one.agreement == stretch.agreement.id), None)
    reasons = (
        (start, "the subscription's start", None),
        (stretch.agreement.start, "the agreement's start", None),
        (stretch.starts, "moved to this agreement", named),
        (mapping.effective_date, "the mapping's effective_date", mapping.place),
        (None if mapping.effective_date else connection.manage_from, "the connection's manage_from", connection.place),
    )
    return next(((why, place) for day, why, place in reasons if day is not None and day == first), (None, None))


def _distinct(notices: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(in_order(notices)))
