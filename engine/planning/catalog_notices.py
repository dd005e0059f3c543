"""What a plan says about a product beside its changes."""

from engine.diagnostics import Diagnostic
from engine.planning.fields import Field
from engine.planning.names import same_name
from engine.platform.models import ProductPlan
from engine.psa.models import CatalogItem
from engine.workspace.model import ProductMapping, Provider

DESCRIPTION_LENGTH = 60
"""Longest `description` of a catalog item, which is the product's name (API facts 4.2)."""


def product_notices(mapping: ProductMapping, product: ProductPlan, item: CatalogItem | None) -> tuple[Diagnostic, ...]:
    """Names and part numbers beside the ids that are not what the services say, and a name that will be cut."""
    found: list[Diagnostic] = []

    def warn(code: str, text: str, hint: str | None = None) -> None:
        found.append(Diagnostic(code=code, severity="warning", text=text, hint=hint, place=mapping.place))

    check = "check that the id is the right one, then correct the mapping"
    names = (product.plan_name, product.product_name, f"{product.product_name} {product.plan_name}")
    if mapping.name is not None and not any(same_name(mapping.name, name) for name in names):
        warn("name-differs", f"the mapping says {mapping.name!r}; the platform says {product.plan_name!r}", check)
    if mapping.part_number is not None and product.part_number not in (None, mapping.part_number):
        text = f"the mapping says part number {mapping.part_number}; the platform says {product.part_number}"
        warn("part-number-differs", text, check)
    if item is not None and mapping.catalog_identifier not in (None, item.identifier):
        text = f"the mapping calls catalog item {item.id} {mapping.catalog_identifier!r}; the PSA: {item.identifier!r}"
        warn("name-differs", text, check)
    if len(product.plan_name) > DESCRIPTION_LENGTH and "product_name" in mapping.fields:
        warn("text-cut", f"the name {product.plan_name!r} is cut to the PSA's {DESCRIPTION_LENGTH} characters")
    return tuple(found)


def priced_by_psa(mapping: ProductMapping, item: CatalogItem, field: Field) -> Diagnostic:
    """An item on which the PSA updates prices by itself is never repriced."""
    return Diagnostic(
        code="priced-by-psa",
        severity="notice",
        text=f"the PSA updates the {field.field} of {item.identifier} by itself; it is left alone, though it differs",
        hint="switch the item's automatic price update off in the PSA to let the rules keep it in step",
        place=mapping.place,
    )


def manufacturer_missing(mapping: ProductMapping, provider: Provider) -> Diagnostic:
    """The PSA lacks the manufacturer, and the rules do not allow creating it."""
    return Diagnostic(
        code="manufacturer-missing",
        severity="warning",
        text=f"the PSA has no manufacturer {provider.manufacturer!r} for {provider.name}; the item keeps its own",
        hint="create it in the PSA, or allow it with `create_manufacturers: true` in rules/defaults.yaml",
        place=mapping.place,
    )
