"""The workspace as typed values: connections, mappings and rules, each with its place in a file."""

from datetime import date
from typing import Literal

import msgspec

from engine.diagnostics import Place

CompanyField = Literal["name", "address", "city", "state", "zip", "country"]
ProductField = Literal[
    "provider", "product_name", "customer_unit_price", "partner_unit_cost", "mfg_part_number", "description"
]
AdditionField = Literal["customer_unit_price", "partner_unit_cost", "include_subscription_information"]
Kind = Literal["license", "usage", "one_time"]


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every value read from a workspace."""


# -- config/connections.yaml


class SecretRef(Frozen):
    """Where a secret lies, never the secret: `env:NAME` or `file:PATH`."""

    source: Literal["env", "file"]
    target: str
    place: Place

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"


class TokenStoreRef(Frozen):
    """Where the rotating refresh token is kept: a file, or a pair of commands that print and take it."""

    file: str | None = None
    get_command: tuple[str, ...] = ()
    put_command: tuple[str, ...] = ()
    place: Place


class PsaConnection(Frozen):
    url: str
    company: str
    client_id: SecretRef
    public_key: SecretRef
    private_key: SecretRef
    version: str = "2025.1"
    requests_per_minute: int = 600
    place: Place


class PlatformConnection(Frozen):
    url: str
    account: str
    token_store: TokenStoreRef
    api_key: SecretRef | None = None
    api_secret: SecretRef | None = None
    place: Place


class PsaBehaviour(Frozen):
    """What the PSA does with values on which its documentation is silent."""

    cancelled_day: Literal["billed", "not_billed"] = "billed"
    negative_quantity: Literal["accepted", "refused"] = "accepted"
    past_credit: Literal["accepted", "refused"] = "accepted"
    rounding: Literal["half_up", "half_even"] = "half_up"


class MarkKeeping(Frozen):
    """Where the identity mark of an addition is kept; `caption` names the custom field."""

    keep_in: Literal["serial_number", "custom_field"] = "serial_number"
    caption: str | None = None


class Connection(Frozen):
    """A PSA and a platform that belong together. Both are None for the embedded sandbox."""

    name: str
    time_zone: str
    manage_from: date
    price_decimals: int = 2
    psa: PsaConnection | None = None
    platform: PlatformConnection | None = None
    psa_behaviour: PsaBehaviour = PsaBehaviour()
    mark: MarkKeeping = MarkKeeping()
    place: Place

    @property
    def embedded(self) -> bool:
        """Whether this connection is the embedded sandbox."""
        return self.psa is None


class Connections(Frozen):
    default: str
    by_name: dict[str, Connection]


# -- mappings/


class AgreementRef(Frozen):
    agreement: int
    name: str | None = None
    default: bool = False
    place: Place


class CreateCompany(Frozen):
    """Make the company with the platform's values. `identifier` is the company's unique id text in the PSA, and what finds it again."""

    identifier: str
    place: Place


class CustomerMapping(Frozen):
    """Exactly one of `company` and `create` is set. `fields` are the fields to sync after narrowing."""

    customer: str
    name: str | None = None
    company: int | None = None
    company_name: str | None = None
    create: CreateCompany | None = None
    fields: frozenset[CompanyField]
    agreements: tuple[AgreementRef, ...] = ()
    place: Place


class CreateCatalogItem(Frozen):
    """Make the catalog item with the platform's values. `identifier` is unique in the PSA's catalog, and what finds it again."""

    identifier: str
    place: Place


class ProductMapping(Frozen):
    """Exactly one of `catalog_item` and `create` is set."""

    provider: str
    product: str
    plan: str
    kind: Kind
    name: str | None = None
    part_number: str | None = None
    catalog_item: int | None = None
    catalog_identifier: str | None = None
    create: CreateCatalogItem | None = None
    fields: frozenset[ProductField]
    place: Place

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.provider, self.product, self.plan)


class ServiceMapping(Frozen):
    """`agreement` is already resolved: the one named, else the customer's default, else its only one."""

    subscription: str
    customer: str
    agreement: int
    name: str | None = None
    effective_date: date | None = None
    description: str | None = None
    fields: frozenset[AdditionField]
    place: Place


class Mappings(Frozen):
    customers: dict[str, CustomerMapping]
    products: dict[tuple[str, str, str], ProductMapping]
    services: dict[str, ServiceMapping]


# -- rules/


class AdditionRules(Frozen):
    effective_date_positive_change: Literal["actual_date", "first_of_month"] = "actual_date"
    effective_date_negative_change: Literal["actual_date", "first_of_next_month"] = "actual_date"
    service_cancellation: Literal["cancellation_date", "end_of_month"] = "cancellation_date"
    fields: frozenset[AdditionField]


class InvoiceRules(Frozen):
    """What accepted billing figures write back, for licence (SaaS) and consumption (IaaS) products."""

    saas: Literal["cost_and_price", "cost"] = "cost_and_price"
    iaas: Literal["cost_and_price", "cost"] = "cost_and_price"
    update_invoice_description: bool = True


class SyncRules(Frozen):
    automatic_sync: bool = False
    company: frozenset[CompanyField]
    product: frozenset[ProductField]
    addition: AdditionRules
    invoice: InvoiceRules
    places: dict[str, Place]
    """Place of each rule by its dotted name, such as `company.city`."""


class Reference(Frozen):
    """An entry of one of the PSA's set-up tables, by id or by name."""

    id: int | None = None
    name: str | None = None


class CompanyDefaults(Frozen):
    types: tuple[Reference, ...] = ()
    status: Reference | None = None
    site: str = "Main"


class ProductDefaults(Frozen):
    product_class: Literal["Agreement", "Inventory", "NonInventory", "Service"] = "Agreement"
    subcategory: Reference
    type: Reference
    unit_of_measure: Reference | None = None
    taxable: bool = True
    create_manufacturers: bool = False


class AdditionDefaults(Frozen):
    bill_customer: Literal["Billable", "DoNotBill", "NoCharge"] = "Billable"
    taxable: bool = True


class Defaults(Frozen):
    """What a new company, catalog item or addition gets where the platform has no value. `countries` maps codes to the PSA's names."""

    company: CompanyDefaults
    product: ProductDefaults
    addition: AdditionDefaults
    countries: dict[str, str]


class Provider(Frozen):
    """A provider of the platform and the PSA's manufacturer for it."""

    id: str
    name: str
    manufacturer: str
    supported: bool = True
    place: Place


class Rules(Frozen):
    sync: SyncRules
    defaults: Defaults
    providers: dict[str, Provider]


class Workspace(Frozen):
    """Everything that the files of a workspace say. `digest` is the SHA-256 over the paths and contents of the files read."""

    root: str
    digest: str
    connections: Connections
    mappings: Mappings
    rules: Rules
