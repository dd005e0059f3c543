"""Which sync rule reads which field of the platform and writes which field of the PSA.

The rows are the guide's table of Global Sync Rules; `field` is the name in `engine.psa.models`.
"""

import msgspec

from engine.planning.plan import FieldChange, Value
from engine.psa.text import canonical


class Field(msgspec.Struct, frozen=True):
    """One row: the PSA model's field, the rule's dotted name, and the wire fields on both sides."""

    field: str
    rule: str | None
    reads: str | None
    writes: str


COMPANY = {
    "name": Field("name", "company.name", "customerOrganization", "name"),
    "address": Field("address_line1", "company.address", "customerAddress.street", "addressLine1"),
    "city": Field("city", "company.city", "customerAddress.city", "city"),
    "state": Field("state", "company.state", "customerAddress.state", "state"),
    "zip": Field("zip", "company.zip", "customerAddress.zip", "zip"),
    "country": Field("country", "company.country", "customerAddress.country", "country"),
}

CATALOG_ITEM = {
    "provider": Field("manufacturer_id", "inventory_product.provider", "productCloudProviderName", "manufacturer"),
    "product_name": Field("description", "inventory_product.product_name", "skus.plans.displayName", "description"),
    "customer_unit_price": Field(
        "price", "inventory_product.customer_unit_price", "skus.plans.phases.recurringPrice", "price"
    ),
    "partner_unit_cost": Field(
        "cost", "inventory_product.partner_unit_cost", "skus.plans.pricebookMasterPrice", "cost"
    ),
    "mfg_part_number": Field(
        "manufacturer_part_number", "inventory_product.mfg_part_number", "skus.plans.mpnId", "manufacturerPartNumber"
    ),
    "description": Field(
        "customer_description", "inventory_product.description", "marketing.description", "customerDescription"
    ),
}

QUANTITY = Field("quantity", None, "subscriptionTotalLicenses", "quantity")
UNIT_PRICE = Field("unit_price", "agreement_addition.customer_unit_price", "price", "unitPrice")
UNIT_COST = Field("unit_cost", "agreement_addition.partner_unit_cost", "cost", "unitCost")
CANCELLED = Field("cancelled", None, "subscriptionEndDate", "cancelledDate")
EFFECTIVE = Field("effective", None, "subscriptionStartDate", "effectiveDate")
PRODUCT = Field("product_id", None, None, "product")
DESCRIPTION = Field(
    "invoice_description", "agreement_addition.include_subscription_information", None, "invoiceDescription"
)
BILL_CUSTOMER = Field("bill_customer", None, None, "billCustomer")
TAXABLE = Field("taxable", None, None, "taxableFlag")
MARK = Field("mark", None, "id", "serialNumber")


def change_of(field: Field, before: Value, after: Value) -> FieldChange:
    """The change of one field, with its rule and wire names."""
    return FieldChange(
        field=field.field, before=before, after=after, rule=field.rule, reads=field.reads, writes=field.writes
    )


def differing(wanted: list[tuple[Field, Value, Value]]) -> tuple[FieldChange, ...]:
    """The changes among (field, before, after), which are in canonical form on both sides.

    Equal pairs are told apart cheaply; only a pair that differs is explained field by field.
    """
    if all(_canonical(old) == _canonical(new) for _, old, new in wanted):
        return ()
    before = {field.field: _canonical(old) for field, old, _ in wanted}
    after = {field.field: _canonical(new) for field, _, new in wanted}
    from deepdiff import DeepDiff

    changed = DeepDiff(before, after, ignore_numeric_type_changes=True).affected_root_keys
    return tuple(change_of(field, old, new) for field, old, new in wanted if field.field in changed)


def _canonical(value: Value) -> Value:
    return canonical(value) if isinstance(value, str) else value
