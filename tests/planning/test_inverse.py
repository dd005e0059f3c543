"""The inverse of a run: what it takes back, what has to stay, and why."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.planning.inverse import inverse, selection_of
from engine.planning.inverse_run import Made, TakenRun
from engine.planning.plan import Change, FieldChange, Plan, PlannedLine
from engine.psa.models import Addition, Manufacturer
from tests.planning.builders import (
    addition,
    agreement,
    company,
    held,
    inputs,
    item,
    mark,
    moves,
    notices,
    observed,
    only,
    place,
)

RUN = "20260615-221503-4be1a0"
LATER = "20260617-030000-aaaaaa"
ON = date(2026, 6, 15)
BASE = "addition:41/9001/1/base/2026-03-10"
NEXT = "addition:41/9001/1/base/2026-06-15"
NEVER_INVOICED: dict[int, date | None] = {41: None}
WROTE = {"quantity": "quantity", "cancelled": "cancelledDate", "mark": "serialNumber"}


def change(address: str, values: dict[str, tuple[Any, Any]], **more: Any) -> Change:
    """What a run was to write; `values` are pairs of before and after."""
    kind = address.partition(":")[0]
    given: dict[str, Any] = {
        "address": address,
        "kind": kind,
        "action": "update",
        "name": "Suite",
        "fields": tuple(
            FieldChange(field=name, before=before, after=after, rule="a.rule", reads="x", writes=WROTE.get(name, name))
            for name, (before, after) in values.items()
        ),
        "reason": "a test wants it",
        "customer": "7001",
        "source": place(),
        **more,
    }
    if kind == "addition":
        given.setdefault("agreement", 41)
        given.setdefault("line", line())
    return Change(**given)


def line(**changed: Any) -> PlannedLine:
    values: dict[str, Any] = {
        "subscription": "9001",
        "role": "base",
        "quantity": Decimal(12),
        "unit_price": Decimal("22.00"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 3, 10),
    }
    return PlannedLine(**{**values, **changed})


def made_of(one: Addition, address: str = BASE) -> Made:
    """The write that made this addition."""
    fields = ("product_id", "quantity", "unit_price", "unit_cost", "effective", "cancelled", "bill_customer", "mark")
    values = {name: (None, getattr(one, name)) for name in fields}
    return Made(change=change(address, values, action="create", agreement=one.agreement_id), object_id=one.id)


def cut(**more: Any) -> Made:
    """The write that let the subscription's line end with the 14th."""
    values = {"cancelled": (date(2027, 3, 9), date(2026, 6, 14))}
    return Made(change=change(BASE, values, object_id=801), object_id=801, **more)


def run(*writes: Made, **more: Any) -> TakenRun:
    return TakenRun(id=RUN, on=ON, writes=writes, **more)


def taken(
    writes: TakenRun, additions: Sequence[Addition] = (), invoiced: dict[int, date | None] | None = None, **seen: Any
) -> Plan:
    found = observed(additions=additions, invoiced_on=NEVER_INVOICED if invoiced is None else invoiced, **seen)
    return inverse(inputs(seen=found, selection=selection_of(writes)), writes)


# -- lines


def test_a_new_line_is_retracted_and_keeps_its_mark() -> None:
    plan = taken(run(made_of(addition())), [addition()])
    found = only(plan)
    assert (found.action, found.object_id, found.agreement, found.customer) == ("update", 801, 41, "7001")
    assert moves(found) == {
        "quantity": (Decimal(12), Decimal(0)),
        "cancelled": (date(2027, 3, 9), date(2026, 3, 10)),
    }
    assert found.reason == f"it takes back run {RUN}, change {BASE}"
    assert found.line is not None
    assert (found.line.retracted, found.line.quantity, found.line.item) == (True, Decimal(12), "SUITE-M")
    assert plan.complete


def test_a_credit_is_retracted_to_nothing_without_a_sign() -> None:
    credit = addition(quantity=Decimal(-10))
    (quantity, _) = only(taken(run(made_of(credit)), [credit])).fields
    assert f"{quantity.before} {quantity.after}" == "-10 0"


