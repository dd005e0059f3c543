"""Builds the typed workspace from entries that have passed every check, so that nothing here can fail."""

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar, cast

from engine.diagnostics import Place
from engine.workspace.build_billing import build_billing, owned_by_psa
from engine.workspace.build_connections import build_connections
from engine.workspace.build_guards import build_guards
from engine.workspace.choices import BillingRules
from engine.workspace.draft import ADDITION_FIELDS, COMPANY_FIELDS, PRODUCT_FIELDS, Draft, agreement_of, product_key
from engine.workspace.guards import GuardRules
from engine.workspace.identifiers import catalog_identifier, company_identifier
from engine.workspace.model import (
    AdditionDefaults,
    AdditionField,
    AdditionRules,
    AgreementRef,
    CompanyDefaults,
    CompanyField,
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
    Reference,
    Rules,
    ServiceAgreement,
    ServiceMapping,
    SyncRules,
    Workspace,
)
from engine.workspace.nodes import Entry, at
from engine.workspace.owners import Pin
from engine.workspace.yaml_strict import YamlMap

Field = TypeVar("Field")


def build(draft: Draft, root: str, digest: str) -> Workspace:
    """The workspace of a draft in which no check found an error. A file that is not there is a KeyError."""
    connections, sync, defaults = draft.connections, draft.sync, draft.defaults
    if connections is None or sync is None or defaults is None:
        raise KeyError("a draft without all of its files cannot be built")
    rules = _sync_rules(sync)
    billing = BillingRules() if draft.billing is None else build_billing(draft.billing)
    return Workspace(
        root=root,
        digest=digest,
        connections=build_connections(connections),
        mappings=Mappings(
            customers={entry.text("customer"): _customer(entry, rules.company) for entry in draft.customers},
            products={product_key(entry): _product(entry, rules.product) for entry in draft.products},
            services=_services(draft, rules, billing),
        ),
        rules=Rules(
            sync=rules,
            billing=billing,
            guards=GuardRules() if draft.guards is None else build_guards(draft.guards),
            defaults=_defaults(defaults),
            providers={entry.text("id"): _provider(entry) for entry in draft.providers},
        ),
    )


def _customer(entry: Entry, fields: frozenset[CompanyField]) -> CustomerMapping:
    create: CreateCompany | None = None
    if entry.node.get("create"):
        given = entry.child("create")
        identifier = given.text("identifier") if given is not None else company_identifier(entry.text("customer"))
        create = CreateCompany(identifier=identifier, place=entry.at("create"))
    return CustomerMapping(
        customer=entry.text("customer"),
        name=entry.text_or_none("name"),
        company=entry.number_or_none("company"),
        company_name=entry.text_or_none("company_name"),
        create=create,
        fields=_narrowed(fields, entry),
        agreements=tuple(
            AgreementRef(
                agreement=cast(int, each.number_or_none("agreement")),
                name=each.text_or_none("name"),
                default=each.flag("default"),
                place=each.at("agreement"),
            )
            for each in entry.children("agreements")
        ),
        place=entry.place,
    )


def _product(entry: Entry, fields: frozenset[ProductField]) -> ProductMapping:
    provider, product, plan = product_key(entry)
    create: CreateCatalogItem | None = None
    if entry.node.get("create"):
        given = entry.child("create")
        identifier = given.text("identifier") if given is not None else catalog_identifier(provider, product, plan)
        create = CreateCatalogItem(identifier=identifier, place=entry.at("create"))
    return ProductMapping(
        provider=provider,
        product=product,
        plan=plan,
        kind=_value(entry, "kind"),
        name=entry.text_or_none("name"),
        part_number=entry.text_or_none("part_number"),
        catalog_item=entry.number_or_none("catalog_item"),
        catalog_identifier=entry.text_or_none("catalog_identifier"),
        create=create,
        fields=_narrowed(fields, entry),
        place=entry.place,
    )


def _services(draft: Draft, rules: SyncRules, billing: BillingRules) -> dict[str, ServiceMapping]:
    fallback = {customer.text("customer"): agreement_of(customer) for customer in draft.customers}
    services: dict[str, ServiceMapping] = {}
    for entry in draft.services:
        customer = entry.text("customer")
        subscription = entry.text("subscription")
        services[subscription] = ServiceMapping(
            subscription=subscription,
            customer=customer,
            agreements=_agreements(entry, fallback[customer]),
            name=entry.text_or_none("name"),
            addition=_value(entry, "addition"),
            effective_date=_day(entry, "effective_date"),
            description=entry.text_or_none("description"),
            fields=_narrowed(rules.addition.fields, entry),
            owned=billing.owned | owned_by_psa(entry),
            pins=tuple(_pin(each) for each in entry.children("pins")),
            place=entry.place,
        )
    return services


