"""The effect of a plan in money, by hand: before and after, the next invoice, each currency by itself, and its sums."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.planning.plan import CustomerEffect, Effect, Plan, Recurring
from engine.psa.models import Addition
from engine.workspace.model import Workspace
from tests.planning.builders import (
    addition,
    agreement,
    agreement_ref,
    customer,
    customer_mapping,
    ended,
    mark,
    observed,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import cancelled, changed, created, log

JULY = date(2026, 7, 1)
"""The next invoice in advance: June has been invoiced."""


def money(amount: str | int) -> Decimal:
    return Decimal(amount)


def the_customer(found: Plan) -> CustomerEffect:
    (one,) = found.by_customer
    return one


def test_all_lines_are_in_before_and_after_also_those_that_stay() -> None:
    """In step: 12 at 22.00, cost 17.60."""
    found = plan(seen=observed(subscriptions=[subscription(auto_renew=True)]))
    assert found.changes == ()
    billed = Recurring(month=money("264.00"), month_cost=money("211.20"))
    one = the_customer(found)
    assert (one.currency, one.changes, one.before, one.after, one.effect) == ("USD", 0, billed, billed, Effect())
    assert [(total.currency, total.before, total.after) for total in found.totals] == [("USD", billed, billed)]


def increase(**of_agreement: Any) -> Plan:
    """15 instead of 12 from 10 June, seen on 15 June."""
    told = log(created(12), changed(15, on=date(2026, 6, 10)))
    shown = subscription(licenses=15, auto_renew=True)
    return plan(seen=observed(subscriptions=[shown], agreements=[agreement(**of_agreement)], logs=[told]))


def test_the_next_invoice_charges_what_the_last_one_could_not_know() -> None:
    """July's: three licences more in July, 66.00, and on 21 of June's 30 days, 46.20."""
    one = the_customer(increase(next_invoice=JULY))
    assert (one.before.month, one.after.month, one.after.month_cost) == (money(264), money(330), money(264))
    assert (one.effect.month, one.effect.once) == (money(66), money("46.20"))
    assert (one.effect.next_invoice, one.effect.next_invoice_cost) == (money("112.20"), money("89.76"))


def test_the_next_invoice_of_the_month_itself_has_its_share_alone() -> None:
    one = the_customer(increase(next_invoice=date(2026, 6, 1)))
    assert one.effect.next_invoice == one.effect.once == money("46.20")


def test_in_arrears_the_next_invoice_is_that_of_the_period_before_its_day() -> None:
    wanted = workspace()
    arrears = replace(wanted.rules.billing, arrears=frozenset({"Managed"}))
    wanted = replace(wanted, rules=replace(wanted.rules, billing=arrears))
    told = log(created(12), changed(15, on=date(2026, 6, 10)))
    late = agreement(type_name="Managed", next_invoice=JULY)
    seen = observed(subscriptions=[subscription(licenses=15, auto_renew=True)], agreements=[late], logs=[told])
    assert the_customer(plan(wanted, seen)).effect.next_invoice == money("46.20")


def test_a_credit_comes_off_the_next_invoice() -> None:
    """Cancelled on 20 June: 12 × 22.00 × 11/30 of June, all of July."""
    told = log(created(12), cancelled(on=date(2026, 6, 20)))
    seen = observed(subscriptions=[ended()], agreements=[agreement(next_invoice=date(2026, 6, 1))], logs=[told])
    found = plan(seen=seen, as_of=date(2026, 6, 20))
    one = the_customer(found)
    assert (one.before.month, one.after.month, one.effect.month) == (money(264), money(0), money(-264))
    assert one.effect.next_invoice == one.effect.once == money("-96.80")


def test_a_yearly_agreement_has_amounts_of_its_own() -> None:
    yearly = agreement(id=42, billing_cycle_id=2, start=date(2026, 3, 1), next_invoice=date(2027, 3, 1))
    line = addition(id=802, agreement_id=42, cancelled=date(2028, 3, 9), mark=mark(subscription="9002", agreement=42))
    wanted = workspace(
        [customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))],
        services=[service_mapping(), service_mapping(subscription="9002", agreement=42)],
    )
    shown = [
        subscription(auto_renew=True),
        subscription(id="9002", cycle="annual", licenses=15, auto_renew=True),
    ]
    told = log(created(12), changed(15, on=date(2026, 6, 10)), subscription="9002")
    found = plan(
        wanted,
        observed(subscriptions=shown, agreements=[agreement(), yearly], additions=[addition(), line], logs=[told]),
    )
    one = the_customer(found)
    assert (one.before.month, one.after.month) == (money(264), money(264))
    assert (one.before.year, one.after.year, one.effect.year) == (money(264), money(330), money(66))
    # Three licences: 264 of the first year's 365 days, 47.74, and the second year.
    assert (one.effect.once, one.effect.next_invoice) == (money("47.74"), money("113.74"))


def test_consumption_has_no_amount_before_its_figures() -> None:
    usage = subscription(start=date(2026, 6, 1), end=date(2026, 6, 1), part_number=None, auto_renew=True)
    found = plan(workspace(products=[product_mapping(kind="usage")]), observed(subscriptions=[usage], additions=[]))
    one = the_customer(found)
    assert (one.changes, one.before, one.after, one.effect) == (1, Recurring(), Recurring(), Effect())


# -- currencies


def two_currencies() -> tuple[Workspace, Any]:
    wanted = workspace(
        [customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))],
        services=[service_mapping(), service_mapping(subscription="9002", agreement=42)],
    )
    seen = observed(
        subscriptions=[
            subscription(auto_renew=True),
            subscription(id="9002", currency="cad", unit_price=money("30.00"), auto_renew=True),
        ],
        agreements=[agreement(), agreement(id=42, currency="CAD", next_invoice=JULY)],
    )
    return wanted, seen


def test_currencies_are_never_added_up() -> None:
    found = plan(*two_currencies())
    assert [(one.currency, one.changes, one.before.month, one.after.month) for one in found.by_customer] == [
        ("CAD", len(found.changes), money(0), money(360)),
        ("USD", 0, money(264), money(264)),
    ]
    assert [(one.currency, one.effect.month) for one in found.totals] == [("CAD", money(360)), ("USD", money(0))]
    assert {change.line.currency for change in found.changes if change.line is not None} == {"CAD"}


def test_a_customer_without_services_has_no_currency() -> None:
    wanted = workspace([customer_mapping(name="Larkspur (example)")], services=[])
    found = plan(wanted, observed([customer(city="Cleveland")], subscriptions=[], additions=[]))
    one = the_customer(found)
    assert (one.currency, one.changes, one.effect) == (None, 0, Effect())
    assert found.totals == ()


# -- sums


def the_sums(found: Plan) -> None:
    """What changes is what comes out: of each customer and currency, and in all."""
    for one in found.by_customer:
        effects = [
            change.effect or Effect()
            for change in found.changes
            if change.line is not None and (change.customer, change.line.currency) == (one.customer, one.currency)
        ]
        assert one.effect == sum(effects, Effect())
        assert moved(one.before, one.effect) == one.after
    for total in found.totals:
        of_currency = [one for one in found.by_customer if one.currency == total.currency]
        assert total.effect == sum((one.effect for one in of_currency), Effect())
        assert moved(total.before, total.effect) == total.after


def moved(before: Recurring, effect: Effect) -> Recurring:
    return before + Recurring(**{name: getattr(effect, name) for name in Recurring.__struct_fields__})


CENTS = st.decimals("0.01", "99.99", places=2)
LINES = st.builds(
    lambda quantity, price, cost, first, days: addition(
        quantity=Decimal(quantity),
        unit_price=price,
        unit_cost=cost,
        effective=date(2026, 1, 1) + timedelta(days=first),
        mark=mark(on=date(2026, 1, 1) + timedelta(days=first)),
        cancelled=None if days is None else date(2026, 1, 1) + timedelta(days=first + days),
    ),
    st.integers(1, 40),
    CENTS,
    CENTS,
    st.integers(0, 200),
    st.none() | st.integers(0, 500),
)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(LINES, max_size=2),
    licences=st.integers(1, 40),
    price=CENTS,
    renews=st.booleans(),
    cycle=st.sampled_from([1, 2]),
    prorates=st.booleans(),
    over=st.booleans(),
)
def test_the_changes_add_up_to_after_less_before(
    lines: list[Addition], licences: int, price: Decimal, renews: bool, cycle: int, prorates: bool, over: bool
) -> None:
    """Whatever stands there, and whatever the plan makes of it."""
    values: dict[str, Any] = {"licenses": licences, "unit_price": price, "auto_renew": renews}
    values |= {"cycle": "annual"} if cycle == 2 else {}
    shown = (ended if over else subscription)(**values)
    own = agreement(billing_cycle_id=cycle, prorates=prorates, start=date(2026, 3 if cycle == 2 else 1, 1))
    there = {line.mark: line for line in lines}
    numbered = [replace(line, id=800 + index) for index, line in enumerate(there.values())]
    the_sums(plan(seen=observed(subscriptions=[shown], agreements=[own], additions=numbered)))


def test_the_sums_of_two_currencies_are_right() -> None:
    the_sums(plan(*two_currencies()))
    the_sums(increase(next_invoice=JULY))
