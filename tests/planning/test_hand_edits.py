"""Lines that people have changed by hand in the PSA."""

from datetime import date
from decimal import Decimal

import pytest

from tests.planning.builders import addition, held, mark, observed, plan

JUNE_30, JULY = date(2026, 6, 30), date(2026, 7, 1)


@pytest.mark.parametrize("effective", [None, date(2026, 6, 1), date(2026, 8, 1)])
def test_a_line_that_carries_on_and_was_given_another_first_day_is_held(effective: date | None) -> None:
    first = addition(cancelled=JUNE_30)
    carried_on = addition(id=802, mark=mark(on=JULY), effective=effective)
    one = held(plan(seen=observed(additions=[first, carried_on])))

    assert one.code == "line-moved"
    assert "addition 802" in one.why
    assert "2026-07-01" in one.why


def test_a_first_line_that_was_given_a_later_day_is_held() -> None:
    assert held(plan(seen=observed(additions=[addition(effective=date(2026, 4, 10))]))).code == "line-moved"


def test_a_line_that_was_taken_over_keeps_its_own_earlier_day() -> None:
    found = plan(seen=observed(additions=[addition(effective=date(2025, 11, 1))]))

    assert (found.held, found.changes) == ((), ())


def test_a_retracted_line_may_stand_on_any_day() -> None:
    july_2 = date(2026, 7, 2)
    gone = addition(id=802, mark=mark(on=JULY), effective=july_2, cancelled=july_2, quantity=Decimal(0))

    assert plan(seen=observed(additions=[addition(), gone])).held == ()
