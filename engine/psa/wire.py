"""The PSA's JSON as the engine's values.

Members that are not named here are ignored; of those that are, all but ids may be null or missing.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from engine.psa.models import Addition, Agreement, BillingCycle, CatalogItem, Company, Country, Manufacturer
from engine.psa.text import canonical


class Reference(msgspec.Struct, rename="camel"):
    """A reference to another record; which of the members come depends on what it refers to."""

    id: int | None = None
    name: str | None = None
    identifier: str | None = None
    currency_code: str | None = None


class Info(msgspec.Struct, rename="camel"):
    last_updated: str | None = None
    date_entered: str | None = None


class WireRecord(msgspec.Struct, rename="camel", kw_only=True):
    id: int
    info: Info | None = msgspec.field(default=None, name="_info")


class WireCompany(WireRecord, rename="camel", kw_only=True):
    identifier: str | None = None
    name: str | None = None
    address_line1: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: Reference | None = None
    deleted_flag: bool | None = None

    def model(self) -> Company:
        return Company(
            id=self.id,
            identifier=canonical(self.identifier),
            name=canonical(self.name),
            address_line1=canonical(self.address_line1),
            city=canonical(self.city),
            state=canonical(self.state),
            zip=canonical(self.zip),
            country=_name(self.country),
            deleted=bool(self.deleted_flag),
            last_updated=_last_updated(self.info),
        )


class WireCatalogItem(WireRecord, rename="camel", kw_only=True):
    identifier: str | None = None
    description: str | None = None
    customer_description: str | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    manufacturer: Reference | None = None
    manufacturer_part_number: str | None = None
    product_class: str | None = None
    inactive_flag: bool | None = None
    auto_update_unit_price_flag: bool | None = None
    auto_update_unit_cost_flag: bool | None = None

    def model(self) -> CatalogItem:
        return CatalogItem(
            id=self.id,
            identifier=canonical(self.identifier),
            description=canonical(self.description),
            customer_description=canonical(self.customer_description),
            price=self.price,
            cost=self.cost,
            manufacturer_id=self.manufacturer.id if self.manufacturer else None,
            manufacturer=_name(self.manufacturer) or None,
            manufacturer_part_number=canonical(self.manufacturer_part_number),
            product_class=self.product_class or "",
            inactive=bool(self.inactive_flag),
            auto_update_price=bool(self.auto_update_unit_price_flag),
            auto_update_cost=bool(self.auto_update_unit_cost_flag),
            last_updated=_last_updated(self.info),
        )


class WireManufacturer(WireRecord, rename="camel", kw_only=True):
    name: str | None = None
    inactive_flag: bool | None = None

    def model(self) -> Manufacturer:
        return Manufacturer(id=self.id, name=canonical(self.name), inactive=bool(self.inactive_flag))


class WireCountry(WireRecord, rename="camel", kw_only=True):
    name: str | None = None

    def model(self) -> Country:
        return Country(id=self.id, name=canonical(self.name))


class WireBillingCycle(WireRecord, rename="camel", kw_only=True):
    name: str | None = None
    billing_options: str | None = None

    def model(self) -> BillingCycle:
        return BillingCycle(id=self.id, name=canonical(self.name), frequency=self.billing_options or "")


class Owner(msgspec.Struct):
    """The company of an agreement. Without its id the agreement means nothing."""

    id: int
    name: str | None = None
    identifier: str | None = None


class WireAgreement(WireRecord, rename="camel", kw_only=True):
    name: str | None = None
    company: Owner
    type: Reference | None = None
    billing_cycle: Reference | None = None
    start_date: str | None = None
    end_date: str | None = None
    no_ending_date_flag: bool | None = None
    bill_start_date: str | None = None
    next_invoice_date: str | None = None
    cancelled_flag: bool | None = None
    agreement_status: str | None = None
    prorate_flag: bool | None = None
    currency: Reference | None = None

    def model(self) -> Agreement:
        return Agreement(
            id=self.id,
            name=canonical(self.name),
            company_id=self.company.id,
            company=canonical(self.company.name or self.company.identifier),
            type_id=self.type.id if self.type else None,
            type_name=_name(self.type) or None,
            billing_cycle_id=self.billing_cycle.id if self.billing_cycle else None,
            start=day(self.start_date),
            end=None if self.no_ending_date_flag else day(self.end_date),
            bill_start=day(self.bill_start_date),
            next_invoice=_next_invoice(self.next_invoice_date),
            cancelled=bool(self.cancelled_flag),
            status=self.agreement_status or "",
            prorates=bool(self.prorate_flag),
            currency=_currency(self.currency),
            last_updated=_last_updated(self.info),
        )


class WireRecap(WireRecord, rename="camel", kw_only=True):
    """An agreement's row in the recap of invoices."""

    last_invoice_date: str | None = None

    @property
    def invoiced_on(self) -> date | None:
        """The day of its last invoice; None if it never had one."""
        return day(self.last_invoice_date)


