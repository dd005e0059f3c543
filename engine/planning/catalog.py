"""Products → catalog items: the six fields of the guide, on the item that a person mapped or asked for."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.billing.money import rounded
from engine.planning.catalog_notices import (
    DESCRIPTION_LENGTH,
    manufacturer_missing,
    priced_by_psa,
    product_notices,
)
from engine.planning.companies import reference_text
from engine.planning.fields import CATALOG_ITEM, Field, change_of, differing
from engine.planning.names import cut
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import Change, FieldChange, Held, Value
from engine.platform.models import ProductPlan
from engine.psa.models import CatalogItem, Manufacturer
from engine.workspace.model import ProductMapping, Provider

_LARGEST_PRICE = Decimal(10) ** 12
CUSTOMER_DESCRIPTION_LENGTH = 6000
PART_NUMBER_LENGTH = 50

ProductKey = tuple[str, str, str]


class CatalogPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The part, and for each mapped product its catalog item: what the PSA has, or the address of its creation."""

    part: Part
    items: Mapping[ProductKey, CatalogItem | str]


def plan_catalog(inputs: Inputs, selected: frozenset[ProductKey]) -> CatalogPlan:
    """Changes for the selected products. A product that cannot be resolved is held and is not in `items`."""
    by_id = {item.id: item for item in inputs.observed.catalog_items}
    by_identifier = {item.identifier.casefold(): item for item in inputs.observed.catalog_items}
    manufacturers = _Manufacturers(inputs)
    mapped_ids = {
        one.catalog_item: str(one.place) for one in inputs.workspace.mappings.products.values() if one.catalog_item
    }
    parts: list[Part] = []
    items: dict[ProductKey, CatalogItem | str] = {}
    for mapping in inputs.workspace.mappings.products.values():
        if mapping.key not in selected:
            continue
        item = by_id.get(mapping.catalog_item or 0)
        if mapping.create is not None:
            item = by_identifier.get(mapping.create.identifier.casefold())
        product, why = _product(inputs, mapping)
        provider = inputs.workspace.rules.providers.get(mapping.provider)
        if product is None or provider is None:
            parts.append(_held(mapping, "product-missing", why or f"rules name no provider {mapping.provider}"))
            # Its subscriptions live on with prices of their own, and must be able to end.
            if item is not None and not _unusable(item):
                items[mapping.key] = item
            continue
        if _is_ibm(product):
            why = "IBM products are not supported: the platform's own connector excludes them too"
            parts.append(_held(mapping, "product-unsupported", why, "remove this mapping; bill it by hand"))
            continue
        if mapping.create is not None and item is None:
            made, manufacturer_change = _creation(inputs, mapping, product, provider, manufacturers)
            parts.append(Part(changes=(*manufacturer_change, made), notices=product_notices(mapping, product, None)))
            items[mapping.key] = f"@{made.address}"
            continue
        if item is None:
            why = f"the PSA's catalog has no item {mapping.catalog_item}"
            parts.append(_held(mapping, "catalog-item-missing", why, "map the product onto an item that exists"))
            continue
        holder = mapped_ids.get(item.id)
        if mapping.create is not None and holder is not None:
            why = f"the item {item.identifier} (id {item.id}) that its identifier names is mapped already ({holder})"
            parts.append(_held(mapping, "catalog-item-taken", why, "choose another identifier"))
            continue
        unusable = _unusable(item)
        if unusable:
            parts.append(_held(mapping, "catalog-item-unusable", unusable, "map the product onto another item"))
            continue
        items[mapping.key] = item
        parts.append(_update(inputs, mapping, product, provider, item, manufacturers))
    return CatalogPlan(part=joined(parts), items=items)


class _Manufacturers:
    """Looks manufacturers up by name; one that is missing is created once, where the rules allow it."""

    def __init__(self, inputs: Inputs) -> None:
        self._by_name = {one.name.casefold(): one for one in inputs.observed.manufacturers if not one.inactive}
        self._create = inputs.workspace.rules.defaults.product.create_manufacturers
        self._planned: set[str] = set()

    def find(self, provider: Provider) -> Manufacturer | None:
        return self._by_name.get(provider.manufacturer.casefold())

    def value(self, provider: Provider) -> tuple[int | str | None, tuple[Change, ...]]:
        """The id, or the address of the creation (with the change on first use); None where the rules forbid it."""
        known = self.find(provider)
        if known is not None:
            return known.id, ()
        if not self._create:
            return None, ()
        address = f"manufacturer:{provider.manufacturer}"
        if address in self._planned:
            return f"@{address}", ()
        self._planned.add(address)
        name = Field("name", "inventory_product.provider", "productCloudProviderName", "name")
        change = Change(
            address=address,
            kind="manufacturer",
            action="create",
            name=provider.manufacturer,
            fields=(change_of(name, None, provider.manufacturer),),
            reason=f"no manufacturer of the PSA has this name, and the rules allow creating it for {provider.name}",
            source=provider.place,
        )
        return f"@{address}", (change,)


def _product(inputs: Inputs, mapping: ProductMapping) -> tuple[ProductPlan | None, str | None]:
    found = inputs.observed.products.get(mapping.key, ())
    if len(found) == 1:
        return found[0], None
    if not found:
        return None, "the platform's catalog does not list this product and plan (any more)"
    skus = ", ".join(sorted(one.sku for one in found))
    return None, f"the platform lists this plan under several skus ({skus}); it cannot be told which one is meant"


def _is_ibm(product: ProductPlan) -> bool:
    return "ibm" in product.product_name.casefold().split()[:1]


def _unusable(item: CatalogItem) -> str | None:
    if item.inactive:
        return f"catalog item {item.identifier} (id {item.id}) is inactive in the PSA"
    if item.product_class == "Bundle":
        return f"catalog item {item.identifier} (id {item.id}) is a bundle, which cannot be an agreement addition"
    return None


