"""Rule tests: worked cases, reckoned by the addition calculus and compared with what their author expects.

Given the cases that the workspace's reader accepted, everything here is computed: no files, no clock, no printing.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast

import msgspec

from engine.billing.calculus import lines
from engine.billing.history import (
    Cancellation,
    Event,
    PriceChange,
    Purchase,
    QuantityChange,
    Renewal,
    Upgrade,
    Usage,
)
from engine.billing.model import AgreementTerms, InputError, Line, Rules, SubscriptionTerms
from engine.billing.money import plain
from engine.diagnostics import Diagnostic, Place
from engine.workspace.nodes import Entry

Document = dict[str, Any]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """All lines, in their order, that must exist as known on `as_of`. `place` is that of the day in its file."""

    as_of: date
    lines: tuple[Line, ...]
    place: Place


class RuleTest(msgspec.Struct, frozen=True, kw_only=True):
    """A worked case: what the calculus is given, and what it must give on one day or several."""

    name: str
    why: str | None
    place: Place
    rules: Rules
    agreement: AgreementTerms
    subscription: SubscriptionTerms
    history: tuple[Event, ...]
    expectations: tuple[Expectation, ...]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What the calculus made of one day of a case; `error` says why it could make nothing of it."""

    expectation: Expectation
    computed: tuple[Line, ...]
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether exactly the expected lines were computed, in their order."""
        return self.error is None and self.computed == self.expectation.lines


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A case with all its days."""

    test: RuleTest
    checked: tuple[Checked, ...]

    @property
    def passed(self) -> bool:
        return all(one.passed for one in self.checked)


def rule_test(case: Entry) -> RuleTest:
    """The case as values. Its shape and its days have been checked."""
    rules, agreement, subscription = case.child("rules"), _child(case, "agreement"), _child(case, "subscription")
    return RuleTest(
        name=case.text("name"),
        why=case.text_or_none("why"),
        place=case.place,
        rules=Rules() if rules is None else Rules(**cast(dict[str, Any], rules.node)),
        agreement=AgreementTerms(start=_day(agreement, "start"), billing=_choice(agreement, "billing")),
        subscription=SubscriptionTerms(
            kind=_choice(subscription, "kind"),
            product=subscription.text("product"),
            start=_day(subscription, "start"),
            end=_day_or_none(subscription, "end"),
            term=subscription.text_or_none("term"),
            auto_renew=subscription.flag("auto_renew"),
            effective_date=_day_or_none(subscription, "effective_date"),
            unit_price=_money(subscription, "unit_price"),
            unit_cost=_money(subscription, "unit_cost"),
        ),
        history=tuple(_event(each) for each in case.children("history")),
        expectations=tuple(
            Expectation(
                as_of=_day(each, "as_of"),
                lines=tuple(_line(line) for line in each.children("lines")),
                place=each.at("as_of"),
            )
            for each in case.children("expect")
        ),
    )


def checked(test: RuleTest) -> Result:
    """The case reckoned on each of its days."""
    return Result(test=test, checked=tuple(_checked(test, expectation) for expectation in test.expectations))


def to_document(results: Iterable[Result], problems: Iterable[Diagnostic] = ()) -> Document:
    """The results as docs/json.md describes them; `problems` are those of files that could not be used."""
    all_results = list(results)
    passed = sum(result.passed for result in all_results)
    return {
        "passed": passed,
        "failed": len(all_results) - passed,
        "cases": [_case_document(result) for result in all_results],
        "diagnostics": [msgspec.to_builtins(problem) for problem in problems],
    }


def _checked(test: RuleTest, expectation: Expectation) -> Checked:
    try:
        computed = lines(test.subscription, test.history, test.agreement, test.rules, expectation.as_of)
    except InputError as error:
        return Checked(expectation=expectation, computed=(), error=str(error))
    except (OverflowError, ValueError) as error:
        return Checked(expectation=expectation, computed=(), error=f"a day would lie outside the calendar: {error}")
    # Which segment a line belongs to is not part of what a case expects.
    return Checked(
        expectation=expectation, computed=tuple(msgspec.structs.replace(line, segment=1) for line in computed)
    )


