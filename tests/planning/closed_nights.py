"""A generated life with invoices: some made early, some late, some taken back, and what the PSA charges with them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import msgspec
from hypothesis import assume
from msgspec.structs import replace

from engine.billing.model import AgreementTerms
from engine.billing.proration import billed
from engine.planning.histories import stands
from engine.planning.make import make
from engine.planning.observed import Inputs
from engine.planning.plan import Plan
from engine.psa.mark import decode
from engine.psa.models import Addition
from engine.workspace.choices import LateChange
from tests.planning.nights import Psa, World

_ONE_DAY = timedelta(days=1)
_SAID = re.compile(r"(?P<amount>-?[0-9.]+) USD of (?P<first>[0-9-]{10}) to ")


class Books:
    """The invoices of the one agreement. `through` is the last day of which one stands, `made` the day of the last."""

    def __init__(self, world: World, chance: Random) -> None:
        self.terms = AgreementTerms(
            start=world.agreement_start, billing="monthly" if world.life.cycle == "monthly" else "annual"
        )
        self._chance = chance
        first = self.terms.period_start(world.life.start)
        self._standing: list[tuple[date, date, date, dict[int, date]]] = []
        self._before = first - _ONE_DAY
        self._due = self._drawn(first)
        self.taken_back = 0

    @property
    def through(self) -> date:
        return self._standing[-1][1] if self._standing else self._before

    @property
    def made(self) -> date | None:
        return self._standing[-1][2] if self._standing else None

    def charged(self) -> dict[int, date]:
        """Up to which day each addition was charged."""
        return self._standing[-1][3] if self._standing else {}

    def day(self, today: date, psa: Psa) -> None:
        """Makes the invoices that are due, or takes the last one back."""
        if self._standing and self._chance.random() < 0.01:
            self._standing.pop()
            self.taken_back += 1
            self._due = today + timedelta(days=self._chance.randrange(1, 9))
            return
        while self._due <= today:
            first = self.through + _ONE_DAY
            last = self.terms.period_end(first)
            charged = dict(self.charged())
            for one in psa.additions:
                ends = min(last, one.cancelled or last)
                if stands(one) and one.effective is not None and one.effective <= ends:
                    charged[one.id] = max(ends, charged.get(one.id, ends))
            self._standing.append((first, last, today, charged))
            self._due = self._drawn(last + _ONE_DAY)

    def _drawn(self, first: date) -> date:
        return first + timedelta(days=self._chance.randint(-45, 15))


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """A world whose agreement is invoiced."""

    world: World
    prorates: bool
    late_change: LateChange

    def inputs(self, day: date, psa: Psa, books: Books | None) -> Inputs:
        """All that a run reads; without books no day has been invoiced."""
        found = self.world.inputs(day, psa)
        agreement = replace(found.observed.agreements[41], prorates=self.prorates)
        made: dict[int, date | None] = {41: None}
        if books is not None:
            agreement = replace(agreement, next_invoice=books.through + _ONE_DAY)
            made = {41: books.made}
        observed = replace(found.observed, agreements={41: agreement}, invoiced_on=made)
        rules = found.workspace.rules
        rules = replace(rules, billing=replace(rules.billing, late_change=self.late_change))
        return replace(found, observed=observed, workspace=replace(found.workspace, rules=rules))

    def plan(self, day: date, psa: Psa, books: Books | None) -> Plan:
        """What a run of this day plans; see `World.plan` for what is left out."""
        found = make(self.inputs(day, psa, books))
        lines = [one.line for one in found.changes if one.line is not None]
        assume(not any(one.quantity == 0 and one.effective == one.cancelled and not one.retracted for one in lines))
        return found


def applied(psa: Psa, plan: Plan, day: date) -> Psa:
    """With a plan's changes; what is new was entered on this day."""
    return Psa(tuple(one if one.entered else replace(one, entered=day) for one in psa.applied(plan).additions))


def amounts(psa: Psa, terms: AgreementTerms, until: date, *, prorates: bool) -> dict[date, Decimal]:
    """What lines bill by the period, a settlement in that which it settles; without periods that bill nothing."""
    found: dict[date, Decimal] = defaultdict(Decimal)
    for one in psa.additions:
        mark = decode(one.mark)
        assert mark is not None
        if not stands(one):
            continue
        if mark.role == "settlement":
            first = terms.period_start(date.fromisoformat(f"{mark.month}-28"))
            found[first] += one.quantity * one.unit_price
            continue
        for first in _periods(one, terms, until):
            assert one.effective is not None
            found[first] += billed(_line(one), terms, first, prorates=prorates).price
    return {first: amount for first, amount in found.items() if amount}


class _Line(msgspec.Struct):
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    effective: date
    cancelled: date | None


def _line(one: Addition) -> _Line:
    assert one.effective is not None
    return _Line(one.quantity, one.unit_price, one.unit_cost, one.effective, one.cancelled)


def _periods(one: Addition, terms: AgreementTerms, until: date) -> Iterator[date]:
    assert one.effective is not None
    day = terms.period_start(one.effective)
    while day <= min(until, one.cancelled or until):
        yield day
        day = terms.period_end(day) + _ONE_DAY


def blocked(plan: Plan) -> dict[date, Decimal]:
    """The amounts that a plan blocks, by the first day of their period."""
    found = {}
    for one in plan.held:
        said = _SAID.match(one.why)
        assert one.code == "late-change", one
        assert said is not None, one
        found[date.fromisoformat(said["first"])] = Decimal(said["amount"])
    return found


def left_alone(plan: Plan, psa: Psa, books: Books) -> None:
    """No quantity, price or first day of what was charged changes, and no charged day is cut off."""
    charged = books.charged()
    for change in plan.changes:
        if change.object_id is None or change.object_id not in charged:
            continue
        addition = next(one for one in psa.additions if one.id == change.object_id)
        fields = {one.field: one.after for one in change.fields}
        if not addition.quantity * addition.unit_price:
            continue
        assert not {"quantity", "unit_price", "unit_cost", "effective"} & fields.keys(), (plan.as_of, change)
        ends = fields.get("cancelled")
        assert ends is None or ends >= charged[change.object_id], (plan.as_of, books.through, change)
