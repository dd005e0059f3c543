"""Fields that the PSA decides about: written when a line is made, then neither compared nor sent."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.planning.builders import (
    AS_OF,
    addition,
    after,
    by_address,
    mark,
    moves,
    notices,
    observed,
    only,
    plan,
    service_mapping,
    subscription,
    workspace,
)
from tests.planning.logs import changed, created, log

JULY = date(2026, 7, 1)
BY_HAND = addition(unit_price=Decimal("19.505"), unit_cost=Decimal("11.00"), invoice_description="As agreed")


def owned(*fields: str, **more: Any) -> Any:
    return workspace(services=[service_mapping(owned=frozenset(fields), **more)])


def test_a_price_of_the_psa_stays_and_is_in_step() -> None:
    found = plan(owned("unit_price", "unit_cost"), observed(additions=[BY_HAND]))
    assert (found.changes, found.held, found.rounding) == ((), (), Decimal(0))
    assert notices(found) == []


def test_only_the_owned_price_stays() -> None:
    found = plan(owned("unit_price"), observed(additions=[BY_HAND]))
    begins = by_address(found)["1/base/2026-07-01"]
    assert (after(begins)["unit_price"], after(begins)["unit_cost"]) == (Decimal("19.505"), Decimal("17.60"))


def test_a_first_line_has_the_platforms_price() -> None:
    change = only(plan(owned("unit_price", "unit_cost", "description"), observed(additions=[])))
    assert change.action == "create"
    assert (after(change)["unit_price"], after(change)["unit_cost"]) == (Decimal("22.00"), Decimal("17.60"))
    assert "Licenses: 12" in str(after(change)["invoice_description"])


def test_what_carries_a_line_on_takes_over_the_price_that_it_has_in_the_psa() -> None:
    seen = observed(
        subscriptions=[subscription(licenses=15, last_updated="2026-06-10T08:00:00Z")],
        additions=[BY_HAND],
        logs=[log(created(12), changed(15, date(2026, 6, 10)))],
    )
    found = by_address(plan(owned("unit_price", "unit_cost", "description"), seen))
    assert moves(found["1/base/2026-03-10"]) == {"cancelled": (date(2027, 3, 9), date(2026, 6, 30))}
    for address in ("1/delta/2026-06-10", "1/base/2026-07-01"):
        assert (after(found[address])["unit_price"], after(found[address])["unit_cost"]) == (
            Decimal("19.505"),
            Decimal("11.00"),
        )


def test_a_text_of_the_psa_stays_also_when_the_quantity_changes() -> None:
    first_day = observed(
        subscriptions=[subscription(start=date(2026, 6, 14), licenses=15)],
        additions=[
            addition(mark=mark(on=date(2026, 6, 14)), effective=date(2026, 6, 14), invoice_description="As agreed")
        ],
    )
    for fields, written in (((), {"quantity", "invoice_description"}), (("description",), {"quantity"})):
        (change,) = [one for one in plan(owned(*fields), first_day).changes if "quantity" in moves(one)]
        assert moves(change).keys() - {"cancelled"} == written


def test_an_owned_price_counts_in_no_effect() -> None:
    ends = observed(subscriptions=[subscription(end=date(2026, 12, 31))], additions=[BY_HAND])
    change = only(plan(owned("unit_price", "unit_cost"), ends, as_of=AS_OF))
    assert moves(change) == {"cancelled": (date(2027, 3, 9), date(2026, 12, 31))}
    assert change.line is not None
    assert change.line.unit_price == Decimal("19.505")
