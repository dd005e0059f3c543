"""A plan is carried out in its order, once, and with a word on each of its changes."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.applying.apply import apply
from tests.applying.support import (
    AGREEMENT,
    COMPANY,
    ITEM,
    OTHER_AGREEMENT,
    OTHER_COMPANY,
    World,
    change,
    changed_company,
    changed_line,
    mark,
    new,
    new_item,
    new_line,
    opened,
    plan,
    statuses,
)

MAKER = change("manufacturer:Made Up Maker", "create", new({"name": "Made Up Maker"}))
ITEM_OF_MAKER = new_item("MADE-UP", manufacturer_id="@manufacturer:Made Up Maker")
LINE_OF_ITEM = new_line("9001", product_id="@catalog_item:MADE-UP")
MOVES = {"city": ("Columbus", "Cleveland")}
OTHER_MOVES = {"city": ("Norfolk", "Richmond")}


@pytest.fixture
def world() -> Iterator[World]:
    with opened() as found:
        yield found


def test_what_others_need_is_made_first_and_its_id_handed_on(world: World) -> None:
    """The plan is given backwards: the order is that of the kinds, whatever the file says."""
    company = changed_company(COMPANY, MOVES, "410001")
    report = world.apply(LINE_OF_ITEM, ITEM_OF_MAKER, company, MAKER)
    assert set(statuses(report).values()) == {"applied"}
    assert [one.address for one in report.outcomes] == [
        LINE_OF_ITEM.address,
        ITEM_OF_MAKER.address,
        company.address,
        MAKER.address,
    ]
    maker = next(one for one in world.psa.manufacturers() if one.name == "Made Up Maker")
    (item,) = world.psa.catalog_items(identifiers=["MADE-UP"])
    (line,) = world.additions()
    assert (item.manufacturer_id, line.product_id) == (maker.id, item.id)
    assert [one.object_id for one in report.outcomes] == [line.id, item.id, COMPANY, maker.id]
    assert report.complete
    assert report.counts == {"applied": 4}


def test_a_line_is_written_as_planned(world: World) -> None:
    world.apply(new_line("9001", invoice_description="Twelve seats; made up"))
    (line,) = world.additions()
    assert (line.product_id, line.quantity, line.unit_price, line.unit_cost) == (
        ITEM,
        Decimal(12),
        Decimal("21.96"),
        Decimal("17.60"),
    )
    assert (line.effective, line.cancelled) == (date(2026, 6, 1), date(2027, 5, 31))
    assert (line.mark, line.bill_customer, line.taxable) == (mark("9001"), "Billable", True)
    assert line.invoice_description == "Twelve seats; made up"


def test_progress_counts_every_change(world: World) -> None:
    told: list[tuple[int, int]] = []
    made = plan(MAKER, ITEM_OF_MAKER, LINE_OF_ITEM)
    apply(made, world.psa, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_empty_plan_sends_nothing(world: World) -> None:
    report = world.apply()
    assert (report.outcomes, report.complete) == ((), True)
    assert world.sandbox.faults.requests("psa") == {}


def test_a_plan_applied_again_finds_everything_done(world: World) -> None:
    changes = (MAKER, ITEM_OF_MAKER, LINE_OF_ITEM, changed_company(COMPANY, MOVES, "410001"))
    first = world.apply(*changes)
    written = world.sent("POST") + world.sent("PATCH")
    again = world.apply(*changes)
    assert set(statuses(again).values()) == {"already"}
    assert [one.object_id for one in again.outcomes] == [one.object_id for one in first.outcomes]
    assert world.sent("POST") + world.sent("PATCH") == written


def test_an_update_that_needs_what_was_made_is_found_done_too(world: World) -> None:
    update = change(
        "catalog_item:103", "update", {"manufacturer_id": (11, "@manufacturer:Made Up Maker")}, object_id=ITEM
    )
    assert set(statuses(world.apply(MAKER, update)).values()) == {"applied"}
    assert set(statuses(world.apply(MAKER, update)).values()) == {"already"}


# -- what moved since the plan


def test_an_object_that_moved_holds_its_customer_back_and_lets_the_others_go_on(world: World) -> None:
    world.edit("company", COMPANY, city="Cincinnati")
    report = world.apply(
        changed_company(COMPANY, MOVES, "410001"),
        new_line("9001"),
        changed_company(OTHER_COMPANY, OTHER_MOVES, "410002"),
        new_line("9002", "410002", OTHER_AGREEMENT),
    )
    assert statuses(report) == {
        "company:410001": "stale",
        "addition:501/9001/1/base": "stale",
        "company:410002": "applied",
        "addition:502/9002/1/base": "applied",
    }
    moved, beside = report.outcomes[:2]
    assert "planned from Columbus, now Cincinnati" in (moved.message or "")
    assert "another object of this customer moved" in (beside.message or "")
    assert world.additions() == []
    assert not report.complete


def test_an_object_that_is_gone_is_stale(world: World) -> None:
    report = world.apply(changed_line(999_999, {"quantity": (Decimal(1), Decimal(2))}))
    assert report.outcomes[0].status == "stale"
    assert "gone" in (report.outcomes[0].message or "")


def test_a_deleted_company_is_gone_and_not_mistaken_for_one_just_made(world: World) -> None:
    world.edit("company", COMPANY, deletedFlag=True)
    report = world.apply(changed_company(COMPANY, MOVES, "410001"))
    assert report.outcomes[0].status == "stale"
    values = {"identifier": "LarkspurDental", "name": "Larkspur Dental Group (example)", "site": "Main"}
    again = world.apply(change("company:410001", "create", new(values), customer="410001"))
    assert again.outcomes[0].status != "already"
    assert again.outcomes[0].object_id != COMPANY


def test_of_what_no_customer_owns_each_stands_for_itself(world: World) -> None:
    world.edit("catalog_item", ITEM, price=Decimal("1.00"))
    report = world.apply(
        change("catalog_item:a", "update", {"price": (Decimal("21.96"), Decimal("22.00"))}, object_id=ITEM),
        change("catalog_item:b", "update", {"price": (Decimal("3.80"), Decimal("3.90"))}, object_id=106),
    )
    assert statuses(report) == {"catalog_item:a": "stale", "catalog_item:b": "applied"}


def test_a_change_that_somebody_made_by_hand_already_is_no_conflict(world: World) -> None:
    world.edit("company", COMPANY, city="Cleveland")
    report = world.apply(changed_company(COMPANY, MOVES, "410001"), new_line("9001"))
    assert list(statuses(report).values()) == ["already", "applied"]


def test_a_copied_mark_on_another_agreement_is_not_the_line_itself(world: World) -> None:
    world.apply(new_line("9001", agreement=OTHER_AGREEMENT))
    (copy,) = world.additions(OTHER_AGREEMENT)
    world.edit("addition", copy.id, serialNumber=mark("9001", AGREEMENT))
    assert world.additions() == []
    report = world.apply(new_line("9001"), new_line("9002", agreement=OTHER_AGREEMENT))
    assert set(statuses(report).values()) == {"applied"}
    assert len(world.additions()) == 1


# -- what goes wrong while writing


@pytest.mark.parametrize("kind", ["timeout_after_commit", "drop_after_commit", "truncate"])
def test_a_creation_whose_reply_is_lost_is_found_by_its_mark_and_not_repeated(world: World, kind: str) -> None:
    world.fault(kind, "POST")
    report = world.apply(new_line("9001"))
    (line,) = world.additions()
    (outcome,) = report.outcomes
    assert (outcome.status, outcome.object_id) == ("applied", line.id)
    assert "reply was lost" in (outcome.message or "")
    assert world.sent("POST") == 1


@pytest.mark.parametrize("kind", ["timeout_before", "drop_before", "pool_exhausted"])
def test_a_creation_that_never_arrived_fails_and_is_not_repeated(world: World, kind: str) -> None:
    world.fault(kind, "POST")
    report = world.apply(new_line("9001"), new_line("9002"))
    assert list(statuses(report).values()) == ["failed", "applied"]
    assert [line.mark for line in world.additions()] == [mark("9002")]
    assert world.sent("POST") == 2
    assert "may have taken effect" in (report.outcomes[0].message or "")


@pytest.mark.parametrize("what", [MAKER, new_item("MADE-UP")])
def test_a_shared_object_whose_reply_is_lost_is_found_by_its_name(world: World, what: Any) -> None:
    world.fault("timeout_after_commit", "POST")
    (outcome,) = world.apply(what).outcomes
    assert (outcome.status, outcome.object_id is not None) == ("applied", True)
    assert world.sent("POST") == 1


def test_an_update_is_repeated_as_that_is_harmless(world: World) -> None:
    world.fault("timeout_after_commit", "PATCH", times=2)
    report = world.apply(changed_company(COMPANY, MOVES, "410001"))
    assert set(statuses(report).values()) == {"applied"}
    assert world.sent("PATCH") == 3
    assert len(world.paused) >= 2


def test_an_update_whose_every_reply_is_lost_is_found_done(world: World) -> None:
    world.edit("company", COMPANY, name="Old")
    world.fault("timeout_after_commit", "PATCH", times=None)
    report = world.apply(changed_company(COMPANY, {"name": ("Old", "@Home (example)")}, "410001"))
    assert [(one.status, one.object_id) for one in report.outcomes] == [("applied", COMPANY)]


def test_a_failed_change_takes_only_its_dependents_with_it(world: World) -> None:
    world.fault("status", "POST", "*/procurement/catalog", status=400)
    report = world.apply(MAKER, ITEM_OF_MAKER, LINE_OF_ITEM, new_line("9002"))
    assert statuses(report) == {
        "manufacturer:Made Up Maker": "applied",
        "catalog_item:MADE-UP": "failed",
        "addition:501/9001/1/base": "skipped",
        "addition:501/9002/1/base": "applied",
    }
    assert "catalog_item:MADE-UP" in (report.outcomes[2].message or "")


def test_an_update_that_needs_what_failed_is_not_taken_for_done(world: World) -> None:
    world.edit("catalog_item", ITEM, manufacturer=None)
    world.fault("status", "POST", "*/procurement/manufacturers", status=400)
    update = change(
        "catalog_item:103", "update", {"manufacturer_id": (None, "@manufacturer:Made Up Maker")}, object_id=ITEM
    )
    assert list(statuses(world.apply(MAKER, update)).values()) == ["failed", "skipped"]


def test_a_success_without_effect_is_a_failure(world: World) -> None:
    document = world.sandbox.store.get("company", COMPANY)
    assert document is not None
    world.fault("status", "PATCH", status=200, body=json.dumps(document, default=str))
    (outcome,) = world.apply(changed_company(COMPANY, MOVES, "410001")).outcomes
    assert outcome.status == "failed"
    assert "'Columbus' where 'Cleveland' was asked for" in (outcome.message or "")


def test_a_right_that_is_missing_fails_that_change_alone_and_is_named(world: World) -> None:
    world.sandbox.store.set_setting("psa.rights.companies", "inquire")
    report = world.apply(changed_company(COMPANY, MOVES, "410001"), new_line("9001"))
    assert list(statuses(report).values()) == ["failed", "applied"]
    assert "Companies > Company Maintenance: Edit All" in (report.outcomes[0].message or "")


def test_keys_that_are_refused_in_mid_run_end_it(world: World) -> None:
    world.fault("status", "POST", status=401, times=None)
    report = world.apply(
        new_line("9001"),
        new_line("9002"),
        new_line("9003", "410002", OTHER_AGREEMENT),
        changed_line(1, {}, "410003", 503),
    )
    assert list(statuses(report).values()) == ["failed", "skipped", "skipped", "skipped"]
    assert world.sent("POST") == 1
    assert "could not be used any more" in (report.outcomes[1].message or "")
    assert report.counts == {"failed": 1, "skipped": 3}


def test_keys_that_are_refused_when_reading_again_end_it_before_anything_is_written(world: World) -> None:
    world.fault("status", "GET", "*/additions*", status=401, times=None)
    report = world.apply(new_line("9001"), new_line("9002", "410002", OTHER_AGREEMENT))
    assert list(statuses(report).values()) == ["failed", "skipped"]
    assert "nothing was written" in (report.outcomes[0].message or "")
    assert (world.sent("POST"), world.sent("PATCH")) == (0, 0)


def test_a_service_that_is_lost_in_mid_run_ends_it(world: World) -> None:
    """The first write is cut off, and so is the reading that would tell what became of it."""
    world.psa.additions(AGREEMENT)
    world.fault("drop_after_commit", "POST")
    world.fault("drop_before", "GET", "*/additions*", times=None, skip=1)
    report = world.apply(new_line("9001"), new_line("9002"), new_line("9003", "410002", OTHER_AGREEMENT))
    assert list(statuses(report).values()) == ["failed", "skipped", "skipped"]
    assert "Reading it again failed too" in (report.outcomes[0].message or "")
    assert world.sent("POST") == 1


def test_a_reading_that_fails_for_one_customer_leaves_the_others(world: World) -> None:
    world.fault("status", "GET", f"*/{AGREEMENT}/additions*", status=404, times=None)
    report = world.apply(new_line("9001"), new_line("9002", "410002", OTHER_AGREEMENT))
    assert list(statuses(report).values()) == ["failed", "applied"]


def test_values_that_the_psa_cannot_take_fail_their_change_alone(world: World) -> None:
    report = world.apply(new_line("9001", bill_customer=None), new_line("9002"))
    assert list(statuses(report).values()) == ["failed", "applied"]
    assert "bill_customer" in (report.outcomes[0].message or "")


def test_no_secret_is_in_a_report(world: World) -> None:
    world.fault("status", "POST", status=401, times=None)
    report = world.apply(new_line("9001"))
    credentials = world.sandbox.psa_credentials
    for secret in (credentials.private_key, credentials.public_key, credentials.client_id):
        assert secret not in repr(report)
