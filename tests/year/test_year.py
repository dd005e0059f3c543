"""A year of changes, nightly runs and invoices: the PSA's lines and invoices are what the script knew.

The invoices are checked on the day on which each is made, in year.py; what is left for the end is checked here.
"""

from datetime import date
from pathlib import Path

import pytest

from engine.billing.history import QuantityChange
from engine.sandbox.bookkeeping import EVERY_KIND
from engine.sandbox.example.catalog import ITEMS, OFFERS
from engine.sandbox.generate import FIRST_DAY
from tests.year.invoices import Key
from tests.year.known import Known
from tests.year.year import Year

_ITEMS = {"/".join(OFFERS[item.offer].key): item.identifier for item in ITEMS}
_HAPPENS = {
    *("seats", "price", "upgrade", "partial_upgrade", "cancel", "auto_renew", "renew", "suspend", "purchase"),
    *("convert", "runs out", "renewal at a new price"),
}


def test_a_few_months_of_a_few_subscriptions(tmp_path: Path) -> None:
    year = Year(tmp_path, seed=12, customers=8, subscriptions=12, days=120, happens=0.05)
    year.run()
    _lines_are_what_the_script_knows(year)
    _holds_have_their_reason(year)
    assert min(year.missed, year.caught_up, year.again, year.replaced_within_invoiced) > 0


@pytest.mark.long
def test_a_year_of_two_hundred_subscriptions(tmp_path: Path) -> None:
    year = Year(tmp_path, seed=2026, customers=24, subscriptions=200, days=365, happens=0.02)
    year.run()
    _lines_are_what_the_script_knows(year)
    _holds_have_their_reason(year)
    assert year.script.told.keys() >= _HAPPENS
    assert year.missed >= 36, "one night in ten"
    assert min(year.caught_up, year.again, year.replaced_within_invoiced) > 10
    assert {known.terms.kind for known in year.world.known.values()} == {"license", "usage", "one_time"}
    assert {known.deal.kind for known in year.world.known.values() if _changed_within(known)} == set(EVERY_KIND)


def _changed_within(known: Known) -> bool:
    return any(isinstance(event, QuantityChange) and event.on > FIRST_DAY for event in known.events)


def _lines_are_what_the_script_knows(year: Year) -> None:
    """A line that is known to end before a day that is charged bills on to that day: it is to be credited by hand."""
    assert (year.last_plan.changes, year.last_plan.held) == ((), ())
    has: dict[Key, tuple[object, ...]] = {}
    wanted: dict[Key, tuple[object, ...]] = {}
    charged: dict[Key, date] = {}
    for agreement in year.additions:
        has |= year.standing(agreement)
        charged |= year.charged_until(agreement)
    for known in year.world.known.values():
        for key, line in year.wanted(known, year.last_night).items():
            if line.quantity or line.cancelled != line.effective:  # as a retracted one has neither
                ends = line.cancelled and max(line.cancelled, charged.get(key, line.cancelled))
                amounts = (line.quantity, line.unit_price, line.unit_cost)
                wanted[key] = (_ITEMS[line.product], line.effective, ends, *amounts)
    assert has == wanted


def _holds_have_their_reason(year: Year) -> None:
    """Something charged is known to be wrong; or, in a few cases, nobody can tell whether it was charged."""
    assert [hold for hold in year.holds if not hold.charged and not hold.in_doubt] == []
    assert sum(not hold.charged for hold in year.holds) <= len(year.holds) / 10 + 1
