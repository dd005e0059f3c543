"""What findings of the guards hold back, and what an override lets through."""

from decimal import Decimal

from engine.planning.guards import GUARDS, held_customers, stopping, unknown_guards
from engine.planning.plan import Finding


def finding(guard: str, customer: str | None = None) -> Finding:
    return Finding(guard=guard, customer=customer, value=Decimal(9), limit=Decimal(5), unit="USD", why="too much")


TOTAL, FIRST, SECOND = finding("total-change"), finding("monthly-change", "1"), finding("price-jump", "1")
OTHER = finding("price-jump", "2")
FINDINGS = (TOTAL, FIRST, SECOND, OTHER)


def test_a_finding_holds_its_customer_unless_its_guard_is_allowed() -> None:
    assert held_customers(FINDINGS, ()) == {"1": (FIRST, SECOND), "2": (OTHER,)}
    assert held_customers(FINDINGS, ("price-jump",)) == {"1": (FIRST,)}
    assert held_customers(FINDINGS, ("price-jump", "monthly-change")) == {}


def test_one_without_a_customer_stops_the_run_unless_its_guard_is_allowed() -> None:
    assert stopping(FINDINGS, ()) == (TOTAL,)
    assert stopping(FINDINGS, ("monthly-change", "price-jump")) == (TOTAL,)
    assert stopping(FINDINGS, ("total-change",)) == ()


def test_names_that_no_guard_has_are_told() -> None:
    assert unknown_guards(["monthly-change", "monthly_change", "all", "all"]) == ("monthly_change", "all")
    assert unknown_guards(GUARDS) == ()
