"""Reading rule tests: every slip with its place, whichever files a path leads to, and no workspace around them."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.workspace.rule_tests import read_rule_tests

GOOD = """\
tests:
  - name: an increase
    why: 10 + 4 = 14
    rules: {quantity_increase: actual_date, in_place_days: 3}
    agreement: {start: 2025-01-01, billing: monthly}
    subscription: {kind: license, product: "SUITE:1", start: 2026-01-10, term: P1Y, unit_price: 22.00, unit_cost: "9.6"}
    history:
      - {date: 2026-01-10, purchase: 10}
      - {date: 2026-03-15, quantity: 14}
      - {date: 2026-03-20, price: {unit_price: 23}}
      - {date: 2026-04-01, cancel: true}
    expect:
      - as_of: 2026-01-10
        lines:
          - {role: base, product: "SUITE:1", quantity: 10, effective: 2026-01-10, unit_price: 22, unit_cost: 9.60}
"""


class Slip(NamedTuple):
    """A text that occurs once in the good file, what stands there instead, and what must be reported where."""

    code: str
    place: str
    old: str
    new: str


SLIPS = (
    Slip("event-kind", "8:9", ", purchase: 10", ""),
    Slip("event-kind", "8:52", "purchase: 10", "purchase: 10, quantity: 4"),
    Slip("event-kind", "11:36", "cancel: true", "cancel: false"),
    Slip("date-invalid", "9:16", "2026-03-15", "2026-02-30"),
    Slip("date-invalid", "5:24", "2025-01-01", "0000-01-01"),
    Slip("date-invalid", "15:71", "effective: 2026-01-10", "effective: 2026-13-10"),
    Slip("schema-unknown-key", "3:5", "why:", "because:"),
    Slip("schema-missing-key", "9:9", "date: 2026-03-15, ", ""),
    Slip("schema-missing-key", "2:5", "    agreement: {start: 2025-01-01, billing: monthly}\n", ""),
    Slip("schema-choice", "4:32", "actual_date", "actual-date"),
    Slip("schema-choice", "15:20", "role: base", "role: basis"),
    Slip("schema-format", "6:97", "22.00", '"22,00"'),
    Slip("schema-format", "6:97", "22.00", "1e3"),
    Slip("schema-format", "9:16", "2026-03-15", "15.3.2026"),
    Slip("schema-format", "6:80", "P1Y", "1 year"),
    Slip("schema-type", "9:38", "quantity: 14", "quantity: fourteen"),
    Slip("schema-type", "9:38", "quantity: 14", "quantity: 1.5"),
    Slip("schema-bounds", "9:38", "quantity: 14", "quantity: -1"),
    Slip("schema-bounds", "10:35", "{unit_price: 23}", "{}"),
    Slip("yaml-duplicate-key", "5:5", "    agreement:", "    rules: {}\n    agreement:"),
    Slip("yaml-alias", "3:10", "10 + 4 = 14", "&sum"),
    Slip("yaml-syntax", "6:17", "billing: monthly}", "billing: monthly"),
)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_file_that_is_right_gives_its_cases_with_their_places(tmp_path: Path) -> None:
    found = read_rule_tests([write(tmp_path, {"a.yaml": GOOD}) / "a.yaml"], tmp_path)
    assert found.problems == []
    (case,) = found.cases
    assert (case.text("name"), str(case.place)) == ("an increase", "a.yaml:2:5")
    # Money is the text that was typed.
    assert case.node["subscription"] == {
        "kind": "license",
        "product": "SUITE:1",
        "start": "2026-01-10",
        "term": "P1Y",
        "unit_price": "22.00",
        "unit_cost": "9.6",
    }


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.code} {slip.new}")
def test_a_slip_is_reported_where_it_is(slip: Slip, tmp_path: Path) -> None:
    assert GOOD.count(slip.old) == 1, f"{slip.old!r} must occur once"
    found = read_rule_tests([write(tmp_path, {"a.yaml": GOOD.replace(slip.old, slip.new)})], tmp_path)
    assert [(each.code, str(each.place)) for each in found.problems] == [(slip.code, f"a.yaml:{slip.place}")]
    assert found.cases == []


def test_every_problem_of_a_file_and_of_all_files_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    days = GOOD.replace("2026-03-15", "2026-02-30").replace("cancel: true", "cancel: false")
    shape = GOOD.replace("why:", "because:").replace("quantity: 14", "quantity: -1")
    found = read_rule_tests([write(tmp_path, {"days.yaml": days, "shape.yaml": shape, "good.yaml": GOOD})], tmp_path)
    assert [(each.code, str(each.place)) for each in found.problems] == [
        ("date-invalid", "days.yaml:9:16"),
        ("event-kind", "days.yaml:11:36"),
        ("schema-unknown-key", "shape.yaml:3:5"),
        ("schema-bounds", "shape.yaml:9:38"),
    ]
    assert [case.file for case in found.cases] == ["good.yaml"]


def test_a_folder_is_read_at_any_depth_in_the_order_of_the_paths(tmp_path: Path) -> None:
    other = "no: ["
    files = {"b/c/two.yml": GOOD, "a.yaml": GOOD, ".hidden.yaml": other, ".git/x.yaml": other, "README.md": other}
    found = read_rule_tests([write(tmp_path, files)], tmp_path)
    assert found.problems == []
    assert [case.file for case in found.cases] == ["a.yaml", "b/c/two.yml"]


def test_a_file_counts_once_whatever_leads_to_it(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": GOOD})
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")
    found = read_rule_tests([tmp_path / "a.yaml", tmp_path, tmp_path / "." / "a.yaml"], tmp_path)
    assert [case.file for case in found.cases] == ["a.yaml"]


def test_a_file_that_is_named_is_read_whatever_its_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, {"cases.txt": GOOD}))
    assert [case.file for case in read_rule_tests([Path("cases.txt")]).cases] == ["cases.txt"]


def test_an_empty_file_is_told_how_to_begin(tmp_path: Path) -> None:
    (problem,) = read_rule_tests([write(tmp_path, {"a.yaml": "# nothing yet\n"})]).problems
    assert (problem.code, problem.hint) == ("yaml-empty", "Begin with `tests:`, or remove the file.")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    (problem,) = read_rule_tests([tmp_path], tmp_path).problems
    assert (problem.code, str(problem.place)) == ("file-unreadable", "a.yaml:1:1")


def test_links_that_lead_nowhere_are_diagnostics(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "none.yaml")
    found = read_rule_tests([tmp_path], tmp_path).problems
    assert [(each.code, str(each.place)) for each in found] == [
        ("file-unreadable", "a.yaml:1:1"),
        ("file-unreadable", "b.yaml:1:1"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_the_right_to_read_it_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (problem,) = read_rule_tests([tmp_path], tmp_path).problems
    assert (problem.code, str(problem.place)) == ("file-unreadable", "closed:1:1")


def test_any_text_gives_cases_or_problems(tmp_path: Path) -> None:
    texts = ["tests:\n", "tests: 3\n", "[]\n", "tests: [[]]\n", "tests: [{history: 3}]\n", "tests: [{expect: [1]}]\n"]
    for text in texts:
        found = read_rule_tests([write(tmp_path, {"a.yaml": text})], tmp_path)
        assert found.problems, text
        assert found.cases == []
    assert read_rule_tests([write(tmp_path, {"a.yaml": "tests: []\n"})]) == ([], [])
