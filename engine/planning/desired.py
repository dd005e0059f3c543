"""What a service should have: its history, and from it the lines on each of its agreements."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec.structs import replace

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.evidence import PostedLine
from engine.billing.model import InputError, Line, SubscriptionTerms
from engine.billing.money import rounded
from engine.billing.told import Completed, Logged, Shown
from engine.planning.catalog import CatalogPlan
from engine.planning.fitting import Refused
from engine.planning.histories import logged, posted_lines
from engine.planning.observed import Inputs
from engine.planning.pins import PinnedPrice, as_evidence, prices_in_force, with_pins, with_price_events
from engine.planning.settled_rule import as_settled
from engine.planning.stretches import Stretch
from engine.platform.models import Subscription
from engine.psa.mark import Mark
from engine.psa.models import Addition, CatalogItem
from engine.workspace.model import ProductMapping, PsaBehaviour, ServiceMapping

Ours = tuple[tuple[Mark, Addition], ...]


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """The history as completed, the lines of each stretch, in their order, and the pins that decided about prices."""

    completed: Completed
    lines: tuple[tuple[Line, ...], ...]
    pins: tuple[PinnedPrice, ...] = ()


def desired(
    inputs: Inputs,
    mapping: ServiceMapping,
    subscription: Subscription,
    product: ProductMapping,
    items: Mapping[str, CatalogItem | str],
    stretches: tuple[Stretch, ...],
    ours: Ours,
) -> Desired:
    """What should be there. Raises Refused for a history from which no lines can be reckoned.

    `items` are the catalog items of mapped products, by the product's key as text.
    """
    log = logged(inputs.observed.activity.get(subscription.id))
    posted = posted_lines(ours, _products(items, subscription, ours), _behaviour(inputs))
    if subscription.state != "ended":
        _check_product(inputs, posted, log, items, subscription)
    terms = _terms(inputs, mapping, subscription, product, items, posted)
    pins = prices_in_force(mapping, product.kind, stretches, posted, inputs.as_of)
    posted = as_evidence(posted, pins)
    shown = Shown(
        terms=with_pins(terms, pins),
        licences=subscription.licenses,
        ended=subscription.state == "ended",
        expired=subscription.status.lower() == "expired",
    )
    owned_from = owned(inputs, mapping)
    try:
        completed = as_settled(complete(shown, log, posted, inputs.as_of), shown, stretches, ours)
        completed = with_price_events(completed, posted, pins, terms, inputs.as_of)
        found = [lines_on(completed, stretch, owned_from, inputs.as_of) for stretch in stretches]
    except (InputError, ValueError, OverflowError) as error:
        raise Refused("term-unreadable", f"its term cannot be rolled: {error}") from error
    return Desired(completed=completed, lines=tuple(found), pins=pins)


def lines_on(completed: Completed, stretch: Stretch, owned_from: date, as_of: date) -> tuple[Line, ...]:
    """The lines of a stretch as known on a day. Raises InputError."""
    begins = max(owned_from, stretch.starts or owned_from)
    terms = replace(completed.terms, effective_date=begins)
    found = lines(terms, completed.history, stretch.terms, stretch.rules, as_of)
    return stretch.clipped(_without_void(found, completed.unpriced), completed.terms.start)


def _without_void(found: tuple[Line, ...], unpriced: frozenset[int]) -> tuple[Line, ...]:
    """Without the segments of unknown price whose charges and credits cancel each other at any price."""
    sums: dict[tuple[int, date, date | None], int] = defaultdict(int)
    for line in found:
        sums[line.segment, line.effective, line.cancelled] += line.quantity
    billing = {segment for (segment, _, _), quantity in sums.items() if quantity}
    return tuple(line for line in found if line.segment in billing or line.segment not in unpriced)


def owned(inputs: Inputs, mapping: ServiceMapping) -> date:
    """The first day that may be billed for a service: the mapping's own, else the connection's."""
    return mapping.effective_date or inputs.workspace.connections.by_name[inputs.connection].manage_from


def items_by_product(catalog: CatalogPlan) -> dict[str, CatalogItem | str]:
    """The catalog items by the text of their product's key."""
    return {"/".join(key): item for key, item in catalog.items.items()}


