"""How values are written for a reader."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reporting.formats import cut, markdown, money, plain_text, signed, wrapped

WORDS = st.lists(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=12), max_size=30
)


@given(words=WORDS, width=st.integers(40, 100), indent=st.integers(0, 12), begun=st.integers(0, 20))
def test_wrapping_keeps_every_word_whole(words: list[str], width: int, indent: int, begun: int) -> None:
    text = " ".join(words)
    lines = wrapped(text, width, indent, begun).split("\n")
    assert " ".join(lines).split() == words
    assert len(lines[0]) + begun <= width
    assert all(len(line) <= width and line.startswith(" " * indent) for line in lines[1:])


def test_a_day_is_not_wrapped_at_its_hyphens() -> None:
    assert wrapped("from 2026-06-01", 13, 2) == "from\n  2026-06-01"


def test_what_fits_is_left_as_it_is() -> None:
    assert wrapped("two  spaces stay", 40, 4) == "two  spaces stay"
    assert cut("twelve chars", 12) == "twelve chars"
    assert cut("twelve chars", 11) == "twelve cha…"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0.00"),
        ("11.9", "11.90"),
        ("1234567.1", "1,234,567.10"),
        ("12.4837561", "12.4837561"),
        ("1E+3", "1,000.00"),
    ],
)
def test_money_keeps_every_place(amount: str, shown: str) -> None:
    assert money(amount) == shown
    assert Decimal(shown.replace(",", "")) == Decimal(amount)


def test_amounts_in_total_are_rounded_half_up() -> None:
    assert (signed("0.005"), signed("-0.005"), signed("1234.5")) == ("+0.01", "-0.01", "+1,234.50")


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b2J", "\u202e", "\u2028", "\x07", "a\rb", "\x00"])
def test_a_name_from_a_service_cannot_drive_the_terminal(hostile: str) -> None:
    shown = plain_text(f"Acme{hostile}Example")
    assert shown.isprintable()


def test_a_name_from_a_service_is_no_markup() -> None:
    shown = markdown("<b>[x](y) | `z` @all &amp;\nnext")
    assert "\n" not in shown
    assert not any(one in shown for one in ("<b>", "[x]", " | ", "@all", " &amp;\\"))
