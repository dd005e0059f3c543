"""The identity mark: it survives the round trip, fits its field, and shows any damage."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.psa.mark import LONGEST, Mark, MarkDamaged, Role, decode, encode

SYMBOLS = "0123456789abcdefghijklmnopqrstuvwxyz._-/"


def digits(most: int) -> st.SearchStrategy[int]:
    return st.integers(min_value=1, max_value=10**most - 1)


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    role: Role = draw(st.sampled_from(get_args(Role)))
    on, month = None, None
    if role in ("usage", "adjustment", "settlement"):
        month = f"{draw(st.integers(2000, 2099)):04}-{draw(st.integers(1, 12)):02}"
    elif role != "one_time":
        on = draw(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
    return Mark(
        account=str(draw(digits(12))),
        subscription=str(draw(digits(12))),
        segment=draw(st.integers(1, 99)),
        role=role,
        on=on,
        month=month,
        sequence=draw(st.integers(0, 99)) if role in ("adjustment", "settlement") else 0,
        part=draw(st.integers(0, 99)),
        agreement=draw(digits(9)),
    )


@given(marks())
def test_round_trip(mark: Mark) -> None:
    text = encode(mark)
    assert decode(text) == mark
    assert decode(f" {text.upper()} ") == mark
    assert len(text) <= LONGEST


@given(marks(), st.data())
def test_each_change_of_one_character_is_noticed(mark: Mark, data: st.DataObject) -> None:
    text = encode(mark)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([symbol for symbol in SYMBOLS if symbol != text[at]]))
    with pytest.raises(MarkDamaged):
        decode(text[:at] + other + text[at + 1 :])


@given(marks(), st.data())
def test_exchanged_neighbours_are_noticed(mark: Mark, data: st.DataObject) -> None:
    text = encode(mark)
    at = data.draw(st.integers(4, len(text) - 3))
    changed = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if changed != text:
        with pytest.raises(MarkDamaged):
            decode(changed)


@given(marks(), marks())
def test_different_keys_have_different_marks(one: Mark, other: Mark) -> None:
    assert (encode(one) == encode(other)) == (one == other)


@given(st.text(min_size=1, max_size=5))
def test_an_account_may_be_any_text(account: str) -> None:
    mark = Mark(account=account, subscription="7", segment=1, role="one_time", agreement=3)
    assert decode(encode(mark)) == mark


@pytest.mark.parametrize("account", ["sandbox", "0017", "x1", "1234"])
def test_accounts_with_letters_and_leading_zeros(account: str) -> None:
    mark = Mark(account=account, subscription="0042", segment=1, role="base", on=date(2026, 9, 1), agreement=3)
    assert decode(encode(mark)) == mark


def test_account_whose_base_36_begins_with_x() -> None:
    mark = Mark(account=str(33 * 36), subscription="7", segment=1, role="one_time", agreement=3)
    assert decode(encode(mark)) == mark


@pytest.mark.parametrize("text", [None, "", "5CG1234XYZ", "cw", "cwm.licence", "SN-2026-000-1", "10.0.0.1.2.k"])
def test_a_foreign_serial_number_is_no_mark(text: str | None) -> None:
    assert decode(text) is None


@pytest.mark.parametrize("text", ["cw1.", "old cw1.2s.900417.ru.1d260915.k", "cw1.2s.900417", "cw1.2s.900417.é"])
def test_what_was_a_mark_is_damaged(text: str) -> None:
    with pytest.raises(MarkDamaged, match="was changed"):
        decode(text)


def test_the_text_stays_what_it_is_in_tenants_today() -> None:
    mark = Mark(
        account="100", subscription="900417", segment=1, role="delta", on=date(2026, 9, 15), part=2, agreement=1002
    )
    assert encode(mark) == "cw1.2s.900417.ru.1d260915p2.l"


def test_a_newer_format_is_named() -> None:
    text = encode(Mark(account="100", subscription="900417", segment=1, role="one_time", agreement=1002))
    with pytest.raises(MarkDamaged, match="does not know"):
        decode(text.replace("cw1", "cw22"))


@pytest.mark.parametrize(
    "mark",
    [
        Mark(account="1", subscription="a1", segment=1, role="one_time", agreement=3),
        Mark(account="", subscription="1", segment=1, role="one_time", agreement=3),
        Mark(account="1", subscription="1", segment=0, role="one_time", agreement=3),
        Mark(account="1", subscription="1", segment=1, role="usage", month="2026-13", agreement=3),
        Mark(account="1", subscription="1", segment=1, role="usage", on=date(1999, 1, 1), agreement=3),
        Mark(account="1", subscription="1", segment=1, role="usage", on=date(2026, 1, 1), month="2026-01", agreement=3),
        Mark(account="1" * 40, subscription="1" * 20, segment=1, role="one_time", agreement=3),
    ],
)
def test_a_key_that_cannot_be_written_is_refused(mark: Mark) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode(mark)
