"""Whose part of the picture is missing: nothing is planned for a customer of whom not everything was read."""

from engine.planning.observed import Inputs
from engine.planning.part import Part
from engine.planning.plan import Held
from engine.planning.selection import Selected

EVERYBODY = ""
"""Stands for the customer of something unreadable that did not even say whose it is."""


def covered(inputs: Inputs, selected: Selected) -> tuple[Selected, Part]:
    """The selection without the customers of whom something could not be read, and what is said of each of them."""
    mappings = inputs.workspace.mappings
    gaps: dict[str, list[str]] = {}
    for customer, reasons in inputs.observed.unread_subscriptions.items():
        for one in selected.customers if customer == EVERYBODY else [customer]:
            gaps.setdefault(one, []).extend(reasons)
    for subscription, failure in inputs.observed.unread_activity.items():
        service = mappings.services.get(subscription)
        if service is not None:
            text = f"the activity log of subscription {subscription}: {failure}"
            gaps.setdefault(service.customer, []).append(text)
    for customer in selected.customers:
        for reference in mappings.customers[customer].agreements:
            why = inputs.observed.unread_agreements.get(reference.agreement)
            # One that the PSA does not list at all is no gap in the picture: its services say so.
            if why is not None and reference.agreement in inputs.observed.agreements:
                gaps.setdefault(customer, []).append(f"the additions of agreement {reference.agreement}: {why}")
    relevant = {one: why for one, why in gaps.items() if inputs.selection.everything or one in selected.customers}
    kept = Selected(
        customers=selected.customers - relevant.keys(),
        products=selected.products,
        services=frozenset(
            service for service in selected.services if mappings.services[service].customer not in relevant
        ),
        shown=selected.shown,
    )
    return kept, Part(held=tuple(_held(inputs, one, why) for one, why in sorted(relevant.items())))


def _held(inputs: Inputs, customer: str, reasons: list[str]) -> Held:
    known = inputs.observed.customers.get(customer)
    mapping = inputs.workspace.mappings.customers.get(customer)
    return Held(
        kind="incomplete",
        subject=f"customer:{customer}",
        name=known.name if known else customer,
        code="read-incomplete",
        why="; ".join(reasons),
        hint="nothing is planned for a customer of whom something could not be read; try again",
        customer=customer,
        source=mapping.place if mapping else None,
    )
