"""What may be named once only, within a file and across all files."""

from collections.abc import Callable, Hashable, Iterable, Iterator

from engine.diagnostics import Diagnostic, Place
from engine.workspace.draft import Draft, product_key
from engine.workspace.identifiers import catalog_identifier, company_identifier
from engine.workspace.nodes import Entry


def customers_once(draft: Draft) -> Iterator[Diagnostic]:
    """A customer is mapped once."""
    for entry, first in repeated(draft.customers, lambda entry: entry.text("customer"), "customer"):
        text = f"customer {entry.text('customer')} is mapped twice; first at {first}"
        yield entry.problem("customer-twice", "customer", text, "Keep one of the two entries.")


def products_once(draft: Draft) -> Iterator[Diagnostic]:
    """A product, that is provider, product and plan, is mapped once."""
    for entry, first in repeated(draft.products, product_key, "product"):
        text = f"product {' / '.join(product_key(entry))} is mapped twice; first at {first}"
        yield entry.problem("product-twice", "product", text, "Keep one of the two entries.")


def services_once(draft: Draft) -> Iterator[Diagnostic]:
    """A subscription is mapped once."""
    for entry, first in repeated(draft.services, lambda entry: entry.text("subscription"), "subscription"):
        text = f"subscription {entry.text('subscription')} is mapped twice; first at {first}"
        yield entry.problem("service-twice", "subscription", text, "Keep one of the two entries.")


def providers_once(draft: Draft) -> Iterator[Diagnostic]:
    """A provider is listed once."""
    for entry, first in repeated(draft.providers, lambda entry: entry.text("id"), "id"):
        text = f"provider {entry.text('id')} is listed twice; first at {first}"
        yield entry.problem("provider-twice", "id", text, "Keep one of the two entries.")


def companies_once(draft: Draft) -> Iterator[Diagnostic]:
    """No two customers share a company, as each would overwrite the other's fields."""
    mapped = [entry for entry in draft.customers if entry.has("company")]
    for entry, first in repeated(mapped, lambda entry: entry.number_or_none("company"), "company"):
        text = f"company {entry.number_or_none('company')} already belongs to another customer; see {first}"
        hint = "Map each customer to a company of its own, or merge the customers on the platform."
        yield entry.problem("company-shared", "company", text, hint)


def catalog_items_once(draft: Draft) -> Iterator[Diagnostic]:
    """Two products on one catalog item overwrite each other's fields; where that is a price, it is an error."""
    first_of: dict[int, Entry] = {}
    for entry in draft.products:
        item = entry.number_or_none("catalog_item")
        first = first_of.setdefault(item, entry) if item is not None else entry
        if first is entry or product_key(first) == product_key(entry):
            continue
        priced = any(_synced(field, draft, first, entry) for field in ("customer_unit_price", "partner_unit_cost"))
        text = f"catalog item {item} already belongs to another product; see {first.at('catalog_item')}"
        if priced:
            text += "; the two would fight over its price"
        hint = (
            "Give each product its own catalog item, or switch the shared fields off under sync in all but one of them."
        )
        yield entry.problem("catalog-item-shared", "catalog_item", text, hint, "error" if priced else "warning")


def identifiers_once(draft: Draft) -> Iterator[Diagnostic]:
    """Identifiers of new companies, and of new catalog items, are unique."""
    for entries, key in ((draft.customers, _company_identifier), (draft.products, _catalog_identifier)):
        made = [entry for entry in entries if entry.node.get("create")]
        for entry, first in repeated(made, key, "create"):
            text = f"another entry makes an object with the same identifier; see {first}"
            yield entry.problem("identifier-shared", "create", text, "Give one of them another identifier.")


def agreements_once(draft: Draft) -> Iterator[Diagnostic]:
    """An agreement belongs to one customer, and is listed there once."""
    listed = [agreement for customer in draft.customers for agreement in customer.children("agreements")]
    for entry, first in repeated(listed, lambda entry: entry.number_or_none("agreement"), "agreement"):
        text = f"agreement {entry.number_or_none('agreement')} is listed twice; first at {first}"
        hint = "An agreement belongs to one company: keep it with that customer."
        yield entry.problem("agreement-shared", "agreement", text, hint)


def defaults_once(draft: Draft) -> Iterator[Diagnostic]:
    """A customer has one default agreement at most."""
    for customer in draft.customers:
        for entry in [each for each in customer.children("agreements") if each.flag("default")][1:]:
            text = f"customer {customer.text('customer')} has two default agreements"
            yield entry.problem("agreement-defaults", "default", text, "Keep `default: true` on one of them.")


def additions_once(draft: Draft) -> Iterator[Diagnostic]:
    """An addition is taken over by one subscription."""
    named = [entry for entry in draft.services if isinstance(entry.node.get("addition"), int)]
    for entry, first in repeated(named, lambda entry: entry.number_or_none("addition"), "addition"):
        text = f"addition {entry.number_or_none('addition')} is taken over twice; first at {first}"
        yield entry.problem("addition-shared", "addition", text, "One subscription can take it over; see which.")


def repeated(entries: Iterable[Entry], key: Callable[[Entry], Hashable], field: str) -> Iterator[tuple[Entry, Place]]:
    """Entries whose key came before, each with the place where it first did."""
    first_of: dict[Hashable, Entry] = {}
    for entry in entries:
        first = first_of.setdefault(key(entry), entry)
        if first is not entry:
            yield entry, first.at(field)


def _company_identifier(customer: Entry) -> str:
    """Compared without regard to case, as the PSA may do."""
    given = customer.child("create")
    return (given.text("identifier") if given is not None else company_identifier(customer.text("customer"))).casefold()


def _catalog_identifier(product: Entry) -> str:
    given = product.child("create")
    return (given.text("identifier") if given is not None else catalog_identifier(*product_key(product))).casefold()


def _synced(field: str, draft: Draft, *products: Entry) -> bool:
    """Whether all of these products write the field."""
    rules = draft.sync.child("inventory_product") if draft.sync is not None else None
    narrowed = [product.child("sync") for product in products]
    return (rules is None or rules.flag(field)) and all(each is None or each.flag(field, True) for each in narrowed)