def _products(items: Mapping[str, CatalogItem | str], subscription: Subscription, ours: Ours) -> dict[int, str]:
    """The product that a catalog item stands for; where several share one, the subscription's own comes first."""
    found: dict[int, str] = {}
    own = "/".join(subscription.product_key)
    billed = items.get(own)
    if isinstance(billed, CatalogItem) and all(addition.product_id == billed.id for _, addition in ours):
        # All but a few: there is no need to look through every product for each service.
        return {billed.id: own}
    for product in [own, *sorted(items)]:
        item = items.get(product)
        if isinstance(item, CatalogItem):
            found.setdefault(item.id, product)
    return found


def _check_product(
    inputs: Inputs,
    posted: tuple[PostedLine, ...],
    log: tuple[Logged, ...] | None,
    items: Mapping[str, CatalogItem | str],
    subscription: Subscription,
) -> None:
    """Raises Refused where the lines bill another catalog item and nothing tells of an upgrade.

    The product may have been mapped onto another item since, and a line cannot change its product.
    """
    base = [line for line in posted if line.role in {"base", "one_time"}]
    if not base:
        return
    last = max(base, key=lambda line: (line.segment, line.effective))
    if last.product == "/".join(subscription.product_key) or last.product in items:
        return
    # A plan limited to a service resolves the products of today's subscriptions only.
    if last.product in {f"catalog_item:{one.catalog_item}" for one in inputs.workspace.mappings.products.values()}:
        return
    skus = {item.sku for item in log or () if item.sku}
    if len(skus) > 1 or any(item.kind == "upgraded" for item in log or ()):
        return
    why = (
        f"its line bills {last.product}, its product {'/'.join(subscription.product_key)} is mapped onto another item: "
        "was it upgraded, or was the mapping changed?"
    )
    hint = "map the product that it was upgraded from, too; or end that addition in the PSA and clear its mark"
    raise Refused("product-changed", why, hint)


def _terms(
    inputs: Inputs,
    mapping: ServiceMapping,
    subscription: Subscription,
    product: ProductMapping,
    items: Mapping[str, CatalogItem | str],
    posted: tuple[PostedLine, ...],
) -> SubscriptionTerms:
    key = "/".join(subscription.product_key)
    # Consumption may show an end at its start, and an ended one of it no end that tells anything.
    untold = subscription.end is not None and subscription.end < subscription.start
    untold = untold or (product.kind == "usage" and subscription.state == "ended")
    item = items.get(key)
    base = [line for line in posted if line.role in {"base", "one_time"} and line.product == key]
    last = max(base, key=lambda line: (line.segment, line.effective), default=None)
    known = item if isinstance(item, CatalogItem) else None
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals
    price, cost = rounded(subscription.unit_price, decimals), rounded(subscription.unit_cost, decimals)
    if "customer_unit_price" not in mapping.fields and known is not None and known.price is not None:
        price = rounded(known.price, decimals)
    if "partner_unit_cost" not in mapping.fields and known is not None and known.cost is not None:
        cost = rounded(known.cost, decimals)
    if last is not None:
        # What is not kept in step carries on as it is, whatever its places.
        price = price if "customer_unit_price" in mapping.synced else last.unit_price
        cost = cost if "partner_unit_cost" in mapping.synced else last.unit_cost
    return SubscriptionTerms(
        kind=product.kind,
        product=key,
        start=subscription.start,
        end=None if untold else subscription.end,
        term=subscription.term,
        auto_renew=subscription.auto_renew,
        unit_price=price,
        unit_cost=cost,
    )


def _behaviour(inputs: Inputs) -> PsaBehaviour:
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour
