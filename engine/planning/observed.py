"""What was read of both services for one plan, and what each read did not cover."""

from datetime import date

import msgspec

from engine.planning.plan import Selection
from engine.platform.models import ActivityLog, Customer, ProductPlan, Subscription
from engine.psa.models import Addition, Agreement, BillingCycle, CatalogItem, Company, Country, Manufacturer
from engine.workspace.model import Workspace


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """Everything read. `unread_…` says why a part is missing: by agreement id, and by customer id."""

    customers: dict[str, Customer]
    products: dict[tuple[str, str, str], tuple[ProductPlan, ...]]
    subscriptions: dict[str, Subscription]
    companies: tuple[Company, ...]
    catalog_items: tuple[CatalogItem, ...]
    manufacturers: tuple[Manufacturer, ...]
    countries: tuple[Country, ...]
    agreements: dict[int, Agreement]
    billing_cycles: dict[int, BillingCycle]
    additions: dict[int, tuple[Addition, ...]]
    unread_agreements: dict[int, str]
    unread_subscriptions: dict[str, tuple[str, ...]]
    activity: dict[str, ActivityLog] = {}
    """Activity logs by subscription, of those that need one."""
    unread_activity: dict[str, str] = {}
    """Why a needed log could not be read, by subscription."""
    invoiced_on: dict[int, date | None] | None = None
    """The day of each agreement's last invoice (None: never invoiced), where it was asked for."""


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan is a function of."""

    workspace: Workspace
    connection: str
    account: str
    as_of: date
    selection: Selection
    observed: Observed
    made_by: str