def _event(entry: Entry) -> Event:
    day = _day(entry, "date")
    if entry.has("purchase"):
        return Purchase(on=day, quantity=_number(entry, "purchase"))
    if entry.has("quantity"):
        return QuantityChange(on=day, quantity=_number(entry, "quantity"))
    if entry.has("cancel"):
        return Cancellation(on=day)
    if (usage := entry.child("usage")) is not None:
        return Usage(on=day, period=usage.text("period"), price=_money(usage, "price"), cost=_money(usage, "cost"))
    return _new_terms(entry, day)


def _new_terms(entry: Entry, day: date) -> Event:
    """An event that announces a price."""
    if (upgrade := entry.child("upgrade")) is not None:
        price, cost = _new(upgrade, "unit_price"), _new(upgrade, "unit_cost")
        return Upgrade(on=day, product=upgrade.text("product"), unit_price=price, unit_cost=cost)
    if (renewal := entry.child("renew")) is not None:
        price, cost = _new(renewal, "unit_price"), _new(renewal, "unit_cost")
        return Renewal(on=day, end=_day(renewal, "end"), unit_price=price, unit_cost=cost)
    announced = _child(entry, "price")
    return PriceChange(on=day, unit_price=_new(announced, "unit_price"), unit_cost=_new(announced, "unit_cost"))


def _line(entry: Entry) -> Line:
    return Line(
        role=_choice(entry, "role"),
        product=entry.text("product"),
        quantity=_number(entry, "quantity"),
        effective=_day(entry, "effective"),
        cancelled=_day_or_none(entry, "cancelled"),
        unit_price=_money(entry, "unit_price"),
        unit_cost=_money(entry, "unit_cost"),
        period=entry.text_or_none("period"),
    )


def _child(entry: Entry, key: str) -> Entry:
    """A mapping that the schema requires."""
    return cast(Entry, entry.child(key))


def _choice(entry: Entry, key: str) -> Any:
    """A value that the schema restricts to the choices of the model's field."""
    return entry.node[key]


def _number(entry: Entry, key: str) -> int:
    return cast(int, entry.node[key])


def _day(entry: Entry, key: str) -> date:
    return date.fromisoformat(entry.text(key))


def _day_or_none(entry: Entry, key: str) -> date | None:
    return _day(entry, key) if entry.has(key) else None


def _money(entry: Entry, key: str) -> Decimal:
    """The amount, from its text; 0 if it is missing."""
    return Decimal(entry.text(key, "0"))


def _new(entry: Entry, key: str) -> Decimal | None:
    """The amount, from its text; None keeps the one last announced."""
    return _money(entry, key) if entry.has(key) else None


def _case_document(result: Result) -> Document:
    test = result.test
    return {
        "name": test.name,
        "why": test.why,
        "file": test.place.file,
        "line": test.place.line,
        "passed": result.passed,
        "expectations": [
            {
                "as_of": one.expectation.as_of.isoformat(),
                "line": one.expectation.place.line,
                "passed": one.passed,
                "expected": [_line_document(line) for line in one.expectation.lines],
                "computed": [_line_document(line) for line in one.computed],
                "error": one.error,
            }
            for one in result.checked
        ],
    }


def _line_document(line: Line) -> Document:
    """A line with every key that a case may expect."""
    return {
        "role": line.role,
        "product": line.product,
        "quantity": line.quantity,
        "effective": line.effective.isoformat(),
        "cancelled": None if line.cancelled is None else line.cancelled.isoformat(),
        "unit_price": plain(line.unit_price),
        "unit_cost": plain(line.unit_cost),
        "period": line.period,
    }