def test_the_effect_is_that_of_the_lines_no_longer_billed() -> None:
    plan = taken(run(made_of(addition())), [addition()])
    (total,) = plan.totals
    # 12 × 22.00 a month; 22 of 31 days of March, and April to June.
    assert (total.currency, total.before.month, total.after.month) == ("USD", Decimal("264.00"), Decimal(0))
    assert total.effect.month == Decimal("-264.00")
    assert total.effect.once == -(Decimal("187.35") + 3 * Decimal("264.00"))
    assert [(one.customer, one.changes, one.effect) for one in plan.by_customer] == [("7001", 1, total.effect)]


def test_what_a_run_changed_gets_its_values_back_and_nothing_else() -> None:
    now = addition(cancelled=date(2026, 6, 14), unit_price=Decimal("23.00"))
    found = only(taken(run(cut()), [now]))
    assert moves(found) == {"cancelled": (date(2026, 6, 14), date(2027, 3, 9))}
    assert {(one.rule, one.reads, one.writes) for one in found.fields} == {(None, None, "cancelledDate")}
    assert found.line is not None
    assert (found.line.retracted, found.line.cancelled) == (False, date(2027, 3, 9))


def test_the_last_write_comes_first_and_each_needs_the_one_before() -> None:
    following = addition(id=802, effective=date(2026, 6, 15), quantity=Decimal(14), mark=mark(on=date(2026, 6, 15)))
    writes = run(cut(), made_of(following, NEXT))
    plan = taken(writes, [addition(cancelled=date(2026, 6, 14)), following])
    assert [one.address for one in plan.changes] == [NEXT, BASE]
    assert [one.needs for one in plan.changes] == [(), (NEXT,)]
    assert plan.counts.update == 2
    assert sum(one.effect.month for one in plan.changes if one.effect) == Decimal("-44.00")


def test_what_was_taken_back_before_is_in_step() -> None:
    retracted = addition(quantity=Decimal(0), cancelled=date(2026, 3, 10))
    plan = taken(run(made_of(addition())), [retracted])
    assert (plan.changes, plan.held, plan.counts.unchanged, plan.notices) == ((), (), 1, ())
    plan = taken(run(cut()), [addition()])
    assert (plan.changes, plan.held, plan.counts.unchanged) == ((), (), 1)


def test_a_retraction_is_taken_back_as_any_other_change() -> None:
    values = {"quantity": (Decimal(12), Decimal(0)), "cancelled": (date(2027, 3, 9), date(2026, 3, 10))}
    retraction = Made(change=change(BASE, values, object_id=801), object_id=801)
    found = only(taken(run(retraction), [addition(quantity=Decimal(0), cancelled=date(2026, 3, 10))]))
    assert moves(found) == {name: (after, before) for name, (before, after) in values.items()}
    assert found.line is not None
    assert not found.line.retracted
    assert found.effect is not None
    assert found.effect.month == Decimal("264.00")


def test_what_somebody_changed_since_is_held_with_what_moved() -> None:
    found = held(taken(run(made_of(addition())), [addition(quantity=Decimal(15))]))
    assert (found.kind, found.code, found.subject, found.customer) == (
        "blocked",
        "moved-since-run",
        "service:9001",
        "7001",
    )
    assert found.why == f"run {RUN} made addition 801; its quantity moved since: 12 was left, now it is 15"
    found = held(taken(run(cut()), [addition(cancelled=date(2026, 6, 20))]))
    assert "its cancelled moved since: 2026-06-14 was left, now it is 2026-06-20" in found.why


def test_what_a_later_run_wrote_is_held_and_names_that_run() -> None:
    later = {BASE: {"quantity": LATER, "cancelled": LATER}}
    found = held(taken(run(cut(), later=later), [addition(cancelled=date(2026, 6, 20))]))
    assert found.hint == f"run {LATER} wrote it since: take that run back first, with `cwctl rollback {LATER}`"
    found = held(taken(run(made_of(addition()), later=later), [addition(quantity=Decimal(15))]))
    assert found.hint is not None
    assert found.hint.startswith(f"run {LATER} wrote it since")


def test_what_later_runs_wrote_and_took_back_again_is_as_the_run_left_it() -> None:
    later = {BASE: {"quantity": LATER, "cancelled": LATER}}
    only(taken(run(cut(), later=later), [addition(cancelled=date(2026, 6, 14))]))
    only(taken(run(made_of(addition()), later=later), [addition()]))


def test_a_later_run_that_wrote_other_fields_is_in_nobodys_way() -> None:
    later = {BASE: {"unit_price": LATER}}
    only(taken(run(cut(), later=later), [addition(cancelled=date(2026, 6, 14), unit_price=Decimal("23.00"))]))


