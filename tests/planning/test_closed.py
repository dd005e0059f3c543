"""Worked examples of docs/closed-periods.md: what may still be written, what remains, and what settles it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.billing.history import Usage
from engine.billing.told import Told
from engine.planning.catalog import plan_catalog
from engine.planning.closed import opened
from engine.planning.companies import plan_companies
from engine.planning.desired import lines_on
from engine.planning.histories import stands
from engine.planning.observed import Inputs, Observed
from engine.planning.plan import Plan
from engine.planning.posted import Posted
from engine.planning.service import Service
from engine.planning.settle import settled
from engine.planning.study import basis_of, study
from engine.platform.models import Activity, ActivityLog, Subscription
from engine.psa.mark import decode
from engine.psa.models import Addition, Agreement
from engine.workspace.choices import BillingRules
from engine.workspace.model import ServiceAgreement, Workspace
from tests.planning.builders import (
    addition,
    after,
    agreement,
    agreement_ref,
    by_address,
    customer_mapping,
    ended,
    inputs,
    mark,
    moves,
    observed,
    place,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.closed_nights import applied
from tests.planning.nights import Psa

MAY_31, JUNE, JULY, AUGUST = date(2026, 5, 31), date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)
START = date(2026, 3, 10)


def _rules(late_change: Any = "next_period", **more: Any) -> Workspace:
    price = more.pop("price_change", "next_period")
    return workspace(billing=BillingRules(late_change=late_change, price_change=price), **more)


WHOLE: dict[str, Any] = {
    "increase": "first_of_month",
    "decrease": "first_of_next_month",
    "cancellation": "end_of_month",
}


class Case:
    """A subscription of 12 licences, invoiced through a day, and its PSA as applied plans leave it."""

    def __init__(
        self,
        rules: Workspace,
        shown: Subscription,
        *changes: tuple[date, int],
        cancelled: date | None = None,
        on: Agreement | None = None,
        lines: tuple[Addition, ...] | None = None,
    ) -> None:
        self.rules, self.shown, self.on = rules, shown, on or agreement()
        made = (addition(entered=START),) if lines is None else lines
        self.psa = Psa(made)
        items = [Activity(on=START, kind="created", quantity=12)]
        items += [Activity(on=day, kind="quantity", quantity=number) for day, number in changes]
        items += [Activity(on=cancelled, kind="cancelled")] if cancelled else []
        last = max([day for day, _ in changes] + ([cancelled] if cancelled else []), default=START)
        self.shown = replace(shown, last_updated=f"{last}T12:00:00Z")
        self.log = ActivityLog(subscription="9001", items=tuple(items))

    def seen(self, following: date, made: date) -> Observed:
        return observed(
            subscriptions=[self.shown],
            agreements=[replace(self.on, next_invoice=following)],
            additions=self.psa.additions,
            logs=[self.log],
            invoiced_on={41: made},
        )

    def night(self, day: date, following: date, made: date) -> Plan:
        """The plan of a night, applied; the same plan again must be empty, but for what it blocks."""
        found = plan(self.rules, self.seen(following, made), as_of=day)
        self.psa = applied(self.psa, found, day)
        again = plan(self.rules, self.seen(following, made), as_of=day)
        assert again.changes == ()
        assert [one.why for one in again.held] == [one.why for one in found.held]
        return found

    def settlements(self) -> list[tuple[str | None, int, int, Decimal, Decimal, date | None]]:
        """Month, sequence number, quantity, price, cost and first day of those that stand."""
        found = []
        for one in self.psa.additions:
            key = decode(one.mark)
            assert key is not None
            if key.role == "settlement" and stands(one):
                found.append((key.month, key.sequence, int(one.quantity), one.unit_price, one.unit_cost, one.effective))
        return found


def _early(late_change: str) -> Case:
    """Nine licences from 12 June on; July had been invoiced on 10 June."""
    return Case(_rules(late_change), subscription(licenses=9), (date(2026, 6, 12), 9))


def _early_night(case: Case, day: date = date(2026, 6, 12)) -> Plan:
    return case.night(day, AUGUST, date(2026, 6, 10))


def test_after_an_early_invoice_the_open_days_are_right_and_the_difference_is_blocked_with_its_amount() -> None:
    case = _early("next_period")
    found = _early_night(case)
    changes = by_address(found)

    assert set(changes) == {"1/base/2026-03-10", "1/delta/2026-06-12", "1/base/2026-07-01/1"}
    assert moves(changes["1/base/2026-03-10"]) == {"cancelled": (date(2027, 3, 9), date(2026, 7, 31))}
    carried = after(changes["1/base/2026-07-01/1"])
    assert (carried["quantity"], carried["effective"]) == (9, AUGUST)
    (one,) = found.held
    assert one.code == "late-change"
    assert one.why.startswith("-66.00 USD of 2026-07-01 to 2026-07-31 may not be written any more")
    assert "9 licences from 2026-06-12" in one.why
    assert one.hint is not None
    assert mark(role="settlement", on=None, month="2026-07", sequence=1) in one.hint


def test_a_difference_is_settled_once_in_the_first_open_period() -> None:
    case = _early("settle")
    found = _early_night(case)

    assert found.held == ()
    assert case.settlements() == [("2026-07", 1, -1, Decimal("66.00"), Decimal("52.80"), AUGUST)]
    change = by_address(found)["1/settlement/2026-07/1"]
    assert found.changes[-1] == change, "after the lines that it is of"
    assert after(change)["cancelled"] == date(2026, 8, 31)
    assert "9 licences from 2026-06-12" in change.reason
    assert str(after(change)["invoice_description"]).startswith(
        "Correction for 2026-07-01 to 2026-07-31: 9 licences from 2026-06-12."
    )
    for day, following, made in (
        (date(2026, 6, 13), AUGUST, date(2026, 6, 10)),
        (date(2026, 8, 2), date(2026, 9, 1), date(2026, 8, 1)),
        (date(2026, 9, 20), date(2026, 11, 1), date(2026, 9, 19)),
    ):
        assert (case.night(day, following, made).changes, day) == ((), day)


def test_a_further_late_change_settles_the_further_difference_alone() -> None:
    case = _early("settle")
    _early_night(case)
    later = Case(
        case.rules, subscription(licenses=8), (date(2026, 6, 12), 9), (date(2026, 6, 20), 8), lines=case.psa.additions
    )
    found = _early_night(later, date(2026, 6, 20))

    assert found.held == ()
    assert [one[1:4] for one in later.settlements()] == [(1, -1, Decimal("66.00")), (2, -1, Decimal("22.00"))]


@pytest.mark.parametrize("invoiced", [False, True])
def test_a_settlement_whose_cause_went_away_is_retracted_or_once_invoiced_settled_back(invoiced: bool) -> None:
    case = _early("settle")
    _early_night(case)
    back = Case(
        case.rules, subscription(licenses=12), (date(2026, 6, 12), 9), (date(2026, 6, 30), 12), lines=case.psa.additions
    )
    if not invoiced:
        back.night(date(2026, 6, 30), AUGUST, date(2026, 6, 10))
        assert back.settlements() == []
        return
    back.night(date(2026, 8, 3), date(2026, 9, 1), date(2026, 8, 1))
    assert [one[:4] for one in back.settlements()] == [
        ("2026-07", 1, -1, Decimal("66.00")),
        ("2026-07", 2, 1, Decimal("66.00")),
        ("2026-08", 1, 1, Decimal("66.00")),
    ]


def test_a_deleted_invoice_opens_its_period_again() -> None:
    case = _early("settle")
    _early_night(case)
    found = case.night(date(2026, 6, 14), JULY, date(2026, 5, 25))

    assert found.held == ()
    assert case.settlements() == []
    standing = {one.effective: (int(one.quantity), one.cancelled) for one in case.psa.additions if stands(one)}
    assert standing == {
        START: (12, date(2026, 6, 30)),
        date(2026, 6, 12): (-3, date(2026, 6, 30)),
        JULY: (9, date(2027, 3, 9)),
    }


def test_an_increase_of_the_month_that_was_invoiced_in_advance_begins_within_it() -> None:
    rules = _rules(increase="first_of_month")
    case = Case(rules, subscription(licenses=15), (date(2026, 6, 12), 15))
    found = case.night(date(2026, 6, 12), JULY, date(2026, 5, 25))

    assert found.held == ()
    assert after(by_address(found)["1/delta/2026-06-01"])["quantity"] == 3


def _fixed_fee(late_change: str) -> Case:
    on = agreement(prorates=False)
    return Case(_rules(late_change, **WHOLE), subscription(licenses=15), (date(2026, 6, 12), 15), on=on)


def test_where_the_agreement_does_not_prorate_an_increase_of_an_invoiced_month_is_blocked() -> None:
    case = _fixed_fee("next_period")
    found = case.night(date(2026, 6, 12), JULY, date(2026, 5, 25))

    assert set(by_address(found)) == {"1/base/2026-03-10", "1/base/2026-07-01"}
    assert [one.why[:38] for one in found.held] == ["66.00 USD of 2026-06-01 to 2026-06-30 "]


def test_where_the_agreement_does_not_prorate_an_increase_of_an_invoiced_month_is_settled() -> None:
    case = _fixed_fee("settle")
    found = case.night(date(2026, 6, 12), JULY, date(2026, 5, 25))

    assert found.held == ()
    assert case.settlements() == [("2026-06", 1, 1, Decimal("66.00"), Decimal("52.80"), JULY)]
    assert case.night(date(2026, 7, 20), date(2026, 8, 1), date(2026, 7, 1)).changes == ()


def test_where_the_agreement_does_not_prorate_a_new_subscription_bills_from_the_first_open_period() -> None:
    case = Case(
        _rules("settle", **WHOLE), subscription(start=date(2026, 6, 12)), on=agreement(prorates=False), lines=()
    )
    case.log = replace(case.log, items=(Activity(on=date(2026, 6, 12), kind="created", quantity=12),))
    found = case.night(date(2026, 6, 12), JULY, date(2026, 5, 25))

    assert found.held == ()
    assert after(by_address(found)["1/base/2026-06-12/1"])["effective"] == JULY
    assert [one[:4] for one in case.settlements()] == [("2026-06", 1, 1, Decimal("264.00"))]


def test_a_yearly_agreement_invoiced_in_advance_is_settled_for_the_months_after_a_cancellation() -> None:
    on = agreement(start=date(2026, 3, 1), billing_cycle_id=2)
    shown = ended(cycle="annual", auto_renew=False)
    rules = _rules("settle", cancellation="end_of_month")
    case = Case(rules, shown, cancelled=date(2026, 6, 12), on=on)
    found = case.night(date(2026, 6, 12), date(2027, 3, 1), date(2026, 3, 20))

    assert found.held == ()
    # 12 × 22.00 for the 243 of 365 days after 30 June that the year has left.
    assert case.settlements() == [("2026-03", 1, -1, Decimal("175.76"), Decimal("140.60"), date(2027, 3, 1))]
    # Another choice of the rules moves nothing that was settled.
    case.rules = _rules("settle", cancellation="cancellation_date")
    assert case.night(date(2026, 9, 1), date(2027, 3, 1), date(2026, 3, 20)).changes == ()


@pytest.mark.parametrize("late_change", ["next_period", "settle"])
def test_a_price_within_an_invoiced_month_bills_from_the_first_open_day(late_change: str) -> None:
    case = Case(_rules(late_change, price_change="actual_date"), subscription(unit_price=Decimal(30)))
    first = case.night(date(2026, 6, 15), JULY, date(2026, 5, 25))

    assert after(by_address(first)["1/base/2026-06-15/1"])["effective"] == JULY
    # 12 × 8.00 on 16 of 30 days.
    if late_change == "settle":
        assert first.held == ()
        assert [one[:4] for one in case.settlements()] == [("2026-06", 1, 1, Decimal("51.20"))]
    else:
        assert [one.why[:37] for one in first.held] == ["51.20 USD of 2026-06-01 to 2026-06-30"]
    # The line that carries on is no new price of July: the day is that of its mark.
    for day in (date(2026, 6, 16), date(2026, 7, 20)):
        later = case.night(day, JULY, date(2026, 5, 25))
        assert (later.changes, [one.why[:5] for one in later.held]) == ((), [one.why[:5] for one in first.held])


def test_two_changes_that_meet_on_an_invoiced_first_of_month_add_up() -> None:
    """A decrease for 1 July, then July's invoice, then an increase which counts from 1 July, too."""
    rules = _rules(increase="first_of_month", decrease="first_of_next_month")
    case = Case(rules, subscription(licenses=9), (date(2026, 6, 12), 9))
    case.night(date(2026, 6, 12), JULY, date(2026, 5, 25))
    both = Case(
        rules, subscription(licenses=14), (date(2026, 6, 12), 9), (date(2026, 7, 10), 14), lines=case.psa.additions
    )
    found = both.night(date(2026, 7, 10), AUGUST, date(2026, 7, 1))

    assert found.held == ()
    assert after(by_address(found)["1/delta/2026-07-01/1"])["quantity"] == 5