def _pin(entry: Entry) -> Pin:
    return Pin(
        field=_value(entry, "field"),
        value=entry.text("value"),
        reason=entry.text("reason"),
        until=date.fromisoformat(entry.text("until")),
        place=entry.place,
    )


def _agreements(service: Entry, fallback: int | None) -> tuple[ServiceAgreement, ...]:
    """The agreements that a service names, in the order of their days, or else its customer's."""
    named = service.children("agreements")
    if not named:
        only = cast(int, service.number_or_none("agreement") or fallback)
        return (ServiceAgreement(agreement=only, place=service.at("agreement")),)
    return tuple(
        ServiceAgreement(agreement=cast(int, each.number_or_none("id")), starts=_day(each, "from"), place=each.place)
        for each in named
    )


def _narrowed(fields: frozenset[Field], entry: Entry) -> frozenset[Field]:
    """The fields that the global rules allow, without those that the entry switches off."""
    sync = entry.child("sync")
    if sync is None:
        return fields
    return fields - {cast(Field, name) for name, value in sync.node.items() if value is False}


def _sync_rules(entry: Entry) -> SyncRules:
    company, product = _child(entry, "company"), _child(entry, "inventory_product")
    addition, invoice = _child(entry, "agreement_addition"), _child(entry, "invoice_billing")
    saas, iaas = _child(invoice, "saas"), _child(invoice, "iaas")
    return SyncRules(
        automatic_sync=entry.flag("automatic_sync"),
        company=frozenset(cast(CompanyField, name) for name in COMPANY_FIELDS if company.flag(name)),
        product=frozenset(cast(ProductField, name) for name in PRODUCT_FIELDS if product.flag(name)),
        addition=AdditionRules(
            effective_date_positive_change=_value(addition, "effective_date_positive_change"),
            effective_date_negative_change=_value(addition, "effective_date_negative_change"),
            service_cancellation=_value(addition, "service_cancellation"),
            fields=frozenset(cast(AdditionField, name) for name in ADDITION_FIELDS if addition.flag(name)),
        ),
        invoice=InvoiceRules(
            saas=_value(saas, "update"),
            iaas=_value(iaas, "update"),
            update_invoice_description=iaas.flag("update_invoice_description"),
        ),
        places=dict(_places(entry, "")),
    )


def _places(entry: Entry, prefix: str) -> Iterator[tuple[str, Place]]:
    """Dotted names of all rules, with the places of their values."""
    for name, value in entry.node.items():
        if isinstance(value, YamlMap):
            yield from _places(Entry(entry.file, value), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", at(entry.file, entry.node.marks[name][1])


def _defaults(entry: Entry) -> Defaults:
    company, product, addition = entry.child("company"), _child(entry, "product"), entry.child("addition")
    countries = entry.child("countries")
    types = company.children("types") if company is not None else []
    return Defaults(
        company=CompanyDefaults()
        if company is None
        else CompanyDefaults(
            types=tuple(_reference(each) for each in types),
            status=_reference_or_none(company, "status"),
            site=company.text("site", "Main"),
        ),
        product=ProductDefaults(
            product_class=_value(product, "product_class", "Agreement"),
            subcategory=_reference(_child(product, "subcategory")),
            type=_reference(_child(product, "type")),
            unit_of_measure=_reference_or_none(product, "unit_of_measure"),
            taxable=product.flag("taxable", True),
            create_manufacturers=product.flag("create_manufacturers"),
        ),
        addition=AdditionDefaults()
        if addition is None
        else AdditionDefaults(
            bill_customer=_value(addition, "bill_customer", "Billable"), taxable=addition.flag("taxable", True)
        ),
        countries={code: countries.text(code) for code in countries.node} if countries is not None else {},
    )


def _provider(entry: Entry) -> Provider:
    return Provider(
        id=entry.text("id"),
        name=entry.text("name"),
        manufacturer=entry.text("manufacturer", entry.text("name")),
        supported=entry.flag("supported", True),
        place=entry.place,
    )


def _day(entry: Entry, key: str) -> date | None:
    value = entry.text_or_none(key)
    return None if value is None else date.fromisoformat(value)


def _reference(entry: Entry) -> Reference:
    return Reference(id=entry.number_or_none("id"), name=entry.text_or_none("name"))


def _reference_or_none(entry: Entry, key: str) -> Reference | None:
    child = entry.child(key)
    return None if child is None else _reference(child)


def _child(entry: Entry, key: str) -> Entry:
    """A mapping that the schema requires."""
    return Entry(entry.file, cast(YamlMap, entry.node[key]))


def _value(entry: Entry, key: str, default: str | None = None) -> Any:
    """A value that the schema restricts to the choices of the model's field."""
    return entry.node.get(key, default)
