"""The explanation of one subscription: the plan's own lines, what each event did to them, and the bill by hand."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.billing.model import AgreementTerms
from engine.billing.proration import invoice_total
from engine.diagnostics import Place
from engine.planning.explanation import explain
from engine.planning.explanation_values import Bill, ExplainedEvent, ExplainedPeriod, Explanation, to_document
from engine.planning.make import make
from engine.planning.observed import Inputs, Observed
from engine.platform.models import Activity, ActivityLog
from engine.workspace.choices import BillingRules, RuleOverride
from engine.workspace.model import ServiceAgreement, Workspace
from tests.planning.builders import (
    addition,
    agreement,
    customer,
    ended,
    foreign,
    inputs,
    item,
    mark,
    observed,
    place,
    product,
    product_mapping,
    service_mapping,
    subscription,
    total,
    workspace,
)
from tests.planning.nights import Happening, Life, Psa, World


def explained(wanted: Workspace | None = None, seen: Observed | None = None, **more: Any) -> Explanation:
    return explain(inputs(wanted, seen, **more), "9001")


def log(*items: Activity, whole: bool = True) -> ActivityLog:
    bought = Activity(on=date(2026, 3, 10), kind="created", quantity=12)
    return ActivityLog(subscription="9001", items=(bought, *items), whole=whole)


def change(on: date, quantity: int) -> Activity:
    return Activity(on=on, kind="quantity", quantity=quantity)


def only_event(found: Explanation, kind: str) -> ExplainedEvent:
    (event,) = [one for one in found.events if type(one.event).__struct_config__.tag == kind]
    return event


def statuses(found: Explanation) -> dict[str, str]:
    return {one.address.removeprefix("addition:41/9001/"): one.status for one in found.lines}


def days(first: int, last: int, month: int = 6) -> tuple[date, date]:
    return date(2026, month, first), date(2026, month, last)


# -- as the plan


def happened(*happenings: tuple[int, str, int], **more: Any) -> World:
    """A world in which something happens so many days after the start on 20 January 2026."""
    start = date(2026, 1, 20)
    values: dict[str, Any] = {
        "start": start,
        "licences": 5,
        "end": date(2026, 2, 19),
        "term": "P1M",
        "auto_renew": True,
        "cycle": "monthly",
        "happenings": tuple(
            Happening(on=start + timedelta(days=after), kind=kind, number=number)  # type: ignore[arg-type]  # kinds
            for after, kind, number in happenings
        ),
    }
    values |= {name: more.pop(name) for name in list(more) if name in Life.__struct_fields__}
    return World(life=Life(**values), **{"agreement_start": date(2026, 1, 1), **more})


WORLDS = {
    "nothing": happened(),
    "more, fewer, and in place": happened((1, "quantity", 6), (30, "quantity", 9), (45, "quantity", 4)),
    "by the month": happened(
        (30, "quantity", 9),
        (45, "quantity", 4),
        (60, "cancel", 0),
        increase="first_of_month",
        decrease="first_of_next_month",
        cancellation="end_of_month",
    ),
    "taken over later": happened(
        (10, "quantity", 9), (45, "quantity", 4), (70, "upgrade", 40), manage_from=date(2026, 3, 15)
    ),
    "prices": happened((20, "price", 31), (50, "price", 33), price_change="actual_date"),
    "upgraded twice, then cancelled": happened((33, "upgrade", 40), (66, "upgrade", 50), (99, "cancel", 0)),
    "nothing left": happened((1, "quantity", 0), (20, "quantity", 3)),
    "thinly logged": happened((30, "quantity", 9), (40, "upgrade", 50), (60, "cancel", 0), logs="thin"),
    "not logged": happened((30, "quantity", 9), (40, "upgrade", 50), (60, "cancel", 0), logs="none"),
    "yearly": happened((40, "quantity", 9), cycle="annual", term="P1Y", end=date(2027, 1, 19)),
    "an end in the term": happened((45, "quantity", 9), auto_renew=False),
}
NIGHTS = (0, 12, 31, 47, 71, 100, 130)


def runs(world: World) -> list[Inputs]:
    """What the runs of some nights read, each after the plan of the one before it was applied."""
    psa, found = Psa(), []
    for night in NIGHTS:
        read = world.inputs(world.life.start + timedelta(days=night), psa)
        found.append(read)
        plan = make(read)
        if plan.held:
            break
        psa = psa.applied(plan)
    return found


@pytest.mark.parametrize("name", WORLDS)
def test_its_lines_are_those_of_the_plan(name: str) -> None:
    for read in runs(WORLDS[name]):
        found, plan = explain(read, "9001"), make(read)
        changes = {one.address: one for one in plan.changes if one.kind == "addition"}
        assert found.held == plan.held
        if found.held:
            continue
        assert {one.address for one in found.lines if one.status != "in_step"} == changes.keys()
        assert found.state == ("changes" if changes else "in_step")
        for line in found.lines:
            if line.address in changes:
                one = changes[line.address]
                assert (line.fields, line.reason, line.effect) == (one.fields, one.reason, one.effect)
                assert line.status == ("create" if one.action == "create" else "update" if line.wanted else "retract")
        assert found.effect == total(plan)


@pytest.mark.parametrize("name", WORLDS)
def test_the_effects_of_all_events_together_make_the_wanted_lines(name: str) -> None:
    for read in runs(WORLDS[name]):
        found = explain(read, "9001")
        made: dict[tuple[object, ...], Bill] = {}
        for event in found.events:
            for effect in event.effects:
                line = effect.after or effect.before
                assert line is not None
                key = (effect.agreement, effect.segment, effect.role, line.effective)
                assert made.get(key) == effect.before
                made.pop(key, None)
                if effect.after is not None:
                    made[key] = effect.after
        wanted = {
            (one.agreement, one.segment, one.role, one.wanted.effective): one.wanted
            for one in found.lines
            if one.wanted is not None
        }
        if wanted:
            assert made == wanted


@pytest.mark.parametrize("name", WORLDS)
def test_a_periods_sum_is_what_the_wanted_lines_bill(name: str) -> None:
    world = WORLDS[name]
    terms = AgreementTerms(start=world.agreement_start, billing="annual" if world.life.cycle == "annual" else "monthly")
    for read in runs(world):
        found = explain(read, "9001")
        for period in found.periods:
            wanted = [one.wanted for one in found.lines if one.wanted is not None]
            posted = [one.posted for one in found.lines if one.posted is not None]
            for sum_of, bills in ((period.wanted, wanted), (period.posted, posted)):
                assert sum_of == invoice_total(bills, terms, period.first, prorates=True).price


# -- events


def test_an_increase_has_a_line_of_its_own_from_the_day_that_the_rule_gives() -> None:
    seen = observed(subscriptions=[subscription(licenses=16)], logs=[log(change(date(2026, 6, 11), 16))])
    places = {"effective_date_positive_change": Place("rules/billing.yaml", 9, 7)}
    override = RuleOverride(agreement=41, effective_date_positive_change="first_of_month", place=place(), places=places)
    found = explained(workspace(billing=BillingRules(overrides=(override,))), seen)
    event = only_event(found, "quantity")
    assert (event.was, event.outcome, event.effective, event.settled) == (12, "line", date(2026, 6, 1), False)
    assert event.rule is not None
    assert (event.rule.rule, event.rule.choice) == ("effective_date_positive_change", "first_of_month")
    assert event.rule.source == Place("rules/billing.yaml", 9, 7)
    told: list[tuple[object, ...]] = [
        (one.role, one.after.quantity, one.after.effective, one.after.cancelled) for one in event.effects if one.after
    ]
    assert told == [
        ("base", Decimal(12), date(2026, 3, 10), date(2026, 6, 30)),
        ("delta", Decimal(4), *days(1, 30)),
        ("base", Decimal(16), date(2026, 7, 1), date(2027, 3, 9)),
    ]


def test_a_change_in_the_first_days_changes_the_line_itself_by_the_rule_that_counts_them() -> None:
    seen = observed(
        subscriptions=[subscription(licenses=14, last_updated="2026-03-12T08:00:00Z")],
        logs=[log(change(date(2026, 3, 12), 14))],
        additions=[],
    )
    event = only_event(explained(workspace(billing=BillingRules(in_place_days=4)), seen), "quantity")
    assert (event.outcome, event.effective) == ("in_place", date(2026, 3, 10))
    assert event.rule is not None
    assert (event.rule.rule, event.rule.choice, event.rule.source) == ("in_place_days", "4", None)
    (effect,) = event.effects
    assert effect.before is not None
    assert effect.after is not None
    assert (effect.before.quantity, effect.after.quantity) == (Decimal(12), Decimal(14))


@pytest.mark.parametrize(
    ("on", "manage_from", "outcome", "effective"),
    [
        (date(2026, 4, 8), date(2026, 6, 1), "before_takeover", date(2026, 6, 1)),
        (date(2026, 6, 4), date(2026, 6, 10), "at_takeover", date(2026, 6, 10)),
        (date(2026, 6, 10), date(2026, 6, 10), "line", date(2026, 6, 10)),
    ],
)
def test_a_change_before_the_first_day_billed_says_what_became_of_it(
    on: date, manage_from: date, outcome: str, effective: date
) -> None:
    seen = observed(subscriptions=[subscription(licenses=16)], logs=[log(change(on, 16))], additions=[])
    found = explained(workspace(manage_from=manage_from), seen)
    event = only_event(found, "quantity")
    assert (event.outcome, event.effective) == (outcome, effective)
    assert (event.rule is None) == (outcome != "line")
    (on_agreement,) = found.agreements
    assert on_agreement.first_billed == manage_from
    assert on_agreement.first_billed_because == "the connection's manage_from"
    assert on_agreement.first_billed_source == place(1, "config/connections.yaml")


def test_a_posted_change_keeps_its_day_and_names_the_rule_only_where_that_still_gives_it() -> None:
    posted = [
        addition(cancelled=date(2026, 6, 30)),
        addition(
            id=802,
            quantity=Decimal(4),
            effective=date(2026, 6, 11),
            cancelled=date(2026, 6, 30),
            mark=mark(role="delta", on=date(2026, 6, 11)),
        ),
        addition(id=803, quantity=Decimal(16), effective=date(2026, 7, 1), mark=mark(on=date(2026, 7, 1))),
    ]
    seen = observed(
        subscriptions=[subscription(licenses=16)], logs=[log(change(date(2026, 6, 11), 16))], additions=posted
    )
    same = only_event(explained(seen=seen), "quantity")
    assert (same.effective, same.settled, same.rule is not None) == (date(2026, 6, 11), True, True)
    other = only_event(explained(workspace(increase="first_of_month"), seen), "quantity")
    assert (other.effective, other.settled, other.rule) == (date(2026, 6, 11), True, None)


def test_a_price_from_before_the_first_day_billed_is_that_of_the_first_line_and_of_what_begins_with_it() -> None:
    items = [change(date(2026, 6, 4), 14)]
    read = observed(subscriptions=[subscription(licenses=14, unit_price=Decimal(23))], logs=[log(*items)])
    posted = replace(read, additions={41: (addition(effective=date(2026, 6, 20), mark=mark(on=date(2026, 6, 20))),)})
    found = explained(workspace(manage_from=date(2026, 6, 20)), posted)
    event = only_event(found, "price")
    assert event.rule is not None
    assert (event.outcome, event.effective, event.rule.rule) == ("line", date(2026, 7, 1), "price_change")
    actual = explained(
        workspace(manage_from=date(2026, 6, 20), billing=BillingRules(price_change="actual_date")), posted
    )
    assert only_event(actual, "price").outcome == "before_takeover"
    assert {one.role for one in only_event(actual, "price").effects} == {"base", "delta"}


def test_a_line_of_nothing_is_not_the_day_from_which_an_increase_bills() -> None:
    items = [change(date(2026, 3, 10), 0), change(date(2026, 6, 11), 5)]
    found = explained(seen=observed(subscriptions=[subscription(licenses=5)], logs=[log(*items)], additions=[]))
    told = [one for one in found.events if one.event.on == date(2026, 6, 11)]
    assert [(one.outcome, one.effective) for one in told] == [("line", date(2026, 6, 11))]


def test_what_comes_after_the_cancellation_or_the_day_is_left_out_and_says_so() -> None:
    items = [
        change(date(2026, 6, 4), 14),
        Activity(on=date(2026, 6, 8), kind="cancelled"),
        change(date(2026, 6, 9), 13),
        change(date(2026, 7, 20), 11),
    ]
    found = explained(seen=observed(subscriptions=[ended()], logs=[log(*items)], additions=[addition()]))
    told = {one.event.on: one.outcome for one in found.events}
    assert told[date(2026, 6, 8)] == "line"
    assert told[date(2026, 6, 9)] == "after_cancellation"
    assert told[date(2026, 7, 20)] == "not_yet"
    cancelled = only_event(found, "cancel")
    assert cancelled.effective == date(2026, 6, 8)
    assert cancelled.rule is not None
    assert cancelled.rule.choice == "cancellation_date"


def test_by_the_month_a_cancellation_bills_on_to_its_end() -> None:
    seen = observed(subscriptions=[ended()], logs=[log(Activity(on=date(2026, 6, 8), kind="cancelled"))])
    cancelled = only_event(explained(workspace(cancellation="end_of_month"), seen), "cancel")
    assert cancelled.effective == date(2026, 7, 1)
    assert cancelled.rule is not None
    assert cancelled.rule.choice == "end_of_month"
    assert [one.role for one in cancelled.effects] == ["base"]


def test_what_is_inferred_says_why() -> None:
    found = explained(seen=observed(subscriptions=[subscription(licenses=15)]))
    event = only_event(found, "quantity")
    assert (event.source, event.event.on) == ("inferred", date(2026, 6, 15))
    assert "the platform shows 15 licences" in event.why


def test_of_the_log_it_says_what_was_used_what_not_and_what_was_not_understood() -> None:
    items = [
        Activity(on=date(2026, 4, 1), kind="unrelated", text="Users Update"),
        change(date(2026, 6, 11), 16),
        Activity(on=date(2026, 6, 12), kind="unknown", text="Subscription Mirrored"),
    ]
    found = explained(seen=observed(subscriptions=[subscription(licenses=16)], logs=[log(*items)]))
    assert [(one.used, one.note) for one in found.log.items] == [
        (True, ""),
        (False, "changes no line"),
        (True, ""),
        (False, "not understood"),
    ]
    assert "log-not-understood" in [one.code for one in found.notices]


def test_a_log_that_is_not_relied_on_says_so() -> None:
    partly = explained(seen=observed(logs=[log(whole=False)]))
    assert "does not give all of it" in partly.log.note
    assert not any(one.used for one in partly.log.items)
    contradicted = explained(seen=observed(logs=[log(change(date(2026, 6, 11), 99))]))
    assert "does not tell the whole history" in contradicted.log.note
    assert "was not read" in explained().log.note


def test_a_converted_trial_is_bought_on_the_day_of_its_conversion() -> None:
    items = [Activity(on=date(2026, 5, 4), kind="converted", quantity=12)]
    bought = only_event(explained(seen=observed(logs=[log(*items)], additions=[])), "purchase")
    assert (bought.event.on, bought.why, bought.effective) == (
        date(2026, 5, 4),
        "converted from a trial",
        date(2026, 5, 4),
    )


# -- lines and the bill


def test_a_line_stands_beside_its_addition_with_what_would_change() -> None:
    found = explained(seen=observed(subscriptions=[subscription(licenses=14)], additions=[addition()]))
    assert statuses(found) == {
        "1/base/2026-03-10": "update",
        "1/delta/2026-06-15": "create",
        "1/base/2026-07-01": "create",
    }
    line = found.lines[0]
    assert (line.addition, line.mark) == (801, mark())
    assert line.posted is not None
    assert line.wanted is not None
    assert (line.posted.cancelled, line.wanted.cancelled) == (date(2027, 3, 9), date(2026, 6, 30))


def sums(period: ExplainedPeriod) -> list[tuple[str, int, str, str]]:
    return [(one.role, one.days, f"{one.posted:.2f}", f"{one.wanted:.2f}") for one in period.lines]


def test_the_bill_can_be_checked_by_hand() -> None:
    found = explained(seen=observed(subscriptions=[subscription(licenses=14)], additions=[addition()]))
    may, june, july = found.periods
    assert [(one.first, one.last, one.days) for one in (may, june, july)] == [
        (*days(1, 31, 5), 31),
        (*days(1, 30), 30),
        (*days(1, 31, 7), 31),
    ]
    assert sums(may) == [("base", 31, "264.00", "264.00")]
    # 2 × 22.00 × 16/30 = 23.4666…
    assert sums(june) == [("base", 30, "264.00", "264.00"), ("delta", 16, "0.00", "23.47")]
    assert (june.posted, june.wanted) == (Decimal("264.00"), Decimal("287.47"))
    # The standing line still reaches into July, where another one is to carry on.
    assert sums(july) == [("base", 31, "264.00", "0.00"), ("base", 31, "0.00", "308.00")]
    assert (july.posted, july.wanted) == (Decimal("264.00"), Decimal("308.00"))


def test_without_proration_a_line_bills_the_whole_period() -> None:
    whole = RuleOverride(
        agreement=41,
        effective_date_positive_change="first_of_month",
        effective_date_negative_change="first_of_next_month",
        service_cancellation="end_of_month",
        place=place(),
    )
    found = explained(
        workspace(billing=BillingRules(overrides=(whole,))),
        observed(
            subscriptions=[subscription(start=date(2026, 6, 11))],
            agreements=[agreement(prorates=False)],
            additions=[],
        ),
    )
    june = found.periods[0]
    assert not june.prorates
    assert sums(june) == [("base", 20, "0.00", "264.00")]


def test_a_period_knows_whether_it_was_invoiced_in_advance_or_in_arrears() -> None:
    billed = agreement(next_invoice=date(2026, 7, 1), type_name="Cloud")
    found = explained(seen=observed(agreements=[billed]))
    assert [one.invoiced for one in found.periods] == [True, True, False]
    late = explained(workspace(billing=BillingRules(arrears=frozenset({"cloud"}))), observed(agreements=[billed]))
    assert late.agreements[0].arrears
    assert [one.invoiced for one in late.periods] == [True, False, False]


def test_the_agreements_of_a_moved_service_each_have_their_days() -> None:
    moved = service_mapping(
        agreements=(
            ServiceAgreement(agreement=41, place=place(5)),
            ServiceAgreement(agreement=42, starts=date(2026, 7, 1), place=place(6)),
        )
    )
    found = explained(
        workspace(services=[moved]),
        observed(agreements=[agreement(), agreement(id=42, name="New one")], additions=[addition()]),
    )
    first, second = found.agreements
    assert (first.until, second.starts, second.until) == (date(2026, 6, 30), date(2026, 7, 1), None)
    assert (second.first_billed, second.first_billed_because) == (date(2026, 7, 1), "moved to this agreement")
    assert second.first_billed_source == place(6)
    assert [(one.agreement, one.status) for one in found.lines] == [(41, "update"), (42, "create")]
    assert {(one.agreement, one.first.month) for one in found.periods if one.wanted} == {(41, 5), (41, 6), (42, 7)}


def test_additions_beside_the_lines_are_named() -> None:
    strangers = [
        foreign(),
        foreign(id=56, product_id=99),
        foreign(id=57, cancelled=date(2026, 4, 30)),
        foreign(id=58, mark=mark(agreement=7)),
        foreign(id=59, cancelled=date(2026, 5, 1)),
    ]
    found = explained(
        workspace(services=[service_mapping(addition="new")]), observed(additions=[addition(), *strangers])
    )
    assert [one.addition for one in found.others] == [55, 58, 59]
    assert [one.addition for one in found.lines] == [801]


def test_an_addition_that_the_mapping_takes_over_is_its_line_and_no_stranger() -> None:
    found = explained(
        workspace(services=[service_mapping(addition=55)]),
        observed(additions=[foreign(effective=date(2026, 3, 10))]),
    )
    assert [(one.addition, one.status) for one in found.lines] == [(55, "update")]
    assert found.others == ()


def test_lines_retracted_before_are_listed_apart() -> None:
    gone = addition(
        id=802,
        quantity=Decimal(0),
        effective=date(2026, 6, 11),
        cancelled=date(2026, 6, 11),
        mark=mark(role="delta", on=date(2026, 6, 11)),
    )
    found = explained(seen=observed(additions=[addition(), gone]))
    assert [(one.addition, one.role) for one in found.retracted] == [(802, "delta")]
    assert [one.addition for one in found.lines] == [801]


# -- as far as it goes


def test_a_service_held_for_what_was_invoiced_shows_both_sides() -> None:
    wrong = addition(quantity=Decimal(10))
    found = explained(
        seen=observed(
            agreements=[agreement(next_invoice=date(2026, 7, 1))],
            additions=[wrong],
            logs=[log()],
            invoiced_on={41: date(2026, 6, 1)},
        )
    )
    assert (found.state, [one.code for one in found.held]) == ("held", ["line-invoiced"])
    (line,) = found.lines
    assert (line.status, line.reason) == ("blocked", found.held[0].why)
    assert line.posted is not None
    assert line.wanted is not None
    assert (line.posted.quantity, line.wanted.quantity) == (Decimal(10), Decimal(12))
    assert [(one.posted, one.wanted) for one in found.periods] == [(Decimal("220.00"), Decimal("264.00"))] * 3


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"agreements": [agreement(currency="EUR")]}, "currency-differs"),
        ({"agreements": [agreement(cancelled=True)]}, "agreement-ended"),
        ({"subscriptions": []}, "subscription-missing"),
        ({"subscriptions": [subscription(state="unknown", status="resting")]}, "status-unknown"),
        ({"unread_subscriptions": {"100": ("subscription 9009: no price",)}}, "read-incomplete"),
        ({"companies": []}, "customer-held"),
    ],
)
def test_what_is_held_shows_what_is_known_and_what_the_psa_has(changed: dict[str, Any], code: str) -> None:
    found = explained(seen=observed(**changed))
    assert found.state == "held"
    assert code in [one.code for one in found.held]
    assert [(one.addition, one.status, one.wanted) for one in found.lines] == [(801, "blocked", None)]
    assert found.customer is not None
    assert found.mapping is not None
    assert (found.subscription is None) == (code == "subscription-missing")
    june = next(one for one in found.periods if one.first == date(2026, 6, 1))
    assert (june.posted, june.wanted) == (Decimal("264.00"), None)


def test_an_agreement_that_is_gone_leaves_the_rest() -> None:
    found = explained(seen=observed(agreements=[], additions=[]))
    assert [one.code for one in found.held] == ["agreement-missing"]
    assert (found.agreements, found.lines, found.periods) == ((), (), ())
    assert found.subscription is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"agreements": [agreement(next_invoice=date.min)]},
        {"agreements": [agreement(next_invoice=None)]},
        {"agreements": [agreement(start=None)]},
        {"agreements": [agreement(billing_cycle_id=None)]},
        {"subscriptions": [subscription(start=date.max, end=None)]},
        {"subscriptions": [subscription(start=date.min, end=date(1, 1, 31), term="P1M", auto_renew=True)]},
        {"subscriptions": [subscription(end=date(2026, 4, 9), term="1 month", auto_renew=True)]},
    ],
)
def test_days_at_the_edge_and_missing_ones_leave_the_rest_explained(changed: dict[str, Any]) -> None:
    found = explained(seen=observed(**changed))
    assert found.subscription is not None
    assert len(found.agreements) == 1
    assert [one.addition for one in found.lines if one.addition] == [801]


@pytest.mark.parametrize(
    ("shown", "code"), [({"trial": True}, "trial"), ({"state": "ended", "status": "deleted"}, "ended")]
)
def test_a_trial_and_one_that_never_had_a_line_need_none_and_say_so(shown: dict[str, Any], code: str) -> None:
    found = explained(seen=observed(subscriptions=[subscription(**shown)], additions=[]))
    assert (found.state, found.lines, found.periods) == ("in_step", (), ())
    assert code in [one.code for one in found.notices]
    assert not any(one.effects for one in found.events)
    assert {one.outcome for one in found.events} <= {"nothing"}


def test_consumption_has_its_months() -> None:
    found = explained(
        workspace(products=[product_mapping(kind="usage")], manage_from=date(2026, 5, 1)),
        observed(
            subscriptions=[subscription(unit_price=Decimal(0), unit_cost=Decimal(0), part_number=None, end=None)],
            additions=[],
        ),
    )
    assert [one.period for one in found.lines] == ["2026-05", "2026-06"]
    assert [one.period for one in only_event(found, "purchase").effects] == ["2026-05", "2026-06"]


def test_one_that_is_not_mapped_is_worth_something_and_may_be_billed_by_hand() -> None:
    found = explained(workspace(services=[]), observed(additions=[foreign(), foreign(id=56, product_id=99)]))
    assert (found.state, found.mapping, found.lines) == ("unmapped", None, ())
    assert found.subscription is not None
    assert found.subscription.amount == Decimal("264.00")
    assert [one.addition for one in found.others] == [55]
    assert found.customer is not None
    assert found.customer.source == place(4, "mappings/customers.yaml")


def test_one_whose_customer_is_not_mapped_either_says_so() -> None:
    found = explained(
        workspace(customers=[], services=[], products=[]),
        observed(companies=[], agreements=[], additions=[], items=[]),
    )
    assert found.customer is not None
    assert (found.customer.name, found.customer.source) == (customer().name, None)
    assert found.product is not None
    assert found.product.source is None


def test_one_that_follows_its_parent_says_that_its_mapping_is_automatic() -> None:
    new = subscription(id="9002", parent="9001", start=date(2026, 6, 10), licenses=3, last_updated="")
    read = inputs(seen=observed(subscriptions=[subscription(), new]))
    found = explain(read, "9002")
    assert found.mapping is not None
    assert found.mapping.automatic
    assert found.mapping.source == place(5)
    assert "mapped-automatically" in [one.code for one in found.notices]
    assert [one.status for one in found.lines] == ["create"]
    old = explain(read, "9001")
    assert old.mapping is not None
    assert not old.mapping.automatic
    assert "mapped-automatically" not in [one.code for one in old.notices]


def test_the_products_that_it_was_before_are_named_by_their_items() -> None:
    found = explained(
        workspace(products=[product_mapping(plan="Big", catalog_item=72), product_mapping()]),
        observed(
            products=[product(), product(plan="Big")],
            subscriptions=[subscription(plan="Big", unit_price=Decimal(30))],
            items=[item(), item(id=72, identifier="SUITE-B")],
            logs=[log(Activity(on=date(2026, 6, 11), kind="upgraded", product="Suite/Big"))],
        ),
    )
    upgraded = only_event(found, "upgrade")
    assert upgraded.effective == date(2026, 6, 11)
    assert {(one.role, one.item) for one in upgraded.effects} == {
        ("base", "SUITE-M"),
        ("reversal", "SUITE-M"),
        ("base", "SUITE-B"),
    }


def test_every_event_has_the_same_keys_in_the_dict_form() -> None:
    seen = observed(subscriptions=[subscription(licenses=15, unit_price=Decimal(23))])
    document = to_document(explained(seen=seen))
    kinds = {one["event"]["kind"]: one["event"].keys() for one in document["events"]}
    assert kinds.keys() == {"purchase", "quantity", "price"}
    assert len({tuple(keys) for keys in kinds.values()}) == 1


@pytest.mark.parametrize(
    ("by_hand", "told", "amount"),
    [
        ({"bill_customer": "DoNotBill"}, "bill customer is DoNotBill, not Billable", "0.00"),
        ({"less_included": Decimal(2)}, "less included is 2, not 0", "220.00"),
    ],
)
def test_what_is_edited_by_hand_and_not_written_again_is_told(by_hand: dict[str, Any], told: str, amount: str) -> None:
    found = explained(seen=observed(additions=[addition(**by_hand)]))
    (line,) = found.lines
    assert (line.status, line.reason) == ("in_step", f"edited by hand: {told}")
    assert {(one.posted, one.wanted) for one in found.periods[1:]} == {(Decimal(amount), Decimal(amount))}
