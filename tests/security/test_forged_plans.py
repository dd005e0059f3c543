"""A saved plan that somebody edits: refused by its digest, and sealed anew by what it holds."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.planning.plan import Change, FieldChange
from engine.psa.mark import Mark, encode
from tests.cli.support import Cwctl, Served
from tests.security.forging import read, resealed, with_change, with_field, with_more, write

DAY = ("--as-of", "2026-06-15")
Edit = Callable[[Change], Change]


@pytest.fixture
def saved(served: Served, cwctl: Cwctl) -> Path:
    """A plan of the example world, in which line 1 of agreement 510 is not ours."""
    assert cwctl("plan", *DAY, "--out", "night.plan").code == 0
    return served.root / "night.plan"


def refused(served: Served, cwctl: Cwctl, says: str, code: int = 3) -> None:
    """Nothing is written."""
    before = served.snapshot()
    ended = cwctl("apply", "night.plan", "--yes")
    assert ended.code == code, ended
    assert says in ended.err
    assert served.snapshot() == before


def test_the_plan_itself_is_applied_also_when_sealed_anew(served: Served, cwctl: Cwctl, saved: Path) -> None:
    """Else the refusals below would prove nothing."""
    write(saved, resealed(read(saved)))
    assert cwctl("apply", "night.plan", "--yes").code == 0


NUMBER = re.compile(rb'(?<=: ")[0-9]+(?:\.[0-9]+)?(?=")')


@pytest.mark.parametrize("part", [0, *(pytest.param(one, marks=pytest.mark.long) for one in (1, 2, 3))])
def test_any_edited_value_is_refused_by_the_digest(served: Served, cwctl: Cwctl, saved: Path, part: int) -> None:
    """A digit of a number, wherever it stands: a quarter of them each time, evenly spread."""
    whole = saved.read_bytes()
    places = [found.start() for found in NUMBER.finditer(whole)]
    assert len(places) > 200
    for place in places[part * 8 :: len(places) // 3]:
        saved.write_bytes(whole[:place] + (b"8" if whole[place : place + 1] == b"7" else b"7") + whole[place + 1 :])
        refused(served, cwctl, "it was changed after it was made")


def test_an_edited_text_or_list_is_refused_by_the_digest(served: Served, cwctl: Cwctl, saved: Path) -> None:
    whole = saved.read_bytes()
    for old, new in (
        (b'"action": "create"', b'"action": "update"'),
        (b'"reason": "', b'"reason": "because '),
        (b"Larkspur", b"Larkspor"),
        (b'"rounding": "', b'"rounding": "1'),
        (b'"needs": []', b'"needs": ["company:410001"]'),
    ):
        assert old in whole
        saved.write_bytes(whole.replace(old, new, 1))
        refused(served, cwctl, "it was changed after it was made")


def test_a_plan_that_was_cut_off_is_none(served: Served, cwctl: Cwctl, saved: Path) -> None:
    whole = saved.read_bytes()
    for end in (0, 1, len(whole) // 2, len(whole) - 4):
        saved.write_bytes(whole[:end])
        before = served.snapshot()
        ended = cwctl("apply", "night.plan", "--yes")
        assert ended.code in {1, 3}
        assert "not a saved plan" in ended.err
        assert served.snapshot() == before


def first_line(change: Change) -> bool:
    return change.kind == "addition" and change.action == "create"


def to_other_agreement(change: Change) -> Change:
    """All that names the agreement, mark included, names one of another customer."""
    assert change.line is not None
    mark = Mark(
        account="900100",
        subscription=change.line.subscription,
        segment=1,
        role="base",
        on=change.line.effective,
        agreement=509,
    )
    address = f"addition:509/{change.line.subscription}/1/base/{change.line.effective}"
    return with_field(replace(change, address=address, agreement=509), "mark", after=encode(mark))


FORGED: dict[str, tuple[Edit, str]] = {
    "an address elsewhere": (lambda one: replace(one, address="addition:999/1/1/base"), "no address on agreement"),
    "an address with a path": (lambda one: replace(one, address="addition:../../company/301"), "no address on"),
    "another agreement": (to_other_agreement, "no mapping puts customer 410001 on agreement 509"),
    "the mark of another agreement": (
        lambda one: with_field(one, "mark", after="cw1.3mv.9001.dx.1b260601.3"),
        "is not the mark of this line",
    ),
    "no mark": (
        lambda one: replace(one, fields=tuple(field for field in one.fields if field.field != "mark")),
        "needs our mark",
    ),
    "a field that is never written": (
        lambda one: with_more(one, FieldChange(field="less_included", before=None, after="5", writes="lessIncluded")),
        "never writes the field 'less_included'",
    ),
    "a wire field with a path": (
        lambda one: with_field(one, "quantity", writes="agreement/company/id"),
        "does not go into 'agreement/company/id'",
    ),
    "more than it shows": (lambda one: with_field(one, "quantity", after=Decimal(1000)), "what it shows is not"),
    "another price than it shows": (lambda one: with_field(one, "unit_price", after=Decimal("999.00")), "it shows"),
    "another day than it shows": (lambda one: with_field(one, "effective", after=date(2026, 1, 1)), "it shows"),
}


def test_a_plan_sealed_by_somebody_else_is_refused(served: Served, cwctl: Cwctl, saved: Path) -> None:
    plan = read(saved)
    target = next(one for one in plan.changes if first_line(one))
    for edit, says in FORGED.values():
        write(saved, with_change(plan, target.address, edit))
        refused(served, cwctl, says)


def test_an_addition_that_is_not_ours_is_read_again_and_left_alone(served: Served, cwctl: Cwctl, saved: Path) -> None:
    """The file cannot tell it: addition 1 of agreement 510 is somebody else's."""
    plan = read(saved)
    target = next(one for one in plan.changes if first_line(one) and one.agreement == 510)
    to_nothing = FieldChange(field="quantity", before=Decimal(3), after=Decimal(0), writes="quantity")
    theirs = replace(target, action="update", object_id=1, fields=(to_nothing,))
    write(saved, resealed(replace(plan, changes=(theirs,))))
    before = served.snapshot()
    ended = cwctl("apply", "night.plan", "--yes")
    assert ended.code == 4
    assert "addition 1 carries no mark of ours" in ended.out
    assert served.snapshot() == before


def test_an_addition_is_taken_over_where_the_mapping_says_so_alone(served: Served, cwctl: Cwctl, saved: Path) -> None:
    """Addition 1 of agreement 510 is somebody else's: a forged plan claims it for a service of that agreement."""
    plan = read(saved)
    target = next(one for one in plan.changes if first_line(one) and one.agreement == 510)
    (mark,) = (field for field in target.fields if field.field == "mark")
    taken = replace(target, action="update", object_id=1, fields=(mark,))
    write(saved, resealed(replace(plan, changes=(taken,))))
    refused(served, cwctl, "no mapping takes addition 1 over")