def _values(inputs: Inputs, product: ProductPlan) -> dict[str, Value]:
    """The platform's values in the PSA's form, by rule name; None where the platform has none."""
    decimals = inputs.workspace.connections.by_name[inputs.connection].price_decimals

    def price(amount: Decimal | None) -> Decimal | None:
        # A value that is no price is treated as none: the item keeps its own.
        if amount is None or not amount.is_finite() or abs(amount) >= _LARGEST_PRICE:
            return None
        return rounded(amount, decimals)

    return {
        "product_name": cut(product.plan_name or product.product_name, DESCRIPTION_LENGTH),
        "customer_unit_price": price(product.unit_price),
        "partner_unit_cost": price(product.unit_cost),
        "mfg_part_number": cut(product.part_number or "", PART_NUMBER_LENGTH),
        "description": cut(product.description, CUSTOMER_DESCRIPTION_LENGTH),
    }


def _update(
    inputs: Inputs,
    mapping: ProductMapping,
    product: ProductPlan,
    provider: Provider,
    item: CatalogItem,
    manufacturers: _Manufacturers,
) -> Part:
    values = _values(inputs, product)
    notices = list(product_notices(mapping, product, item))
    repriced_by_psa = {
        "customer_unit_price": item.auto_update_price,
        "partner_unit_cost": item.auto_update_cost,
    }
    wanted: list[tuple[Field, Value, Value]] = []
    for rule, field in CATALOG_ITEM.items():
        if rule not in mapping.fields or rule == "provider" or values[rule] in (None, ""):
            continue
        if repriced_by_psa.get(rule):
            if values[rule] != getattr(item, field.field):
                notices.append(priced_by_psa(mapping, item, field))
            continue
        wanted.append((field, getattr(item, field.field), values[rule]))
    created: tuple[Change, ...] = ()
    if "provider" in mapping.fields:
        manufacturer, created = manufacturers.value(provider)
        if manufacturer is None:
            notices.append(manufacturer_missing(mapping, provider))
        else:
            wanted.append((CATALOG_ITEM["provider"], item.manufacturer_id, manufacturer))
    fields = differing(wanted)
    if not fields:
        return Part(notices=tuple(notices), unchanged=1)
    change = Change(
        address=address_of(mapping),
        kind="catalog_item",
        action="update",
        name=product.plan_name,
        object_id=item.id,
        fields=fields,
        reason="the platform's product differs in fields that the rules keep in step",
        source=mapping.place,
        needs=_needs(fields),
        notes=_manufacturer_note(fields, provider),
    )
    return Part(changes=(*created, change), notices=tuple(notices))


def _creation(
    inputs: Inputs, mapping: ProductMapping, product: ProductPlan, provider: Provider, manufacturers: _Manufacturers
) -> tuple[Change, tuple[Change, ...]]:
    values = _values(inputs, product)
    defaults = inputs.workspace.rules.defaults.product
    plain: list[tuple[str, str, Value]] = [
        ("identifier", "identifier", mapping.create.identifier if mapping.create else ""),
        ("product_class", "productClass", defaults.product_class),
        ("subcategory", "subcategory", reference_text(defaults.subcategory)),
        ("type", "type", reference_text(defaults.type)),
        ("taxable", "taxableFlag", defaults.taxable),
    ]
    if defaults.unit_of_measure is not None:
        plain.append(("unit_of_measure", "unitOfMeasure", reference_text(defaults.unit_of_measure)))
    fields: list[FieldChange] = [change_of(Field(name, None, None, wire), None, value) for name, wire, value in plain]
    # The PSA demands both texts on every item, whatever the rules keep in step later.
    values["description"] = values["description"] or values["product_name"]
    for rule, field in CATALOG_ITEM.items():
        if rule == "provider":
            continue
        if rule in {"product_name", "description"} or (rule in mapping.fields and values[rule] not in (None, "")):
            fields.append(change_of(field, None, values[rule]))
    created: tuple[Change, ...] = ()
    if "provider" in mapping.fields:
        manufacturer, created = manufacturers.value(provider)
        if manufacturer is not None:
            fields.append(change_of(CATALOG_ITEM["provider"], None, manufacturer))
    change = Change(
        address=address_of(mapping),
        kind="catalog_item",
        action="create",
        name=product.plan_name,
        fields=tuple(fields),
        reason="the mapping says `create`, and no catalog item has this identifier",
        source=mapping.place,
        needs=_needs(tuple(fields)),
        notes=_manufacturer_note(tuple(fields), provider),
    )
    return change, created


def address_of(mapping: ProductMapping) -> str:
    """The address of the mapping's catalog item in a plan."""
    return f"catalog_item:{'/'.join(mapping.key)}"


def _needs(fields: tuple[FieldChange, ...]) -> tuple[str, ...]:
    return tuple(
        one.after[1:]
        for one in fields
        if one.field.endswith("_id") and isinstance(one.after, str) and one.after.startswith("@")
    )


def _manufacturer_note(fields: tuple[FieldChange, ...], provider: Provider) -> tuple[str, ...]:
    known = [one.after for one in fields if one.field == "manufacturer_id" and isinstance(one.after, int)]
    return tuple(f"manufacturer {number} is {provider.manufacturer}" for number in known)


def _held(mapping: ProductMapping, code: str, why: str, hint: str | None = None) -> Part:
    held = Held(
        kind="blocked",
        subject=f"product:{'/'.join(mapping.key)}",
        name=mapping.name or mapping.product,
        code=code,
        why=why,
        hint=hint,
        source=mapping.place,
    )
    return Part(held=(held,))
