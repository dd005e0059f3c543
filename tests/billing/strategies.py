"""Generated subscriptions with their histories, agreements and rules; and checks that run on many of them.

Days are drawn close together and around the ends of months, where the rules meet; prices and quantities come from few
values, so that repeats and zero sums happen.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.billing.calculus import lines
from engine.billing.history import (
    Cancellation,
    Event,
    PriceChange,
    Purchase,
    QuantityChange,
    Renewal,
    Upgrade,
)
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms

QUICK, LONG = 150, 3000
"""Examples a check, in every run and with the long tests."""

PRICES = tuple(Decimal(text) for text in ("0", "20.00", "22.00", "24.50"))
COSTS = tuple(Decimal(text) for text in ("0", "17.60", "18.00"))
STARTS = tuple(
    date.fromisoformat(text)
    for text in ("2026-01-01", "2026-01-10", "2026-01-31", "2026-02-28", "2027-12-31", "2028-02-28", "2028-02-29")
)


class Case(msgspec.Struct, frozen=True):
    """What the calculus is a function of, but for the day. The history is in order of arrival and of days."""

    subscription: SubscriptionTerms
    history: tuple[Event, ...]
    agreement: AgreementTerms
    rules: Rules

    def lines(self, as_of: date) -> tuple[Line, ...]:
        return lines(self.subscription, self.history, self.agreement, self.rules, as_of)

    def cut(self, length: int) -> "Case":
        """With only the first events of the history."""
        return msgspec.structs.replace(self, history=self.history[:length])

    @property
    def own_from(self) -> date:
        """The first day that may bill."""
        subscription = self.subscription
        return max(subscription.start, self.agreement.start, subscription.effective_date or subscription.start)


def checked_on(**given_by: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Makes a test of a check: on the same few cases in every run, on many more with the long tests."""

    def decorate(check: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [QUICK, pytest.param(LONG, marks=pytest.mark.long)])
        def test(examples: int) -> None:
            profile = settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            )
            profile(given(**given_by)(check))()

        test.__doc__ = check.__doc__
        return test

    return decorate


def rules(**fixed: Any) -> st.SearchStrategy[Rules]:
    """Every rule set, with what is fixed."""
    choices: dict[str, st.SearchStrategy[Any]] = {
        "quantity_increase": st.sampled_from(["actual_date", "first_of_month"]),
        "quantity_decrease": st.sampled_from(["actual_date", "first_of_next_month"]),
        "cancellation": st.sampled_from(["cancellation_date", "end_of_month"]),
        "price_change": st.sampled_from(["next_period", "actual_date"]),
        "in_place_days": st.sampled_from([2, 2, 2, 2, 2, 0, 1, 3, 40]),
    }
    return st.builds(Rules, **{**choices, **{name: st.just(value) for name, value in fixed.items()}})


def _days(earliest: int = 0, latest: int = 800) -> st.SearchStrategy[timedelta]:
    """How long after a start, most of them in the first months."""
    first, months = st.integers(earliest, 4), st.integers(0, 100)
    return st.one_of(first, months, months, months, st.integers(0, latest)).map(lambda days: timedelta(days=days))


# Made once: strategies that are made anew for each example cost more than the calculus.
_LATER, _WITHIN_MONTHS, _EVENT_DAY = _days(), _days(latest=120), _days(earliest=-2)
_EVENTS = st.sampled_from((0, 1, 2, 3, 3, 4, 4, 5, 6, 7))
_TERM = st.sampled_from((None, timedelta(days=364), timedelta(days=364), timedelta(days=1095), timedelta(days=30)))
_TAKEN_OVER = st.sampled_from((False, False, True))
_LICENCES = st.integers(0, 12)
_PRICE, _COST = st.sampled_from(PRICES), st.sampled_from(COSTS)
_NEW_PRICE, _NEW_COST = st.sampled_from((None, *PRICES)), st.sampled_from((None, *COSTS))
_KINDS = st.sampled_from(
    (QuantityChange, QuantityChange, QuantityChange, PriceChange, PriceChange, Renewal, Upgrade, Cancellation)
)
_RULES = rules()


@st.composite
def cases(draw: st.DrawFn, drawn_rules: st.SearchStrategy[Rules] = _RULES) -> Case:
    """A licence subscription, its agreement and what happened to it: the purchase first, in order of days."""
    start = draw(st.sampled_from(STARTS))
    term = draw(_TERM | _LATER)
    takeover = draw(_WITHIN_MONTHS) if draw(_TAKEN_OVER) else None
    subscription = SubscriptionTerms(
        kind="license",
        product="PLAN-1",
        start=start,
        end=None if term is None else start + term,
        term=draw(st.sampled_from(("P1M", "P1Y", "P3Y", "P30D"))),
        auto_renew=draw(st.booleans()),
        effective_date=None if takeover is None else start + takeover,
        unit_price=draw(_PRICE),
        unit_cost=draw(_COST),
    )
    agreed = draw(
        st.sampled_from(
            (date(2025, 1, 1), date(2024, 2, 29), date(2024, 2, 29), start - timedelta(days=3), start, None)
        )
    )
    agreement = AgreementTerms(
        start=agreed or start + draw(_LATER),
        billing=draw(st.sampled_from(("monthly", "annual", "monthly"))),
    )
    return Case(subscription, tuple(draw(_histories(subscription))), agreement, draw(drawn_rules))


@st.composite
def _histories(draw: st.DrawFn, subscription: SubscriptionTerms) -> list[Event]:
    bought = subscription.start - timedelta(days=draw(st.sampled_from((0, 0, 0, 3))))
    found: list[Event] = [Purchase(on=bought, quantity=draw(_LICENCES))]
    end = subscription.end
    days = sorted(draw(_EVENT_DAY) for _ in range(draw(_EVENTS)))
    for number, later in enumerate(days, 2):
        on, kind = max(subscription.start + later, bought), draw(_KINDS)
        # A cancellation is the last event or the last but one: it ends what is worth generating.
        if kind is QuantityChange or (kind is Cancellation and number < len(days)):
            found.append(QuantityChange(on=on, quantity=draw(_LICENCES)))
        elif kind is Cancellation:
            found.append(Cancellation(on=on))
        else:
            price, cost = draw(_NEW_PRICE), draw(_NEW_COST)
            if kind is PriceChange:
                found.append(PriceChange(on=on, unit_price=price, unit_cost=cost))
            elif kind is Upgrade:
                found.append(Upgrade(on=on, product=f"PLAN-{number}", unit_price=price, unit_cost=cost))
            else:
                # A renewal may shorten a term, though not to a day before it was heard of.
                end = draw(st.sampled_from((on, max(on, end or on)))) + draw(_LATER)
                found.append(Renewal(on=on, end=end, unit_price=price, unit_cost=cost))
    return found


@st.composite
def known_on(draw: st.DrawFn, case: Case) -> date:
    """A day to look at a case: near one of its events."""
    event = draw(st.sampled_from((*case.history, case.history[-1], case.history[-1])))
    return event.on + timedelta(days=draw(st.sampled_from((0, 0, 0, 0, -1, 1, 7, 40, 400))))


@st.composite
def cases_seen(draw: st.DrawFn, drawn_rules: st.SearchStrategy[Rules] = _RULES) -> tuple[Case, date]:
    """A case, and a day on which it is looked at."""
    case = draw(cases(drawn_rules))
    return case, draw(known_on(case))
