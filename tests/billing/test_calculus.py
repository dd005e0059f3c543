"""The worked cases of the addition calculus that hold nothing but a purchase."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from engine.billing.lines import AgreementTerms, Purchase, lines

CASES = Path(__file__).parents[3] / "shared" / "spec" / "addition-calculus-tests.yaml"
LONG_AGO = date(2000, 1, 1)


def purchase_only() -> list[Any]:
    """Each case without another event, or one skipped parameter where the cases are not beside this repository."""
    if not CASES.is_file():
        reason = "the worked cases are not beside this repository"
        return [pytest.param({}, id="missing", marks=pytest.mark.skip(reason=reason))]
    # The base loader leaves every value as text: money does not pass through a float.
    cases = yaml.load(CASES.read_text("utf-8"), Loader=yaml.BaseLoader)["tests"]
    return [
        pytest.param(case, id=case["name"])
        for case in cases
        if all(set(event) == {"date", "purchase"} for event in case["history"])
    ]


def expected(line: dict[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in line.items() if name != "product"}
    return {
        **kept,
        "quantity": int(line["quantity"]),
        "unit_price": Decimal(line["unit_price"]),
        "unit_cost": Decimal(line["unit_cost"]),
    }


@pytest.mark.parametrize("case", purchase_only())
def test_a_case_of_the_calculus(case: dict[str, Any]) -> None:
    subscription, agreement = case["subscription"], case["agreement"]
    (bought,) = case["history"]
    purchase = Purchase(
        kind=subscription["kind"],
        quantity=int(bought["purchase"]),
        start=date.fromisoformat(subscription["start"]),
        end=date.fromisoformat(subscription["end"]) if "end" in subscription else None,
        term=subscription.get("term"),
        auto_renew=subscription.get("auto_renew") == "true",
        owned_from=date.fromisoformat(subscription.get("effective_date", str(LONG_AGO))),
        unit_price=Decimal(subscription.get("unit_price", "0")),
        unit_cost=Decimal(subscription.get("unit_cost", "0")),
    )
    terms = AgreementTerms(start=date.fromisoformat(agreement["start"]), billing=agreement["billing"])
    # Before its purchase a subscription is not known, and nobody asks for its lines.
    known = [one for one in case["expect"] if one["as_of"] >= bought["date"]]
    for one in known:
        found = lines(purchase, terms, date.fromisoformat(one["as_of"]))
        shown = [
            {
                name: str(value) if isinstance(value, date) else value
                for name, value in msgspec.structs.asdict(line).items()
                if value is not None and name != "segment"
            }
            for line in found
        ]
        assert shown == [expected(line) for line in one["lines"]], one["as_of"]
    assert known or not any(one["lines"] for one in case["expect"])
