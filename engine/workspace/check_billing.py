"""What can be wrong with overrides and types of agreements in rules/billing.yaml that have the right shape."""

import difflib
from collections.abc import Callable, Iterator

from engine.diagnostics import Diagnostic
from engine.workspace.check_uniqueness import repeated
from engine.workspace.choices import CHOICES, type_key
from engine.workspace.draft import Draft
from engine.workspace.nodes import Entry

_TARGETS: dict[str, Callable[[Entry], str]] = {
    "customer": lambda override: override.text("customer"),
    "agreement": lambda override: override.text("agreement"),
    "agreement_type": lambda override: type_key(override.text("agreement_type")),
}
"""What an override may be for, and by what two of a kind are compared."""


def overrides_have_one_target(draft: Draft) -> Iterator[Diagnostic]:
    """An override is for one customer, one agreement, or one type of agreement."""
    for override in draft.overrides():
        given = [key for key in _TARGETS if override.has(key)]
        if not given:
            text = "this override is for nothing"
            hint = "Add customer, agreement or agreement_type: what it is for."
            yield override.problem("override-target", None, text, hint)
        elif len(given) > 1:
            text = f"this override has {' and '.join(given)}"
            hint = (
                "Keep one of them. An agreement has one customer already; for several things write several overrides."
            )
            yield override.problem("override-target", given[1], text, hint)


def overrides_choose(draft: Draft) -> Iterator[Diagnostic]:
    """An override makes at least one choice."""
    for override in draft.overrides():
        if not any(override.has(key) for key in CHOICES):
            text = "this override changes nothing"
            hint = f"Add at least one of: {', '.join(CHOICES)}. Or remove it."
            yield override.problem("override-empty", None, text, hint)


def overrides_come_once(draft: Draft) -> Iterator[Diagnostic]:
    """All choices for one thing stand together."""
    for key, compared in _TARGETS.items():
        only = [each for each in draft.overrides() if [name for name in _TARGETS if each.has(name)] == [key]]
        for override, first in repeated(only, compared, key):
            text = f"there is an override for {key.replace('_', ' ')} {override.text(key)} already; see {first}"
            yield override.problem("override-twice", key, text, "Put all choices for it into one override.")


def overrides_are_for_what_is_mapped(draft: Draft) -> Iterator[Diagnostic]:
    """The customer of an override is mapped, and its agreement is listed by a customer. Types are the PSA's alone."""
    customers = {each.text("customer"): each.text_or_none("name") for each in draft.customers}
    agreements = {
        str(each.number_or_none("agreement")): each.text_or_none("name")
        for customer in draft.customers
        for each in customer.children("agreements")
    }
    for override in draft.overrides() if customers else ():
        if override.has("customer") and override.text("customer") not in customers:
            text = f"customer {override.text('customer')} is not mapped, so this override is for nothing"
            hint = _meant(override.text("customer"), customers) or "Map the customer, or correct the id."
            yield override.problem("customer-unmapped", "customer", text, hint)
        if override.has("agreement") and override.text("agreement") not in agreements:
            text = f"agreement {override.text('agreement')} is not listed with any customer"
            hint = _meant(override.text("agreement"), agreements) or "List it with its customer, or correct the id."
            yield override.problem("agreement-unlisted", "agreement", text, hint)


def agreement_types_come_once(draft: Draft) -> Iterator[Diagnostic]:
    """A type of agreement is invoiced in one way."""
    types = draft.billing.children("agreement_types") if draft.billing is not None else []
    for entry, first in repeated(types, lambda entry: type_key(entry.text("name")), "name"):
        text = f"agreement type {entry.text('name')} is listed twice; first at {first}"
        yield entry.problem("agreement-type-twice", "name", text, "Keep one of the two entries.")


def _meant(id: str, known: dict[str, str | None]) -> str | None:
    """A hint that names the nearest known id, with its name."""
    near = difflib.get_close_matches(id, known, 1)
    if not near:
        return None
    name = known[near[0]]
    return f"Did you mean {near[0]} ({name})?" if name else f"Did you mean {near[0]}?"
