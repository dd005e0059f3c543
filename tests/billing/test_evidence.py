"""What standing lines prove of the licences, prices, upgrades and the end of a subscription."""

from datetime import date

from engine.billing.evidence import LicenceStep, SegmentEvidence, evidence
from tests.billing.completing import standing
from tests.billing.examples import day


def proven(*texts: str) -> SegmentEvidence:
    (one,) = evidence(standing(*texts))
    return one


def licences(*texts: str) -> list[tuple[str, int]]:
    return [(str(step.effective), step.licences) for step in proven(*texts).licences]


def prices(*texts: str) -> list[tuple[str, str]]:
    return [(str(step.effective), str(step.unit_price)) for step in proven(*texts).prices]


def test_nothing_stands_nothing_is_proven() -> None:
    assert evidence(()) == ()


def test_a_segment_without_a_base_line_proves_nothing() -> None:
    assert evidence(standing("delta 2 2026-03-05..2026-03-31", "reversal -10 2026-03-05..2026-03-31")) == ()


def test_one_line_proves_a_quantity_a_price_and_an_end() -> None:
    one = proven("base 10 2026-01-10..2027-01-09")
    assert (one.number, one.product, one.first, one.last, one.reversed_on) == (
        1,
        "PLAN",
        day("2026-01-10"),
        day("2027-01-09"),
        None,
    )
    assert one.licences == (LicenceStep(date(2026, 1, 10), 10),)


def test_a_delta_and_the_base_line_that_carries_it_on_are_one_step() -> None:
    lines = ("base 10 2026-01-10..2026-03-31", "delta 2 2026-03-05..2026-03-31", "base 12 2026-04-01..2027-01-09")
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]
    assert licences(*reversed(lines)) == [("2026-01-10", 10), ("2026-03-05", 12)]


def test_a_planned_decrease_is_a_step_on_the_day_on_which_it_bills() -> None:
    lines = ("base 10 2026-01-10..2026-04-30", "delta -3 2026-04-01..2026-04-30", "base 7 2026-05-01..2027-01-09")
    assert licences(*lines) == [("2026-01-10", 10), ("2026-04-01", 7)]


def test_an_increase_carried_on_and_a_decrease_on_the_same_first_add_up() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-31",
        "delta 2 2026-03-05..2026-03-31",
        "base 12 2026-04-01..2026-04-30",
        "delta -3 2026-04-01..2026-04-30",
        "base 9 2026-05-01..2027-01-09",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12), ("2026-04-01", 9)]


def test_a_delta_split_by_a_price_change_is_one_step() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-14",
        "delta 2 2026-03-05..2026-03-14",
        "base 10 2026-03-15..2026-03-31 at 24.00/17.60",
        "delta 2 2026-03-15..2026-03-31 at 24.00/17.60",
        "base 12 2026-04-01..2027-01-09 at 24.00/17.60",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]
    assert prices(*lines) == [("2026-01-10", "22.00"), ("2026-03-15", "24.00")]


def test_two_changes_that_a_price_change_parts_are_two_steps_even_where_their_pieces_add_up_to_no_line() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-14",
        "delta 2 2026-03-05..2026-03-14",
        "base 10 2026-03-15..2026-03-31 at 24.00/17.60",
        "base 10 2026-04-01..2027-01-09 at 24.00/17.60",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12), ("2026-03-15", 10)]


def test_a_delta_on_the_takeover_day_is_a_step_of_its_own() -> None:
    lines = ("base 10 2026-03-10..2026-03-31", "delta 2 2026-03-10..2026-03-31", "base 12 2026-04-01..2027-01-09")
    assert licences(*lines) == [("2026-03-10", 10), ("2026-03-10", 12)]


def test_equal_prices_are_one_step_and_a_cost_alone_is_a_price() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-31",
        "base 10 2026-04-01..2026-04-30",
        "base 10 2026-05-01..2027-01-09 at 22.00/18.00",
    )
    assert prices(*lines) == [("2026-01-10", "22.00"), ("2026-05-01", "22.00")]


def test_a_price_that_comes_back_is_a_step_again() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-31",
        "base 10 2026-04-01..2026-04-30 at 24.00/17.60",
        "base 10 2026-05-01..2027-01-09",
    )
    assert [price for _, price in prices(*lines)] == ["22.00", "24.00", "22.00"]


def test_an_upgrade_is_proven_by_the_first_day_of_the_reversal_however_often_it_is_cut() -> None:
    first, second = evidence(
        standing(
            "base 10 2026-01-10..2026-03-31",
            "reversal -10 2026-03-15..2026-03-19",
            "reversal -10 2026-03-20..2026-03-31 at 24.00/17.60",
            "base 10 2026-03-15.. at 36.00/28.80 PLUS#2",
        )
    )
    assert (first.reversed_on, first.last) == (day("2026-03-15"), day("2026-03-31"))
    assert (second.number, second.product, second.first, second.last) == (2, "PLUS", day("2026-03-15"), None)


def test_the_end_of_all_lines_is_no_decrease() -> None:
    lines = ("base 10 2026-01-10..2026-03-31", "delta 2 2026-03-05..2026-03-31")
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]


def test_days_that_a_broken_off_run_left_without_a_base_line_prove_nothing() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-14",
        "delta 2 2026-03-05..2026-03-14",
        "base 12 2026-04-01..2027-01-09 at 24.00/17.60",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]


def test_a_delta_that_a_broken_off_run_has_not_carried_over_a_price_change_is_no_decrease() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-14",
        "delta 2 2026-03-05..2026-03-14",
        "base 10 2026-03-15..2026-03-31 at 24.00/17.60",
        "base 12 2026-04-01..2027-01-09 at 24.00/17.60",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]


def test_a_base_line_already_brought_in_step_with_a_delta_yet_to_be_made_proves_nothing() -> None:
    lines = ("base 10 2026-01-10..2026-03-31", "delta 2 2026-03-05..2026-03-31", "base 10 2026-04-01..2027-01-09")
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]


def test_a_delta_of_the_first_of_a_month_counts_whatever_its_base_line_carries() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-31",
        "delta 2 2026-03-05..2026-03-31",
        "base 9 2026-04-01..2026-04-30",
        "delta -4 2026-04-01..2026-04-30",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12), ("2026-04-01", 8)]


def test_a_decrease_to_come_counts_though_a_broken_off_run_has_not_made_the_base_line_of_its_month() -> None:
    lines = ("base 10 2026-01-10..2026-03-31", "delta -3 2026-04-01..2026-04-30")
    assert licences(*lines) == [("2026-01-10", 10), ("2026-04-01", 7)]


def test_a_price_after_days_that_a_broken_off_run_left_bare_begins_with_them() -> None:
    lines = ("base 10 2026-01-10..2026-03-14", "base 12 2026-04-01..2027-01-09 at 24.00/17.60")
    assert prices(*lines) == [("2026-01-10", "22.00"), ("2026-03-15", "24.00")]


def test_a_change_before_a_move_to_another_agreement_is_one_step_though_a_delta_begins_there_again() -> None:
    lines = (
        "base 10 2026-01-10..2026-03-14",
        "delta 2 2026-03-05..2026-03-14",
        "base 10 2026-03-15..2026-03-31",
        "delta 2 2026-03-15..2026-03-31",
        "base 12 2026-04-01..2027-01-09",
    )
    assert licences(*lines) == [("2026-01-10", 10), ("2026-03-05", 12)]