def test_a_line_that_somebody_changed_by_hand_is_not_settled() -> None:
    case = Case(_rules("settle"), subscription(), lines=(addition(quantity=Decimal(13), entered=START),))
    found = plan(case.rules, case.seen(JULY, MAY_31), as_of=date(2026, 6, 15))

    assert [one.code for one in found.held] == ["line-invoiced"]
    assert found.changes == ()


def test_nothing_is_written_to_an_agreement_that_does_not_say_how_far_it_was_invoiced() -> None:
    found = plan(seen=observed(agreements=[agreement(next_invoice=None)], additions=[]))

    assert [one.code for one in found.held] == ["invoiced-unknown"]
    assert found.changes == ()


def test_figures_of_a_month_that_was_invoiced_without_an_amount_are_settled() -> None:
    rules = _rules("settle", products=[product_mapping(kind="usage")])
    of_june = mark(role="usage", on=None, month="2026-06")
    ends = {"quantity": Decimal(1), "unit_price": Decimal(0), "unit_cost": Decimal(0)}
    june = addition(mark=of_june, effective=JUNE, cancelled=date(2026, 6, 30), entered=JUNE, **ends)
    shown = subscription(start=JUNE, end=None, unit_price=Decimal(0), part_number=None)
    seen = observed(
        subscriptions=[shown], agreements=[agreement(next_invoice=JULY)], additions=[june], invoiced_on={41: MAY_31}
    )
    made = inputs(rules, seen, as_of=date(2026, 6, 20))
    service = _with_figures(made, Decimal("512.34"), Decimal("410.00"))

    one = opened(made, service)
    assert one is not None
    assert [row.line and row.line.unit_price for row in one.rows] == [Decimal(0)]
    (row,) = [row for row in settled(made, service, one.late).rows if row.line is not None]
    assert row.line is not None
    assert (row.line.quantity, row.line.unit_price, row.line.unit_cost) == (1, Decimal("512.34"), Decimal("410.00"))
    assert (row.mark.month, row.line.effective) == ("2026-06", JULY)


