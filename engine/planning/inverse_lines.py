"""What a run did with the lines of one service, taken back together: days that are closed, and the effect in money.

Closed are the days that have been invoiced since the run. Before that an invoice can only have seen the lines as they
were before the run, which is what taking it back restores. Rule: docs/closed-periods.md, docs/rollback.md.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.model import AgreementTerms
from engine.billing.money import plain
from engine.billing.proration import billed_before, ending
from engine.planning.additions import planned_line
from engine.planning.billed import Billed, BilledLine
from engine.planning.effect import Billing, Bills, Pair, measured, posted
from engine.planning.fitting import frequency_of
from engine.planning.histories import stands
from engine.planning.inverse_objects import Found, held, label
from engine.planning.inverse_run import TakenRun
from engine.planning.invoiced import LINE_INVOICED
from engine.planning.observed import Inputs
from engine.planning.plan import Change, Effect, Held
from engine.planning.stretches import Stretch
from engine.psa.mark import Mark, MarkDamaged, decode
from engine.psa.models import Addition, Agreement
from engine.workspace.model import PsaBehaviour

_ONE_DAY = timedelta(days=1)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What takes the lines of a service back, in the order in which it is to be written, or why nothing does."""

    changes: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()
    billed: tuple[Billed, ...] = ()


def lines_taken_back(inputs: Inputs, run: TakenRun, found: Sequence[Found]) -> Taken:
    """The changes of one service, in the order of `found`: all of them, or none.

    Credits and charges belong together: where one of them has to stay, the others would bill a day twice or not at all.
    """
    checked = [_checked(inputs, run, one) for one in found]
    if not any(one.held for one in checked):
        return _measured(inputs, checked)
    why = "it stays, as what the run did with another line of this service stays"
    hint = "settle the service as a whole; what hinders it is said beside it"
    rest = [
        held(run, one.made, code="held-with-its-lines", why=why, hint=hint) for one in checked if one.change is not None
    ]
    return Taken(held=(*(one.held for one in checked if one.held is not None), *rest))


def _checked(inputs: Inputs, run: TakenRun, found: Found) -> Found:
    """Held where a day of the line is closed, or where its mark cannot be read."""
    change, record = found.change, found.record
    if change is None or not isinstance(record, Addition):
        return found
    if _mark(found) is None:
        why, hint = "its mark can no longer be read", "put its mark right first"
        return replace(found, change=None, held=held(run, found.made, code="moved-since-run", why=why, hint=hint))
    agreement = inputs.observed.agreements.get(record.agreement_id)
    stretch = _stretch(inputs, found, agreement) if agreement is not None else None
    if stretch is None or stretch.invoiced_through is None:
        why = f"agreement {record.agreement_id} does not say how far it was invoiced"
        hint = "see to its next invoice date in the PSA, then make this plan again"
        return replace(found, change=None, held=held(run, found.made, code=LINE_INVOICED, why=why, hint=hint))
    through = stretch.invoiced_through
    if not _invoiced_since(inputs, run, record.agreement_id):
        return found
    before, after = _both(inputs, found)
    first = _first_that_differs(before, after)
    if first is None or first > through:
        return found
    amount = _billed(inputs, stretch, before) - _billed(inputs, stretch, after)
    said = f"{plain(abs(amount))} too {'much' if amount > 0 else 'little'} stays billed" if amount else "it stays"
    why = (
        f"agreement {record.agreement_id} has been invoiced through {through} since: {said} for "
        f"{label(found.made, record)} from {first} on"
    )
    hint = f"{'credit' if amount > 0 else 'settle'} it by hand, then put the addition right in the PSA"
    return replace(found, change=None, held=held(run, found.made, code=LINE_INVOICED, why=why, hint=hint))


def _invoiced_since(inputs: Inputs, run: TakenRun, agreement: int) -> bool:
    """Whether an invoice was made since the run, or nobody can tell."""
    invoiced = inputs.observed.invoiced_on
    if invoiced is None or agreement not in invoiced:
        return True
    made = invoiced[agreement]
    # The one is a day of the connection, the other one of the PSA: a day apart, they may be of the same evening.
    return made is not None and run.on <= made + _ONE_DAY


def _first_that_differs(before: Bills, after: Bills) -> date | None:
    """The first day on which the two bill otherwise; None if there is none."""
    if _worth(before) == _worth(after) and before.effective == after.effective:
        ends = {before.cancelled or date.max, after.cancelled or date.max}
        return None if len(ends) == 1 or not before.quantity else min(ends) + _ONE_DAY
    return min((one.effective for one in (before, after) if one.quantity), default=None)


def _worth(bills: Bills) -> tuple[Decimal, Decimal, Decimal]:
    return (bills.quantity, bills.unit_price, bills.unit_cost)


def _billed(inputs: Inputs, stretch: Stretch, bills: Bills) -> Decimal:
    """What a line bills through the last invoiced day."""
    until = (stretch.invoiced_through or date.min) + _ONE_DAY
    return billed_before(
        ending(bills, bills.cancelled),
        stretch.terms,
        until,
        prorates=stretch.agreement.prorates,
        rounding=_behaviour(inputs).rounding,
    ).price


