"""Every worked case of the specification, with all lines expected on each of its days."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from engine.billing.calculus import lines
from engine.billing.history import Event
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms

CASES = Path(__file__).parents[3] / "shared" / "spec" / "addition-calculus-tests.yaml"
SCALARS = {"purchase": "quantity", "quantity": "quantity"}


def cases() -> list[Any]:
    """The cases, or one skipped parameter where they are not beside this repository."""
    if not CASES.is_file():
        reason = "the worked cases are not beside this repository"
        return [pytest.param({}, id="missing", marks=pytest.mark.skip(reason=reason))]
    # The base loader leaves every value as text: money does not pass through a float.
    found = yaml.load(CASES.read_text("utf-8"), Loader=yaml.BaseLoader)["tests"]
    return [pytest.param(case, id=case["name"]) for case in found]


def event(written: dict[str, Any]) -> Event:
    (kind,) = set(written) - {"date"}
    value = written[kind]
    fields = value if isinstance(value, dict) else {SCALARS[kind]: value} if kind in SCALARS else {}
    found: Event = msgspec.convert({"type": kind, "on": written["date"], **fields}, Event, strict=False)
    return found


def expected(written: dict[str, Any], line: Line) -> Line:
    """The line as written; its segment, which the cases do not tell, is that of the line found."""
    return msgspec.convert({"segment": line.segment, "cancelled": None, **written}, Line, strict=False)


@pytest.mark.parametrize("case", cases())
def test_a_case_of_the_specification(case: dict[str, Any]) -> None:
    subscription = msgspec.convert(case["subscription"], SubscriptionTerms, strict=False)
    agreement = msgspec.convert(case["agreement"], AgreementTerms, strict=False)
    rules = msgspec.convert(case["rules"], Rules, strict=False)
    history = [event(one) for one in case["history"]]
    assert case["expect"]
    for one in case["expect"]:
        found = lines(subscription, history, agreement, rules, date.fromisoformat(one["as_of"]))
        assert len(found) == len(one["lines"]), one["as_of"]
        wanted = [expected(line, mine) for line, mine in zip(one["lines"], found, strict=True)]
        assert list(found) == wanted, one["as_of"]


def test_the_cases_are_all_there() -> None:
    if not CASES.is_file():
        pytest.skip("the worked cases are not beside this repository")
    assert len(cases()) > 50


def test_money_is_read_from_its_text() -> None:
    read = event({"date": "2026-02-11", "usage": {"period": "2026-01", "price": "431.10", "cost": "0"}})
    assert str(getattr(read, "price", None)) == "431.10"
    assert Decimal("431.10") == getattr(read, "price", None)
