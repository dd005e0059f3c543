"""What a plan is limited to: `--customer` and `--target`, resolved against the mappings."""

import msgspec

from engine.planning.observed import Inputs
from engine.planning.plan import Selection
from engine.workspace.model import Mappings


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of what is planned. What a service needs is resolved too, but only `shown` changes."""

    customers: frozenset[str]
    products: frozenset[tuple[str, str, str]]
    services: frozenset[str]
    shown: frozenset[str] | None

    def shows(self, address: str) -> bool:
        """Whether the change of a company or catalog item belongs to the plan for its own sake."""
        return self.shown is None or address in self.shown


class SelectionUnknown(ValueError):
    """A selection that names something that no mapping has."""


def parse(mappings: Mappings, customers: tuple[str, ...], targets: tuple[str, ...]) -> Selection:
    """The selection that `--customer` and `--target` name. Raises SelectionUnknown, naming what is known.

    A customer is given by its platform id or the name in its mapping; a target is `customer:ID`, `service:ID` or
    `product:PROVIDER/PRODUCT/PLAN`.
    """
    chosen_customers = [_customer(mappings, text) for text in customers]
    products, services = [], []
    for target in targets:
        kind, _, rest = target.partition(":")
        if kind == "customer" and rest:
            chosen_customers.append(_customer(mappings, rest))
        elif kind == "product" and tuple(rest.split("/")) in mappings.products:
            products.append(rest)
        elif kind == "service" and rest in mappings.services:
            services.append(rest)
        elif kind in {"product", "service"}:
            raise SelectionUnknown(f"no mapping has the {kind} {rest!r}")
        else:
            shapes = "customer:ID, product:PROVIDER/PRODUCT/PLAN or service:ID"
            raise SelectionUnknown(f"the target {target!r} is not of the form {shapes}")
    return Selection(
        customers=tuple(dict.fromkeys(chosen_customers)),
        products=tuple(dict.fromkeys(products)),
        services=tuple(dict.fromkeys(services)),
    )


def select(inputs: Inputs) -> Selected:
    """The ids that the selection of these inputs stands for."""
    return resolve(
        inputs.workspace.mappings,
        inputs.selection,
        {one.id: one.product_key for one in inputs.observed.subscriptions.values()},
    )


def resolve(mappings: Mappings, selection: Selection, product_of: dict[str, tuple[str, str, str]]) -> Selected:
    """As `select`, from the product of each subscription."""
    if selection.everything:
        return Selected(
            customers=frozenset(mappings.customers),
            products=frozenset(mappings.products),
            services=frozenset(mappings.services),
            shown=None,
        )
    of_customers = [one for one in mappings.services.values() if one.customer in selection.customers]
    services = {one.subscription for one in of_customers} | set(selection.services)
    customers = set(selection.customers) | {mappings.services[service].customer for service in services}
    used = {product_of[service] for service in services if service in product_of} & set(mappings.products)
    named = {(provider, product, plan) for provider, product, plan in (text.split("/") for text in selection.products)}
    return Selected(
        customers=frozenset(customers),
        products=frozenset(used | named),
        services=frozenset(services),
        shown=frozenset(f"catalog_item:{text}" for text in selection.products)
        | frozenset(f"company:{customer}" for customer in selection.customers),
    )


def _customer(mappings: Mappings, text: str) -> str:
    if text in mappings.customers:
        return text
    named = [one.customer for one in mappings.customers.values() if one.name and one.name.casefold() == text.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        raise SelectionUnknown(f"several customers are named {text!r}: {', '.join(named)}; give the id")
    known = ", ".join(sorted(mappings.customers)[:10]) + (", …" if len(mappings.customers) > 10 else "")
    raise SelectionUnknown(
        f"no mapping has the customer {text!r}: give its platform id, or the `name` in its mapping; mapped are {known}"
    )
