"""How the effect in money and the findings of the guards are worded."""

from typing import Any

import pytest

from engine.reporting.findings_view import findings_view
from engine.reporting.money_view import money_rows, service_effect, totals_text

NOTHING = dict.fromkeys(("month", "month_cost", "year", "year_cost", "once", "once_cost"), "0")
NO_EFFECT = {**NOTHING, "next_invoice": "0", "next_invoice_cost": "0"}


def change(steady: str | None = "2026-07-01", currency: str | None = "USD", **effect: str) -> dict[str, Any]:
    return {"effect": {**NO_EFFECT, **effect}, "line": {"currency": currency, "steady_from": steady}}


def entry(currency: str = "USD", **sides: dict[str, str]) -> dict[str, Any]:
    before, after = ({**NOTHING, **sides.get(side, {})} for side in ("before", "after"))
    return {"currency": currency, "before": before, "after": after, "effect": {**NO_EFFECT, **sides.get("effect", {})}}


@pytest.mark.parametrize("zero", ["0", "0.00", "-0", "0E-7", "0E+2", "-0.0000"])
def test_an_effect_of_nothing_is_not_shown_however_it_is_written(zero: str) -> None:
    assert service_effect([change(month=zero, once=zero)]) is None
    assert money_rows(entry(effect={"next_invoice": zero}), "next invoice") == []
    assert totals_text([entry(effect={"month": zero, "next_invoice": zero})]) is None


def test_a_service_tells_from_when_it_recurs_and_what_comes_before() -> None:
    found = service_effect([change(month="264", once="100"), change(month="-10.5", once="1E+2")])
    assert found == "+253.50 USD a month from 2026-07-01, +200.00 in all before that"
    assert service_effect([change(once="-5")]) == "-5.00 USD in all before 2026-07-01"
    assert service_effect([change(steady=None, currency=None, year="12", once="1")]) == (
        "+12.00 a year, +1.00 in all before that"
    )


def test_a_customer_is_told_before_and_after_with_cost_and_margin() -> None:
    rows = money_rows(
        entry(
            before={"month": "100", "month_cost": "80", "year": "50", "year_cost": "60"},
            after={"month": "1300", "month_cost": "1000", "year": "50", "year_cost": "60"},
            effect={"next_invoice": "-3.2", "next_invoice_cost": "-1.1"},
        ),
        "next invoice",
    )
    assert [(row["label"], row["text"]) for row in rows] == [
        ("a month", "100.00 → 1,300.00 USD (+1,200.00); cost 80.00 → 1,000.00; margin 20.00 → 300.00 (23.1 %)"),
        ("a year", "50.00 USD as before; margin -10.00 (-20.0 %)"),
        ("next invoice", "-3.20 USD; margin -2.10"),
    ]
    assert {len(row["padded"]) for row in rows} == {len("next invoice")}


def test_a_cost_that_changes_alone_is_told() -> None:
    (row,) = money_rows(
        entry(before={"month": "10", "month_cost": "8"}, after={"month": "10", "month_cost": "9"}), "next invoice"
    )
    assert row["text"] == "10.00 USD (+0.00); cost 8.00 → 9.00; margin 2.00 → 1.00 (10.0 %)"


def test_currencies_are_told_one_after_another() -> None:
    found = totals_text([entry("CAD", effect={"month": "1"}), entry(effect={"year": "-2", "next_invoice": "3"})])
    assert found == "+1.00 CAD a month, -2.00 USD a year, next invoices +3.00 USD"


def finding(**values: Any) -> dict[str, Any]:
    plain = {
        "guard": "price-jump",
        "customer": None,
        "address": None,
        "value": "0",
        "limit": "0",
        "unit": "%",
        "why": "",
    }
    return {**plain, **values}


def test_a_finding_says_what_it_holds_back_and_how_to_allow_it() -> None:
    held = finding(customer="100", value="45.25", limit="30")
    total = finding(guard="total-change", value="1E+5", limit="25000", unit="USD")
    unnamed = finding(guard="max-ended", customer="200", value="60", limit="50", unit="lines")
    plan = {"by_customer": [{"customer": "100", "name": "Larkspur\x1b[31m"}], "findings": [held, total, unnamed]}
    assert [(one["holds"], one["value"], one["limit"], one["allow"]) for one in findings_view(plan)] == [
        ("stops the whole run", "100,000.00 USD", "25,000.00 USD", "--allow total-change"),
        ("holds back Larkspur[31m (customer 100)", "45.3 %", "30.0 %", "--allow price-jump"),
        ("holds back customer 200", "60 lines", "50 lines", "--allow max-ended"),
    ]