def test_a_line_that_is_gone() -> None:
    assert taken(run(made_of(addition())), []).counts.unchanged == 1
    assert "it is gone from the PSA since" in held(taken(run(cut()), [])).why


def test_one_line_that_has_to_stay_keeps_the_whole_service() -> None:
    following = addition(id=802, effective=date(2026, 6, 15), quantity=Decimal(14), mark=mark(on=date(2026, 6, 15)))
    edited = replace(following, quantity=Decimal(20))
    plan = taken(run(cut(), made_of(following, NEXT)), [addition(cancelled=date(2026, 6, 14)), edited])
    assert plan.changes == ()
    assert [one.code for one in plan.held] == ["moved-since-run", "held-with-its-lines"]
    assert plan.counts.blocked == 2


def test_other_services_go_on() -> None:
    other = addition(id=900, mark=mark(subscription="9002"))
    write = made_of(other, "addition:41/9002/1/base/2026-03-10")
    write = replace(write, change=replace(write.change, line=line(subscription="9002")))
    plan = taken(run(cut(), write), [addition(cancelled=date(2026, 6, 20)), other])
    assert [one.object_id for one in plan.changes] == [900]
    assert [one.code for one in plan.held] == ["moved-since-run"]


def test_a_mark_that_was_damaged_since() -> None:
    found = held(taken(run(cut()), [addition(cancelled=date(2026, 6, 14), mark=mark()[:-1] + "0")]))
    assert (found.code, found.hint) == ("moved-since-run", "put its mark right first")


def test_a_line_that_was_taken_over_is_given_back() -> None:
    values = {"quantity": (Decimal(10), Decimal(12)), "mark": (None, mark())}
    plan = taken(run(Made(change=change(BASE, values, object_id=801), object_id=801)), [addition()])
    assert moves(only(plan)) == {"quantity": (Decimal(12), Decimal(10)), "mark": (mark(), None)}


def test_a_line_that_is_given_back_has_been_charged_up_to_the_next_invoice() -> None:
    values = {"quantity": (Decimal(10), Decimal(12)), "mark": (None, mark())}
    write = Made(change=change(BASE, values, object_id=801), object_id=801)
    through_june = agreement(next_invoice=date(2026, 7, 1))
    (total,) = taken(run(write), [addition()], {41: date(2026, 6, 1)}, agreements=[through_june]).totals
    assert total.effect.next_invoice == Decimal("-44.00")


def test_what_stood_in_the_place_of_the_mark_is_told_to_be_written_again() -> None:
    values = {"quantity": (Decimal(10), Decimal(12)), "mark": ("S/N 77", mark())}
    write = Made(change=change(BASE, values, object_id=801), object_id=801)
    found = only(taken(run(write), [addition()]))
    assert moves(found)["mark"] == (mark(), None)
    assert found.notes == ("'S/N 77' stood in the place of its mark before: write it again by hand",)
    again = taken(run(write), [addition(quantity=Decimal(10), mark=None)])
    assert (again.changes, again.held, again.counts.unchanged) == ((), (), 1)


def test_the_other_lines_of_the_agreement_are_what_the_money_is_measured_against() -> None:
    other = addition(id=900, mark=mark(subscription="9002"), quantity=Decimal(3))
    foreign = addition(id=55, mark=None)
    copied = addition(id=56, mark=mark(agreement=42, subscription="9003"))
    (total,) = taken(run(made_of(addition())), [addition(), other, foreign, copied]).totals
    assert (total.before.month, total.after.month) == (Decimal("330.00"), Decimal("66.00"))


# -- days that have been invoiced


def test_a_line_invoiced_since_the_run_stays_with_its_amount() -> None:
    billed = agreement(next_invoice=date(2026, 8, 1))
    now = addition(effective=date(2026, 6, 15), mark=mark(on=date(2026, 6, 15)))
    plan = taken(run(made_of(now, NEXT)), [now], {41: date(2026, 7, 1)}, agreements=[billed])
    found = held(plan)
    assert found.code == "line-invoiced"
    # 16 of 30 days of June, and July.
    assert found.why == (
        f"run {RUN} made addition 801; agreement 41 has been invoiced through 2026-07-31 since: 404.80 too much stays "
        "billed for addition 801 from 2026-06-15 on"
    )
    assert found.hint == "credit it by hand, then put the addition right in the PSA"


