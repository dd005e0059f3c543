"""A subscription's life as the platform shows it day by day, and a PSA that takes what is planned, night by night.

What happens `late` on a day happens after that day's run: the next run sees it, and its log dates it with its day.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import msgspec
from hypothesis import assume
from msgspec.structs import replace

from engine.planning.histories import logs_wanted
from engine.planning.make import make
from engine.planning.observed import Inputs
from engine.planning.plan import Change, Plan
from engine.platform.models import Activity, ActivityLog, Subscription
from engine.psa.models import Addition
from engine.workspace.choices import BillingRules
from engine.workspace.model import Workspace
from tests.planning.builders import (
    agreement,
    customer_mapping,
    inputs,
    item,
    observed,
    product,
    product_mapping,
    subscription,
    workspace,
)

Kind = Literal["quantity", "price", "upgrade", "cancel", "renew"]
Logs = Literal["complete", "thin", "none"]
"""`complete` has every event but prices, `thin` only creation and quantities."""

ITEMS = {"Monthly": 71, "Second": 72, "Third": 73, "Fourth": 74}
"""The catalog items of the plans that it may have, one after another."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """What happens on a day. `number` is the licences, or the price, or the days by which the term is longer."""

    on: date
    kind: Kind
    number: int = 0
    late: bool = False

    @property
    def seen(self) -> date:
        """The first day on which a run sees it."""
        return self.on + timedelta(days=self.late)


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and all that happens to it, in order. `ends_on_cancel` is whether a cancellation moves its end."""

    start: date
    licences: int
    end: date | None
    term: str | None
    auto_renew: bool
    cycle: str
    happenings: tuple[Happening, ...]
    logs: Logs = "complete"
    ends_on_cancel: bool = False
    empties_on_cancel: bool = False

    def shown(self, day: date) -> Subscription:
        """The subscription as listed on a day."""
        values: dict[str, Any] = {
            "start": self.start,
            "end": self.end,
            "term": self.term,
            "auto_renew": self.auto_renew,
            "cycle": self.cycle,
            "licenses": self.licences,
            "last_updated": f"{self.start}T12:00:00Z",
        }
        plans = iter(list(ITEMS)[1:])
        for one in self.happenings:
            if one.seen > day:
                break
            values["last_updated"] = f"{one.on}T12:00:00Z"
            if one.kind == "quantity":
                values["licenses"] = one.number
            elif one.kind == "price":
                values |= {"unit_price": Decimal(one.number), "unit_cost": Decimal(one.number) - 3}
            elif one.kind == "upgrade":
                values |= {"plan": next(plans), "unit_price": Decimal(one.number), "unit_cost": Decimal(one.number) - 3}
            elif one.kind == "renew" and values["end"] is not None:
                values["end"] = values["end"] + timedelta(days=one.number)
            elif one.kind == "cancel":
                values |= {"status": "deleted", "state": "ended"}
                if self.ends_on_cancel:
                    values["end"] = one.on
                if self.empties_on_cancel:
                    values["licenses"] = 0
                break
        return subscription(**values)

    @property
    def term_end(self) -> date | None:
        """The end of the term as last moved by hand."""
        longer = sum(one.number for one in self.happenings if one.kind == "renew")
        return None if self.end is None else self.end + timedelta(days=longer)

    def log(self, day: date) -> ActivityLog | None:
        """The activity log as read on a day."""
        if self.logs == "none":
            return None
        items = [Activity(on=self.start, kind="created", quantity=self.licences, product="Suite/Monthly")]
        plan = 0
        for one in self.happenings:
            if one.seen > day:
                break
            plan += one.kind == "upgrade"
            sku = f"Suite/{list(ITEMS)[plan]}"
            if one.kind == "quantity":
                items.append(Activity(on=one.on, kind="quantity", quantity=one.number, product=sku))
            elif self.logs == "complete" and one.kind == "upgrade":
                items.append(Activity(on=one.on, kind="upgraded", product=sku))
            elif self.logs == "complete" and one.kind == "cancel":
                items.append(Activity(on=one.on, kind="cancelled"))
            if one.kind == "cancel":
                break
        return ActivityLog(subscription="9001", items=tuple(items))


