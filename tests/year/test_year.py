"""A year of changes, nightly runs and invoices: the PSA's lines and invoices are what the script knew."""

from pathlib import Path

import pytest

from tests.year.year import Year, standing


def test_a_few_months_of_a_few_subscriptions(tmp_path: Path) -> None:
    year = Year(tmp_path, seed=12, customers=8, subscriptions=12, days=120, happens=0.05)
    year.run()
    _hold(year)


@pytest.mark.long
def test_a_year_of_two_hundred_subscriptions(tmp_path: Path) -> None:
    year = Year(tmp_path, seed=2026, customers=24, subscriptions=200, days=365, happens=0.02)
    year.run()
    _hold(year)


def _hold(year: Year) -> None:
    assert (year.last_plan.changes, year.last_plan.held) == ((), ())
    assert all(hold.charged or hold.in_doubt for hold in year.holds)
    has, wants = {}, {}
    for additions in year.additions.values():
        for key, values in standing(additions):
            assert key not in has, "no line twice"
            has[key] = values
    for known in year.world.known.values():
        for key, line in year.wanted(known, year.last_night).items():
            if line.quantity or line.cancelled != line.effective:
                wants[key] = (line.effective, line.cancelled, line.quantity, line.unit_price, line.unit_cost)
    assert has == wants
