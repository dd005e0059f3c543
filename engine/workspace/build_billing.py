"""Builds the typed rules of rules/billing.yaml from entries that have passed every check."""

from typing import Any

from engine.diagnostics import Place
from engine.workspace.choices import CHOICES, BillingRules, RuleOverride
from engine.workspace.nodes import Entry
from engine.workspace.owners import OWNED_FIELDS, OwnedField


def build_billing(entry: Entry) -> BillingRules:
    """What the file says; what it leaves out has its default."""
    arrears = (each for each in entry.children("agreement_types") if each.text("invoiced") == "in_arrears")
    return BillingRules(
        **_choices(entry),
        overrides=tuple(_override(each) for each in entry.children("overrides")),
        arrears=frozenset(each.text("name") for each in arrears),
        owned=owned_by_psa(entry),
        places=_places(entry),
    )


def owned_by_psa(entry: Entry) -> frozenset[OwnedField]:
    """The fields that the `owners` of rules or of a service give to the PSA."""
    owners = entry.child("owners")
    return frozenset(field for field in OWNED_FIELDS if owners is not None and owners.text(field) == "psa")


def _override(entry: Entry) -> RuleOverride:
    return RuleOverride(
        customer=entry.text_or_none("customer"),
        agreement=entry.number_or_none("agreement"),
        agreement_type=entry.text_or_none("agreement_type"),
        **_choices(entry),
        place=entry.place,
        places=_places(entry),
    )


def _choices(entry: Entry) -> dict[str, Any]:
    """The choices that the entry states, which the schema restricts to those of the struct's fields."""
    return {key: entry.node[key] for key in CHOICES if entry.has(key)}


def _places(entry: Entry) -> dict[str, Place]:
    return {key: entry.at(key) for key in CHOICES if entry.has(key)}
