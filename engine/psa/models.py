"""What the engine knows of the PSA: companies, catalog items, agreements and their additions, in canonical form.

Dates are calendar dates; money and quantities are Decimal. `last_updated` is the text of `_info.lastUpdated`.
"""

from datetime import date
from decimal import Decimal

import msgspec


class Company(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    identifier: str
    name: str
    address_line1: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    deleted: bool = False
    last_updated: str = ""


class CatalogItem(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the catalog. `description` is its short name (at most 60), `customer_description` what prints."""

    id: int
    identifier: str
    description: str = ""
    customer_description: str = ""
    price: Decimal | None = None
    cost: Decimal | None = None
    manufacturer_id: int | None = None
    manufacturer: str | None = None
    manufacturer_part_number: str = ""
    product_class: str = ""
    inactive: bool = False
    auto_update_price: bool = False
    auto_update_cost: bool = False
    last_updated: str = ""


class Manufacturer(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    inactive: bool = False


class Country(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str


class BillingCycle(msgspec.Struct, frozen=True, kw_only=True):
    """`frequency` is the PSA's `billingOptions`: Monthly, Yearly, Quarterly …"""

    id: int
    name: str
    frequency: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement of a company. `start` is inclusive; `end` is the last day, None while it has no end."""

    id: int
    name: str
    company_id: int
    company: str = ""
    type_id: int | None = None
    type_name: str | None = None
    billing_cycle_id: int | None = None
    start: date | None = None
    end: date | None = None
    bill_start: date | None = None
    next_invoice: date | None = None
    cancelled: bool = False
    status: str = ""
    prorates: bool = False
    currency: str | None = None
    last_updated: str = ""


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an agreement. `effective` and `cancelled` are calendar days; without `cancelled` it is open-ended.

    `entered` is the UTC day on which it was made, where the PSA tells.
    """

    id: int
    agreement_id: int
    product_id: int
    product_identifier: str = ""
    quantity: Decimal = Decimal(0)
    less_included: Decimal = Decimal(0)
    unit_price: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)
    effective: date | None = None
    cancelled: date | None = None
    bill_customer: str = ""
    taxable: bool = False
    description: str = ""
    invoice_description: str = ""
    mark: str | None = None
    entered: date | None = None
    last_updated: str = ""
