"""The guards: what of a plan exceeds its limits, what findings hold back, and what an override lets through."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.planning.billed import Billed, BilledLine
from engine.planning.effect import Bills
from engine.planning.guards import GUARDS, findings, held_customers, stopping, unknown_guards
from engine.planning.plan import Change, Effect, FieldChange, Finding, Plan, PlannedLine, Recurring
from engine.workspace.guards import GuardRules, Limit, QuantityJump, field_of
from engine.workspace.model import Workspace
from tests.planning.builders import addition, observed, plan, subscription, workspace
from tests.planning.logs import changed, created, log

AS_OF = date(2026, 6, 15)
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


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


# -- a plan of many services, each with one line

NOTHING = GuardRules(
    max_changes=None,
    max_ended=None,
    max_renewed=None,
    max_usage_months=None,
    total_change=None,
    monthly_change=None,
    minimum_margin=None,
    price_under_cost=False,
    price_jump=None,
    quantity_jump=None,
    negative_line=False,
)


def only(**limits: Any) -> GuardRules:
    """Just these guards."""
    return replace(NOTHING, **limits)


def at_most(number: int) -> Limit:
    """A limit without a share."""
    return Limit(most=number, share=None, minimum_base=0)


def bills(quantity: int = 10, price: str = "10", cost: str = "8", **more: Any) -> Bills:
    values: dict[str, Any] = {"role": "base", "effective": JUNE, "cancelled": None, **more}
    return Bills(quantity=Decimal(quantity), unit_price=Decimal(price), unit_cost=Decimal(cost), **values)


def service(number: int, *pairs: tuple[Bills | None, Bills | None], **more: Any) -> Billed:
    values: dict[str, Any] = {"customer": "100", "currency": "USD", "licences": (Decimal(0), Decimal(0)), **more}
    values = {"before": Recurring(), "after": Recurring(), **values}
    lines = tuple(
        BilledLine(address=f"addition:41/{number}/{index}", segment=1, before=before, after=after)
        for index, (before, after) in enumerate(pairs)
    )
    return Billed(subscription=str(number), agreement=41, name="Suite", lines=lines, **values)


def changes_of(services: Iterable[Billed], effect: Effect | None = None) -> tuple[Change, ...]:
    """The change of each line that is not as it was."""
    return tuple(change(one, line, effect) for one in services for line in one.lines if line.before != line.after)


def change(one: Billed, line: BilledLine, effect: Effect | None = None) -> Change:
    before, after = line.before, line.after
    shown = after or before
    assert shown is not None
    fields: list[tuple[str, object, object]] = [("cancelled", before and before.cancelled, after and after.cancelled)]
    fields += [("quantity", before and before.quantity, after.quantity if after else Decimal(0))]
    return Change(
        address=line.address,
        kind="addition",
        action="update" if before else "create",
        name="Suite",
        fields=tuple(
            FieldChange(field=name, before=old, after=new, writes=name) for name, old, new in fields if old != new
        ),
        reason="a test wants it",
        customer=one.customer,
        line=PlannedLine(
            subscription=one.subscription,
            role=shown.role,
            quantity=shown.quantity,
            unit_price=shown.unit_price,
            unit_cost=shown.unit_cost,
            effective=shown.effective,
            cancelled=shown.cancelled,
            retracted=after is None,
            currency=one.currency,
        ),
        effect=effect or Effect(),
    )


def found(rules: GuardRules, *services: Billed, effect: Effect | None = None) -> list[tuple[Any, ...]]:
    """Guard, customer, value and unit of each finding."""
    every = findings(rules, changes_of(services, effect), services, AS_OF)
    return [(one.guard, one.customer, one.value, one.unit) for one in every]


def standing(number: int, **more: Any) -> Billed:
    line = bills()
    return service(number, (line, line), **more)


CHANGED = (bills(), bills(11))
ENDED = (bills(), bills(cancelled=date(2026, 8, 31)))
RENEWED = (bills(cancelled=date(2026, 6, 30)), bills(cancelled=date(2026, 7, 31)))
OPENED = (None, bills(1, "0", "0", role="usage"))


# -- numbers of lines


def test_too_many_changes_stop_the_run() -> None:
    rules = only(max_changes=at_most(2))
    assert found(rules, service(1, CHANGED), service(2, (None, bills())), standing(3)) == []
    assert found(rules, *(service(number, CHANGED) for number in range(3))) == [("max-changes", None, 3, "changes")]


def test_a_share_of_changes_counts_from_its_minimum_base_on() -> None:
    rules = only(max_changes=Limit(most=None, share=30, minimum_base=10))
    few, many = [standing(number) for number in range(5)], [standing(number) for number in range(6)]
    four = [service(10 + number, CHANGED) for number in range(4)]
    assert found(rules, *few, *four) == []
    assert found(rules, *many, *four) == [("max-changes", None, 40, "%")]


def test_what_ended_before_is_no_longer_there() -> None:
    rules = only(max_changes=Limit(most=None, share=30, minimum_base=2))
    over = bills(cancelled=date(2026, 6, 14))
    assert found(rules, service(1, (over, over)), service(2, CHANGED)) == []
    assert found(rules, standing(1), service(2, CHANGED)) == [("max-changes", None, 50, "%")]


def test_the_first_plan_may_make_any_number_of_lines() -> None:
    rules = only(
        max_changes=Limit(most=2, share=1, minimum_base=0), total_change=Limit(most=1, share=1, minimum_base=0)
    )
    new = [service(number, (None, bills())) for number in range(9)]
    assert found(rules, *new, effect=Effect(month=Decimal(100))) == []
    assert [one[0] for one in found(rules, *new, standing(10), effect=Effect(month=Decimal(100)))] == [
        "max-changes",
        "total-change",
    ]


def test_what_the_calendar_causes_has_limits_of_its_own() -> None:
    usual = only(max_changes=Limit(most=0, share=0, minimum_base=0), max_ended=Limit(most=0, share=0, minimum_base=0))
    calendar = [
        *(service(number, RENEWED, renews=True) for number in range(3)),
        *(service(9 + number, OPENED) for number in (1, 2)),
    ]
    assert found(usual, *calendar, standing(20)) == []
    rules = only(
        max_renewed=at_most(2),
        max_usage_months=at_most(1),
    )
    assert found(rules, *calendar) == [("max-renewed", None, 3, "lines"), ("max-usage-months", None, 2, "lines")]


def test_a_renewal_at_another_price_is_none() -> None:
    rules = only(max_renewed=at_most(0), max_changes=at_most(0))
    dearer = (RENEWED[0], bills(11, cancelled=date(2026, 7, 31)))
    assert found(rules, service(1, dearer, renews=True)) == [("max-changes", None, 1, "changes")]


def test_too_many_ended_lines_stop_the_run_but_not_those_that_another_carries_on() -> None:
    rules = only(max_ended=at_most(1))
    retracted = service(2, (bills(), None))
    assert found(rules, service(1, ENDED), retracted) == [("max-ended", None, 2, "lines")]
    carried = service(3, ENDED, (None, bills(12, effective=date(2026, 9, 1))))
    assert found(rules, carried, carried, carried, service(1, ENDED)) == []


def test_what_is_billed_for_the_first_time_is_no_share_of_what_is_there() -> None:
    """Such as what a run that broke off left to do."""
    shares = only(
        max_changes=Limit(most=None, share=0, minimum_base=0), monthly_change=Limit(most=None, share=0, minimum_base=0)
    )
    new = [service(number, (None, bills())) for number in (1, 2)]
    there = standing(3, before=by_the_month("100"))
    effect = Effect(month=Decimal(60))
    assert found(shares, *new, there, effect=effect) == []
    numbers = only(max_changes=at_most(1), monthly_change=at_most(100))
    assert found(numbers, *new, there, effect=effect) == [
        ("max-changes", None, 2, "changes"),
        ("monthly-change", "100", 120, "USD"),
    ]


# -- amounts


def by_the_month(amount: str) -> Recurring:
    return Recurring(month=Decimal(amount))


def test_a_change_in_total_stops_the_run_and_one_of_a_customer_holds_it_back() -> None:
    rules = only(
        total_change=at_most(150),
        monthly_change=at_most(90),
    )
    first = service(1, CHANGED, CHANGED)
    other = service(2, CHANGED, customer="200")
    assert found(rules, other, effect=Effect(month=Decimal(80))) == []
    assert found(rules, first, other, effect=Effect(month=Decimal("-80"))) == [
        ("total-change", None, 240, "USD"),
        ("monthly-change", "100", 160, "USD"),
    ]


def test_a_twelfth_of_a_year_counts_and_each_currency_by_itself() -> None:
    rules = only(total_change=at_most(50))
    assert found(rules, service(1, CHANGED), effect=Effect(year=Decimal(600))) == []
    assert found(rules, service(1, CHANGED), effect=Effect(year=Decimal("600.12"))) == [
        ("total-change", None, Decimal("50.01"), "USD")
    ]
    two = [service(1, CHANGED), service(2, CHANGED, currency="CAD")]
    assert found(rules, *two, effect=Effect(month=Decimal(40))) == []


def test_a_share_of_the_amount_counts_from_its_minimum_base_on() -> None:
    rules = only(monthly_change=Limit(most=None, share=50, minimum_base=100))
    effect = Effect(month=Decimal(60))
    assert found(rules, service(1, CHANGED, before=by_the_month("99")), effect=effect) == []
    assert found(rules, service(1, CHANGED, before=by_the_month("120")), effect=effect) == []
    assert found(rules, service(1, CHANGED, before=by_the_month("100")), effect=effect) == [
        ("monthly-change", "100", 60, "%")
    ]


def test_what_the_calendar_causes_is_no_change_of_an_amount() -> None:
    rules = only(monthly_change=Limit(most=1, share=1, minimum_base=0))
    assert found(rules, service(1, RENEWED, renews=True), effect=Effect(month=Decimal(60))) == []


def test_an_end_that_is_put_back_is_no_work_of_the_calendar() -> None:
    """Be it of a term that ends, beside a line that is taken back, or after an edit by hand."""
    rules = only(max_changes=at_most(0), max_renewed=at_most(0))
    assert found(rules, service(1, RENEWED)) == [("max-changes", None, 1, "changes")]
    assert found(rules, service(1, RENEWED, (bills(), None), renews=True)) == [("max-changes", None, 2, "changes")]
    edited = service(1, RENEWED, renews=True)
    changes = tuple(replace(one, drift=("cancelled",)) for one in changes_of([edited]))
    assert [one.guard for one in findings(rules, changes, (edited,), AS_OF)] == ["max-changes"]


# -- prices


@pytest.mark.parametrize(
    ("price", "cost", "wanted"),
    [
        ("10", "9.70", []),
        ("10", "9.71", [("minimum-margin", "100", Decimal("2.9"), "%")]),
        ("10", "10", [("minimum-margin", "100", 0, "%")]),
        ("10", "10.01", [("price-under-cost", "100", 10, "USD")]),
        ("0", "0.01", [("price-under-cost", "100", 0, "USD")]),
        ("0", "0", []),
    ],
)
def test_a_new_price_has_a_margin(price: str, cost: str, wanted: list[Any]) -> None:
    rules = only(minimum_margin=3, price_under_cost=True)
    assert found(rules, service(1, (None, bills(1, price, cost)))) == wanted
    assert found(rules, service(1, (bills(), bills(1, price, cost)))) == wanted


def test_each_of_both_can_be_off() -> None:
    loss = service(1, (None, bills(1, "10", "12")))
    assert found(only(minimum_margin=3), loss) == [("minimum-margin", "100", -20, "%")]
    assert found(only(price_under_cost=True), loss) == [("price-under-cost", "100", 10, "USD")]
    assert found(NOTHING, loss) == []


def test_a_price_that_is_billed_already_is_no_finding_and_one_is_told_once() -> None:
    rules = only(minimum_margin=3, price_under_cost=True)
    thin, loss = bills(10, "10", "9.90"), bills(1, "10", "12")
    assert found(rules, service(1, (thin, thin), (None, bills(12, "10", "9.90", effective=JULY)))) == []
    assert found(rules, service(1, (None, loss), (None, loss))) == [("price-under-cost", "100", 10, "USD")]


def test_a_credit_has_no_margin() -> None:
    assert found(only(price_under_cost=True), service(1, (None, bills(-1, "10", "12")))) == []


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [("10", "13", None), ("10", "13.01", Decimal("30.1")), ("10", "7", None), ("10", "6.99", Decimal("30.1"))],
)
def test_a_unit_price_that_jumps_holds_its_customer(before: str, after: str, value: Decimal | None) -> None:
    rules, old, new = only(price_jump=30), bills(10, before), bills(10, after)
    wanted = [("price-jump", "100", value, "%")] if value is not None else []
    assert found(rules, service(1, (old, new))) == wanted
    # So does the price of a line that carries on; that of a line in another segment is an upgrade's.
    later = bills(10, after, effective=JULY)
    carried = service(1, (old, replace(old, cancelled=date(2026, 6, 30))), (None, later))
    assert found(rules, carried) == wanted
    upgraded = (carried.lines[0], replace(carried.lines[1], segment=2))
    assert found(rules, replace(carried, lines=upgraded)) == []


def test_a_price_where_there_was_none_is_a_jump() -> None:
    assert found(only(price_jump=30), service(1, (bills(10, "0", "0"), bills(10, "5")))) == [
        ("price-jump", "100", 5, "USD")
    ]


# -- licences


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [(10, 30, None), (10, 31, Decimal("3.1")), (5, 24, None), (5, 25, 5), (100, 20, 5), (0, 500, None), (500, 0, None)],
)
def test_licences_that_jump_hold_their_customer(before: int, after: int, value: Decimal | int | None) -> None:
    rules = only(quantity_jump=QuantityJump(times=3, minimum=20))
    jumped = service(1, CHANGED, licences=(Decimal(before), Decimal(after)))
    assert found(rules, jumped) == ([("quantity-jump", "100", value, "x")] if value is not None else [])


def test_licences_that_no_change_concerns_are_left_alone() -> None:
    rules = only(quantity_jump=QuantityJump(times=3, minimum=20))
    assert found(rules, standing(1, licences=(Decimal(10), Decimal(500)))) == []


# -- credits


def test_a_credit_needs_a_line_that_bills_as_much_on_each_of_its_days() -> None:
    rules = only(negative_line=True)
    credit = (None, bills(-4, role="delta", effective=date(2026, 6, 10), cancelled=date(2026, 6, 30)))
    whole = bills(4, cancelled=date(2026, 6, 30))
    short = bills(4, cancelled=date(2026, 6, 20))
    assert found(rules, service(1, (whole, whole), credit)) == []
    assert found(rules, service(1, (short, short), (None, bills(4, effective=date(2026, 6, 21))), credit)) == []
    assert found(rules, service(1, credit)) == [("negative-line", "100", -4, "licences")]
    assert found(rules, service(1, (short, short), credit)) == [("negative-line", "100", -4, "licences")]
    assert found(rules, service(1, (whole, short), credit)) == [("negative-line", "100", -4, "licences")]
    assert found(rules, service(1, (whole, None), credit)) == [("negative-line", "100", -4, "licences")]
    few = bills(3, cancelled=None)
    assert found(rules, service(1, (few, few), credit)) == [("negative-line", "100", -1, "licences")]


def test_a_settlement_takes_back_other_days() -> None:
    settled = (None, bills(-4, role="settlement", effective=JULY, cancelled=date(2026, 7, 31)))
    assert found(only(negative_line=True), service(1, settled)) == []


# -- from a whole plan


def with_guards(**limits: Any) -> Workspace:
    wanted = workspace()
    return replace(wanted, rules=replace(wanted.rules, guards=replace(GuardRules(), **limits)))


def guards(of: Plan) -> list[str]:
    return [one.guard for one in of.findings]


def test_a_plan_has_the_findings_of_its_workspaces_limits() -> None:
    told = log(created(12), changed(100, on=date(2026, 6, 10)))
    seen = observed(subscriptions=[subscription(licenses=100, auto_renew=True)], logs=[told])
    more = plan(with_guards(), seen)
    assert guards(more) == ["quantity-jump"]
    assert "go from 12 to 100" in more.findings[0].why
    # 88 more licences at 22.00.
    strict = plan(with_guards(monthly_change=at_most(1935)), seen)
    assert [(one.guard, one.value, one.limit) for one in strict.findings if one.unit == "USD"] == [
        ("monthly-change", Decimal("1936.00"), Decimal(1935))
    ]
    assert guards(plan(with_guards(quantity_jump=None), seen)) == []


def test_the_first_plan_has_no_findings_and_one_in_step_has_none_at_any_limit() -> None:
    large = subscription(licenses=5000)
    assert guards(plan(with_guards(), observed(subscriptions=[large], additions=[]))) == []
    zero = Limit(most=0, share=0, minimum_base=0)
    limits = {field_of(name): zero for name in GUARDS if isinstance(getattr(GuardRules(), field_of(name)), Limit)}
    assert guards(plan(with_guards(**limits, price_jump=0, minimum_margin=100))) == []


def test_a_line_that_is_taken_over_counts_as_none_of_ours() -> None:
    strict = with_guards(max_changes=at_most(0))
    services = {"9001": replace(strict.mappings.services["9001"], addition=55)}
    wanted = replace(strict, mappings=replace(strict.mappings, services=services))
    by_hand = addition(id=55, mark=None, quantity=Decimal(10), cancelled=None)
    taken = plan(wanted, observed(additions=[by_hand]))
    assert taken.changes
    assert guards(taken) == []


def test_a_price_jump_names_the_change_that_it_is_about() -> None:
    dearer = subscription(unit_price=Decimal("44.00"), auto_renew=True)
    of = plan(with_guards(monthly_change=None), observed(subscriptions=[dearer]))
    (jump,) = of.findings
    assert (jump.guard, jump.customer, jump.value, jump.unit) == ("price-jump", "100", Decimal(100), "%")
    assert jump.address in {one.address for one in of.changes}
