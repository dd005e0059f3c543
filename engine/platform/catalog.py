"""Customers and products as the platform writes them, and how they become ours."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.platform.models import Customer, ProductPlan

_ACTIVE = frozenset({"", "ACTIVE", "CUSTOMER_STATUS_UNSPECIFIED"})


class WireAddress(msgspec.Struct):
    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


class WireCustomer(msgspec.Struct, rename="camel"):
    name: str
    customer_organization: str | None = None
    customer_name: str | None = None
    customer_address: WireAddress | None = None
    customer_status: str | None = None


class CustomerPage(msgspec.Struct, rename="camel"):
    """A page of customers."""

    customers: list[WireCustomer] | None = None
    next_page_token: str | None = None

    @property
    def items(self) -> list[WireCustomer]:
        """What the page holds."""
        return self.customers or []


class WireDuration(msgspec.Struct):
    unlimited: bool | None = None


class WirePhase(msgspec.Struct, rename="camel"):
    type: str | None = None
    duration: WireDuration | None = None
    recurring_price: dict[str, Decimal] | None = None


class WirePlan(msgspec.Struct, rename="camel"):
    id: str
    display_name: str | None = None
    mpn_id: str | None = None
    phases: list[WirePhase] | None = None
    pricebook_currency: str | None = None
    pricebook_master_price: Decimal | None = None
    product_cloud_provider_name: str | None = None


class WireSku(msgspec.Struct, rename="camel"):
    id: str
    display_name: str | None = None
    description: str | None = None
    plans: list[WirePlan] | None = None
    product_cloud_provider_name: str | None = None


class WireMarketing(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    description: str | None = None


class WireDefinition(msgspec.Struct):
    skus: list[WireSku] | None = None


class WireProduct(msgspec.Struct, rename="camel"):
    name: str
    marketing: WireMarketing | None = None
    definition: WireDefinition | None = None
    product_cloud_provider_name: str | None = None


class ProductPage(msgspec.Struct, rename="camel"):
    """A page of products."""

    products: list[WireProduct] | None = None
    next_page_token: str | None = None

    @property
    def items(self) -> list[WireProduct]:
        """What the page holds."""
        return self.products or []


def customer(wire: WireCustomer) -> Customer:
    """Our form of a customer. A customer without an organization is named by its contact."""
    address = wire.customer_address or WireAddress()
    return Customer(
        id=last_part(wire.name),
        name=wire.customer_organization or wire.customer_name or "",
        street=address.street or "",
        city=address.city or "",
        state=address.state or "",
        zip=address.zip or "",
        country=address.country or "",
        active=(wire.customer_status or "").upper() in _ACTIVE,
    )


def plans(wire: WireProduct) -> Iterator[ProductPlan]:
    """The plans of a product; a plan of no known provider is left out, as no mapping can name it."""
    marketing = wire.marketing or WireMarketing()
    for sku in (wire.definition.skus if wire.definition else None) or ():
        for plan in sku.plans or ():
            provider = (
                plan.product_cloud_provider_name or sku.product_cloud_provider_name or wire.product_cloud_provider_name
            )
            if not provider:
                continue
            currency, price = _price(plan)
            yield ProductPlan(
                provider=last_part(provider),
                product=last_part(wire.name),
                plan=plan.id,
                sku=sku.id,
                product_name=marketing.display_name or sku.display_name or "",
                plan_name=plan.display_name or sku.display_name or "",
                description=sku.description or marketing.description or "",
                part_number=plan.mpn_id or None,
                unit_price=price,
                unit_cost=plan.pricebook_master_price,
                currency=currency,
            )


def last_part(name: str) -> str:
    """The id in a resource name such as `accounts/1/customers/2`."""
    return name.rstrip("/").rpartition("/")[2]


def _price(plan: WirePlan) -> tuple[str | None, Decimal | None]:
    """Currency and price per unit of the phase that lasts: the unlimited one, else the last that has a price.

    The currency is the price book's, or the only one there is; among several without a price book none is chosen.
    """
    phases = [phase for phase in plan.phases or () if phase.recurring_price]
    lasting = [phase for phase in phases if _unlimited(phase)]
    prices = (lasting or phases)[-1].recurring_price if phases else None
    prices = prices or {}
    currency = plan.pricebook_currency or (next(iter(prices)) if len(prices) == 1 else None)
    return currency, prices.get(currency) if currency else None


def _unlimited(phase: WirePhase) -> bool:
    return phase.type == "UNLIMITED_PHASE" or (phase.duration is not None and phase.duration.unlimited is True)
