"""One service looked at step by step: what was found of it, and what follows for its additions.

The plan and the explanation of a service are both made from this, so that they cannot differ.
"""

from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec.structs import replace

from engine.billing.money import plain
from engine.billing.told import Completed
from engine.diagnostics import Diagnostic
from engine.planning.additions import compared
from engine.planning.catalog import CatalogPlan
from engine.planning.companies import CompanyPlan
from engine.planning.desired import Desired, Ours, desired, items_by_product, owned
from engine.planning.drift import with_drift
from engine.planning.fitting import Refused, check_currencies, item_of, mixed_currencies, subscription_of
from engine.planning.histories import stands
from engine.planning.invoiced import LINE_INVOICED
from engine.planning.kept import kept_going
from engine.planning.late import Again, weighed
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.pins import noted, pin_notices, upgrade_notices
from engine.planning.posted import Posted
from engine.planning.service import Service
from engine.planning.service_notices import agreement_notices, excess_notices, history_notices, notice
from engine.planning.stretches import Stretch, stretch_on, stretches_of
from engine.planning.takeover import adopted_line, our_lines
from engine.platform.models import Subscription
from engine.psa.models import CatalogItem
from engine.workspace.model import ProductMapping, ServiceMapping


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What all services have in common: `items` by the text of their product's key, `mixed` as for their currencies."""

    inputs: Inputs
    companies: CompanyPlan
    items: dict[str, CatalogItem | str]
    catalog: CatalogPlan
    posted: Posted
    mixed: Mapping[int, tuple[str, ...]]


class Study(msgspec.Struct, kw_only=True):
    """What was found of a service, as far as it went; `refused` says why it went no further.

    `services` are its stretches with their lines, where those are to be in the PSA; `part` is its part of the plan.
    """

    mapping: ServiceMapping
    subscription: Subscription | None = None
    product: ProductMapping | None = None
    item: CatalogItem | str | None = None
    stretches: tuple[Stretch, ...] = ()
    ours: Ours = ()
    desired: Desired | None = None
    services: tuple[Service, ...] = ()
    notices: list[Diagnostic] = []
    part: Part = Part()
    refused: Refused | None = None


def basis_of(inputs: Inputs, companies: CompanyPlan, catalog: CatalogPlan, posted: Posted) -> Basis:
    """What the study of each service of these inputs takes."""
    return Basis(
        inputs=inputs,
        companies=companies,
        items=items_by_product(catalog),
        catalog=catalog,
        posted=posted,
        mixed=mixed_currencies(inputs),
    )


def study(basis: Basis, mapping: ServiceMapping) -> Study:
    """A mapped service. Never raises for what is wrong with it: `refused` has that."""
    found = Study(mapping=mapping)
    try:
        if _bills(basis, found):
            _compare(basis, found)
        found.part = replace(found.part, notices=tuple(found.notices))
    except Refused as refused:
        found.refused = refused
        if refused.code == LINE_INVOICED:
            found.part = joined(kept_going(basis.inputs, each) for each in found.services)
    except (ArithmeticError, ValueError) as error:
        found.refused = Refused("value-unusable", f"a value of it cannot be reckoned with: {error}", "report it")
    ours = basis.posted.of_subscription(mapping.subscription)
    found.part = with_drift(basis.inputs, found.part, found.services, mapping, ours, held=found.refused is not None)
    return found


def _bills(basis: Basis, found: Study) -> bool:
    """Whether it is to have lines, with those of each of its stretches. Raises Refused."""
    inputs, mapping = basis.inputs, found.mapping
    found.subscription = subscription = subscription_of(inputs, mapping)
    check_currencies(basis.mixed, mapping)
    found.product, found.item = product, _ = item_of(inputs, subscription, basis.catalog)
    found.stretches = stretches_of(inputs, mapping, subscription, product, basis.companies)
    found.ours = our_lines(mapping, basis.posted)
    found.notices = agreement_notices(inputs, mapping, subscription, product, found.stretches)
    if subscription.state == "unknown":
        why = f"the platform's status {subscription.status!r} is not known, so it cannot be told whether it bills"
        raise Refused("status-unknown", why, "report it; until then, bill this subscription by hand")
    if subscription.trial:
        if any(stands(addition) for _, addition in found.ours):
            raise Refused("trial-billed", "it is a trial, but has lines", "end them in the PSA and clear their marks")
        found.notices.append(notice(mapping, "trial", "it is a trial: it has no line until converted"))
        return False
    wanted = desired(inputs, mapping, subscription, product, basis.items, found.stretches, found.ours)
    found.desired = wanted
    found.notices += history_notices(inputs, mapping, subscription, wanted.completed)
    standing = [addition for _, addition in found.ours if stands(addition)]
    begins = max(subscription.start, owned(inputs, mapping))
    found.notices += pin_notices(mapping, product.kind, found.stretches, standing, begins, inputs.as_of)
    billed = {mark.segment for mark, addition in found.ours if stands(addition)}
    found.notices += upgrade_notices(mapping, wanted.pins, wanted.completed, billed)
    if subscription.state == "ended" and not found.ours and not _told_by_log(wanted.completed):
        # Nobody knows the day of its cancellation any more, so a line made now would bill days on a guess.
        text = f"it is {subscription.status} and never had a line: it gets none"
        found.notices = [notice(mapping, "ended", text)]
        return False
    if not any(wanted.lines) and not found.ours and product.kind == "license":
        text = "it has no line: none of its days may be billed so far"
        found.notices.append(notice(mapping, "nothing-to-bill", text))
    found.services = _services(basis, inputs, found, found.stretches, wanted, found.ours)
    return True


