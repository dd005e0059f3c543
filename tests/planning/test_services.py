"""Services become additions: what is created, what is kept in step, and what is refused with a way out."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.planning.plan import Effect, Selection
from engine.platform.models import Subscription
from engine.psa.models import Addition
from tests.planning.builders import (
    ADDITION_FIELDS,
    AS_OF,
    after,
    agreement,
    agreement_ref,
    customer_mapping,
    ended,
    foreign,
    held,
    item,
    mark,
    moves,
    notices,
    observed,
    only,
    plan,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.builders import addition as line

TEXT = "Product: Suite; Plan: Suite Monthly; Part number: MPN-1; Subscription: b7e0-made-up; Licenses: 12"


def test_a_service_without_a_line_gets_one_with_exactly_these_fields() -> None:
    change = only(plan(seen=observed(additions=[])))
    assert (change.kind, change.action, change.agreement, change.customer) == ("addition", "create", 41, "100")
    assert change.address == "addition:41/9001/1/base"
    assert change.source == service_mapping().place
    assert after(change) == {
        "product_id": 71,
        "quantity": Decimal(12),
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 3, 10),
        "cancelled": date(2027, 3, 9),
        "invoice_description": TEXT,
        "bill_customer": "Billable",
        "taxable": True,
        "mark": mark(),
    }
    assert all(one.before is None for one in change.fields)
    assert change.effect == Effect(month=Decimal("264.00"), month_cost=Decimal("211.20"))


def test_a_line_begins_no_earlier_than_a_person_wrote() -> None:
    nothing_yet = observed(additions=[])
    by_connection = workspace(manage_from=date(2026, 5, 1))
    assert after(only(plan(by_connection, nothing_yet)))["effective"] == date(2026, 5, 1)
    by_service = workspace(services=[service_mapping(effective_date=date(2026, 6, 1))])
    assert after(only(plan(by_service, nothing_yet)))["effective"] == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("posted", "wanted"),
    [
        ({"quantity": Decimal(10)}, {"quantity": (Decimal(10), Decimal(12))}),
        ({"unit_price": Decimal("21.50")}, {"unit_price": (Decimal("21.50"), Decimal("22.00"))}),
        ({"unit_cost": Decimal("17.00")}, {"unit_cost": (Decimal("17.00"), Decimal("17.60"))}),
        ({"cancelled": date(2026, 12, 31)}, {"cancelled": (date(2026, 12, 31), date(2027, 3, 9))}),
        ({"cancelled": None}, {"cancelled": (None, date(2027, 3, 9))}),
        ({"quantity": Decimal("12.00"), "unit_price": Decimal("22.00000")}, {}),
        # What a person may have changed with good reason is not compared.
        ({"effective": date(2026, 3, 1)}, {}),
        ({"invoice_description": "by hand", "bill_customer": "NoCharge", "taxable": False}, {}),
        ({"less_included": Decimal(2)}, {}),
    ],
)
def test_of_a_standing_line_only_quantity_price_cost_and_end_are_kept_in_step(
    posted: dict[str, Any], wanted: dict[str, tuple[object, object]]
) -> None:
    found = plan(seen=observed(additions=[line(**posted)]))
    assert found.held == ()
    assert {name: pair for change in found.changes for name, pair in moves(change).items()} == wanted
    assert {(change.action, change.object_id) for change in found.changes} <= {("update", 801)}


def test_a_line_posted_for_another_first_day_is_still_the_base_line() -> None:
    assert plan(seen=observed(additions=[line(mark=mark(on=date(2026, 4, 1)))])).changes == ()


def test_a_narrowed_price_is_the_catalog_items_on_creation_and_left_alone_afterwards() -> None:
    narrowed = workspace(
        products=[product_mapping(fields=frozenset())],
        services=[service_mapping(fields=frozenset({"partner_unit_cost"}))],
    )
    dear = [item(price=Decimal("30.00"), cost=Decimal("1.00"))]
    created = only(plan(narrowed, observed(items=dear, additions=[])))
    assert (after(created)["unit_price"], after(created)["unit_cost"]) == (Decimal("30.00"), Decimal("17.60"))
    assert plan(narrowed, observed(items=dear, additions=[line(unit_price=Decimal(5))])).changes == ()


@pytest.mark.parametrize(
    ("fields", "written", "wanted"),
    [
        (ADDITION_FIELDS, None, TEXT),
        (ADDITION_FIELDS, "Your office suite.", f"Your office suite. {TEXT}"),
        (frozenset(), "Your office suite", "Your office suite"),
        (frozenset(), None, None),
    ],
)
def test_the_text_of_a_line_is_the_mappings_and_where_the_rules_say_so_the_subscriptions(
    fields: Any, written: str | None, wanted: str | None
) -> None:
    found = plan(workspace(services=[service_mapping(fields=fields, description=written)]), observed(additions=[]))
    assert after(only(found)).get("invoice_description") == wanted


def test_prices_are_rounded_half_up_and_the_difference_is_shown() -> None:
    odd = subscription(unit_price=Decimal("2.005"), unit_cost=Decimal("1.0049"))
    found = plan(seen=observed(subscriptions=[odd], additions=[]))
    assert (after(only(found))["unit_price"], after(only(found))["unit_cost"]) == (Decimal("2.01"), Decimal("1.00"))
    assert found.rounding == Decimal("0.060")
    assert plan(workspace(price_decimals=4), observed(subscriptions=[odd], additions=[])).rounding == 0


def test_a_price_that_the_rules_leave_alone_rounds_nothing() -> None:
    odd = subscription(unit_price=Decimal("2.005"))
    narrowed = workspace(services=[service_mapping(fields=frozenset())])
    assert plan(narrowed, observed(subscriptions=[odd], additions=[])).rounding == 0


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"currency": "EUR"}, "currency-differs", "USD"),
        ({"cycle": "annual"}, "cycle-differs", "monthly"),
        ({"cycle": "quarterly"}, "cycle-differs", "quarterly"),
        ({"state": "unknown", "status": "paused"}, "status-unknown", "'paused'"),
        ({"customer_id": "200"}, "subscription-of-another-customer", "200"),
        ({"plan": "Yearly"}, "product-unmapped", "30/Suite/Yearly"),
        ({"end": None, "end_note": "year 9999"}, "end-unreadable", "year 9999"),
        ({"term": "a while", "auto_renew": True, "end": date(2026, 3, 31)}, "term-unreadable", "a while"),
        ({"term": None, "auto_renew": True}, "term-unreadable", "no term"),
        ({"end": date(2026, 3, 10), "unit_price": Decimal(0)}, "kind-contradicted", "kind: license"),
        ({"cycle": "one_time"}, "kind-contradicted", "once"),
        ({"end": date(2026, 3, 9)}, "end-before-start", "2026-03-09"),
    ],
)
def test_a_subscription_that_does_not_fit_holds_its_service_alone(
    changed: dict[str, Any], code: str, words: str
) -> None:
    one = held(plan(seen=observed(subscriptions=[subscription(**changed)])))
    assert (one.code, one.kind, one.subject, one.customer) == (code, "blocked", "service:9001", "100")
    assert words in one.why
    assert one.source == service_mapping().place


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"company_id": 22, "company": "Another"}, "agreement-of-another-company"),
        ({"cancelled": True}, "agreement-ended"),
        ({"end": date(2026, 6, 14)}, "agreement-ended"),
        ({"start": None}, "agreement-without-start"),
        ({"billing_cycle_id": 2}, "cycle-differs"),
        ({"billing_cycle_id": 3}, "cycle-differs"),
        ({"billing_cycle_id": None}, "cycle-differs"),
        ({"currency": "EUR"}, "currency-differs"),
    ],
)
def test_an_agreement_that_does_not_fit_holds_its_service(changed: dict[str, Any], code: str) -> None:
    assert held(plan(seen=observed(agreements=[agreement(**changed)]))).code == code


def test_an_agreement_may_end_today_and_may_leave_its_currency_open() -> None:
    assert plan(seen=observed(agreements=[agreement(end=AS_OF, currency=None)])).held == ()


def test_an_agreement_that_is_gone_holds_its_service() -> None:
    assert held(plan(seen=observed(agreements=[]))).code == "agreement-missing"


def test_a_subscription_that_vanished_is_reported_and_its_line_left_as_it_is() -> None:
    one = held(plan(seen=observed(subscriptions=[])))
    assert (one.code, one.kind) == ("subscription-missing", "incomplete")


# -- ended, suspended, on trial


def test_an_ended_subscription_ends_its_line_on_the_day_before_it_was_first_seen() -> None:
    change = only(plan(seen=observed(subscriptions=[ended()])))
    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 14))}
    assert change.effect == Effect(month=Decimal("-264.00"), month_cost=Decimal("-211.20"))
    assert "deleted" in change.reason


def test_the_end_once_posted_stays_on_every_later_day() -> None:
    posted = observed(subscriptions=[ended()], additions=[line(cancelled=date(2026, 6, 14))])
    for later in (date(2026, 6, 16), date(2026, 12, 1), date(2028, 1, 1)):
        assert plan(seen=posted, as_of=later).changes == ()


def test_an_end_of_the_first_term_that_the_platform_still_shows_takes_back_nothing() -> None:
    shown = ended(term="P1M", end=date(2026, 4, 9), auto_renew=False)
    rolled = observed(subscriptions=[shown], additions=[line(cancelled=date(2026, 8, 9))])
    assert moves(only(plan(seen=rolled))) == {"cancelled": (date(2026, 8, 9), date(2026, 6, 14))}


def test_a_term_that_ran_out_keeps_its_end() -> None:
    over = subscription(status="expired", state="ended", end=date(2026, 6, 9))
    assert plan(seen=observed(subscriptions=[over], additions=[line(cancelled=date(2026, 6, 9))])).changes == ()


def test_by_the_rule_of_the_month_it_ends_with_the_month() -> None:
    by_month = workspace(cancellation="end_of_month")
    change = only(plan(by_month, observed(subscriptions=[ended()])))
    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    posted = observed(subscriptions=[ended()], additions=[line(cancelled=date(2026, 6, 30))])
    assert plan(by_month, posted, as_of=date(2026, 8, 1)).changes == ()


def test_of_an_ended_subscription_nothing_but_the_end_is_taken() -> None:
    emptied = ended(licenses=0, unit_price=Decimal(0), unit_cost=Decimal(0))
    assert set(after(only(plan(seen=observed(subscriptions=[emptied]))))) == {"cancelled"}


def test_an_ended_subscription_that_never_had_a_line_gets_none_whatever_stands_there() -> None:
    found = plan(seen=observed(subscriptions=[ended()], additions=[foreign()]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["ended"])


def test_a_trial_has_no_line_until_it_is_converted() -> None:
    found = plan(seen=observed(subscriptions=[subscription(trial=True)], additions=[foreign()]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["trial"])


def test_a_suspended_subscription_bills_on_with_a_notice() -> None:
    suspended = subscription(state="suspended", status="suspended")
    found = plan(seen=observed(subscriptions=[suspended]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["suspended"])


def test_a_subscription_whose_term_ended_before_it_may_be_billed_is_mentioned() -> None:
    over = subscription(end=date(2026, 3, 31))
    found = plan(workspace(manage_from=date(2026, 5, 1)), observed(subscriptions=[over], additions=[]))
    assert (found.changes, found.held, notices(found)) == ((), (), ["nothing-to-bill"])


@pytest.mark.parametrize("behaviour", ["billed", "not_billed"])
def test_the_end_is_written_as_the_psa_bills_its_day_and_read_back_the_same(behaviour: Any) -> None:
    wanted = workspace(cancelled_day=behaviour)
    on = date(2027, 3, 9) if behaviour == "billed" else date(2027, 3, 10)
    assert after(only(plan(wanted, observed(additions=[]))))["cancelled"] == on
    assert plan(wanted, observed(additions=[line(cancelled=on)])).changes == ()
    change = only(plan(wanted, observed(subscriptions=[ended()], additions=[line(cancelled=on)])))
    last = date(2026, 6, 14) if behaviour == "billed" else date(2026, 6, 15)
    assert moves(change) == {"cancelled": (on, last)}
    later = observed(subscriptions=[ended()], additions=[line(cancelled=last)])
    assert plan(wanted, later, as_of=date(2026, 9, 1)).changes == ()


# -- consumption and what is bought once

USAGE = workspace(products=[product_mapping(kind="usage")])


def usage_line(number: int, month: int, **changed: Any) -> Addition:
    last = {4: 30, 5: 31, 6: 30}[month]
    values: dict[str, Any] = {
        "id": number,
        "quantity": Decimal(1),
        "unit_price": Decimal("143.21"),
        "effective": date(2026, month, 1),
        "cancelled": date(2026, month, last),
        "mark": mark(role="usage", on=None, month=f"2026-{month:02}"),
    }
    return line(**{**values, **changed})


def usage(**changed: Any) -> Subscription:
    """Consumption as the platform shows it: without a part number."""
    values = {"start": date(2026, 4, 20), "end": date(2026, 4, 20), "auto_renew": True, "part_number": None}
    return subscription(**{**values, **changed})


def test_consumption_gets_a_line_without_an_amount_for_each_month_also_where_prices_are_narrowed() -> None:
    narrowed = workspace(products=[product_mapping(kind="usage")], services=[service_mapping(fields=frozenset[Any]())])
    for wanted in (USAGE, narrowed):
        found = plan(wanted, observed(subscriptions=[usage()], additions=[usage_line(1, 4), usage_line(2, 5)]))
        change = only(found)
        assert change.address == "addition:41/9001/1/usage/2026-06"
        assert (after(change)["quantity"], after(change)["unit_price"], after(change)["unit_cost"]) == (1, 0, 0)
        assert change.effect == Effect()


def test_consumption_that_ended_keeps_the_lines_of_its_months_and_gets_no_further_one() -> None:
    months = [usage_line(1, 4), usage_line(2, 5), usage_line(3, 6)]
    seen = observed(subscriptions=[usage(state="ended", status="deleted")], additions=months)
    for as_of in (date(2026, 6, 15), date(2026, 9, 15)):
        found = plan(USAGE, seen, as_of=as_of)
        assert (found.changes, found.held) == ((), ())


def test_consumption_needs_a_monthly_agreement() -> None:
    yearly = observed(subscriptions=[usage(cycle="annual")], agreements=[agreement(billing_cycle_id=2)], additions=[])
    assert held(plan(USAGE, yearly)).code == "cycle-differs"


@pytest.mark.parametrize(("cycle", "last"), [(1, date(2026, 3, 31)), (2, date(2026, 12, 31))])
def test_what_is_bought_once_covers_a_whole_period_of_its_agreement(cycle: int, last: date) -> None:
    once = subscription(cycle="one_time", end=None, start=date(2026, 3, 10))
    seen = observed(subscriptions=[once], agreements=[agreement(billing_cycle_id=cycle)], additions=[])
    change = only(plan(workspace(products=[product_mapping(kind="one_time")]), seen))
    assert after(change)["cancelled"] == last
    assert change.effect == Effect(once=Decimal("264.00"), once_cost=Decimal("211.20"))


def test_an_annual_subscription_counts_by_the_year() -> None:
    annual = subscription(cycle="annual", auto_renew=True)
    seen = observed(subscriptions=[annual], agreements=[agreement(billing_cycle_id=2)], additions=[])
    change = only(plan(seen=seen))
    assert change.effect == Effect(year=Decimal("264.00"), year_cost=Decimal("211.20"))
    assert after(change)["cancelled"] == date(2028, 3, 9)


# -- what stands on the agreements already


def test_lines_on_another_agreement_are_never_doubled() -> None:
    mapping = customer_mapping(agreements=(agreement_ref(41), agreement_ref(42)))
    elsewhere = line(agreement_id=42, mark=mark(agreement=42))
    one = held(plan(workspace([mapping]), observed(additions=[elsewhere])))
    assert (one.code, "agreement 42" in one.why) == ("lines-elsewhere", True)
    assert one.hint is not None
    assert "clear their marks" in one.hint


def test_a_line_that_still_bills_another_product_is_refused_with_a_way_out() -> None:
    one = held(plan(seen=observed(additions=[line(product_id=99, product_identifier="OLD")])))
    assert (one.code, "OLD" in one.why, "SUITE-M" in one.why) == ("product-changed", True, True)


def test_two_lines_with_one_mark_are_refused_with_a_way_out() -> None:
    one = held(plan(seen=observed(additions=[line(), line(id=802, mark=mark(on=date(2026, 4, 1)))])))
    assert (one.code, "801" in one.why, "802" in one.why) == ("duplicate-lines", True, True)
    assert one.hint is not None
    assert "clear its mark" in one.hint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (mark(agreement=40), "copied from agreement 40"),
        (mark(account="999"), "another platform account (999)"),
        (None, "no mark of ours"),
        ("SN-123", "no mark of ours"),
    ],
)
def test_a_line_whose_mark_is_not_ours_here_is_foreign(text: str | None, why: str) -> None:
    found = plan(seen=observed(additions=[line(mark=text)]))
    assert held(found).code == "addition-exists"
    (left,) = found.unmanaged
    assert (left.addition, left.agreement, left.customer) == (801, 41, "100")
    assert why in left.why


@pytest.mark.parametrize("addition", [None, "new"])
def test_a_mark_changed_by_hand_holds_the_service_that_it_still_names(addition: Any) -> None:
    damaged = mark()[:-1] + ("0" if mark()[-1] != "0" else "1")
    wanted = workspace(services=[service_mapping(addition=addition)])
    found = plan(wanted, observed(additions=[line(mark=damaged, product_id=99)]))
    assert held(found).code == "mark-damaged"
    assert "check character" in found.unmanaged[0].why


def test_a_licence_whose_cycle_is_unknown_is_held() -> None:
    assert held(plan(seen=observed(subscriptions=[subscription(cycle=None)], additions=[]))).code == "cycle-unknown"


def test_a_value_that_cannot_be_reckoned_with_holds_its_service_alone() -> None:
    found = plan(seen=observed(subscriptions=[subscription(unit_price=Decimal("1e30"))], additions=[]))
    assert held(found).code == "value-unusable"


def test_a_foreign_line_of_the_same_product_is_refused_with_both_ways_out() -> None:
    one = held(plan(seen=observed(additions=[foreign()])))
    assert one.code == "addition-exists"
    assert "id 55, 12 × 22.00" in one.why
    assert one.hint is not None
    assert "`addition: 55`" in one.hint
    assert "`addition: new`" in one.hint


@pytest.mark.parametrize("changed", [{"cancelled": date(2026, 6, 14)}, {"product_id": 99}, {"agreement_id": 43}])
def test_a_foreign_line_that_is_over_or_of_something_else_does_not_stand_in_the_way(changed: dict[str, Any]) -> None:
    assert only(plan(seen=observed(additions=[foreign(**changed)]))).action == "create"


def test_new_makes_a_line_beside_the_foreign_one_and_leaves_that_alone() -> None:
    found = plan(workspace(services=[service_mapping(addition="new")]), observed(additions=[foreign()]))
    assert only(found).action == "create"
    assert [one.addition for one in found.unmanaged] == [55]


ADOPTING = workspace(services=[service_mapping(addition=55)])


def test_a_line_named_by_the_mapping_is_taken_over_without_moving_its_start() -> None:
    found = plan(ADOPTING, observed(additions=[foreign(quantity=Decimal(10))]))
    change = only(found)
    assert (change.action, change.object_id) == ("update", 55)
    assert moves(change) == {
        "quantity": (Decimal(10), Decimal(12)),
        "cancelled": (None, date(2027, 3, 9)),
        "mark": (None, mark()),
    }
    assert change.effect == Effect(month=Decimal("44.00"), month_cost=Decimal("35.20"))
    assert found.unmanaged == ()


def test_once_taken_over_the_line_is_ours() -> None:
    taken = foreign(mark=mark(), cancelled=date(2027, 3, 9))
    assert plan(ADOPTING, observed(additions=[taken])).changes == ()


@pytest.mark.parametrize("additions", [[], [foreign(product_id=99)], [foreign(cancelled=date(2026, 1, 31))]])
def test_a_line_named_by_the_mapping_must_be_there(additions: list[Addition]) -> None:
    assert held(plan(ADOPTING, observed(additions=additions))).code == "addition-missing"


def test_a_line_named_by_the_mapping_cannot_be_of_an_item_that_is_yet_to_be_made() -> None:
    mapping = product_mapping(create="SUITE-NEW")
    found = plan(
        workspace(products=[mapping], services=[service_mapping(addition=55)]), observed(additions=[foreign()])
    )
    assert [one.code for one in found.held] == ["addition-missing"]
    assert [one.kind for one in found.changes] == ["catalog_item"]


def test_consumption_cannot_take_over_a_single_line() -> None:
    wanted = workspace(products=[product_mapping(kind="usage")], services=[service_mapping(addition=55)])
    one = held(plan(wanted, observed(subscriptions=[usage()], additions=[foreign()])))
    assert one.code == "addition-unsuitable"


def test_what_is_bought_once_can_take_over_a_line() -> None:
    wanted = workspace(products=[product_mapping(kind="one_time")], services=[service_mapping(addition=55)])
    once = subscription(cycle="one_time", end=None)
    change = only(plan(wanted, observed(subscriptions=[once], additions=[foreign()])))
    assert (change.action, change.object_id) == ("update", 55)


def test_a_line_that_the_platform_no_longer_justifies_is_shown_and_never_touched() -> None:
    one = held(plan(seen=observed(additions=[line(), line(id=802, mark=mark(segment=2))])))
    assert (one.code, "802" in one.why) == ("line-unwanted", True)
    retracted = line(id=802, mark=mark(segment=2), quantity=Decimal(0), cancelled=date(2026, 3, 10))
    assert plan(seen=observed(additions=[line(), retracted])).held == ()


def test_a_line_of_ours_whose_service_is_no_longer_mapped_is_left_alone() -> None:
    found = plan(workspace(services=[]))
    assert found.changes == ()
    assert [(one.addition, one.why) for one in found.unmanaged] == [
        (801, "it is ours, but its subscription is no longer mapped")
    ]


def test_licences_that_are_mapped_as_consumption_are_held() -> None:
    one = held(plan(USAGE, observed(subscriptions=[subscription()], additions=[])))
    assert (one.code, "MPN-1" in one.why, one.hint) == (
        "kind-contradicted",
        True,
        "write `kind: license` in the product's mapping",
    )


def test_an_agreement_that_the_psa_does_not_list_is_missing_not_unread() -> None:
    found = plan(seen=observed(agreements=[], additions=[], unread_agreements={41: "answered 404"}))
    assert [one.code for one in found.held] == ["agreement-missing"]


def test_a_subscription_that_a_selection_did_not_read_is_not_said_to_be_gone() -> None:
    found = plan(seen=observed(subscriptions=[]), selection=Selection(customers=("100",)))
    (one,) = found.held
    assert one.code == "subscription-missing"
    assert "under customer 100" in one.why
    assert "cancelled" not in (one.hint or "")


def test_reviving_a_line_that_had_lapsed_counts_as_money() -> None:
    renewing = subscription(auto_renew=True)
    lapsed = plan(seen=observed(subscriptions=[renewing], additions=[line(cancelled=date(2026, 4, 30))]))
    assert lapsed.total.month == Decimal("264.00")
    rolled = plan(seen=observed(subscriptions=[renewing], additions=[line(cancelled=date(2026, 6, 30))]))
    assert (len(rolled.changes), rolled.total.month) == (1, Decimal(0))
