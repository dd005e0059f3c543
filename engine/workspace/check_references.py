"""What one entry says about another, and whether it is there."""

from collections.abc import Iterator

from engine.diagnostics import Diagnostic
from engine.workspace.check_connections import bad_date, date_of
from engine.workspace.draft import Draft


def something_is_mapped(draft: Draft) -> Iterator[Diagnostic]:
    """No customers at all is an error; products and services may come later, so without them it is a warning."""
    groups = (("customers", draft.customers), ("products", draft.products), ("services", draft.services))
    for name, entries in groups:
        document = next((entry for schema, entry in draft.documents if schema == name), None)
        if entries or name in draft.broken or document is None:
            continue
        text = f"no {name} are mapped at all"
        if name == "customers":
            hint = "An empty set is never taken as a wish. Add the first customer."
            yield document.problem("mapping-empty", name, text, hint)
        else:
            yield document.problem("mapping-empty", name, text, f"Add {name} when you get to them.", "warning")


def targets_are_clear(draft: Draft) -> Iterator[Diagnostic]:
    """A mapping names what it maps onto, or says that it is to be made; not both, not neither."""
    groups = (("company", "customer", draft.customers), ("catalog_item", "product", draft.products))
    for target, key, entries in groups:
        for entry in entries:
            made = bool(entry.node.get("create"))
            if made and entry.has(target):
                text = f"this {key} has both {target} and create"
                hint = f"Keep {target} if it exists in the PSA, else create."
                yield entry.problem("mapping-target", "create", text, hint)
            elif not made and not entry.has(target):
                text = f"this {key} has neither {target} nor create"
                hint = f"Add {target} with its id in the PSA, or `create: true`."
                yield entry.problem("mapping-target", None, text, hint)


def customers_are_mapped(draft: Draft) -> Iterator[Diagnostic]:
    """The customer of a service must be mapped, as its company and agreements come from there."""
    known = {customer.text("customer") for customer in draft.customers}
    for service in draft.services if known else ():
        if service.text("customer") not in known:
            text = f"customer {service.text('customer')} is not mapped"
            hint = "Add the customer to mappings/customers.yaml, or correct the id."
            yield service.problem("customer-unmapped", "customer", text, hint)


def providers_are_known(draft: Draft) -> Iterator[Diagnostic]:
    """The provider of a product must be listed, and supported."""
    known = {provider.text("id"): provider for provider in draft.providers}
    for product in draft.products:
        provider = known.get(product.text("provider"))
        if provider is None:
            text = f"provider {product.text('provider')} is not listed in rules/providers.yaml"
            names = (f"{id} ({each.text('name')})" for id, each in known.items())
            hint = f"Add it there, or correct the id. Listed are: {', '.join(names)}."
            yield product.problem("provider-unknown", "provider", text, hint)
        elif not provider.flag("supported", True):
            text = f"products of {provider.text('name')} cannot be mapped: the provider is not supported"
            yield product.problem("provider-unsupported", "provider", text, "Remove the mapping; bill it by hand.")


def rules_are_narrowed(draft: Draft) -> Iterator[Diagnostic]:
    """A mapping may switch fields off, never on where the global rules switch them off."""
    if draft.sync is None:
        return
    groups = (
        ("company", draft.customers),
        ("inventory_product", draft.products),
        ("agreement_addition", draft.services),
    )
    for name, entries in groups:
        rules = draft.sync.child(name)
        for entry in entries:
            narrowed = entry.child("sync")
            if narrowed is None or rules is None:
                continue
            for field, value in narrowed.node.items():
                if value is True and not rules.flag(field):
                    place = rules.at(field)
                    text = f"{field} is switched off by the global rules, so it cannot be switched on here; see {place}"
                    hint = "Remove it here, or switch it on for all in rules/sync.yaml."
                    yield narrowed.problem("sync-widened", field, text, hint)


def effective_dates_count(draft: Draft) -> Iterator[Diagnostic]:
    """An effective date exists, and is not before the day on which the connection begins to be managed."""
    connection = draft.selected()
    begin = date_of(connection, "manage_from") if connection is not None else None
    for service in draft.services:
        if not service.has("effective_date"):
            continue
        effective = date_of(service, "effective_date")
        if effective is None:
            yield bad_date(service, "effective_date")
        elif connection is not None and begin is not None and effective < begin:
            text = f"{effective} is before manage_from ({begin}), and nothing is billed before that"
            hint = f"Write {begin} or a later day, or remove it; manage_from stands at {connection.at('manage_from')}."
            yield service.problem("effective-date-early", "effective_date", text, hint)
