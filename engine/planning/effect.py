"""What changed lines do to what is invoiced: in each period to come, once until then, and on the next invoice."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.effect_periods import Effect as Brought
from engine.billing.effect_periods import change, steady_and_before
from engine.billing.model import AgreementTerms, Line
from engine.billing.proration import NOTHING, Amount, billed
from engine.planning.ends import last_billed
from engine.planning.plan import Effect, Recurring
from engine.psa.mark import Mark
from engine.psa.models import Addition
from engine.workspace.model import PsaBehaviour

_ONE_DAY = timedelta(days=1)


class Billing(msgspec.Struct, frozen=True, kw_only=True):
    """How an agreement bills a service. `renews` says that the term goes on by itself.

    `due` is the first day of the period that the next invoice is for.
    """

    terms: AgreementTerms
    prorates: bool
    renews: bool
    owned_from: date
    as_of: date
    due: date
    behaviour: PsaBehaviour


class Bills(msgspec.Struct, frozen=True, kw_only=True):
    """A line as far as its amount goes; `cancelled` is its last billed day.

    `charged` says whether its price reaches an invoice: one that is set to bill nothing still has its cost.
    """

    role: str
    quantity: Decimal
    effective: date
    cancelled: date | None
    unit_price: Decimal
    unit_cost: Decimal
    charged: bool = True

    @property
    def as_charged(self) -> "Bills":
        """The line at the price that reaches an invoice."""
        return self if self.charged else replace(self, unit_price=Decimal(0))


def charges(addition: Addition) -> bool:
    """Whether a line is invoiced with its price; nothing that stands is ever written to say otherwise."""
    return addition.bill_customer not in {"DoNotBill", "NoCharge"}


def wanted(line: Line, addition: Addition | None, fields: frozenset[str]) -> Bills:
    """A line as it will bill: one that exists keeps its own first day, and its prices where they are not synced."""
    price, cost, effective = line.unit_price, line.unit_cost, line.effective
    quantity = Decimal(line.quantity)
    if addition is not None:
        # What is included without charge is never written.
        quantity -= addition.less_included
        price = price if "customer_unit_price" in fields else addition.unit_price
        cost = cost if "partner_unit_cost" in fields else addition.unit_cost
        effective = addition.effective or effective
    return Bills(
        role=line.role,
        quantity=quantity,
        effective=effective,
        cancelled=line.cancelled,
        unit_price=price,
        unit_cost=cost,
        charged=addition is None or charges(addition),
    )


def posted(mark: Mark, addition: Addition, behaviour: PsaBehaviour) -> Bills:
    """A line as it bills today."""
    return Bills(
        role=mark.role,
        quantity=addition.quantity - addition.less_included,
        effective=addition.effective or mark.on or date.min,
        cancelled=last_billed(addition.cancelled, behaviour),
        unit_price=addition.unit_price,
        unit_cost=addition.unit_cost,
        charged=charges(addition),
    )


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a service on an agreement brings: recurring before and after, and the effect of each pair of lines.

    The effects add up to the change. `steady_from` is the day from which on each period brings the same, `licences`
    are those billed then, before and after.
    """

    before: Recurring
    after: Recurring
    effects: tuple[Effect, ...]
    steady_from: date
    licences: tuple[Decimal, Decimal]


Pair = tuple[Bills | None, Bills | None]
"""A line as it is and as it will be."""


def measured(billing: Billing, pairs: Sequence[Pair], taken_over: int | None = None) -> Measured:
    """What the pairs bring: all lines of the service on the agreement, also unchanged ones.

    `taken_over` is the place of one that others made: it has been charged up to the next invoice.
    """
    pairs = [(one and one.as_charged, other and other.as_charged) for one, other in pairs]
    before = [one for one, _ in pairs if one is not None]
    after = [other for _, other in pairs if other is not None]
    steady = steady_and_before(
        before,
        after,
        billing.terms,
        billing.as_of,
        prorates=billing.prorates,
        before_renews=_goes_on(billing, before),
        after_renews=_goes_on(billing, after),
        due=billing.due,
        from_day=billing.owned_from,
        rounding=billing.behaviour.rounding,
    )
    old, new = iter(steady.before), iter(steady.after)
    changes = [change(next(old) if one else None, next(new) if other else None) for one, other in pairs]
    if taken_over is not None:
        changes[taken_over] = replace(changes[taken_over], upcoming=_when_due(billing, pairs[taken_over]))
    return Measured(
        before=_recurring(steady.before, billing.terms),
        after=_recurring(steady.after, billing.terms),
        effects=tuple(_effect(one, billing.terms) for one in changes),
        steady_from=steady.period,
        licences=steady.licences,
    )


def _goes_on(billing: Billing, lines: Sequence[Bills]) -> bool:
    """Whether the last end is that of a term which renews, or as far off as one that is rolled: it ends nothing yet."""
    if billing.renews:
        return True
    following = billing.terms.period_end(billing.as_of) + _ONE_DAY
    ends = [line.cancelled for line in lines if line.role in {"base", "delta"} and line.cancelled is not None]
    return bool(ends) and max(ends) >= billing.terms.period_end(following)


def _when_due(billing: Billing, pair: Pair) -> Amount:
    """What a line brings more in the period of the next invoice alone."""
    amounts = [
        NOTHING
        if one is None
        else billed(one, billing.terms, billing.due, prorates=billing.prorates, rounding=billing.behaviour.rounding)
        for one in pair
    ]
    return amounts[1] - amounts[0]


def _recurring(brought: Sequence[Brought], terms: AgreementTerms) -> Recurring:
    amount = sum((one.recurring for one in brought), NOTHING)
    if terms.billing == "annual":
        return Recurring(year=amount.price, year_cost=amount.cost)
    return Recurring(month=amount.price, month_cost=amount.cost)


def _effect(brought: Brought, terms: AgreementTerms) -> Effect:
    once = Effect(
        once=brought.once.price,
        once_cost=brought.once.cost,
        next_invoice=brought.upcoming.price,
        next_invoice_cost=brought.upcoming.cost,
    )
    if terms.billing == "annual":
        return once + Effect(year=brought.recurring.price, year_cost=brought.recurring.cost)
    return once + Effect(month=brought.recurring.price, month_cost=brought.recurring.cost)
