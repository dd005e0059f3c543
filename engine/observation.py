"""Reading both services for a plan: listings side by side, then only what a mapped service turns out to need."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

from msgspec.structs import replace

from engine.http.errors import AuthenticationFailed, Forbidden, ServiceError, Unreachable
from engine.planning.coverage import EVERYBODY
from engine.planning.histories import LogWanted
from engine.planning.observed import Inputs, Observed
from engine.planning.plan import Change, Selection
from engine.planning.selection import resolve, select
from engine.platform.activity_cache import ActivityCache
from engine.platform.client import PlatformClient
from engine.platform.models import ActivityLog, Customer, ProductPlan, Subscription, UnreadableSubscription
from engine.psa.client import PsaClient
from engine.psa.mark import subscription_named
from engine.psa.models import Addition, Agreement, BillingCycle, Manufacturer
from engine.workspace.model import Mappings, Workspace

READERS = 4
"""Reads under way at once for each service: the API facts advise few, and more only adds to the work of switching."""

Progress = Callable[[str, int, int], None]
"""Told what is under way, how much of it is done, and of how much."""

T = TypeVar("T")


def observe(
    workspace: Workspace, platform: PlatformClient, psa: PsaClient, selection: Selection, progress: Progress
) -> Observed:
    """Read both services, bounded in parallel: the pages of each listing and one request per mapped agreement."""
    mappings = workspace.mappings
    wanted = _Wanted(mappings, selection)
    with _readers() as others, _readers() as pool:
        customers = others.submit(platform.customers)
        subscriptions = others.submit(platform.subscriptions, wanted.only_customer)
        products = others.submit(platform.products) if wanted.products else _done(list[ProductPlan]())
        agreements = pool.submit(psa.agreements, wanted.agreements) if wanted.agreements else _done([])
        companies = pool.submit(psa.companies, wanted.companies, wanted.company_identifiers)
        items = pool.submit(psa.catalog_items, wanted.catalog_items, wanted.catalog_identifiers)
        manufacturers = pool.submit(psa.manufacturers) if wanted.manufacturers else _done([])
        countries = pool.submit(psa.countries) if wanted.countries else _done([])
        cycles = pool.submit(psa.billing_cycles) if wanted.agreements else _done([])
        additions, unread = _additions(pool, psa, wanted.agreements, progress)
        listed = subscriptions.result()
        return Observed(
            customers=_by_id(customers.result()),
            products=_by_key(products.result()),
            subscriptions=_subscriptions_by_id(listed.items),
            companies=tuple(companies.result()),
            catalog_items=tuple(items.result()),
            manufacturers=tuple(manufacturers.result()),
            countries=tuple(countries.result()),
            agreements={one.id: one for one in agreements.result()},
            billing_cycles={one.id: one for one in cycles.result()},
            additions=additions,
            unread_agreements=unread,
            unread_subscriptions=_unread(listed.problems),
        )


def only_listed(customers: Iterable[Customer], subscription: Subscription) -> Observed:
    """What is known of a subscription whose customer is not mapped: it and its customer, and nothing of the PSA."""
    return Observed(
        customers=_by_id(customers),
        products={},
        subscriptions={subscription.id: subscription},
        companies=(),
        catalog_items=(),
        manufacturers=(),
        countries=(),
        agreements={},
        billing_cycles={},
        additions={},
        unread_agreements={},
        unread_subscriptions={},
    )


def observe_written(psa: PsaClient, changes: Iterable[Change], progress: Progress) -> Observed:
    """The objects of the PSA that these changes wrote, as they are now, and the agreements of their lines.

    The platform is not asked. Raises ServiceError where a whole listing fails.
    """
    ids: dict[str, set[int]] = {"company": set(), "catalog_item": set()}
    identifiers: dict[str, set[str]] = {"company": set(), "catalog_item": set()}
    wanted, makers = set[int](), False
    for change in changes:
        makers = makers or change.kind == "manufacturer"
        if change.agreement is not None:
            wanted.add(change.agreement)
        if change.kind in ids and change.object_id is not None:
            ids[change.kind].add(change.object_id)
        elif change.kind in ids:
            identifiers[change.kind] |= {str(one.after) for one in change.fields if one.field == "identifier"}
    with _readers() as pool:
        companies = _chosen(pool, psa.companies, ids["company"], identifiers["company"])
        items = _chosen(pool, psa.catalog_items, ids["catalog_item"], identifiers["catalog_item"])
        manufacturers = pool.submit(psa.manufacturers) if makers else _done(list[Manufacturer]())
        agreements = pool.submit(psa.agreements, sorted(wanted)) if wanted else _done(list[Agreement]())
        cycles = pool.submit(psa.billing_cycles) if wanted else _done(list[BillingCycle]())
        additions, unread = _additions(pool, psa, sorted(wanted), progress)
        return Observed(
            customers={},
            products={},
            subscriptions={},
            companies=tuple(companies.result()),
            catalog_items=tuple(items.result()),
            manufacturers=tuple(manufacturers.result()),
            countries=(),
            agreements={one.id: one for one in agreements.result()},
            billing_cycles={one.id: one for one in cycles.result()},
            additions=additions,
            unread_agreements=unread,
            unread_subscriptions={},
        )


def with_other_agreements(inputs: Inputs, psa: PsaClient, progress: Progress) -> Observed:
    """What was read, with the additions of further agreements of customers whose services have no line so far.

    Their line may stand on an agreement that is no longer mapped, and a second one would bill twice.
    """
    observed, mappings = inputs.observed, inputs.workspace.mappings
    marked = {subscription_named(one.mark) for found in observed.additions.values() for one in found if one.mark}
    customers = {
        mappings.services[service].customer
        for service in select(inputs).services
        if service not in marked
        and (one := observed.subscriptions.get(service)) is not None
        and one.state in {"billing", "suspended"}
        and not one.trial
    }
    identifiers = {one.identifier.casefold(): one.id for one in observed.companies}
    customer_of: dict[int, str] = {}
    for customer in customers & mappings.customers.keys():
        mapping = mappings.customers[customer]
        made = identifiers.get(mapping.create.identifier.casefold()) if mapping.create is not None else None
        company = mapping.company or made
        if company is not None:
            customer_of[company] = customer
    if not customer_of:
        return observed
    read_before = observed.additions.keys() | observed.unread_agreements.keys()
    others = {one.id: one.company_id for one in psa.agreements_of(customer_of.keys()) if one.id not in read_before}
    with _readers() as pool:
        additions, unread = _additions(pool, psa, sorted(others), progress)
    gaps = dict(observed.unread_subscriptions)
    for agreement, why in unread.items():
        customer = customer_of[others[agreement]]
        gaps[customer] = (*gaps.get(customer, ()), f"the additions of agreement {agreement}: {why}")
    return replace(observed, additions={**observed.additions, **additions}, unread_subscriptions=gaps)


def read_logs(
    wanted: tuple[LogWanted, ...],
    platform: PlatformClient,
    account: str,
    cache: ActivityCache | None,
    progress: Progress,
) -> tuple[dict[str, ActivityLog], dict[str, str]]:
    """The activity logs, by subscription, and why one could not be read; what has not moved comes from the cache."""
    if not wanted:
        return {}, {}
    kept = {} if cache is None else cache.get_many(account, {one.subscription: one.last_updated for one in wanted})
    missing = [one for one in wanted if one.subscription not in kept]
    found: dict[str, ActivityLog] = {}
    unread: dict[str, str] = {}
    with _readers() as pool:
        pending = {pool.submit(platform.activity, one.customer, one.subscription): one for one in missing}
        for done, future in enumerate(as_completed(pending), start=1):
            one = pending[future]
            try:
                found[one.subscription] = future.result()
            except (Unreachable, AuthenticationFailed, Forbidden):
                for other in pending:
                    other.cancel()
                raise
            except ServiceError as error:
                unread[one.subscription] = str(error)
            progress("reading activity logs", done, len(missing))
    if cache is not None and found:
        cache.put_many(account, found.values())
    return kept | found, unread


class _Wanted:
    """Which objects a selection needs to be read."""

    def __init__(self, mappings: Mappings, selection: Selection) -> None:
        # Which products a selected service uses is not known before the subscriptions are read: then all are wanted.
        chosen = resolve(mappings, selection, {})
        products = mappings.products if chosen.services else {key: mappings.products[key] for key in chosen.products}
        customers = [mappings.customers[customer] for customer in sorted(chosen.customers)]
        self.products = bool(products)
        self.only_customer = (
            next(iter(chosen.customers)) if len(chosen.customers) == 1 and not selection.everything else None
        )
        self.agreements = sorted({one.agreement for customer in customers for one in customer.agreements})
        self.companies = {one.company for one in customers if one.company is not None}
        self.company_identifiers = {one.create.identifier for one in customers if one.create is not None}
        self.catalog_items = {one.catalog_item for one in products.values() if one.catalog_item is not None}
        self.catalog_identifiers = {one.create.identifier for one in products.values() if one.create is not None}
        self.manufacturers = any("provider" in one.fields for one in products.values())
        self.countries = any("country" in one.fields for one in customers)


def _chosen(
    pool: ThreadPoolExecutor,
    read: Callable[[Collection[int], Collection[str]], list[T]],
    ids: Collection[int],
    identifiers: Collection[str],
) -> "Future[list[T]]":
    """What has one of these ids or identifiers; nothing is asked where there are none, as that would be all."""
    return pool.submit(read, ids, identifiers) if ids or identifiers else _done(list[T]())


def _additions(
    pool: ThreadPoolExecutor, psa: PsaClient, agreements: list[int], progress: Progress
) -> tuple[dict[int, tuple[Addition, ...]], dict[int, str]]:
    """The additions of each agreement, and why one could not be read.

    One that fails leaves a gap. What would fail for every further one (no connection, wrong keys, no right) is raised.
    """
    pending = {pool.submit(psa.additions, agreement): agreement for agreement in agreements}
    found: dict[int, tuple[Addition, ...]] = {}
    unread: dict[int, str] = {}
    for done, future in enumerate(as_completed(pending), start=1):
        agreement = pending[future]
        try:
            found[agreement] = tuple(future.result())
        except (Unreachable, AuthenticationFailed, Forbidden):
            for other in pending:
                other.cancel()
            raise
        except ServiceError as error:
            unread[agreement] = str(error)
        progress("reading agreements", done, len(agreements))
    return found, unread


@contextmanager
def _readers() -> Iterator[ThreadPoolExecutor]:
    """A pool that an error or Ctrl-C ends soon: what is under way is finished, what waits is not begun."""
    pool = ThreadPoolExecutor(max_workers=READERS)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _done(value: T) -> "Future[T]":
    future: Future[T] = Future()
    future.set_result(value)
    return future


def _by_id(customers: Iterable[Customer]) -> dict[str, Customer]:
    return {one.id: one for one in customers}


def _subscriptions_by_id(subscriptions: Iterable[Subscription]) -> dict[str, Subscription]:
    return {one.id: one for one in subscriptions}


def _unread(problems: Iterable[UnreadableSubscription]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in problems:
        customer = one.customer_id or EVERYBODY
        found[customer] = (*found.get(customer, ()), f"subscription {one.id or '(without an id)'}: {one.why}")
    return found


def _by_key(products: Iterable[ProductPlan]) -> dict[tuple[str, str, str], tuple[ProductPlan, ...]]:
    found: dict[tuple[str, str, str], tuple[ProductPlan, ...]] = {}
    for one in products:
        found[one.key] = (*found.get(one.key, ()), one)
    return found
