"""The effect of changed lines on invoices: what each brings in every period to come, once until then, and next.

Both are sums of rounded amounts of periods, so the effects of all lines of a service add up exactly to the change of
what is invoiced.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.billing.model import AgreementTerms
from engine.billing.proration import NOTHING, Amount, Billable, Rounding, Span, billed, billed_before, ending

_ONE_DAY = timedelta(days=1)
_YEARS_AHEAD = 50
"""An end further away than that is as good as none."""


class ServiceLine(Billable, Protocol):
    """A line of a service, with its role: `base`, `delta`, `reversal`, `usage` or `one_time`."""

    @property
    def role(self) -> str: ...


class Effect(msgspec.Struct, frozen=True):
    """What a line, or a change of it, brings: `recurring` in each period of the steady state, `once` before it.

    `upcoming` is what it brings by the end of the period that the next invoice is for, where the agreement prorates,
    and in that period alone where it does not. Only a change of it is an amount of that invoice: the days that have
    been invoiced already are the same on both sides.
    """

    recurring: Amount = NOTHING
    once: Amount = NOTHING
    upcoming: Amount = NOTHING

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(self.recurring + other.recurring, self.once + other.once, self.upcoming + other.upcoming)

    def __sub__(self, other: "Effect") -> "Effect":
        return Effect(self.recurring - other.recurring, self.once - other.once, self.upcoming - other.upcoming)


NO_EFFECT = Effect()


class Steady(msgspec.Struct, frozen=True):
    """The first day of the steady state's first period, and what each line brings, in the order of the lines given.

    `licences` are those that are billed on that day, before and after.
    """

    period: date
    before: tuple[Effect, ...]
    after: tuple[Effect, ...]
    licences: tuple[Decimal, Decimal]


def steady_and_before(
    before: Sequence[ServiceLine],
    after: Sequence[ServiceLine],
    agreement: AgreementTerms,
    as_of: date,
    *,
    prorates: bool,
    before_renews: bool,
    after_renews: bool,
    due: date | None = None,
    from_day: date | None = None,
    decimals: int = 2,
    rounding: Rounding = "half_up",
) -> Steady:
    """What each line of a service brings as it was and as it will be, measured against one steady state.

    The steady state begins with the first billing period that begins after `as_of` and from which on nothing changes
    any more. `before_renews` and `after_renews` say that the term goes on by itself: the base and delta lines that
    reach its end are open-ended then, unless that end has passed. Periods that end before `from_day` are left out.
    `due` is a day of the period that the next invoice is for; without one it is `as_of`. Where nothing changes, `once`
    and `upcoming` are left out.
    """
    old = _spans(before, as_of, renews=before_renews)
    new = _spans(after, as_of, renews=after_renews)
    period = _steady_from((*old, *new), agreement, as_of)
    next_day = due or as_of
    following = agreement.period_end(next_day) + _ONE_DAY

    def until(span: Span, day: date) -> Amount:
        return billed_before(
            span, agreement, day, prorates=prorates, since=from_day, decimals=decimals, rounding=rounding
        )

    def during(span: Span, day: date) -> Amount:
        return billed(span, agreement, day, prorates=prorates, decimals=decimals, rounding=rounding)

    def effect_of(span: Span) -> Effect:
        if old == new:
            # Most services stay as they are: what cancels out need not be reckoned.
            return Effect(recurring=during(span, period))
        upcoming = until(span, following) if prorates else during(span, next_day)
        return Effect(recurring=during(span, period), once=until(span, period), upcoming=upcoming)

    known = {span: effect_of(span) for span in {*old, *new}}
    return Steady(
        period,
        tuple(known[span] for span in old),
        tuple(known[span] for span in new),
        (_licences(before, old, period), _licences(after, new, period)),
    )


def change(before: Effect | None, after: Effect | None) -> Effect:
    """The effect of changing a line; None before for a line that is created, after for one that is no more."""
    return (after or NO_EFFECT) - (before or NO_EFFECT)


def _licences(lines: Sequence[ServiceLine], spans: Sequence[Span], day: date) -> Decimal:
    """How many licences the lines bill on a day."""
    billing = (
        span.quantity
        for line, span in zip(lines, spans, strict=True)
        if line.role in {"base", "delta"} and span.effective <= day <= (span.cancelled or date.max)
    )
    return sum(map(Decimal, billing), Decimal(0))


def _spans(lines: Sequence[ServiceLine], as_of: date, *, renews: bool) -> tuple[Span, ...]:
    rolled = _rolled_end(lines) if renews else None
    if rolled is not None and rolled < as_of:
        rolled = None
    return tuple(ending(line, None if _goes_on(line, rolled, as_of) else line.cancelled) for line in lines)


def _rolled_end(lines: Iterable[ServiceLine]) -> date | None:
    """The last day that the licences reach; None if nothing ends, or nothing is there."""
    ends = [line.cancelled for line in lines if line.role in {"base", "delta"}]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _goes_on(line: ServiceLine, rolled: date | None, as_of: date) -> bool:
    # A delta line of the term's last period is carried on by the base line of the next.
    if line.cancelled is None or line.cancelled.year - as_of.year > _YEARS_AHEAD:
        return True
    return line.role in {"base", "delta"} and line.cancelled == rolled


def _steady_from(spans: Iterable[Span], agreement: AgreementTerms, as_of: date) -> date:
    """First day of the first period after `as_of` within and before which no line begins late or ends."""
    last_change = as_of
    for span in spans:
        if span.quantity:
            last_change = max(last_change, span.effective - _ONE_DAY, span.cancelled or as_of)
    return agreement.period_end(last_change) + _ONE_DAY
