"""Which computed line stands beside which expected one, and that every line is shown in any width."""

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reporting.render import render_rule_tests_text
from engine.reporting.rule_tests_view import paired
from tests.reporting.rule_test_results import BASE, CARRIED, DELTA, FAILED, PASSED, case, day, line, results

MARKS = re.compile(r"^    ([-+~]) ", re.MULTILINE)
LINES = st.lists(
    st.builds(
        line,
        st.sampled_from(["base", "delta"]),
        st.integers(-2, 2),
        st.sampled_from(["2026-05-01", "2026-06-01"]),
        st.sampled_from([None, "2026-06-30"]),
    ),
    max_size=6,
)


def marks(expected: list[dict[str, Any]], computed: list[dict[str, Any]], width: int = 200) -> list[str]:
    """The signs before the lines of a case."""
    return MARKS.findall(
        render_rule_tests_text(results(case("it", 1, day("2026-06-01", 2, expected, computed))), width, False)
    )


def test_a_line_stands_beside_the_one_that_it_was_meant_to_be() -> None:
    dearer = {**CARRIED, "unit_price": "13.00", "cancelled": None}
    assert paired([BASE, DELTA, CARRIED], [BASE, dearer]) == [(BASE, BASE), (DELTA, None), (CARRIED, dearer)]
    assert paired([BASE, CARRIED], [BASE, DELTA, CARRIED]) == [(BASE, BASE), (None, DELTA), (CARRIED, CARRIED)]
    reversal = line("reversal", -8, "2026-05-12", "2026-05-31")
    assert paired([reversal], [CARRIED]) == [(reversal, None), (None, CARRIED)]
    assert paired([], []) == []


@given(LINES, LINES)
def test_every_line_is_shown_once_and_in_its_order(
    expected: list[dict[str, Any]], computed: list[dict[str, Any]]
) -> None:
    pairs = paired(expected, computed)
    assert [one for one, _ in pairs if one is not None] == expected
    assert [other for _, other in pairs if other is not None] == computed
    assert (None, None) not in pairs


@given(LINES, LINES)
def test_a_difference_is_marked_and_equality_is_not(
    expected: list[dict[str, Any]], computed: list[dict[str, Any]]
) -> None:
    assert all(one is other for one, other in paired(expected, expected))
    assert bool(marks(expected, computed)) == (expected != computed)


def test_the_same_lines_in_another_order_are_missing_and_surplus() -> None:
    assert sorted(marks([DELTA, CARRIED], [CARRIED, DELTA])) == ["+", "-"]


def test_amounts_are_compared_as_amounts_and_names_letter_by_letter() -> None:
    assert paired([{**BASE, "unit_price": "12.5"}], [BASE])[0][1] == BASE
    unlike = {**BASE, "product": "SUITE-BASIC\u200b"}
    assert marks([unlike, DELTA], [BASE, DELTA]) == ["~"]


@pytest.mark.parametrize("width", [40, 60, 72, 80, 100, 120, 10_000])
def test_no_line_is_wider_than_the_terminal_but_for_a_single_long_word(width: int) -> None:
    for text in (render_rule_tests_text(document, width, False) for document in (FAILED, PASSED)):
        for row in text.splitlines():
            assert len(row) <= width or len(row.split()) == 1, row
            assert row == row.rstrip()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_colour_adds_nothing_but_colour(width: int) -> None:
    painted = re.compile("\x1b\\[[0-9]+m")
    colored = render_rule_tests_text(FAILED, width, True)
    assert painted.search(colored)
    assert painted.sub("", colored) == render_rule_tests_text(FAILED, width, False)


def test_what_differs_is_marked_without_colour_in_every_width() -> None:
    for width, wanted in product(
        (40, 60, 80, 120, 200), ("2026-05-01*", "2026-05-12*", "open*", "1,250.505*", "SUITE-PLUS*")
    ):
        assert wanted in render_rule_tests_text(FAILED, width, False), width
