"""Logs and listings whose days cannot be: an end before the purchase, a start after what our lines prove."""

from datetime import date
from decimal import Decimal

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.evidence import PostedLine
from engine.billing.history import Cancellation, PriceChange, Purchase, QuantityChange
from engine.billing.model import AgreementTerms, Role, Rules, SubscriptionTerms
from engine.billing.told import Logged, Shown
from tests.billing.completing import again, shown
from tests.billing.strategies import Case

JUNE, TODAY = date(2026, 6, 1), date(2026, 6, 20)
AGREEMENT = AgreementTerms(start=date(2026, 1, 1), billing="monthly")


def _terms(start: date) -> SubscriptionTerms:
    return SubscriptionTerms(kind="license", product="E3", start=start, end=date(2027, 5, 31), unit_price=Decimal(20))


def _posted(role: Role, quantity: int, first: date, last: date) -> PostedLine:
    return PostedLine(
        segment=1,
        role=role,
        product="E3",
        quantity=quantity,
        effective=first,
        cancelled=last,
        unit_price=Decimal(20),
        unit_cost=Decimal(0),
    )


def test_an_end_that_is_dated_before_the_purchase_is_none_and_the_line_does_not_become_endless() -> None:
    log = [
        Logged(on=date(2020, 12, 18), kind="cancelled"),
        Logged(on=JUNE, kind="created", quantity=5),
    ]
    posted = [_posted("base", 5, JUNE, date(2027, 5, 31))]

    found = complete(Shown(terms=_terms(JUNE), licences=5, ended=True), log, posted, TODAY)

    assert [event.on for event in found.history if isinstance(event, Cancellation)] == [TODAY]
    base, reversal = lines(found.terms, found.history, AGREEMENT, Rules(), TODAY)
    assert base.cancelled == date(2026, 6, 30)
    assert (reversal.quantity, reversal.effective) == (-5, TODAY)


def test_a_start_that_moved_after_our_lines_keeps_the_licences_that_they_prove() -> None:
    posted = [
        _posted("base", 26, JUNE, date(2026, 6, 30)),
        _posted("delta", 2, date(2026, 6, 9), date(2026, 6, 30)),
        _posted("base", 28, date(2026, 7, 1), date(2027, 5, 31)),
    ]
    later = date(2026, 9, 1)

    found = complete(Shown(terms=_terms(later), licences=28), None, posted, TODAY)

    assert [line.quantity for line in lines(found.terms, found.history, AGREEMENT, Rules(), TODAY)] == [28]


def test_a_day_without_licences_before_a_price_begins_keeps_the_price_from_its_own_day() -> None:
    """The line of that day alone has no licences, and looks retracted."""
    april = date(2026, 4, 1)
    case = Case(
        SubscriptionTerms(kind="license", product="E3", start=date(2026, 1, 10), unit_price=Decimal(20)),
        (
            Purchase(on=date(2026, 1, 10), quantity=10),
            QuantityChange(on=date(2026, 3, 15), quantity=0),
            PriceChange(on=date(2026, 4, 2), unit_price=Decimal(22)),
        ),
        AGREEMENT,
        Rules(price_change="actual_date"),
    )
    today = date(2026, 4, 2)
    wanted = list(case.lines(today))
    seen = [line for line in wanted if (line.effective, line.cancelled) != (april, april)]
    assert len(seen) == len(wanted) - 1
    found = again(case, shown(case, today), None, seen, today)
    assert found == wanted
