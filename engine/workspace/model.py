"""The workspace as typed values: connections, mappings and rules, each with its place in a file."""

from datetime import date
from typing import Literal

import msgspec

from engine.diagnostics import Place
from engine.workspace.choices import (
    CHOICES,
    AdditionChoices,
    BillingRules,
    Cancellation,
    NegativeChange,
    PositiveChange,
)
from engine.workspace.guards import GuardRules
from engine.workspace.owners import SWITCHES, OwnedField, Pin

CompanyField = Literal["name", "address", "city", "state", "zip", "country"]
ProductField = Literal[
    "provider", "product_name", "customer_unit_price", "partner_unit_cost", "mfg_part_number", "description"
]
AdditionField = Literal["customer_unit_price", "partner_unit_cost", "include_subscription_information"]
Kind = Literal["license", "usage", "one_time"]


# -- config/connections.yaml


class SecretRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where a secret lies, never the secret: `env:NAME` or `file:PATH`."""

    source: Literal["env", "file"]
    target: str
    place: Place

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"


class TokenStoreRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rotating refresh token is kept: a file, or a pair of commands that print and take it."""

    file: str | None = None
    get_command: tuple[str, ...] = ()
    put_command: tuple[str, ...] = ()
    place: Place


class PsaConnection(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    company: str
    client_id: SecretRef
    public_key: SecretRef
    private_key: SecretRef
    version: str = "2025.1"
    requests_per_minute: int = 600
    place: Place


class PlatformConnection(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    account: str
    token_store: TokenStoreRef
    api_key: SecretRef | None = None
    api_secret: SecretRef | None = None
    place: Place


class PsaBehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What the PSA does with values on which its documentation is silent."""

    cancelled_day: Literal["billed", "not_billed"] = "billed"
    negative_quantity: Literal["accepted", "refused"] = "accepted"
    past_credit: Literal["accepted", "refused"] = "accepted"
    rounding: Literal["half_up", "half_even"] = "half_up"


class MarkKeeping(msgspec.Struct, frozen=True, kw_only=True):
    """Where the identity mark of an addition is kept; `caption` names the custom field."""

    keep_in: Literal["serial_number", "custom_field"] = "serial_number"
    caption: str | None = None


class ApplySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How plans are applied. `journal` is a file, relative to the workspace; None is cwctl's own folder.

    `lock_remote` is the git remote that holds one writer at a time across machines, for as long as
    `lock_expires_minutes`; None locks on this machine alone.
    """

    plan_valid_hours: int = 24
    journal: str | None = None
    lock_remote: str | None = None
    lock_expires_minutes: int = 120


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A PSA and a platform that belong together. Both are None for the embedded sandbox."""

    name: str
    time_zone: str
    manage_from: date
    price_decimals: int = 2
    psa: PsaConnection | None = None
    platform: PlatformConnection | None = None
    psa_behaviour: PsaBehaviour = PsaBehaviour()
    mark: MarkKeeping = MarkKeeping()
    apply: ApplySettings = ApplySettings()
    place: Place

    @property
    def embedded(self) -> bool:
        """Whether this connection is the embedded sandbox."""
        return self.psa is None

    @property
    def target(self) -> str:
        """Both services in words, by which a plan for others is told."""
        if self.psa is None or self.platform is None:
            return "the embedded sandbox"
        return f"{self.psa.company} on {self.psa.url}, account {self.platform.account} on {self.platform.url}"


class Connections(msgspec.Struct, frozen=True, kw_only=True):
    default: str
    by_name: dict[str, Connection]


# -- mappings/


class AgreementRef(msgspec.Struct, frozen=True, kw_only=True):
    agreement: int
    name: str | None = None
    default: bool = False
    place: Place


class CreateCompany(msgspec.Struct, frozen=True, kw_only=True):
    """Make the company with the platform's values. `identifier` is unique in the PSA and finds it again."""

    identifier: str
    place: Place


class CustomerMapping(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of `company` and `create` is set. `fields` are the fields to sync after narrowing."""

    customer: str
    name: str | None = None
    company: int | None = None
    company_name: str | None = None
    create: CreateCompany | None = None
    fields: frozenset[CompanyField]
    agreements: tuple[AgreementRef, ...] = ()
    place: Place


class CreateCatalogItem(msgspec.Struct, frozen=True, kw_only=True):
    """Make the item with the platform's values. `identifier` is unique in the PSA and finds it again."""

    identifier: str
    place: Place


class ProductMapping(msgspec.Struct, frozen=True, kw_only=True):
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


class ServiceAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement that a service is billed on, from the day `starts` (inclusive); None is from its beginning."""

    agreement: int
    starts: date | None = None
    place: Place


class ServiceMapping(msgspec.Struct, frozen=True, kw_only=True):
    """`agreements` are in the order of their days and never empty.

    Where the mapping names none it is the customer's default, else its only one.

    `addition` is the existing addition that this service takes over, or `new` for a line beside those that exist.
    `owned` are the fields that the PSA decides about.
    """

    subscription: str
    customer: str
    agreements: tuple[ServiceAgreement, ...]
    name: str | None = None
    addition: int | Literal["new"] | None = None
    effective_date: date | None = None
    description: str | None = None
    fields: frozenset[AdditionField]
    owned: frozenset[OwnedField] = frozenset()
    pins: tuple[Pin, ...] = ()
    place: Place

    @property
    def agreement(self) -> int:
        """The agreement that it is billed on in the end."""
        return self.agreements[-1].agreement

    @property
    def synced(self) -> frozenset[AdditionField]:
        """The fields that are kept in step: what the rules switch on, without the prices that the PSA owns."""
        return self.fields - {SWITCHES[field] for field in self.owned if field in SWITCHES}


class Mappings(msgspec.Struct, frozen=True, kw_only=True):
    customers: dict[str, CustomerMapping]
    products: dict[tuple[str, str, str], ProductMapping]
    services: dict[str, ServiceMapping]


# -- rules/


class AdditionRules(msgspec.Struct, frozen=True, kw_only=True):
    effective_date_positive_change: PositiveChange = "actual_date"
    effective_date_negative_change: NegativeChange = "actual_date"
    service_cancellation: Cancellation = "cancellation_date"
    fields: frozenset[AdditionField]


class InvoiceRules(msgspec.Struct, frozen=True, kw_only=True):
    """What accepted billing figures write back, for licence (SaaS) and consumption (IaaS) products."""

    saas: Literal["cost_and_price", "cost"] = "cost_and_price"
    iaas: Literal["cost_and_price", "cost"] = "cost_and_price"
    update_invoice_description: bool = True


class SyncRules(msgspec.Struct, frozen=True, kw_only=True):
    automatic_sync: bool = False
    company: frozenset[CompanyField]
    product: frozenset[ProductField]
    addition: AdditionRules
    invoice: InvoiceRules
    places: dict[str, Place]
    """Place of each rule by its dotted name, such as `company.city`."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of one of the PSA's set-up tables, by id or by name."""

    id: int | None = None
    name: str | None = None


class CompanyDefaults(msgspec.Struct, frozen=True, kw_only=True):
    types: tuple[Reference, ...] = ()
    status: Reference | None = None
    site: str = "Main"


class ProductDefaults(msgspec.Struct, frozen=True, kw_only=True):
    product_class: Literal["Agreement", "Inventory", "NonInventory", "Service"] = "Agreement"
    subcategory: Reference
    type: Reference
    unit_of_measure: Reference | None = None
    taxable: bool = True
    create_manufacturers: bool = False


class AdditionDefaults(msgspec.Struct, frozen=True, kw_only=True):
    bill_customer: Literal["Billable", "DoNotBill", "NoCharge"] = "Billable"
    taxable: bool = True


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a new object gets where the platform has no value. `countries`: the platform's codes to the PSA's names."""

    company: CompanyDefaults
    product: ProductDefaults
    addition: AdditionDefaults
    countries: dict[str, str]


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of the platform and the PSA's manufacturer for it."""

    id: str
    name: str
    manufacturer: str
    supported: bool = True
    place: Place


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    sync: SyncRules
    defaults: Defaults
    providers: dict[str, Provider]
    billing: BillingRules = BillingRules()
    guards: GuardRules = GuardRules()

    def choices(self, customer: str, agreement: int, agreement_type: str | None) -> AdditionChoices:
        """The choices for an agreement of a customer, with what overrides them for its type, customer, or itself.

        A type that the PSA does not tell (None) is overridden by none. Names of types are compared without regard to
        case and outer spaces.
        """
        addition, billing = self.sync.addition, self.billing
        stated = {**billing.places, **self.sync.places}
        choices = AdditionChoices(
            quantity_increase=addition.effective_date_positive_change,
            quantity_decrease=addition.effective_date_negative_change,
            cancellation=addition.service_cancellation,
            price_change=billing.price_change,
            in_place_days=billing.in_place_days,
            late_change=billing.late_change,
            decided_by={key: stated.get(key) or stated.get(f"agreement_addition.{key}") for key in CHOICES},
        )
        for override in billing.overriding(customer, agreement, agreement_type):
            choices = choices.overridden(override)
        return choices


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the files of a workspace say. `digest` is the SHA-256 over their paths and contents."""

    root: str
    digest: str
    connections: Connections
    mappings: Mappings
    rules: Rules
