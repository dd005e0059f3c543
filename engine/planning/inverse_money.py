"""What taking lines back does in money, measured among all lines of ours on the agreements of the run."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from engine.planning.additions import planned_line
from engine.planning.billed import Billed, BilledLine
from engine.planning.effect import Billing, Measured, Pair, measured
from engine.planning.histories import stands
from engine.planning.inverse_billing import behaviour, both, changed, decoded, mark_of, stretch_on
from engine.planning.inverse_objects import Found
from engine.planning.inverse_run import TakenRun
from engine.planning.observed import Inputs
from engine.planning.plan import Change
from engine.psa.mark import Mark
from engine.psa.models import Addition


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of ours; `found` is there where it is taken back."""

    mark: Mark
    record: Addition
    found: Found | None = None

    @property
    def change(self) -> Change | None:
        return self.found.change if self.found is not None else None


def with_effects(
    inputs: Inputs, run: TakenRun, found: Sequence[Found]
) -> tuple[tuple[Change, ...], tuple[Billed, ...]]:
    """The changes in their order, each with its line and its effect, and what each service bills before and after.

    Services of which nothing is taken back count as they stand, so that limits have something to be measured against.
    The platform is not asked whether a term renews: an end that is as far off as one that is rolled counts as none.
    """
    customers = {one.change.agreement: one.change.customer or "" for one in run.writes if one.change.agreement}
    done: dict[str, Change] = {}
    all_billed: list[Billed] = []
    for (agreement, subscription), lines in _services(inputs, found).items():
        if agreement not in customers or agreement not in inputs.observed.agreements:
            continue
        pairs = [both(inputs, one.mark, one.record, one.change) for one in lines]
        brought = _measured(inputs, customers[agreement], agreement, lines, pairs)
        billed = _billed(inputs, customers[agreement], agreement, subscription, lines, pairs, brought)
        all_billed.append(billed)
        for line, pair, effect in zip(lines, pairs, brought.effects, strict=True):
            if line.change is None:
                continue
            gone = not stands(changed(line.record, line.change))
            shown = planned_line(
                line.mark, pair[0 if gone else 1], line.record.product_identifier or None, retracted=gone
            )
            shown = replace(shown, currency=billed.currency, steady_from=brought.steady_from)
            done[line.change.address] = replace(line.change, line=shown, effect=effect)
    return tuple(done[one.change.address] for one in found if one.change is not None), tuple(all_billed)


def _services(inputs: Inputs, found: Iterable[Found]) -> Mapping[tuple[int, str], list[_Line]]:
    """The lines of each service on each agreement, those first that are taken back."""
    services: dict[tuple[int, str], list[_Line]] = {}
    taken = set[int]()
    for one in found:
        mark = mark_of(one)
        if isinstance(one.record, Addition) and mark is not None and one.change is not None:
            taken.add(one.record.id)
            line = _Line(mark=mark, record=one.record, found=one)
            services.setdefault((one.record.agreement_id, mark.subscription), []).append(line)
    for agreement, additions in inputs.observed.additions.items():
        for addition in additions:
            mark = decoded(addition.mark) if addition.id not in taken else None
            if (
                mark is not None
                and mark.agreement == agreement
                and mark.account.casefold() == inputs.account.casefold()
            ):
                line = _Line(mark=mark, record=addition)
                services.setdefault((agreement, mark.subscription), []).append(line)
    return services


def _measured(inputs: Inputs, customer: str, agreement: int, lines: Sequence[_Line], pairs: Sequence[Pair]) -> Measured:
    stretch = stretch_on(inputs, customer, inputs.observed.agreements[agreement])
    through = stretch.invoiced_through
    billing = Billing(
        terms=stretch.terms,
        prorates=stretch.agreement.prorates,
        renews=False,
        owned_from=inputs.workspace.connections.by_name[inputs.connection].manage_from,
        as_of=inputs.as_of,
        due=inputs.as_of if through is None else through + timedelta(days=1),
        behaviour=behaviour(inputs),
    )
    # One that is given back, or taken over again, has been charged by others up to the next invoice.
    others = (
        place
        for place, line in enumerate(lines)
        if line.change is not None and any(one.field == "mark" for one in line.change.fields)
    )
    return measured(billing, pairs, next(others, None))


def _billed(
    inputs: Inputs,
    customer: str,
    agreement: int,
    subscription: str,
    lines: Sequence[_Line],
    pairs: Sequence[Pair],
    brought: Measured,
) -> Billed:
    change = next((one.found.made.change for one in lines if one.found is not None), None)
    mapping = inputs.workspace.mappings.services.get(subscription)
    before = change.line.currency if change is not None and change.line is not None else None
    return Billed(
        customer=customer,
        subscription=subscription,
        agreement=agreement,
        name=change.name if change is not None else (mapping.name if mapping is not None else None) or subscription,
        currency=(inputs.observed.agreements[agreement].currency or before or "").upper(),
        before=brought.before,
        after=brought.after,
        licences=brought.licences,
        lines=tuple(
            BilledLine(
                address=line.change.address if line.change is not None else f"addition#{line.record.id}",
                segment=line.mark.segment,
                before=pair[0],
                after=pair[1],
            )
            for line, pair in zip(lines, pairs, strict=True)
        ),
    )