class Psa(msgspec.Struct, frozen=True):
    """The additions of one agreement, as applied plans have left them."""

    additions: tuple[Addition, ...] = ()

    def applied(self, plan: Plan) -> "Psa":
        """With a plan's changes."""
        held = {one.id: one for one in self.additions}
        for change in plan.changes:
            if change.kind != "addition":
                continue
            number = change.object_id or len(held) + 801
            made = not change.object_id
            held[number] = _made(number, change, plan.as_of) if made else replace(held[number], **_set(change))
        return Psa(tuple(held.values()))

    def standing(self) -> dict[str, tuple[object, ...]]:
        """What bills, by its mark: product, quantity, prices and days of each line that was not retracted."""
        return {
            one.mark or "": (one.product_id, one.quantity, one.unit_price, one.unit_cost, one.effective, one.cancelled)
            for one in self.additions
            if one.quantity or one.cancelled != one.effective
        }


def _set(change: Change) -> dict[str, Any]:
    return {one.field: one.after for one in change.fields}


def _made(number: int, change: Change, day: date) -> Addition:
    assert change.agreement is not None
    return Addition(id=number, agreement_id=change.agreement, entered=day, **_set(change))


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A life, and the rules and the agreement under which it is billed."""

    life: Life
    agreement_start: date
    manage_from: date = date(2025, 1, 1)
    increase: str = "actual_date"
    decrease: str = "actual_date"
    cancellation: str = "cancellation_date"
    price_change: Any = "next_period"
    in_place_days: int = 2

    def workspace(self) -> Workspace:
        """The mappings of everything that it may become, under its rules."""
        return workspace(
            customers=[customer_mapping(fields=frozenset())],
            products=[product_mapping(plan=plan, catalog_item=id, fields=frozenset()) for plan, id in ITEMS.items()],
            manage_from=self.manage_from,
            increase=self.increase,
            decrease=self.decrease,
            cancellation=self.cancellation,
            billing=BillingRules(price_change=self.price_change, in_place_days=self.in_place_days),
        )

    def inputs(self, day: date, psa: Psa) -> Inputs:
        """All that a run of this day reads."""
        items = [item(id=number, identifier=plan) for plan, number in ITEMS.items()]
        seen = observed(
            products=[product(plan=plan) for plan in ITEMS],
            subscriptions=[self.life.shown(day)],
            items=items,
            agreements=[
                agreement(
                    start=self.agreement_start,
                    next_invoice=self.agreement_start,
                    billing_cycle_id=1 if self.life.cycle == "monthly" else 2,
                )
            ],
            additions=psa.additions,
        )
        found = inputs(self.workspace(), seen, as_of=day)
        log = self.life.log(day) if logs_wanted(found) else None
        return found if log is None else replace(found, observed=replace(seen, activity={"9001": log}))

    def plan(self, day: date, psa: Psa) -> Plan:
        """What a run of this day plans. A world is left out in which a line of nothing is to bill a single day.

        It bills nothing, but looks as if it were retracted: it is made a second time, as part of the next line.
        """
        found = make(self.inputs(day, psa))
        assert found.drift == (), "nobody edits anything by hand here"
        lines = [one.line for one in found.changes if one.line is not None]
        assume(not any(one.quantity == 0 and one.effective == one.cancelled and not one.retracted for one in lines))
        return found


def days(first: date, last: date) -> Iterable[date]:
    """Every day, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def run(world: World, nights: Iterable[date]) -> Psa:
    """What stands after runs on these nights."""
    psa = Psa()
    for night in nights:
        found = world.plan(night, psa)
        assert not found.held, f"{night}: {found.held}"
        psa = psa.applied(found)
    return psa


def differences(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """What differs between the lines that stand, for people."""
    return {key: (one.get(key), other.get(key)) for key in sorted({*one, *other}) if one.get(key) != other.get(key)}
