"""Which choice holds for an agreement, and which line of which file decided it."""

from typing import Any

import pytest

from engine.diagnostics import Place
from engine.workspace.choices import CHOICES, BillingRules, RuleOverride
from engine.workspace.model import (
    AdditionDefaults,
    AdditionRules,
    CompanyDefaults,
    Defaults,
    InvoiceRules,
    ProductDefaults,
    Reference,
    Rules,
    SyncRules,
)

SYNC = {f"agreement_addition.{key}": Place("rules/sync.yaml", 10 + line, 3) for line, key in enumerate(CHOICES[:3])}


def rules(*overrides: RuleOverride, **billing: Any) -> Rules:
    """Rules whose global choices are the first of each, with what rules/billing.yaml says."""
    return Rules(
        sync=SyncRules(
            company=frozenset(),
            product=frozenset(),
            addition=AdditionRules(fields=frozenset()),
            invoice=InvoiceRules(),
            places=SYNC,
        ),
        defaults=Defaults(
            company=CompanyDefaults(),
            product=ProductDefaults(subcategory=Reference(id=1), type=Reference(id=1)),
            addition=AdditionDefaults(),
            countries={},
        ),
        providers={},
        billing=BillingRules(overrides=overrides, **billing),
    )


def override(line: int, **said: Any) -> RuleOverride:
    return RuleOverride(place=Place("rules/billing.yaml", line, 5), **said)


def test_without_overrides_the_global_choices_hold() -> None:
    choices = rules().choices("306870", 41, "Managed services")
    assert (choices.quantity_increase, choices.quantity_decrease) == ("actual_date", "actual_date")
    assert (choices.cancellation, choices.price_change) == ("cancellation_date", "next_period")
    assert (choices.in_place_days, choices.late_change) == (2, "next_period")


def test_a_choice_says_where_it_stands_and_a_default_stands_nowhere() -> None:
    stated = Place("rules/billing.yaml", 4, 15)
    decided_by = rules(places={"price_change": stated}).choices("306870", 41, None).decided_by
    assert decided_by == {
        "effective_date_positive_change": Place("rules/sync.yaml", 10, 3),
        "effective_date_negative_change": Place("rules/sync.yaml", 11, 3),
        "service_cancellation": Place("rules/sync.yaml", 12, 3),
        "price_change": stated,
        "in_place_days": None,
        "late_change": None,
    }


ONE_OF_EACH = (
    override(30, agreement=41, in_place_days=5),
    override(20, customer="306870", in_place_days=4, price_change="actual_date"),
    override(
        10,
        agreement_type="Fixed",
        in_place_days=3,
        price_change="next_period",
        service_cancellation="end_of_month",
    ),
)


@pytest.mark.parametrize("order", [ONE_OF_EACH, ONE_OF_EACH[::-1]], ids=["specific first", "specific last"])
def test_the_most_specific_override_decides_each_choice_wherever_it_stands(order: tuple[RuleOverride, ...]) -> None:
    choices = rules(*order).choices("306870", 41, "Fixed")
    assert choices.in_place_days == 5
    assert choices.price_change == "actual_date"
    assert choices.cancellation == "end_of_month"
    assert choices.quantity_increase == "actual_date"
    lines = {key: place.line for key, place in choices.decided_by.items() if place is not None}
    assert lines == {
        "in_place_days": 30,
        "price_change": 20,
        "service_cancellation": 10,
        "effective_date_positive_change": 10,
        "effective_date_negative_change": 11,
    }


@pytest.mark.parametrize(
    ("customer", "agreement", "agreement_type", "days"),
    [
        ("306870", 42, "Fixed", 4),
        ("306871", 43, "Fixed", 3),
        ("306871", 43, "Managed services", 2),
        ("306871", 43, None, 2),
        ("306871", 41, None, 5),
    ],
)
def test_an_override_concerns_only_what_it_names(
    customer: str, agreement: int, agreement_type: str | None, days: int
) -> None:
    assert rules(*ONE_OF_EACH).choices(customer, agreement, agreement_type).in_place_days == days


@pytest.mark.parametrize("name", ["Fixed", "fixed", "  FIXED "])
def test_names_of_types_are_compared_without_case_and_outer_spaces(name: str) -> None:
    assert rules(*ONE_OF_EACH).choices("306871", 43, name).cancellation == "end_of_month"
    assert BillingRules(arrears=frozenset({"fixed "})).in_arrears(name)
    assert not BillingRules(arrears=frozenset({"Fixed price"})).in_arrears(name)


def test_a_type_that_is_not_known_is_invoiced_in_advance() -> None:
    assert not BillingRules(arrears=frozenset({"Fixed"})).in_arrears(None)


def test_every_choice_can_be_overridden_and_says_its_own_place() -> None:
    said: dict[str, Any] = {
        "effective_date_positive_change": "first_of_month",
        "effective_date_negative_change": "first_of_next_month",
        "service_cancellation": "end_of_month",
        "price_change": "actual_date",
        "in_place_days": 31,
        "late_change": "settle",
    }
    places = {key: Place("rules/billing.yaml", line, 7) for line, key in enumerate(CHOICES, 50)}
    choices = rules(override(49, agreement=41, places=places, **said)).choices("306870", 41, None)
    assert choices.quantity_increase == "first_of_month"
    assert choices.quantity_decrease == "first_of_next_month"
    assert choices.cancellation == "end_of_month"
    assert choices.price_change == "actual_date"
    assert (choices.in_place_days, choices.late_change) == (31, "settle")
    assert choices.decided_by == places
