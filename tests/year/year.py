"""The year itself: each day the clock moves, invoices are made, something happens, and at night cwctl applies."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from engine.applying.options import Options
from engine.billing.model import Line
from engine.pipeline import Services, apply_plan, make_plan
from engine.planning.guards import GUARDS
from engine.planning.histories import stands
from engine.planning.invoiced import LINE_INVOICED
from engine.planning.plan import Change, Plan, Selection
from engine.planning.settle import LATE_CHANGE
from engine.psa.models import Addition
from engine.sandbox.calendar import day_of
from engine.sandbox.generate import FIRST_DAY
from engine.sandbox.psa.invoice_run import Invoice
from engine.workspace.model import Workspace
from tests.year.invoices import Invoices, Key, expected, key_of_line, key_of_mark, whole
from tests.year.known import Deal, Known
from tests.year.script import Script
from tests.year.world import CONNECTION, World, services_of

_MISSED = 0.12
_EVERYTHING = Selection()
_ALLOWED = Options(allowed=frozenset(GUARDS))
"""A script of a year knows no limits: what it lets happen is all meant."""


class Hold(NamedTuple):
    """A service that a night's plan held back, and the script's own reason for it.

    `charged` are its lines of which a standing invoice charges what is known to be wrong by now: their quantity or
    price is to change, they are not wanted any more, or they should have ended before a day that is charged. `in_doubt`
    are those of which nobody can tell it from the PSA's days: they were made on the day of the last invoice or the day
    after, or reached less far when it was made, so that it charges none of the days in question.
    """

    day: date
    known: Known
    why: str
    charged: list[Key]
    in_doubt: list[Key]


class Year:
    """One year (or less) of one world. Everything is drawn from `seed`."""

    def __init__(self, root: Path, *, seed: int, customers: int, subscriptions: int, days: int, happens: float) -> None:
        self._chance = random.Random(seed)
        self._days = days
        self.world = World(self._chance, customers, subscriptions, root)
        sandbox = self.world.sandbox
        tomorrow = FIRST_DAY + timedelta(days=1)
        self.invoices = {deal.agreement: Invoices(self._chance, deal, sandbox, tomorrow) for deal in self.world.deals}
        self.script = Script(self._chance, self.world, lambda agreement: self.invoices[agreement].through, happens)
        self.last_night = FIRST_DAY
        self.nights = self.missed = self.changes = self.lines_billed = self.caught_up = (
            self.replaced_within_invoiced
        ) = 0
        self.holds: list[Hold] = []
        self.made_on: dict[int, date] = {}
        self.additions: dict[int, list[Addition]] = {}
        self._workspace: Workspace | None = None
        self._mapped = 0

    def run(self) -> None:
        """All days, the first and the last with a night."""
        with services_of(self.world.sandbox, self.world.root / ".cwctl") as services:
            self._night(services, FIRST_DAY)
            for number in range(1, self._days + 1):
                day = FIRST_DAY + timedelta(days=number)
                runs = number == self._days or self._chance.random() >= _MISSED
                self.world.sandbox.advance(day)
                for of_agreement in self.invoices.values():
                    of_agreement.day(day, self.last_night, self._check)
                self.script.day(day, runs)
                if runs:
                    self._accept_usage(services, day)
                    self._night(services, day)
                else:
                    self.missed += 1
            # What bills on to its last charged day, rather than to its end, is held back from the next plan on.
            following = self._plan(services, self.last_night)
            assert following.changes == ()
            self._apply(services, following)
            self.last_plan = self._plan(services, self.last_night)
            self.additions |= {deal.agreement: services.psa.additions(deal.agreement) for deal in self.world.deals}

    def standing(self, agreement: int) -> dict[Key, tuple[object, ...]]:
        """The lines that stand on an agreement, as the PSA has them; none of its marks is there twice."""
        additions = self.additions[agreement]
        keys = [key_of_mark(one.mark) for one in additions]
        assert len(set(keys)) == len(keys), "a line is there twice"
        quantities: dict[Key, Decimal] = {}
        for key, one in zip(keys, additions, strict=True):
            quantities[whole(key)] = quantities.get(whole(key), Decimal(0)) + one.quantity
        return {
            whole(key): (
                one.product_identifier,
                one.effective,
                one.cancelled,
                quantities[whole(key)],
                one.unit_price,
                one.unit_cost,
            )
            for key, one in zip(keys, additions, strict=True)
            if stands(one)
        }

    def charged_until(self, agreement: int) -> dict[Key, date]:
        """Up to which day the standing invoices charge each line of an agreement."""
        billed = self.invoices[agreement].days_billed
        spans = {key_of_mark(one.mark): billed(one.id) for one in self.additions[agreement]}
        return {key: max(last for _, last in days) for key, days in spans.items() if days}

    @property
    def again(self) -> int:
        """How many invoices were taken back, and so made again."""
        return sum(one.again for one in self.invoices.values())

    def wanted(self, known: Known, day: date) -> dict[Key, Line]:
        """The lines of a subscription as known on a day, by their keys."""
        found = {key_of_line(known.id, line): line for line in known.lines(day)}
        assert len(found) == len(known.lines(day))
        return found

    def _night(self, services: Services, day: date) -> None:
        self.nights += 1
        self.last_night = day
        self._apply(services, self._plan(services, day))
        for known in self.world.known.values():
            known.seen = True

    def _plan(self, services: Services, day: date, selection: Selection = _EVERYTHING) -> Plan:
        if self._workspace is None or self._mapped != len(self.world.known):
            self._workspace, self._mapped = self.world.workspace(), len(self.world.known)
        plan = make_plan(self._workspace, CONNECTION, services, day, selection, lambda *_: None)
        assert plan.drift == (), (day, plan.drift[0])
        assert not [one for one in plan.findings if one.guard == "negative-line"], (day, plan.findings)
        return plan

    def _apply(self, services: Services, plan: Plan) -> None:
        """Carries the plan out. Where it holds services back, their last invoices are taken back until it does not."""
        if plan.changes:
            for change in plan.changes:
                self._leaves_charges_alone(change)
            report = apply_plan(plan, services, lambda *_: None, options=_ALLOWED)
            bad = [one for one in report.outcomes if one.status != "applied"]
            assert not bad, (plan.as_of, bad[0], [one for one in plan.changes if one.address == bad[0].address])
            self.changes += len(plan.changes)
            for change, outcome in zip(plan.changes, report.outcomes, strict=True):
                if change.kind == "addition" and change.action == "create" and outcome.object_id is not None:
                    self.made_on[outcome.object_id] = plan.as_of
        if not plan.held:
            return
        deals: dict[int, Deal] = {}
        for held in plan.held:
            assert held.code in {LINE_INVOICED, LATE_CHANGE}, (plan.as_of, held)
            known = self.world.known[int(held.subject.removeprefix("service:"))]
            deals[known.deal.agreement] = known.deal
            self.holds.append(self._hold(services, known, plan.as_of, held.why))
        for agreement in deals:
            assert self.invoices[agreement].standing, plan.held
            self.invoices[agreement].take_back(plan.as_of)
        chosen = Selection(customers=tuple(str(deal.customer) for deal in deals.values()))
        self._apply(services, self._plan(services, plan.as_of, chosen))

    def _leaves_charges_alone(self, change: Change) -> None:
        """No quantity or price of what is charged changes, and no charged day is cut off."""
        if change.kind != "addition" or change.object_id is None or change.agreement is None:
            return
        charged = self.invoices[change.agreement].days_billed(change.object_id)
        fields = {one.field: one.after for one in change.fields}
        if not charged:
            doc = self.world.sandbox.store.get("addition", change.object_id) or {}
            if "quantity" in fields and day_of(doc["effectiveDate"]) <= self.invoices[change.agreement].through:
                self.replaced_within_invoiced += 1
            return
        assert not {"quantity", "unit_price"} & fields.keys(), (self.last_night, change)
        ends = fields.get("cancelled")
        assert not isinstance(ends, date) or ends >= max(last for _, last in charged), (self.last_night, change)

    def _hold(self, services: Services, known: Known, day: date, why: str) -> Hold:
        """Why a service is rightly held back: what the PSA has of it and has to change, against the invoices."""
        of_agreement, wanted = self.invoices[known.deal.agreement], self.wanted(known, day)
        invoiced_on = of_agreement.made_on[of_agreement.standing[-1].id]
        charged: list[Key] = []
        in_doubt: list[Key] = []
        for addition in services.psa.additions(known.deal.agreement):
            key = key_of_mark(addition.mark)
            if key[0] != str(known.id) or not stands(addition):
                continue
            line, days = wanted.get(key), of_agreement.days_billed(addition.id)
            has = (addition.quantity, addition.unit_price, addition.unit_cost)
            same = line is not None and has == (Decimal(line.quantity), line.unit_price, line.unit_cost)
            if line is None or not same:
                changes, shortened = True, False
            else:
                ends = line.cancelled or date.max
                changes = bool(days) and max(last for _, last in days) > ends
                shortened = ends < min(addition.cancelled or date.max, of_agreement.through)
            made_after = self.made_on[addition.id] > invoiced_on + timedelta(days=1)
            if changes and days:
                charged.append(key)
            elif (changes or shortened) and not made_after:
                in_doubt.append(key)
        return Hold(day, known, why, charged, in_doubt)

    def _accept_usage(self, services: Services, day: date) -> None:
        """Writes figures of a month of consumption on its line, as whoever accepts them does, before it is invoiced."""
        for known in self.world.known.values():
            if known.terms.kind != "usage" or self._chance.random() > 0.05:
                continue
            listed = self.invoices[known.deal.agreement].lists
            for addition in services.psa.additions(known.deal.agreement):
                key = key_of_mark(addition.mark)
                if key[0] == str(known.id) and key[3] not in known.accepted and not listed(addition.id):
                    price = Decimal(self._chance.randrange(100, 90000)) / 100
                    values: dict[str, object] = {"unit_price": price, "unit_cost": price}
                    services.psa.update("addition", addition.id, values, known.deal.agreement)
                    known.accept(day, key[3], price)

    def _check(self, deal: Deal, invoice: Invoice) -> None:
        """The invoice charges for its own period what the script knew last night, and no day a second time."""
        of_agreement = self.invoices[deal.agreement]
        keys = {
            addition["id"]: key_of_mark(addition["serialNumber"])
            for addition in self.world.sandbox.store.rows("addition", deal.agreement)
        }
        charged: dict[Key, Decimal] = {}
        parts: dict[Key, list[Decimal]] = {}
        for line in invoice.lines:
            for before in of_agreement.lists(line.addition):
                assert before.last < line.first or line.last < before.first, (invoice.number, line, "charged before")
            self.lines_billed += 1
            if line.first < invoice.first:
                self.caught_up += 1
                assert deal.kind.prorates, (invoice.number, line)
                assert line.last < invoice.first, (invoice.number, line)
            elif line.amount:
                assert keys[line.addition] not in charged, (invoice.number, line, "twice")
                charged[keys[line.addition]] = line.amount
                parts.setdefault(whole(keys[line.addition]), []).append(line.quantity)
        known = self._in_parts(deal, {key: of for key, of in parts.items() if len(of) > 1})
        wanted = _summed(expected(deal, invoice.first, invoice.last, known))
        charged = _summed(charged)
        assert charged == wanted, (
            self.world.sandbox.today,
            self.last_night,
            deal,
            invoice.number,
            _differing(charged, wanted),
        )
        assert invoice.total == sum((line.amount for line in invoice.lines), Decimal(0))
        of_agreement.keep(invoice, self.world.sandbox.today)

    def _in_parts(self, deal: Deal, parts: dict[Key, list[Decimal]]) -> Iterator[tuple[Key, Line]]:
        """The lines as known, those of which several stand as so many: each is rounded by itself."""
        for key, line in self._lines_of(deal, self.last_night):
            if sum(parts.get(key, ())) != line.quantity or not line.quantity:
                yield key, line
                continue
            for number, quantity in enumerate(parts[key]):
                part = (*key[:3], f"{key[3]}/{number}" if number else key[3])
                yield part, replace(line, quantity=int(quantity))

    def _lines_of(self, deal: Deal, day: date) -> Iterator[tuple[Key, Line]]:
        for known in self.world.known.values():
            if known.deal is deal:
                yield from self.wanted(known, day).items()


def _summed(amounts: dict[Key, Decimal]) -> dict[Key, Decimal]:
    """The amounts of lines of which several stand, in sum."""
    found: dict[Key, Decimal] = {}
    for key, amount in amounts.items():
        found[whole(key)] = found.get(whole(key), Decimal(0)) + amount
    return {key: amount for key, amount in found.items() if amount}


def _differing(one: dict[Key, Decimal], other: dict[Key, Decimal]) -> list[tuple[Key, Decimal | None, Decimal | None]]:
    return [(key, one.get(key), other.get(key)) for key in sorted({*one, *other}) if one.get(key) != other.get(key)]
