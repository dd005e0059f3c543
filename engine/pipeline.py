"""Where input and output meet the pure core: read both services, plan, apply."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import date
from typing import TypeVar

import msgspec

from engine import __version__
from engine.applying.apply import apply
from engine.applying.report import Report
from engine.http.errors import AuthenticationFailed, Forbidden, ServiceError, Unreachable
from engine.planning.coverage import EVERYBODY
from engine.planning.make import make
from engine.planning.observed import Inputs, Observed
from engine.planning.plan import Plan, Selection
from engine.planning.selection import resolve
from engine.platform.client import PlatformClient
from engine.platform.models import Customer, ProductPlan, Subscription, UnreadableSubscription
from engine.psa.client import PsaClient
from engine.psa.models import Addition
from engine.workspace.model import Mappings, Workspace

READERS = 4
"""Reads under way at once for each service: the API facts advise few, and more only adds to the work of switching."""

Progress = Callable[[str, int, int], None]
"""Told what is under way, how much of it is done, and of how much."""

T = TypeVar("T")


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Both services of a connection. `account` is the platform account that the identity marks name."""

    platform: PlatformClient
    psa: PsaClient
    account: str

    def close(self) -> None:
        """Close the connections of both."""
        self.platform.close()
        self.psa.close()


def make_plan(
    workspace: Workspace, connection: str, services: Services, as_of: date, selection: Selection, progress: Progress
) -> Plan:
    """Read what the selection needs of both services, and plan. Raises ServiceError where a whole listing fails."""
    observed = observe(workspace, services, selection, progress)
    return make(
        Inputs(
            workspace=workspace,
            connection=connection,
            account=services.account,
            as_of=as_of,
            selection=selection,
            observed=observed,
            made_by=f"cwctl {__version__}",
        )
    )


def apply_plan(plan: Plan, services: Services, progress: Progress) -> Report:
    """Apply a plan. Never raises for what a service answers: every change has its outcome in the report."""
    return apply(plan, services.psa, lambda done, total: progress("applying", done, total))


def observe(workspace: Workspace, services: Services, selection: Selection, progress: Progress) -> Observed:
    """Read both services, bounded in parallel: the pages of each listing and one request per mapped agreement."""
    mappings = workspace.mappings
    platform, psa = services.platform, services.psa
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
