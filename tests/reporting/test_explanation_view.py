"""The text of an explanation: it fits a terminal, and leaves nothing out without saying so."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.platform.models import Activity
from engine.reporting.explanation_view import SHOWN_LOG
from engine.reporting.render import render_explanation_text
from tests.planning.builders import item, observed, product_mapping, subscription, workspace
from tests.reporting.explanations import explained, full, held, hostile, in_step, log, unmapped

SAMPLES = {one.__name__: one for one in (full, held, hostile, in_step, unmapped)}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [80, 100])
def test_every_line_fits(name: str, width: int) -> None:
    text = render_explanation_text(SAMPLES[name](), width, False)
    assert [line for line in text.splitlines() if len(line) > width] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_ends_in_a_space_and_no_two_are_empty(name: str) -> None:
    text = render_explanation_text(SAMPLES[name](), 80, False)
    assert not re.search(r" $", text, re.MULTILINE)
    assert "\n\n\n" not in text


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_adds_nothing_but_colour(name: str) -> None:
    document = SAMPLES[name]()
    colored = render_explanation_text(document, 80, True)
    painted = re.compile("\x1b\\[[0-9]+m")
    assert painted.search(colored)
    assert painted.sub("", colored) == render_explanation_text(document, 80, False)


def test_of_a_long_log_the_latest_items_are_shown_and_the_others_counted() -> None:
    items = [Activity(on=date(2026, 4, day), kind="unrelated", text=f"Note {day}") for day in range(1, SHOWN_LOG + 4)]
    text = render_explanation_text(explained(seen=observed(logs=[log(*items)])), 80, False)
    assert "Note 3 " not in text
    assert all(f"Note {day} (changes no line)" in text for day in range(4, SHOWN_LOG + 4))
    assert "… and 3 before; `--format json` has them all" in text


def worded(**shown: Any) -> str:
    return render_explanation_text(explained(seen=observed(subscriptions=[subscription(**shown)])), 10_000, False)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ({}, "P1Y from 2026-03-10 to 2027-03-09, does not renew by itself"),
        ({"end": None, "term": None}, "term           from 2026-03-10 without an end"),
        ({"auto_renew": True}, "to 2027-03-09, renews by itself\n"),
        (
            {"term": "P1M", "end": date(2026, 4, 9), "auto_renew": True},
            "P1M from 2026-03-10 to 2026-04-09, renews by itself: rolled on to 2026-08-09",
        ),
        ({"trial": True}, "active, a trial"),
        ({"unit_price": Decimal("22.0050")}, "12 × 22.005 = 264.06 USD a month"),
    ],
)
def test_term_and_price_are_told_as_they_hold(shown: dict[str, Any], words: str) -> None:
    assert words in worded(**shown)


def test_consumption_has_no_licences_and_no_end_before_its_start() -> None:
    seen = observed(
        subscriptions=[
            subscription(unit_price=Decimal(0), unit_cost=Decimal(0), part_number=None, end=date(2026, 3, 9))
        ],
        items=[item()],
        additions=[],
    )
    text = render_explanation_text(explained(workspace(products=[product_mapping(kind="usage")]), seen), 80, False)
    assert "price          by consumption" in text
    assert "P1Y from 2026-03-10 without an end" in text
    assert "begun · the platform's list" in text
    assert "consumption of 2026-06" in text


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (in_step, "Every line is in step with the PSA."),
        (held, "It is held back: nothing is planned for it."),
        (full, "7 lines differ from the PSA; `cwctl plan` shows what would change."),
        (unmapped, "It is not mapped: cwctl bills nothing for it. It is worth 12 × 22.00"),
    ],
)
def test_the_last_words_sum_it_up(sample: Callable[[], dict[str, Any]], words: str) -> None:
    assert words in render_explanation_text(sample(), 200, False)