def test_a_line_of_nothing_that_was_invoiced_stays_without_an_amount() -> None:
    billed = agreement(next_invoice=date(2026, 8, 1))
    now = addition(effective=date(2026, 6, 15), mark=mark(on=date(2026, 6, 15)), unit_price=Decimal(0))
    found = held(taken(run(made_of(now, NEXT)), [now], {41: date(2026, 7, 1)}, agreements=[billed]))
    assert found.why.endswith("since: addition 801 from 2026-06-15 on stays as it is")


def test_an_end_that_was_invoiced_since_stays_with_what_was_billed_too_little() -> None:
    billed = agreement(next_invoice=date(2026, 8, 1))
    now = addition(cancelled=date(2026, 6, 14))
    found = held(taken(run(cut()), [now], {41: date(2026, 7, 1)}, agreements=[billed]))
    assert "404.80 too little stays billed for addition 801 from 2026-06-15 on" in found.why


def test_an_invoice_from_before_the_run_closes_nothing_of_it() -> None:
    """In advance: June was invoiced on the first, the run of the 15th began a line in it."""
    billed = agreement(next_invoice=date(2026, 7, 1))
    now = addition(effective=date(2026, 6, 15), mark=mark(on=date(2026, 6, 15)))
    only(taken(run(made_of(now, NEXT)), [now], {41: date(2026, 6, 1)}, agreements=[billed]))
    # Days of UTC and of the PSA may differ by one.
    assert held(taken(run(made_of(now, NEXT)), [now], {41: date(2026, 6, 14)}, agreements=[billed]))
    assert only(taken(run(made_of(now, NEXT)), [now], {41: date(2026, 6, 13)}, agreements=[billed]))


