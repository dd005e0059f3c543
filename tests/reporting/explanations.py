"""Explanations to print: one with everything, one that is held, one that is not mapped, one of a hostile world."""

from datetime import date
from decimal import Decimal
from typing import Any

from engine.diagnostics import Place
from engine.planning.explanation import explain
from engine.planning.explanation_values import to_document
from engine.planning.observed import Observed
from engine.platform.models import Activity, ActivityLog
from engine.workspace.choices import BillingRules, RuleOverride
from engine.workspace.model import ServiceAgreement, Workspace
from tests.planning.builders import (
    addition,
    agreement,
    company,
    customer,
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
    workspace,
)

HOSTILE = "Evil\x1b[31m\u202e name | with `code` <b>\nsecond line @all"


def explained(wanted: Workspace | None = None, seen: Observed | None = None) -> dict[str, Any]:
    """The dict form of the explanation of subscription 9001."""
    return to_document(explain(inputs(wanted, seen), "9001"))


def log(*items: Activity) -> ActivityLog:
    """A log that begins with the purchase."""
    bought = Activity(on=date(2026, 3, 10), kind="created", quantity=12, text="Subscription Created: Quantity: 12")
    return ActivityLog(subscription="9001", items=(bought, *items))


def full() -> dict[str, Any]:
    """More, fewer, another product and another agreement; additions in step, to change, to make and to retract."""
    moved = service_mapping(
        addition="new",
        agreements=(
            ServiceAgreement(agreement=41, place=place(5)),
            ServiceAgreement(agreement=42, starts=date(2026, 7, 1), place=place(6)),
        ),
    )
    override = RuleOverride(
        customer="100",
        effective_date_negative_change="first_of_next_month",
        place=place(7),
        places={"effective_date_negative_change": Place("rules/billing.yaml", 14, 7)},
    )
    items = [
        Activity(on=date(2026, 3, 11), kind="quantity", quantity=14),
        *[Activity(on=date(2026, 3, 20), kind="unrelated", text="Users Update")] * 3,
        Activity(on=date(2026, 4, 8), kind="quantity", quantity=1214),
        Activity(on=date(2026, 5, 20), kind="quantity", quantity=10),
        Activity(
            on=date(2026, 6, 2), kind="unknown", text="Subscription Mirrored: Region: somewhere far away and long"
        ),
        Activity(on=date(2026, 6, 11), kind="upgraded", product="Suite/Big"),
        Activity(on=date(2026, 6, 20), kind="quantity", quantity=9),
    ]
    lines = [
        addition(quantity=Decimal(14), cancelled=date(2026, 4, 30)),
        addition(id=802, quantity=Decimal(1214), effective=date(2026, 5, 1), mark=mark(on=date(2026, 5, 1))),
        addition(id=803, quantity=Decimal(3), effective=date(2026, 5, 5), mark=mark(role="delta", on=date(2026, 5, 5))),
        addition(
            id=804,
            quantity=Decimal(0),
            effective=date(2026, 5, 7),
            cancelled=date(2026, 5, 7),
            mark=mark(role="delta", on=date(2026, 5, 7)),
        ),
        foreign(),
    ]
    return explained(
        workspace(
            products=[product_mapping(), product_mapping(plan="Big", catalog_item=72)],
            services=[moved],
            billing=BillingRules(overrides=(override,)),
        ),
        observed(
            products=[product(), product(plan="Big", plan_name="Suite Big")],
            subscriptions=[
                subscription(
                    plan="Big", plan_name="Suite Big", licenses=9, unit_price=Decimal("30.005"), auto_renew=True
                )
            ],
            items=[item(), item(id=72, identifier="SUITE-BIG")],
            agreements=[
                agreement(type_name="Cloud"),
                agreement(id=42, name="Cloud services, new", end=date(2028, 1, 31)),
            ],
            additions=lines,
            logs=[log(*items)],
        ),
    )


def held() -> dict[str, Any]:
    """Its line says something else than what was bought, and has been invoiced."""
    return explained(
        seen=observed(
            agreements=[agreement(next_invoice=date(2026, 7, 1))],
            additions=[addition(quantity=Decimal(10))],
            logs=[log()],
            invoiced_on={41: date(2026, 6, 1)},
        )
    )


def in_step() -> dict[str, Any]:
    """Nothing is to be done."""
    return explained()


def unmapped() -> dict[str, Any]:
    """Nobody mapped it, its customer, or its product."""
    return explained(
        workspace(customers=[], services=[], products=[]),
        observed(companies=[], agreements=[], additions=[], items=[]),
    )


def hostile() -> dict[str, Any]:
    """Every name was written by somebody who wishes the reader ill."""
    return explained(
        workspace(services=[service_mapping(name=HOSTILE, addition="new")]),
        observed(
            [customer(name=HOSTILE)],
            [product(plan_name=HOSTILE)],
            [subscription(plan_name=HOSTILE, name=HOSTILE, status=HOSTILE, provider_id=HOSTILE, term=HOSTILE)],
            [company(name=HOSTILE)],
            [item(identifier=HOSTILE)],
            [agreement(name=HOSTILE, type_name=HOSTILE)],
            [addition(product_identifier=HOSTILE), foreign(product_identifier=HOSTILE)],
            logs=[log(Activity(on=date(2026, 5, 4), kind="unknown", text=HOSTILE))],
        ),
    )
