"""A workspace whose files have the right shape, before it is known whether they fit together."""

from typing import NamedTuple

from engine.workspace.nodes import Entry

COMPANY_FIELDS = ("name", "address", "city", "state", "zip", "country")
PRODUCT_FIELDS = (
    "provider",
    "product_name",
    "customer_unit_price",
    "partner_unit_cost",
    "mfg_part_number",
    "description",
)
ADDITION_FIELDS = ("customer_unit_price", "partner_unit_cost", "include_subscription_information")


class Draft(NamedTuple):
    """The entries of all accepted files. `broken` names the schemas of which a file was not accepted."""

    documents: list[tuple[str, Entry]]
    """Each file's mapping, with the name of its schema."""
    connections: Entry | None
    sync: Entry | None
    billing: Entry | None
    guards: Entry | None
    defaults: Entry | None
    providers: list[Entry]
    customers: list[Entry]
    products: list[Entry]
    services: list[Entry]
    broken: frozenset[str]
    connection: str | None
    """The connection that a run will use, where it is not the default one."""

    def overrides(self) -> list[Entry]:
        """The overrides of rules/billing.yaml, a file that need not be there."""
        return self.billing.children("overrides") if self.billing is not None else []

    def selected(self) -> Entry | None:
        """The connection that a run will use, if it exists."""
        if self.connections is None:
            return None
        name = self.connection or self.connections.text("default")
        every = self.connections.child("connections")
        return every.child(name) if every is not None else None


def draft_of(documents: list[tuple[str, Entry]], broken: frozenset[str], connection: str | None) -> Draft:
    """Sort the accepted documents, each with the name of its schema."""

    def one(name: str) -> Entry | None:
        return next((entry for schema, entry in documents if schema == name), None)

    def entries(name: str) -> list[Entry]:
        return [item for schema, entry in documents if schema == name for item in entry.children(name)]

    return Draft(
        documents=documents,
        connections=one("connections"),
        sync=one("sync"),
        billing=one("billing"),
        guards=one("guards"),
        defaults=one("defaults"),
        providers=entries("providers"),
        customers=entries("customers"),
        products=entries("products"),
        services=entries("services"),
        broken=broken,
        connection=connection,
    )


def product_key(product: Entry) -> tuple[str, str, str]:
    """Provider, product and plan: what a product is known by."""
    return product.text("provider"), product.text("product"), product.text("plan")


def agreement_of(customer: Entry) -> int | None:
    """The agreement for services that name none: the default, or the only one."""
    agreements = customer.children("agreements")
    if len(agreements) == 1:
        return agreements[0].number_or_none("agreement")
    return next((each.number_or_none("agreement") for each in agreements if each.flag("default")), None)
