"""The lines that a subscription becomes on an agreement.

So far a licence subscription is its base line: the quantity bought, from the day of ownership to the end of the term.
Consumption and one-time purchases are lines on whole billing periods.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

from engine.billing.calendar import (
    BillingCycle,
    TermUnreadable,
    add_terms,
    eom,
    fom,
    fonm,
    period_end,
    period_start,
    terms_between,
)

Kind = Literal["license", "usage", "one_time"]
Role = Literal["base", "usage", "one_time"]


class AgreementTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What of an agreement decides about lines. `start` is its first day."""

    start: date
    billing: BillingCycle


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as known on a day. `end` is the last day of the term last known, inclusive.

    `owned_from` is the first day that this program may bill; `ended_on` the last billed day of an ended one.
    """

    kind: Kind
    quantity: int
    start: date
    end: date | None = None
    term: str | None = None
    auto_renew: bool = False
    owned_from: date
    ended_on: date | None = None
    unit_price: Decimal
    unit_cost: Decimal


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line that must exist. `effective` is its first and `cancelled` its last billed day; None is open-ended."""

    role: Role
    quantity: int
    effective: date
    cancelled: date | None
    unit_price: Decimal
    unit_cost: Decimal
    segment: int = 1
    period: str | None = None


def lines(purchase: Purchase, agreement: AgreementTerms, as_of: date) -> tuple[Line, ...]:
    """The lines as known on `as_of`, in their order. Raises TermUnreadable for a term that cannot be rolled."""
    if purchase.kind == "usage":
        return _usage_lines(purchase, agreement, as_of)
    if purchase.kind == "one_time":
        return _one_time_line(purchase, agreement)
    return _base_line(purchase, agreement, as_of)


def term_end(purchase: Purchase, agreement: AgreementTerms, as_of: date) -> date | None:
    """The last day of the term; of a self-renewing one, rolled past the billing period after the one of `as_of`."""
    if purchase.end is None or not purchase.auto_renew:
        return purchase.end
    if purchase.term is None:
        raise TermUnreadable("it renews by itself, but names no term to renew for")
    following = period_end(max(as_of, purchase.start), agreement.start, agreement.billing) + timedelta(days=1)
    horizon = period_end(following, agreement.start, agreement.billing)
    if purchase.end >= horizon:
        return purchase.end
    first_after = purchase.end + timedelta(days=1)
    count = terms_between(first_after, horizon, purchase.term)
    rolled = purchase.end
    while rolled < horizon:
        count += 1
        rolled = add_terms(first_after, purchase.term, count) - timedelta(days=1)
    return rolled


def _base_line(purchase: Purchase, agreement: AgreementTerms, as_of: date) -> tuple[Line, ...]:
    effective = max(purchase.start, agreement.start, purchase.owned_from)
    ends = [day for day in (term_end(purchase, agreement, as_of), purchase.ended_on) if day is not None]
    cancelled = min(ends, default=None)
    if cancelled is not None and cancelled < effective:
        return ()
    return (
        Line(
            role="base",
            quantity=purchase.quantity,
            effective=effective,
            cancelled=cancelled,
            unit_price=purchase.unit_price,
            unit_cost=purchase.unit_cost,
        ),
    )


def _usage_lines(purchase: Purchase, agreement: AgreementTerms, as_of: date) -> tuple[Line, ...]:
    """A line for each month, of quantity 1 and without an amount until that month's figures are accepted."""
    term_end_known = None if purchase.auto_renew else purchase.end
    last = min(day for day in (as_of, purchase.ended_on, term_end_known) if day is not None)
    month = fom(max(purchase.start, purchase.owned_from))
    found = []
    while month <= last:
        if eom(month) >= agreement.start:
            first = _whole_period(month, agreement)
            found.append(_whole_line("usage", 1, first, agreement, Decimal(0), Decimal(0), f"{month:%Y-%m}"))
        month = fonm(month)
    return tuple(found)


def _one_time_line(purchase: Purchase, agreement: AgreementTerms) -> tuple[Line, ...]:
    if purchase.owned_from > purchase.start:
        return ()
    if period_end(purchase.start, agreement.start, agreement.billing) < agreement.start:
        return ()
    first = _whole_period(purchase.start, agreement)
    return (_whole_line("one_time", purchase.quantity, first, agreement, purchase.unit_price, purchase.unit_cost),)


def _whole_period(day: date, agreement: AgreementTerms) -> date:
    """First day of the billing period of `day`, or of the first one that did not begin before the agreement."""
    first = period_start(day, agreement.start, agreement.billing)
    while first < agreement.start:
        first = period_end(first, agreement.start, agreement.billing) + timedelta(days=1)
    return first


def _whole_line(
    role: Role,
    quantity: int,
    first: date,
    agreement: AgreementTerms,
    price: Decimal,
    cost: Decimal,
    period: str | None = None,
) -> Line:
    return Line(
        role=role,
        quantity=quantity,
        effective=first,
        cancelled=period_end(first, agreement.start, agreement.billing),
        unit_price=price,
        unit_cost=cost,
        period=period,
    )
