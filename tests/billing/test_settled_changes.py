"""Lines that were posted keep their days when the rules change: a new rule holds for what happens from then on."""

from datetime import date
from decimal import Decimal

import pytest

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.evidence import PostedLine
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms
from engine.billing.told import Logged, LoggedKind, Shown

AGREEMENT = AgreementTerms(start=date(2025, 1, 1), billing="monthly")
BY_DAY = Rules()
BY_MONTH = Rules(
    quantity_increase="first_of_month", quantity_decrease="first_of_next_month", cancellation="end_of_month"
)
TERMS = SubscriptionTerms(
    kind="license",
    product="suite",
    start=date(2026, 1, 10),
    end=date(2027, 1, 9),
    unit_price=Decimal(22),
    unit_cost=Decimal(17),
)


def log(*items: tuple[str, LoggedKind, int | None]) -> tuple[Logged, ...]:
    created = Logged(on=TERMS.start, kind="created", quantity=10)
    return (
        created,
        *(Logged(on=date.fromisoformat(on), kind=kind, quantity=count) for on, kind, count in items),
    )


def known(items: tuple[Logged, ...], posted: tuple[Line, ...], rules: Rules, as_of: date) -> tuple[Line, ...]:
    counts = [item.quantity for item in items if item.quantity is not None]
    shown = Shown(terms=TERMS, licences=counts[-1], ended=any(item.kind == "cancelled" for item in items))
    standing = [
        PostedLine(
            segment=line.segment,
            role=line.role,
            product=line.product,
            quantity=line.quantity,
            effective=line.effective,
            cancelled=line.cancelled,
            unit_price=line.unit_price,
            unit_cost=line.unit_cost,
        )
        for line in posted
    ]
    completed = complete(shown, items, standing, as_of)
    return lines(completed.terms, completed.history, AGREEMENT, rules, as_of)


@pytest.mark.parametrize("count", [14, 6])
@pytest.mark.parametrize(("before", "after"), [(BY_DAY, BY_MONTH), (BY_MONTH, BY_DAY)])
def test_a_posted_change_of_licences_is_not_moved_by_another_rule(before: Rules, after: Rules, count: int) -> None:
    items = log(("2026-03-15", "quantity", count))
    posted = known(items, (), before, date(2026, 3, 15))
    assert known(items, posted, after, date(2026, 6, 1)) == posted
    assert known(items, (), after, date(2026, 6, 1)) != posted


def test_two_increases_posted_as_one_line_stay_one() -> None:
    items = log(("2026-03-05", "quantity", 12), ("2026-03-15", "quantity", 15))
    posted = known(items, (), BY_MONTH, date(2026, 3, 20))
    assert [(line.role, line.quantity) for line in posted] == [("base", 10), ("delta", 5), ("base", 15)]
    assert known(items, posted, BY_DAY, date(2026, 6, 1)) == posted


def test_what_happens_after_the_change_of_rules_follows_the_new_ones() -> None:
    first = log(("2026-03-15", "quantity", 14))
    posted = known(first, (), BY_DAY, date(2026, 3, 15))
    both = log(("2026-03-15", "quantity", 14), ("2026-05-20", "quantity", 16))
    deltas = [line for line in known(both, posted, BY_MONTH, date(2026, 5, 20)) if line.role == "delta"]
    assert [(line.quantity, line.effective) for line in deltas] == [(4, date(2026, 3, 15)), (2, date(2026, 5, 1))]


@pytest.mark.parametrize(("before", "after"), [(BY_DAY, BY_MONTH), (BY_MONTH, BY_DAY)])
def test_a_cancellation_whose_lines_have_ended_is_not_reckoned_anew(before: Rules, after: Rules) -> None:
    items = log(("2026-03-15", "cancelled", None))
    posted = known(items, (), before, date(2026, 3, 15))
    assert known(items, posted, after, date(2026, 6, 1)) == posted
    assert known(items, (), after, date(2026, 6, 1)) != posted


def test_a_line_not_yet_cut_when_the_rules_change_ends_by_the_new_ones() -> None:
    live = log(("2026-02-15", "quantity", 12))
    posted = known(live, (), BY_MONTH, date(2026, 2, 20))
    cancelled = log(("2026-02-15", "quantity", 12), ("2026-03-15", "cancelled", None))
    found = known(cancelled, posted, BY_DAY, date(2026, 3, 16))
    assert [(line.quantity, line.effective) for line in found if line.role == "reversal"] == [(-12, date(2026, 3, 15))]