def _both(inputs: Inputs, found: Found) -> tuple[Bills, Bills]:
    """The line as it bills now, and as it will."""
    record, mark = found.record, _mark(found)
    assert isinstance(record, Addition)
    assert mark is not None
    behaviour = _behaviour(inputs)
    return posted(mark, record, behaviour), posted(mark, _changed(record, found.change), behaviour)


def _changed(record: Addition, change: Change | None) -> Addition:
    return replace(record, **{one.field: one.after for one in change.fields}) if change is not None else record


def _mark(found: Found) -> Mark | None:
    """Which line an addition is: by the mark that it has, or that it had before and gets again."""
    texts = [found.record.mark if isinstance(found.record, Addition) else None]
    texts += [one.after for one in (found.change.fields if found.change else ()) if one.field == "mark"]
    return next((mark for text in texts if (mark := _decoded(text)) is not None), None)


def _decoded(text: str | None) -> Mark | None:
    try:
        return decode(text)
    except MarkDamaged:
        return None


def _stretch(inputs: Inputs, found: Found, agreement: Agreement) -> Stretch:
    """The agreement with its rules, whether or not the service is still mapped onto it."""
    rules = inputs.workspace.rules
    return Stretch(
        agreement=agreement,
        starts=None,
        until=None,
        terms=AgreementTerms(
            start=agreement.start or date.min,
            billing="annual" if frequency_of(inputs, agreement) == "Yearly" else "monthly",
        ),
        choices=rules.choices(found.made.change.customer or "", agreement.id, agreement.type_name),
        arrears=rules.billing.in_arrears(agreement.type_name),
    )


def _measured(inputs: Inputs, found: Sequence[Found]) -> Taken:
    """The changes with their lines and effects, measured together with the service's other lines on the agreement."""
    wanted = [one for one in found if one.change is not None and isinstance(one.record, Addition)]
    of_agreement = {
        agreement: _of_agreement(inputs, agreement, wanted)
        for agreement in dict.fromkeys(one.record.agreement_id for one in wanted if isinstance(one.record, Addition))
    }
    done: list[Change] = []
    for one in wanted:
        change, record, mark = one.change, one.record, _mark(one)
        assert change is not None
        assert isinstance(record, Addition)
        assert mark is not None
        before, after = _both(inputs, one)
        gone = not stands(_changed(record, change))
        billed, steady_from, effect_of = of_agreement[record.agreement_id]
        line = replace(
            planned_line(mark, before if gone else after, record.product_identifier or None, retracted=gone),
            currency=billed.currency,
            steady_from=steady_from,
        )
        done.append(replace(change, line=line, effect=effect_of[record.id]))
    return Taken(changes=_chained(done), billed=tuple(billed for billed, _, _ in of_agreement.values()))


def _of_agreement(inputs: Inputs, agreement_id: int, found: Sequence[Found]) -> tuple[Billed, date, dict[int, Effect]]:
    """What the service's lines on an agreement bill, from when on for good, and the effect for each addition by its id.

    The platform is not asked whether a term renews: an end that is as far off as one that is rolled counts as none.
    """
    changed = {one.record.id: one for one in found if isinstance(one.record, Addition)}
    subscriptions = {mark.subscription for one in found if (mark := _mark(one)) is not None}
    additions: list[Addition] = []
    pairs: list[Pair] = []
    lines: list[BilledLine] = []
    for addition in inputs.observed.additions[agreement_id]:
        mark = _decoded(addition.mark)
        address, segment = "", mark.segment if mark is not None else 1
        if addition.id in changed:
            one = changed[addition.id]
            pairs.append(_both(inputs, one))
            address = one.made.change.address
        elif mark is not None and mark.agreement == agreement_id and mark.subscription in subscriptions:
            bills = posted(mark, addition, _behaviour(inputs))
            pairs.append((bills, bills))
        else:
            continue
        additions.append(addition)
        before, after = pairs[-1]
        lines.append(BilledLine(address=address, segment=segment, before=before, after=after))
    agreement, change = inputs.observed.agreements[agreement_id], found[0].made.change
    brought = measured(_billing(inputs, found[0], agreement), pairs)
    billed = Billed(
        customer=change.customer or "",
        subscription=min(subscriptions),
        agreement=agreement_id,
        name=change.name,
        currency=(agreement.currency or (change.line and change.line.currency) or "").upper(),
        before=brought.before,
        after=brought.after,
        licences=brought.licences,
        lines=tuple(lines),
    )
    effect_of = {one.id: effect for one, effect in zip(additions, brought.effects, strict=True)}
    return billed, brought.steady_from, effect_of


def _billing(inputs: Inputs, found: Found, agreement: Agreement) -> Billing:
    stretch = _stretch(inputs, found, agreement)
    through = stretch.invoiced_through
    return Billing(
        terms=stretch.terms,
        prorates=agreement.prorates,
        renews=False,
        owned_from=inputs.workspace.connections.by_name[inputs.connection].manage_from,
        as_of=inputs.as_of,
        due=inputs.as_of if through is None else through + _ONE_DAY,
        behaviour=_behaviour(inputs),
    )


def _behaviour(inputs: Inputs) -> PsaBehaviour:
    return inputs.workspace.connections.by_name[inputs.connection].psa_behaviour


def _chained(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Each change after the one before it: a line taken back without the one that carried it on is a leak."""
    chained: list[Change] = []
    for change in changes:
        chained.append(replace(change, needs=(chained[-1].address,)) if chained else change)
    return tuple(chained)