def _with_figures(made: Inputs, price: Decimal, cost: Decimal) -> Service:
    """The service with figures of June that were accepted on 20 June."""
    posted = Posted(made.account, made.observed.additions)
    companies = plan_companies(made, frozenset({"100"}))
    catalog = plan_catalog(made, frozenset(made.workspace.mappings.products))
    found = study(basis_of(made, companies, catalog, posted), made.workspace.mappings.services["9001"])
    (service,) = found.services
    figures = Usage(on=date(2026, 6, 20), period="2026-06", price=price, cost=cost)
    told = (*service.completed.told, Told(event=figures, source="listing"))
    completed = replace(service.completed, told=told)
    lines = lines_on(completed, service.stretch, service.owned_from, made.as_of)
    return replace(service, completed=completed, lines=lines)


def test_a_term_that_ends_within_an_invoiced_month_is_settled_once_also_when_it_shows_as_expired() -> None:
    """It ran out on 9 June, with June invoiced: nothing takes the credit back when its line has ended, too."""
    over = subscription(end=date(2026, 6, 9), auto_renew=False)
    case = Case(_rules("settle"), over)
    case.night(date(2026, 6, 1), JULY, date(2026, 5, 25))
    assert [one[:4] for one in case.settlements()] == [("2026-06", 1, -1, Decimal("184.80"))]

    case.shown = replace(case.shown, status="expired", state="ended", licenses=0)
    for day, following in (
        (date(2026, 6, 12), JULY),
        (date(2026, 7, 3), AUGUST),
        (date(2026, 9, 3), date(2026, 10, 1)),
    ):
        found = case.night(day, following, day)
        assert (found.changes, found.held) == ((), ()), day


