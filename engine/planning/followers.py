"""Partial upgrades: the new subscription follows the old one onto its agreement where its product is mapped."""

from msgspec.structs import replace

from engine.diagnostics import Diagnostic
from engine.planning.observed import Inputs
from engine.planning.service_notices import notice
from engine.platform.models import Subscription
from engine.workspace.model import ServiceMapping

_LONGEST_CHAIN = 10


def with_followers(inputs: Inputs) -> tuple[Inputs, tuple[Diagnostic, ...]]:
    """The inputs with a mapping for each unmapped subscription that came from a mapped one, and what is said of it.

    A subscription that came from one that followed follows too.
    """
    notices: list[Diagnostic] = []
    for _ in range(_LONGEST_CHAIN):
        found = _followers(inputs)
        if not found:
            break
        notices += [_said(one) for one in found]
        mappings = inputs.workspace.mappings
        services = mappings.services | {one.subscription: one for one in found}
        workspace = replace(inputs.workspace, mappings=replace(mappings, services=services))
        inputs = replace(inputs, workspace=workspace)
    return inputs, tuple(notices)


def _followers(inputs: Inputs) -> list[ServiceMapping]:
    mappings, subscriptions = inputs.workspace.mappings, inputs.observed.subscriptions
    unmapped = [one for one in subscriptions.values() if one.parent and one.id not in mappings.services]
    if not unmapped:
        return []
    by_provider = {one.provider_id: one for one in subscriptions.values() if one.provider_id}
    found = []
    for new in unmapped:
        old = subscriptions.get(new.parent or "") or by_provider.get(new.parent or "")
        mapping = mappings.services.get(old.id) if old is not None else None
        if mapping is not None and new.customer_id == mapping.customer and _follows(inputs, new):
            found.append(
                replace(
                    mapping,
                    subscription=new.id,
                    name=None,
                    addition=None,
                    effective_date=None,
                    description=None,
                    pins=(),
                )
            )
    return found


def _follows(inputs: Inputs, new: Subscription) -> bool:
    live = new.state in {"billing", "suspended"} and not new.trial
    return live and new.product_key in inputs.workspace.mappings.products


def _said(mapping: ServiceMapping) -> Diagnostic:
    text = (
        f"it came from a subscription that is mapped, and follows it onto agreement {mapping.agreement}; "
        "write it into the mapping to change that"
    )
    return notice(mapping, "mapped-automatically", text)