def test_days_to_come_are_open_whatever_was_invoiced() -> None:
    billed = agreement(next_invoice=date(2026, 7, 1))
    now = addition(effective=date(2026, 7, 1), mark=mark(on=date(2026, 7, 1)))
    only(taken(run(made_of(now, NEXT)), [now], {41: date(2026, 6, 20)}, agreements=[billed]))
    values = {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    write = Made(change=change(BASE, values, object_id=801), object_id=801)
    only(taken(run(write), [addition(cancelled=date(2026, 6, 30))], {41: date(2026, 6, 20)}, agreements=[billed]))


def test_where_nobody_can_tell_what_was_invoiced_it_is_refused() -> None:
    now = addition()
    unknown = held(taken(run(made_of(now)), [now], agreements=[agreement(next_invoice=None)]))
    assert (unknown.code, "does not say how far it was invoiced" in unknown.why) == ("line-invoiced", True)
    assert held(taken(run(made_of(now)), [now], agreements=[])).code == "line-invoiced"
    # When the last invoice was made is not told, and days of the line lie before the next one.
    through_june = agreement(next_invoice=date(2026, 7, 1))
    assert held(taken(run(made_of(now)), [now], {}, agreements=[through_june])).code == "line-invoiced"


def test_an_agreement_that_could_not_be_read_is_incomplete() -> None:
    seen = observed(additions=[], unread_agreements={41: "the PSA said no"})
    found = held(inverse(inputs(seen=seen), run(cut())))
    assert (found.kind, found.code) == ("incomplete", "read-incomplete")
    assert "agreement 41 could not be read: the PSA said no" in found.why


# -- writes of which the journal does not know


def test_a_write_that_a_kill_cut_off_is_looked_at() -> None:
    unsure = replace(made_of(addition()), object_id=None, certain=False)
    assert only(taken(run(unsure), [addition()])).object_id == 801
    assert taken(run(unsure), []).counts.unchanged == 1
    assert moves(only(taken(run(cut(certain=False)), [addition(cancelled=date(2026, 6, 14))]))) != {}
    assert taken(run(cut(certain=False)), [addition()]).counts.unchanged == 1


def test_what_a_kill_kept_from_being_made_belongs_to_the_run_that_made_it() -> None:
    unsure = replace(made_of(addition()), object_id=None, certain=False)
    plan = taken(run(unsure, later={BASE: {"quantity": LATER}}), [addition()])
    assert (plan.changes, plan.held, plan.counts.unchanged) == ((), (), 1)


def test_the_mark_of_a_copied_agreement_is_no_trace_of_a_write() -> None:
    unsure = replace(made_of(addition()), object_id=None, certain=False)
    assert taken(run(unsure), [addition(agreement_id=42)]).counts.unchanged == 1


# -- companies, catalog items, manufacturers


def test_a_company_gets_its_former_values_back() -> None:
    values = {"city": ("Essex", "Burlington"), "country": ("", "United States"), "zip": ("", "05401")}
    write = Made(change=change("company:7001", values, object_id=21), object_id=21)
    now = company(city="Burlington", country="United States", zip="05401")
    found = only(taken(run(write), companies=[now]))
    assert {one.field: one.after for one in found.fields} == {"city": "Essex", "country": None, "zip": ""}
    assert found.effect is None
    moved = held(taken(run(write), companies=[replace(now, city="Elsewhere")]))
    assert (moved.subject, moved.code) == ("customer:7001", "moved-since-run")


def test_an_item_that_got_a_maker_of_the_same_run() -> None:
    address = "catalog_item:30/Suite/Monthly"
    values = {"manufacturer_id": (None, "@manufacturer:Suite Maker Inc")}
    write = Made(change=change(address, values, object_id=71, customer=None), object_id=71)
    results = {"manufacturer:Suite Maker Inc": 5}
    plan = taken(run(write, results=results), items=[item(manufacturer_id=5)])
    assert moves(only(plan)) == {"manufacturer_id": (5, None)}
    # A maker that the run found there already is in none of its writes.
    assert moves(only(taken(run(write), items=[item(manufacturer_id=5)]))) == {"manufacturer_id": (5, None)}
    assert (
        held(taken(run(write, results=results), items=[item(manufacturer_id=6)])).subject == "product:30/Suite/Monthly"
    )


def test_what_was_made_for_good_is_named() -> None:
    writes = run(
        Made(
            change=change("manufacturer:Suite Maker Inc", {"name": (None, "Suite Maker Inc")}, action="create"),
            object_id=5,
        ),
        Made(change=change("company:7001", {"identifier": (None, "LARK")}, action="create"), object_id=21),
        Made(
            change=change("catalog_item:30/Suite/Monthly", {"identifier": (None, "SUITE-M")}, action="create"),
            certain=False,
        ),
    )
    plan = taken(writes, companies=[company()], manufacturers=[Manufacturer(id=5, name="Suite Maker Inc")])
    assert plan.changes == ()
    assert notices(plan).count("made-stays") == 3
    text = f"company 21 (Suite) was made by run {RUN}, and stays: nothing is ever deleted"
    assert text in [one.text for one in plan.notices]
    assert plan.complete


# -- the whole


def test_it_says_that_the_cause_is_still_there() -> None:
    plan = taken(run(made_of(addition())), [addition()])
    found = next(one for one in plan.notices if one.code == "cause-remains")
    assert "the next `cwctl apply` does these changes again" in found.text
    assert found.hint is not None
    assert "`git log -p -- mappings/services.yaml rules`" in found.hint
    assert "`cwctl explain 9001`" in found.hint


def test_changes_are_in_the_order_of_their_kinds() -> None:
    city = Made(change=change("company:7001", {"city": ("Essex", "Burlington")}, object_id=21), object_id=21)
    plan = taken(run(city, made_of(addition())), [addition()], companies=[company(city="Burlington")])
    assert [one.kind for one in plan.changes] == ["company", "addition"]
    assert [one.address for one in plan.changes] == ["company:7001", BASE]
    assert plan.selection.customers == ("7001",)


def test_the_guards_look_at_it_as_at_any_plan() -> None:
    large = addition(quantity=Decimal(300))
    plan = taken(run(made_of(large)), [large])
    assert [(one.guard, one.customer, one.value) for one in plan.findings] == [
        ("monthly-change", "7001", Decimal("6600.00"))
    ]
    assert taken(run(made_of(addition())), [addition()]).findings == ()


def test_the_guards_count_an_end_that_is_given_back() -> None:
    """The line that carried on goes, the one before it goes on: little changes, and no limit is exceeded."""
    before = addition(quantity=Decimal(40), cancelled=date(2026, 6, 14))
    carried = addition(
        id=802, mark=mark(on=ON), effective=ON, quantity=Decimal(40), unit_price=Decimal("23.00"), cancelled=None
    )
    plan = taken(run(cut(), made_of(carried, NEXT)), [before, carried])
    (effect,) = plan.by_customer
    assert (effect.before.month, effect.after.month) == (Decimal("920.00"), Decimal("880.00"))
    assert plan.findings == ()