def test_a_person_who_settled_a_difference_says_so_with_its_mark() -> None:
    case = _early("next_period")
    (one,) = _early_night(case).held
    settled_by_hand = addition(
        id=990,
        mark=mark(role="settlement", on=None, month="2026-07", sequence=1),
        quantity=Decimal(-1),
        unit_price=Decimal(66),
        unit_cost=Decimal("52.80"),
        effective=JULY,
        cancelled=JULY,
        bill_customer="DoNotBill",
        entered=date(2026, 6, 20),
    )
    assert settled_by_hand.mark is not None
    assert settled_by_hand.mark in (one.hint or "")
    case.psa = Psa((*case.psa.additions, settled_by_hand))
    found = _early_night(case, date(2026, 6, 21))

    assert (found.changes, found.held) == ((), ())


def test_a_service_that_moves_to_another_agreement_within_an_invoiced_month_is_settled_on_the_one_before() -> None:
    moved = service_mapping(
        agreements=(
            ServiceAgreement(agreement=41, place=place(5)),
            ServiceAgreement(agreement=42, starts=JULY, place=place(6)),
        )
    )
    rules = _rules(
        "settle", services=[moved], customers=[customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))]
    )
    day, lines = date(2026, 6, 15), (addition(entered=START),)
    seen = observed(
        subscriptions=[subscription()],
        agreements=[agreement(next_invoice=AUGUST), agreement(id=42, next_invoice=JULY)],
        additions=lines,
        invoiced_on={41: date(2026, 6, 10), 42: date(2026, 6, 10)},
    )
    found = plan(rules, seen, as_of=day)
    assert found.held == ()
    psa = applied(Psa(lines), found, day)
    again = plan(rules, replace(seen, additions=_by_agreement(psa)), as_of=day)
    assert (again.changes, again.held) == ((), ())
    changes = {one.address: after(one) for one in found.changes}
    assert changes["addition:41/9001/1/base/2026-03-10"] == {"cancelled": date(2026, 7, 31)}
    assert changes["addition:42/9001/1/base/2026-07-01"]["effective"] == JULY
    assert changes["addition:41/9001/1/settlement/2026-07/1"]["unit_price"] == Decimal("264.00")


