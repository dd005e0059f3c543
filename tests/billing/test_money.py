"""Rounding, and money as text."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.billing
from engine.billing.money import plain, rounded

AMOUNTS = st.decimals(Decimal(-1_000_000), Decimal(1_000_000), places=6)


@pytest.mark.parametrize(
    ("amount", "decimals", "wanted"),
    [
        ("2.005", 2, "2.01"),
        ("2.015", 2, "2.02"),
        ("2.0049999", 2, "2.00"),
        ("-2.005", 2, "-2.01"),
        ("0.5", 0, "1"),
        ("1.5", 0, "2"),
        ("17.6", 2, "17.60"),
        ("0.123456", 4, "0.1235"),
        ("1E+3", 2, "1000.00"),
    ],
)
def test_half_a_cent_goes_away_from_zero(amount: str, decimals: int, wanted: str) -> None:
    assert str(rounded(Decimal(amount), decimals)) == wanted


@given(amount=AMOUNTS, decimals=st.integers(0, 4))
def test_rounding_moves_an_amount_by_half_a_unit_at_most_and_only_once(amount: Decimal, decimals: int) -> None:
    once = rounded(amount, decimals)
    assert abs(once - amount) <= Decimal(5).scaleb(-decimals - 1)
    assert rounded(once, decimals) == once
    assert rounded(-amount, decimals) == -once


@pytest.mark.parametrize(
    ("amount", "wanted"),
    [
        ("22.00000", "22.00"),
        ("22.5", "22.50"),
        ("22.125", "22.125"),
        ("22", "22"),
        ("1E+3", "1000"),
        ("0E-7", "0.00"),
        ("-0.10", "-0.10"),
        ("1E-7", "0.0000001"),
    ],
)
def test_money_as_text_has_no_exponent_and_no_idle_zeros(amount: str, wanted: str) -> None:
    assert plain(Decimal(amount)) == wanted


def test_nothing_in_billing_knows_a_float() -> None:
    for file in Path(str(engine.billing.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            assert not (isinstance(node, ast.Name) and node.id == "float"), file
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), file
            assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), file