def _services(
    basis: Basis, inputs: Inputs, found: Study, stretches: tuple[Stretch, ...], wanted: Desired, ours: Ours
) -> tuple[Service, ...]:
    """The service on each of its stretches, with the lines that are wanted there."""
    assert found.subscription is not None
    return tuple(
        Service(
            mapping=found.mapping,
            subscription=found.subscription,
            items=basis.items,
            stretch=stretch,
            owned_from=owned(inputs, found.mapping),
            lines=lines,
            ours=tuple(pair for pair in ours if pair[1].agreement_id == stretch.agreement.id),
            completed=wanted.completed,
        )
        for stretch, lines in zip(stretches, wanted.lines, strict=True)
    )


def _again(basis: Basis, found: Study) -> Again:
    """How the service looks from other inputs, with other lines of ours."""

    def again(inputs: Inputs, ours: Ours) -> tuple[Service, ...]:
        assert found.subscription is not None
        assert found.product is not None
        agreements = inputs.observed.agreements
        stretches = tuple(
            stretch_on(inputs, found.mapping, index, agreements[one.stretch.agreement.id])
            for index, one in enumerate(found.services)
        )
        wanted = desired(inputs, found.mapping, found.subscription, found.product, basis.items, stretches, ours)
        return _services(basis, inputs, found, stretches, wanted, ours)

    return again


def _compare(basis: Basis, found: Study) -> None:
    """The changes on each agreement. Raises Refused."""
    assert found.product is not None
    assert found.item is not None
    if not found.ours:
        # Where it has no line so far, its first one may take over an addition.
        first = next((index for index, service in enumerate(found.services) if service.lines), None)
        if first is not None:
            agreement = found.services[first].stretch.agreement.id
            adopted = adopted_line(basis.inputs, found.mapping, found.product, found.item, agreement, basis.posted)
            services = list(found.services)
            services[first] = replace(services[first], adopted=adopted)
            found.services = tuple(services)
    found.services, late = weighed(basis.inputs, found.services, _again(basis, found))
    parts = [Part(held=late)]
    for service in found.services:
        part = compared(basis.inputs, service)
        _check_invoiced(service, part)
        part = replace(part, changes=tuple(noted(change, found.mapping) for change in part.changes))
        _check_twins(basis, service, part)
        before = [change.address for earlier in parts for change in earlier.changes][-1:]
        if part.changes and before:
            # A line on another agreement only once the one before it has ended.
            begins = replace(part.changes[0], needs=(*part.changes[0].needs, *before))
            part = replace(part, changes=(begins, *part.changes[1:]))
        parts.append(part)
        found.notices += excess_notices(service)
    found.part = joined(parts)


def _check_invoiced(service: Service, part: Part) -> None:
    """Raises Refused where lines would change on an agreement of which nobody knows which days are closed."""
    agreement = service.stretch.agreement
    if part.changes and service.stretch.invoiced_through is None:
        why = f"agreement {agreement.id} ({agreement.name}) does not say how far it has been invoiced"
        raise Refused("invoiced-unknown", why, "enter its next invoice date in the PSA")


def _check_twins(basis: Basis, service: Service, part: Part) -> None:
    """Raises Refused for a new line just like one without a mark: that may be ours, with its mark cleared by hand."""
    if service.mapping.addition == "new":
        return
    for change in part.changes:
        values = {one.field: one.after for one in change.fields}
        if change.action != "create" or not isinstance(values["product_id"], int):
            continue
        for addition in basis.posted.foreign(service.stretch.agreement.id, values["product_id"], date.min):
            if (addition.effective, addition.quantity) == (values["effective"], values["quantity"]):
                why = (
                    f"addition {addition.id} on agreement {addition.agreement_id} is just like a line that it needs "
                    f"({addition.product_identifier}, {plain(addition.quantity)} from {addition.effective}), but is "
                    "not marked as ours: a second one might bill twice"
                )
                hint = "put its mark back, or end it; or write `addition: new` for a line beside it"
                raise Refused("addition-exists", why, hint)


def _told_by_log(completed: Completed) -> bool:
    """Whether the log has the day on which it ended, or its term simply ran out."""
    return all(told.source != "inferred" for told in completed.told)
