"""All checks of whether the files of a workspace fit together."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.diagnostics import Diagnostic
from engine.workspace import check_agreements as agreements
from engine.workspace import check_billing as billing
from engine.workspace import check_connections as connections
from engine.workspace import check_guards as guards
from engine.workspace import check_owners as owners
from engine.workspace import check_references as references
from engine.workspace import check_uniqueness as uniqueness
from engine.workspace.draft import Draft


class Check(NamedTuple):
    """A check, and the schemas whose files must all be sound for what it finds to be true."""

    find: Callable[[Draft], Iterator[Diagnostic]]
    needs: frozenset[str] = frozenset()


CONNECTION_CHECKS = (
    Check(connections.default_exists),
    Check(connections.parts_fit),
    Check(connections.dates_exist),
    Check(connections.zones_exist),
    Check(connections.addresses_are_safe),
    Check(connections.token_store_keeps),
    Check(connections.captions_fit),
)
CHECKS = (
    *CONNECTION_CHECKS,
    Check(uniqueness.customers_once),
    Check(uniqueness.products_once),
    Check(uniqueness.services_once),
    Check(uniqueness.providers_once),
    Check(uniqueness.companies_once),
    Check(uniqueness.catalog_items_once, frozenset({"sync"})),
    Check(uniqueness.identifiers_once),
    Check(uniqueness.agreements_once),
    Check(uniqueness.defaults_once),
    Check(uniqueness.additions_once),
    Check(references.something_is_mapped),
    Check(references.targets_are_clear),
    Check(references.customers_are_mapped, frozenset({"customers"})),
    Check(agreements.agreements_are_known, frozenset({"customers"})),
    Check(agreements.agreements_have_one_form),
    Check(agreements.agreements_come_once),
    Check(agreements.moves_have_days),
    Check(agreements.moves_come_after_the_beginning),
    Check(references.providers_are_known, frozenset({"providers"})),
    Check(references.rules_are_narrowed, frozenset({"sync"})),
    Check(references.effective_dates_count),
    Check(billing.overrides_have_one_target),
    Check(billing.overrides_choose),
    Check(billing.overrides_come_once),
    Check(billing.overrides_are_for_what_is_mapped, frozenset({"customers"})),
    Check(billing.agreement_types_come_once),
    Check(guards.limits_limit),
    Check(owners.owners_are_narrowed),
    Check(owners.pins_have_values),
    Check(owners.pins_come_once),
    Check(owners.pins_are_not_for_nothing, frozenset({"sync"})),
)


def findings(draft: Draft, checks: tuple[Check, ...] = CHECKS) -> list[Diagnostic]:
    """Everything that does not fit. Checks that would be misled by a file that could not be read are left out."""
    return [found for check in checks if not check.needs & draft.broken for found in check.find(draft)]