class CustomField(msgspec.Struct):
    id: int | None = None
    caption: str | None = None
    value: Any = None


class Product(msgspec.Struct):
    """The catalog item of an addition. Without its id the addition means nothing."""

    id: int
    identifier: str | None = None


class WireAddition(WireRecord, rename="camel", kw_only=True):
    agreement_id: int | None = None
    product: Product
    quantity: Decimal | None = None
    less_included: Decimal | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    effective_date: str | None = None
    cancelled_date: str | None = None
    bill_customer: str | None = None
    taxable_flag: bool | None = None
    description: str | None = None
    invoice_description: str | None = None
    serial_number: str | None = None
    custom_fields: list[CustomField] | None = None

    def model(self, agreement_id: int, caption: str | None) -> Addition:
        """As a value; the mark comes from the custom field `caption`, or from the serial number if that is None."""
        return Addition(
            id=self.id,
            agreement_id=self.agreement_id or agreement_id,
            product_id=self.product.id,
            product_identifier=canonical(self.product.identifier),
            quantity=self.quantity if self.quantity is not None else _ZERO,
            less_included=self.less_included if self.less_included is not None else _ZERO,
            unit_price=self.unit_price if self.unit_price is not None else _ZERO,
            unit_cost=self.unit_cost if self.unit_cost is not None else _ZERO,
            effective=day(self.effective_date),
            cancelled=day(self.cancelled_date),
            bill_customer=self.bill_customer or "",
            taxable=bool(self.taxable_flag),
            description=canonical(self.description),
            invoice_description=canonical(self.invoice_description),
            mark=self._mark(caption),
            entered=_entered(self.info),
            last_updated=_last_updated(self.info),
        )

    def _mark(self, caption: str | None) -> str | None:
        if caption is None:
            return canonical(self.serial_number) or None
        found = field_named(self.custom_fields or (), caption)
        return None if found is None or found.value is None else canonical(str(found.value)) or None


class UserDefinedField(WireRecord, rename="camel", kw_only=True):
    """A custom field as the set-up tables know it; they do not say to which kind of record it belongs."""

    caption: str | None = None


class Count(msgspec.Struct):
    count: int


def field_named(fields: list[CustomField] | tuple[()], caption: str) -> CustomField | None:
    """The custom field with this caption; upper and lower case are the same."""
    wanted = canonical(caption).casefold()
    return next((field for field in fields if canonical(field.caption).casefold() == wanted), None)


def day(text: str | None) -> date | None:
    """The calendar day of a date of the PSA: its first ten characters, never converted.

    Raises `msgspec.ValidationError` where the text begins with no date.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise msgspec.ValidationError(f"{text[:40]!r} is not a date such as 2027-01-09T00:00:00Z") from None


_ZERO = Decimal(0)


def _next_invoice(text: str | None) -> date | None:
    # The PSA declares it as plain text. What is not a date is "not known", for which no write is allowed; so is the
    # zero of its clock (year 1).
    try:
        found = day(text)
    except msgspec.ValidationError:
        return None
    return found if found is not None and found.year > 1 else None


def _name(reference: Reference | None) -> str:
    return canonical(reference.name or reference.identifier) if reference else ""


def _currency(reference: Reference | None) -> str | None:
    return canonical(reference.currency_code or reference.identifier or reference.name) or None if reference else None


def _entered(info: Info | None) -> date | None:
    """A help where it can be read, and never worth an error."""
    try:
        return day(info.date_entered if info else None)
    except msgspec.ValidationError:
        return None


def _last_updated(info: Info | None) -> str:
    return (info.last_updated if info else None) or ""
