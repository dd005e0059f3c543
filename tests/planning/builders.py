"""A small world as values: one customer, one product, one service, all of it in step unless a test changes it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from engine.diagnostics import Place
from engine.planning.make import make
from engine.planning.observed import Inputs, Observed
from engine.planning.plan import Change, Effect, Held, Plan, Selection
from engine.platform.models import ActivityLog, Customer, ProductPlan, Subscription
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition, Agreement, BillingCycle, CatalogItem, Company, Country, Manufacturer
from engine.workspace.choices import BillingRules
from engine.workspace.model import (
    AdditionDefaults,
    AdditionField,
    AdditionRules,
    AgreementRef,
    CompanyDefaults,
    CompanyField,
    Connection,
    Connections,
    CreateCatalogItem,
    CreateCompany,
    CustomerMapping,
    Defaults,
    InvoiceRules,
    Mappings,
    ProductDefaults,
    ProductField,
    ProductMapping,
    Provider,
    PsaBehaviour,
    Reference,
    Rules,
    ServiceAgreement,
    ServiceMapping,
    SyncRules,
    Workspace,
)

ACCOUNT = "4711"
AS_OF = date(2026, 6, 15)
KEY = ("30", "Suite", "Monthly")
COMPANY_FIELDS: frozenset[CompanyField] = frozenset({"name", "address", "city", "state", "zip", "country"})
PRODUCT_FIELDS: frozenset[ProductField] = frozenset(
    {"provider", "product_name", "customer_unit_price", "partner_unit_cost", "mfg_part_number", "description"}
)
ADDITION_FIELDS: frozenset[AdditionField] = frozenset(
    {"customer_unit_price", "partner_unit_cost", "include_subscription_information"}
)


def place(line: int = 1, file: str = "mappings/services.yaml") -> Place:
    return Place(file, line, 3)


# -- the workspace


def customer_mapping(**changed: Any) -> CustomerMapping:
    values: dict[str, Any] = {
        "customer": "100",
        "name": "Larkspur (example)",
        "company": 21,
        "fields": COMPANY_FIELDS,
        "agreements": (agreement_ref(41),),
        "place": place(4, "mappings/customers.yaml"),
        **changed,
    }
    if isinstance(values.get("create"), str):
        values |= {"company": None, "create": CreateCompany(identifier=values["create"], place=place())}
    return CustomerMapping(**values)


def agreement_ref(agreement: int) -> AgreementRef:
    return AgreementRef(agreement=agreement, place=place())


def product_mapping(**changed: Any) -> ProductMapping:
    values: dict[str, Any] = {
        **dict(zip(("provider", "product", "plan"), KEY, strict=True)),
        "kind": "license",
        "catalog_item": 71,
        "fields": PRODUCT_FIELDS,
        "place": place(3, "mappings/products.yaml"),
        **changed,
    }
    if isinstance(values.get("create"), str):
        values |= {"catalog_item": None, "create": CreateCatalogItem(identifier=values["create"], place=place())}
    return ProductMapping(**values)


def service_mapping(**changed: Any) -> ServiceMapping:
    values: dict[str, Any] = {
        "subscription": "9001",
        "customer": "100",
        "agreement": 41,
        "fields": ADDITION_FIELDS,
        "place": place(5),
        **changed,
    }
    agreement = values.pop("agreement")
    values.setdefault("agreements", (ServiceAgreement(agreement=agreement, place=place(5)),))
    return ServiceMapping(**values)


def provider(**changed: Any) -> Provider:
    values: dict[str, Any] = {"id": "30", "name": "Suite Maker", "manufacturer": "Suite Maker Inc", "place": place()}
    return Provider(**{**values, **changed})


def workspace(
    customers: Iterable[CustomerMapping] | None = None,
    products: Iterable[ProductMapping] | None = None,
    services: Iterable[ServiceMapping] | None = None,
    *,
    providers: Iterable[Provider] | None = None,
    price_decimals: int = 2,
    manage_from: date = date(2026, 1, 1),
    cancellation: Any = "cancellation_date",
    increase: Any = "actual_date",
    decrease: Any = "actual_date",
    billing: BillingRules | None = None,
    cancelled_day: Any = "billed",
    create_manufacturers: bool = False,
) -> Workspace:
    customers = [customer_mapping()] if customers is None else customers
    products = [product_mapping()] if products is None else products
    services = [service_mapping()] if services is None else services
    connection = Connection(
        name="test",
        time_zone="UTC",
        manage_from=manage_from,
        price_decimals=price_decimals,
        psa_behaviour=PsaBehaviour(cancelled_day=cancelled_day),
        place=place(1, "config/connections.yaml"),
    )
    return Workspace(
        root="/nowhere",
        digest="0" * 64,
        connections=Connections(default="test", by_name={"test": connection}),
        mappings=Mappings(
            customers={one.customer: one for one in customers},
            products={one.key: one for one in products},
            services={one.subscription: one for one in services},
        ),
        rules=Rules(
            sync=SyncRules(
                company=COMPANY_FIELDS,
                product=PRODUCT_FIELDS,
                addition=AdditionRules(
                    service_cancellation=cancellation,
                    effective_date_positive_change=increase,
                    effective_date_negative_change=decrease,
                    fields=ADDITION_FIELDS,
                ),
                invoice=InvoiceRules(),
                places={},
            ),
            defaults=Defaults(
                company=CompanyDefaults(types=(Reference(name="Customer"),), status=Reference(id=1)),
                product=ProductDefaults(
                    subcategory=Reference(name="Cloud Services"),
                    type=Reference(id=1),
                    unit_of_measure=Reference(name="Each"),
                    create_manufacturers=create_manufacturers,
                ),
                addition=AdditionDefaults(),
                countries={"US": "United States"},
            ),
            providers={one.id: one for one in ([provider()] if providers is None else providers)},
            billing=billing or BillingRules(),
        ),
    )


# -- the platform


def customer(**changed: Any) -> Customer:
    values: dict[str, Any] = {
        "id": "100",
        "name": "Larkspur (example)",
        "street": "14 Larkspur Way",
        "city": "Columbus",
        "state": "OH",
        "zip": "43004",
        "country": "US",
    }
    return Customer(**{**values, **changed})


def product(**changed: Any) -> ProductPlan:
    values: dict[str, Any] = {
        **dict(zip(("provider", "product", "plan"), KEY, strict=True)),
        "sku": "S-1",
        "product_name": "Suite",
        "plan_name": "Suite Monthly",
        "description": "Everything an office needs",
        "part_number": "MPN-1",
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        "currency": "USD",
    }
    return ProductPlan(**{**values, **changed})


def subscription(**changed: Any) -> Subscription:
    values: dict[str, Any] = {
        **dict(zip(("provider", "product", "plan"), KEY, strict=True)),
        "id": "9001",
        "provider_id": "b7e0-made-up",
        "customer_id": "100",
        "sku": "S-1",
        "name": "Suite for Larkspur",
        "product_name": "Suite",
        "plan_name": "Suite Monthly",
        "licenses": 12,
        "status": "active",
        "state": "billing",
        "start": date(2026, 3, 10),
        "end": date(2027, 3, 9),
        "term": "P1Y",
        "cycle": "monthly",
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        "currency": "USD",
        "part_number": "MPN-1",
    }
    return Subscription(**{**values, **changed})


def ended(**changed: Any) -> Subscription:
    """The subscription as the platform shows it after its cancellation."""
    return subscription(**{"status": "deleted", "state": "ended", **changed})


# -- the PSA


def company(**changed: Any) -> Company:
    values: dict[str, Any] = {
        "id": 21,
        "identifier": "Larkspur",
        "name": "Larkspur (example)",
        "address_line1": "14 Larkspur Way",
        "city": "Columbus",
        "state": "OH",
        "zip": "43004",
        "country": "United States",
    }
    return Company(**{**values, **changed})


def item(**changed: Any) -> CatalogItem:
    values: dict[str, Any] = {
        "id": 71,
        "identifier": "SUITE-M",
        "description": "Suite Monthly",
        "customer_description": "Everything an office needs",
        "price": Decimal("22.00"),
        "cost": Decimal("17.60"),
        "manufacturer_id": 5,
        "manufacturer_part_number": "MPN-1",
        "product_class": "Agreement",
    }
    return CatalogItem(**{**values, **changed})


def agreement(**changed: Any) -> Agreement:
    values: dict[str, Any] = {
        "id": 41,
        "name": "Cloud services",
        "company_id": 21,
        "company": "Larkspur",
        "billing_cycle_id": 1,
        "start": date(2026, 1, 1),
        # Nothing has been invoiced so far.
        "next_invoice": date(2026, 1, 1),
        "prorates": True,
        "currency": "USD",
    }
    return Agreement(**{**values, **changed})


def mark(**changed: Any) -> str:
    values: dict[str, Any] = {
        "account": ACCOUNT,
        "subscription": "9001",
        "segment": 1,
        "role": "base",
        "on": date(2026, 3, 10),
        "agreement": 41,
    }
    return encode(Mark(**{**values, **changed}))


def addition(**changed: Any) -> Addition:
    """The line of the subscription, in step with it."""
    values: dict[str, Any] = {
        "id": 801,
        "agreement_id": 41,
        "product_id": 71,
        "product_identifier": "SUITE-M",
        "quantity": Decimal(12),
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 3, 10),
        "cancelled": date(2027, 3, 9),
        "bill_customer": "Billable",
        "taxable": True,
        "mark": mark(),
    }
    return Addition(**{**values, **changed})


def foreign(**changed: Any) -> Addition:
    """A line of the same product that somebody entered by hand."""
    values: dict[str, Any] = {"id": 55, "mark": None, "cancelled": None, "effective": date(2025, 11, 1)}
    return addition(**{**values, **changed})


# -- both


def observed(
    customers: Iterable[Customer] | None = None,
    products: Iterable[ProductPlan] | None = None,
    subscriptions: Iterable[Subscription] | None = None,
    companies: Iterable[Company] | None = None,
    items: Iterable[CatalogItem] | None = None,
    agreements: Iterable[Agreement] | None = None,
    additions: Iterable[Addition] | None = None,
    *,
    manufacturers: Iterable[Manufacturer] | None = None,
    unread_agreements: dict[int, str] | None = None,
    unread_subscriptions: dict[str, tuple[str, ...]] | None = None,
    unread_activity: dict[str, str] | None = None,
    logs: Iterable[ActivityLog] = (),
    invoiced_on: dict[int, date | None] | None = None,
) -> Observed:
    by_key: dict[tuple[str, str, str], tuple[ProductPlan, ...]] = {}
    for one in [product()] if products is None else products:
        by_key[one.key] = (*by_key.get(one.key, ()), one)
    by_agreement: dict[int, tuple[Addition, ...]] = {}
    for line in [addition()] if additions is None else additions:
        by_agreement[line.agreement_id] = (*by_agreement.get(line.agreement_id, ()), line)
    return Observed(
        customers={one.id: one for one in ([customer()] if customers is None else customers)},
        products=by_key,
        subscriptions={one.id: one for one in ([subscription()] if subscriptions is None else subscriptions)},
        companies=tuple([company()] if companies is None else companies),
        catalog_items=tuple([item()] if items is None else items),
        manufacturers=tuple([Manufacturer(id=5, name="Suite Maker Inc")] if manufacturers is None else manufacturers),
        countries=(Country(id=1, name="United States"), Country(id=2, name="Canada")),
        agreements={one.id: one for one in ([agreement()] if agreements is None else agreements)},
        billing_cycles={
            1: BillingCycle(id=1, name="Monthly", frequency="Monthly"),
            2: BillingCycle(id=2, name="Yearly", frequency="Yearly"),
            3: BillingCycle(id=3, name="Quarterly", frequency="Quarterly"),
        },
        additions=by_agreement,
        unread_agreements=unread_agreements or {},
        unread_subscriptions=unread_subscriptions or {},
        activity={one.subscription: one for one in logs},
        unread_activity=unread_activity or {},
        invoiced_on=invoiced_on,
    )


def inputs(
    wanted: Workspace | None = None,
    seen: Observed | None = None,
    *,
    as_of: date = AS_OF,
    selection: Selection | None = None,
) -> Inputs:
    return Inputs(
        workspace=wanted or workspace(),
        connection="test",
        account=ACCOUNT,
        as_of=as_of,
        selection=selection or Selection(),
        observed=seen or observed(),
        made_by="cwctl test",
    )


def plan(wanted: Workspace | None = None, seen: Observed | None = None, **more: Any) -> Plan:
    return make(inputs(wanted, seen, **more))


# -- reading a plan


def only(found: Plan) -> Change:
    """The plan's one change, with nothing held back."""
    assert found.held == ()
    (change,) = found.changes
    return change


def held(found: Plan) -> Held:
    """The one thing that the plan held back, with nothing planned."""
    assert found.changes == ()
    (one,) = found.held
    return one


def after(change: Change) -> dict[str, object]:
    """What the change sets, by field."""
    return {one.field: one.after for one in change.fields}


def moves(change: Change) -> dict[str, tuple[object, object]]:
    """Before and after, by field."""
    return {one.field: (one.before, one.after) for one in change.fields}


def by_address(found: Plan) -> dict[str, Change]:
    """The changes of additions by their addresses, without what all of those of one subscription begin with."""
    return {one.address.removeprefix("addition:41/9001/"): one for one in found.changes}


def total(found: Plan) -> Effect:
    """The effect of a plan in its only currency."""
    assert len(found.totals) <= 1
    return next((one.effect for one in found.totals), Effect())


def notices(found: Plan) -> list[str]:
    return [one.code for one in found.notices]


def said(found: Plan, code: str) -> str:
    """The text of the one notice with a code."""
    (one,) = [notice for notice in found.notices if notice.code == code]
    return one.text
