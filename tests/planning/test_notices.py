"""What a plan says of a service without holding it back: each stands out once, with its place and its customer."""

from datetime import date
from typing import Any

import pytest

from engine.planning.plan import Plan
from engine.workspace.model import AgreementRef
from tests.planning.builders import (
    AS_OF,
    agreement,
    agreement_ref,
    customer_mapping,
    ended,
    notices,
    observed,
    place,
    plan,
    product_mapping,
    said,
    service_mapping,
    subscription,
    workspace,
)


def with_subscription(**changed: Any) -> Plan:
    return plan(seen=observed(subscriptions=[subscription(**changed)]))


def with_agreement(found_agreement: dict[str, Any], **changed: Any) -> Plan:
    seen = observed(subscriptions=[subscription(**changed)], agreements=[agreement(**found_agreement)])
    return plan(seen=seen)


def test_a_service_in_order_says_nothing() -> None:
    assert notices(plan()) == []


def test_every_notice_names_its_subscription_its_customer_and_its_place_in_the_mapping() -> None:
    (one,) = with_subscription(part_number=None).notices
    assert (one.severity, one.customer, one.place) == ("notice", "100", service_mapping().place)
    assert one.text == "subscription 9001: the platform names no part number for it"


def test_a_missing_part_number_is_remarked_on_licences_that_live() -> None:
    assert notices(with_subscription(part_number=None)) == ["part-number-missing"]
    over = ended(part_number=None)
    assert "part-number-missing" not in notices(plan(seen=observed(subscriptions=[over])))
    usage = workspace(products=[product_mapping(kind="usage")])
    shown = subscription(part_number=None, start=date(2026, 6, 1), end=None)
    assert "part-number-missing" not in notices(plan(usage, observed(subscriptions=[shown], additions=[])))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"end": date(2026, 6, 14)}, ["term-over"]),
        ({"end": AS_OF}, []),
        ({"end": date(2026, 6, 14), "auto_renew": True}, []),
        ({"end": None}, []),
    ],
)
def test_a_term_that_is_over_and_does_not_renew_is_remarked_as_it_lives_on(
    changed: dict[str, Any], expected: list[str]
) -> None:
    assert notices(with_subscription(**changed)) == expected


def test_a_term_that_is_over_is_billed_to_its_end_and_not_beyond() -> None:
    found = with_subscription(end=date(2026, 6, 14))
    (change,) = found.changes
    assert [(one.field, one.after) for one in change.fields] == [("cancelled", date(2026, 6, 14))]
    assert "2026-06-14" in said(found, "term-over")


@pytest.mark.parametrize(
    ("end", "changed", "expected"),
    [
        (date(2026, 12, 31), {}, ["agreement-ends"]),
        (date(2026, 12, 31), {"end": None}, ["agreement-ends"]),
        (date(2027, 3, 9), {}, []),
        (date(2027, 3, 9), {"auto_renew": True}, ["agreement-ends"]),
        (None, {"end": None}, []),
    ],
)
def test_an_agreement_that_ends_before_its_subscription_is_remarked(
    end: date | None, changed: dict[str, Any], expected: list[str]
) -> None:
    found = with_agreement({"end": end}, **changed)
    assert notices(found) == expected
    if expected:
        assert f"ends on {end}" in said(found, "agreement-ends")


def test_an_agreement_that_begins_later_bills_nothing_before_and_the_plan_says_so() -> None:
    seen = observed(agreements=[agreement(start=date(2026, 7, 1))], additions=[])
    found = plan(seen=seen)
    assert notices(found) == ["agreement-begins-later"]
    (change,) = found.changes
    assert {one.field: one.after for one in change.fields}["effective"] == date(2026, 7, 1)
    assert notices(plan(seen=observed(agreements=[agreement(start=AS_OF)], additions=[]))) == []


def test_several_things_may_stand_out_on_one_subscription() -> None:
    seen = observed(
        subscriptions=[
            subscription(state="suspended", status="suspended", part_number=None, end=date(2026, 6, 1), term=None)
        ],
        agreements=[agreement(start=date(2026, 7, 1), end=date(2026, 12, 31))],
        additions=[],
    )
    assert sorted(notices(plan(seen=seen))) == [
        "agreement-begins-later",
        "nothing-to-bill",
        "part-number-missing",
        "suspended",
        "term-over",
    ]


def test_of_an_ended_one_or_a_trial_nothing_is_remarked_but_that() -> None:
    odd = {"part_number": None, "end": date(2026, 6, 1)}
    found = plan(seen=observed(subscriptions=[ended(**odd)], additions=[]))
    assert notices(found) == ["ended"]
    assert notices(plan(seen=observed(subscriptions=[subscription(trial=True, **odd)], additions=[]))) == ["trial"]


@pytest.mark.parametrize("name", ["Suite Monthly", "suite  MONTHLY", "Suite for Larkspur", "Suite Suite Monthly"])
def test_a_name_that_the_platform_has_too_is_in_order(name: str) -> None:
    assert notices(plan(workspace(services=[service_mapping(name=name)]))) == []


def test_a_name_that_it_has_not_shows_a_mistyped_id() -> None:
    found = plan(workspace(services=[service_mapping(name="Backup")]))
    (one,) = found.notices
    assert (one.code, one.severity) == ("name-differs", "warning")
    assert "'Backup'" in one.text


def test_the_name_of_an_agreement_is_checked_where_it_is_written() -> None:
    named = AgreementRef(agreement=41, name="Managed services", place=place(7))
    found = plan(workspace([customer_mapping(agreements=(named, agreement_ref(42)))]))
    (one,) = found.notices
    assert (one.code, one.place) == ("name-differs", place(7))
    assert "'Cloud services'" in one.text