def _by_agreement(psa: Psa) -> dict[int, tuple[Addition, ...]]:
    return {id: tuple(one for one in psa.additions if one.agreement_id == id) for id in (41, 42)}


@pytest.mark.parametrize("late_change", ["next_period", "settle"])
def test_a_second_increase_of_an_invoiced_month_has_a_line_of_its_own_and_the_next_month_the_difference(
    late_change: str,
) -> None:
    """Three licences more on 5 June, then July's invoice, then two more: all count from the first of June."""
    rules = _rules(late_change, increase="first_of_month")
    first, second = (date(2026, 6, 5), 15), (date(2026, 6, 25), 17)
    case = Case(rules, subscription(licenses=15), first)
    case.night(date(2026, 6, 5), JULY, date(2026, 5, 25))
    both = Case(rules, subscription(licenses=17), first, second, lines=case.psa.additions)
    changes = by_address(both.night(date(2026, 6, 25), AUGUST, date(2026, 6, 20)))

    assert after(changes["1/delta/2026-06-01/1"])["quantity"] == 2
    assert moves(changes["1/base/2026-07-01"])["cancelled"][1] == date(2026, 7, 31)
    carried = after(changes["1/base/2026-07-01/1"])
    assert (carried["quantity"], carried["effective"]) == (17, AUGUST)
    if late_change == "settle":
        assert [one[:4] for one in both.settlements()] == [("2026-07", 1, 1, Decimal("44.00"))]
    later = both.night(date(2026, 9, 2), date(2026, 10, 1), date(2026, 9, 1))
    assert later.changes == ()
    assert [one.why[:9] for one in later.held] == ([] if late_change == "settle" else ["44.00 USD"])


def test_a_month_of_consumption_whose_own_period_is_closed_bills_on_the_first_open_one_and_stays_there() -> None:
    shown = subscription(start=date(2026, 6, 12), end=None, unit_price=Decimal(0), part_number=None)
    rules = _rules(products=[product_mapping(kind="usage")])
    case = Case(rules, shown, on=agreement(prorates=False), lines=())
    first = case.night(date(2026, 6, 12), JULY, date(2026, 5, 25))

    assert first.held == ()
    (change,) = first.changes
    assert (change.address, after(change)["effective"]) == ("addition:41/9001/1/usage/2026-06/1", JULY)
    assert after(change)["cancelled"] == date(2026, 7, 31)
    later = case.night(date(2026, 8, 2), date(2026, 9, 1), date(2026, 8, 1))
    months = {one.address.removeprefix("addition:41/9001/1/usage/"): after(one)["effective"] for one in later.changes}
    assert months == {"2026-07/1": date(2026, 9, 1), "2026-08/1": date(2026, 9, 1)}
