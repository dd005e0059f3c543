"""Conditions: values keep to their place, whatever they hold."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.psa.conditions import (
    LONGEST_URL,
    MOST_IDS,
    UnsafeText,
    both,
    either,
    encoded,
    equals,
    id_batches,
    is_safe,
    one_of,
)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("Acme", '"Acme"'),
        ("O'Brien & Sons, 50 + 1", '"O\'Brien & Sons, 50 + 1"'),
        (7, "7"),
        (True, "True"),
        (False, "False"),
        (None, "null"),
        (date(2027, 1, 9), "[2027-01-09T00:00:00Z]"),
    ],
)
def test_literals(value: str | int | bool | date | None, literal: str) -> None:
    assert equals("company/name", value) == f"company/name = {literal}"


def test_lists_and_logic() -> None:
    assert one_of("id", [3, 2, 3]) == "id in (3,2)"
    assert one_of("identifier", ["A", "B"]) == 'identifier in ("A","B")'
    assert one_of("id", [3]) == "id = 3"
    assert both("id = 1", either("a = 2", "b = 3")) == "(id = 1) and ((a = 2) or (b = 3))"
    assert both("id = 1") == "id = 1"


@pytest.mark.parametrize(
    "text",
    [
        '" or id > 0 or name = "',
        'x" or "1"="1',
        "back\\slash",
        "Acme*",
        "100%",
        "[2026]",
        "a]",
        "a\nb",
        "a\x00b",
        '\\" or 1=1',
    ],
)
def test_a_text_that_could_change_the_condition_is_refused(text: str) -> None:
    assert not is_safe(text)
    with pytest.raises(UnsafeText, match="cannot be searched for"):
        equals("name", text)
    with pytest.raises(UnsafeText):
        one_of("name", ["fine", text])


@given(st.text())
def test_a_text_is_one_literal_or_refused(text: str) -> None:
    try:
        condition = equals("name", text)
    except UnsafeText:
        assert not is_safe(text)
    else:
        assert re.fullmatch(r'name = "[^"\\*%]*"', condition, re.DOTALL)
        assert condition == f'name = "{text}"'


@pytest.mark.parametrize("field", ["", "name or 1", "name=", "a//b", "/a", "a/", "näme", "name\n", '"name"', "1a"])
def test_a_bad_field_name_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="not a field name"):
        equals(field, 1)


def test_nothing_is_no_condition() -> None:
    with pytest.raises(ValueError, match="no values"):
        one_of("id", [])
    with pytest.raises(ValueError, match="no conditions"):
        both()


def test_a_number_with_a_point_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        equals("price", 1.5)  # type: ignore[arg-type]  # what the type forbids is what this test is about


@given(st.sets(st.integers(0, 2**31 - 1), max_size=400))
def test_batches_hold_every_id_once_within_the_limits(ids: set[int]) -> None:
    batches = list(id_batches(ids))
    assert [number for batch in batches for number in batch] == sorted(ids)
    for batch in batches:
        assert 1 <= len(batch) <= MOST_IDS
        assert len(encoded(one_of("id", batch))) + 400 <= LONGEST_URL + len(encoded("id in ()"))
