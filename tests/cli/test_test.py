"""`cwctl test`: worked cases of the billing rules, from the workspace or from anywhere."""

import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.support import REPOSITORY, Cwctl, execute, on_terminal, plain

SPECIFIED = REPOSITORY.parent / "shared" / "spec" / "addition-calculus-tests.yaml"
CASES = REPOSITORY / "rules" / "tests"
INCREASE = """\
tests:
  - name: an increase
    why: 10 + 4 = 14
    agreement: {start: 2025-01-01, billing: monthly}
    subscription: {kind: license, product: SUITE, start: 2026-01-10, end: 2027-01-09, unit_price: "22", unit_cost: 17.60}
    history:
      - {date: 2026-01-10, purchase: 10}
      - {date: 2026-03-15, quantity: 14}
    expect:
      - as_of: 2026-01-10
        lines:
          - {role: base, product: SUITE, quantity: 10, effective: 2026-01-10, cancelled: 2027-01-09, unit_price: 22, unit_cost: 17.6}
      - as_of: 2026-03-15
        lines:
          - {role: base, product: SUITE, quantity: 10, effective: 2026-01-10, cancelled: 2026-03-31, unit_price: 22.00, unit_cost: 17.60}
          - {role: delta, product: SUITE, quantity: 4, effective: 2026-03-15, cancelled: 2026-03-31, unit_price: 22.00, unit_cost: 17.60}
          - {role: base, product: SUITE, quantity: 14, effective: 2026-04-01, cancelled: 2027-01-09, unit_price: 22.00, unit_cost: 17.60}
"""  # noqa: E501 - a line of the format is a line


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_projects_own_cases_pass_and_cover_every_choice_twice(cwctl: Cwctl) -> None:
    ended = cwctl("test")
    assert (ended.code, ended.err) == (0, "")
    found = re.fullmatch(r"(\d+) cases passed, (\d+) days checked\.\n", ended.out)
    assert found
    assert int(found[1]) >= 40
    assert int(found[2]) > int(found[1])
    words = Counter(word for file in CASES.rglob("*.yaml") for word in re.findall(r"\w+: \w+", file.read_text("utf-8")))
    choices = {
        "quantity_increase": ("actual_date", "first_of_month"),
        "quantity_decrease": ("actual_date", "first_of_next_month"),
        "cancellation": ("cancellation_date", "end_of_month"),
        "price_change": ("next_period", "actual_date"),
        "billing": ("monthly", "annual"),
        "kind": ("license", "usage", "one_time"),
    }
    wanted = {f"{rule}: {choice}" for rule, each in choices.items() for choice in each}
    assert {word for word in wanted if words[word] < 2} == set()


@pytest.mark.skipif(not SPECIFIED.is_file(), reason="the specification's worked cases are not beside this repository")
def test_the_specifications_cases_pass_as_they_stand(cwctl: Cwctl) -> None:
    ended = cwctl("test", SPECIFIED)
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(cwctl("test", SPECIFIED, "--format", "json").out)
    days = sum(len(case["expectations"]) for case in document["cases"])
    assert ended.out == f"{document['passed']} cases passed, {days} days checked.\n"
    assert (document["passed"], document["failed"]) == (SPECIFIED.read_text("utf-8").count("\n  - name:"), 0)


def test_a_folder_elsewhere_needs_no_workspace(tmp_path: Path) -> None:
    write(tmp_path, "cases/deep/one.yml", INCREASE)
    ended = execute("test", "cases", cwd=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, "1 case passed, 2 days checked.\n", "")
    ended = execute("test", cwd=tmp_path)
    assert (ended.code, ended.out) == (1, "")
    assert "this is not in a workspace" in ended.err


def test_the_workspace_is_found_from_any_folder_below_or_named(
    cwctl: Cwctl, workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wanted = cwctl("test").out
    monkeypatch.chdir(workspace / "rules" / "tests")
    assert cwctl("test").out == wanted
    monkeypatch.chdir(tmp_path)
    assert cwctl("-C", workspace, "test").out == wanted
    files = {case["file"] for case in json.loads(cwctl("-C", workspace, "test", "--format", "json").out)["cases"]}
    assert "rules/tests/upgrades.yaml" in files


def test_neither_connections_nor_mappings_need_be_right(cwctl: Cwctl, workspace: Path) -> None:
    for name in ("config/connections.yaml", "mappings/customers.yaml", "rules/sync.yaml"):
        (workspace / name).write_text("no: [")
    assert cwctl("test").code == 0


def test_the_other_commands_do_not_look_at_rule_tests(cwctl: Cwctl, workspace: Path) -> None:
    saved = cwctl("plan", "--out", "saved.plan")
    write(workspace, "rules/tests/broken.yaml", "no: [")
    assert cwctl("validate").code == 0
    assert cwctl("plan").out == saved.out.replace("Saved as saved.plan.\n", "")
    assert cwctl("apply", "saved.plan", "--yes").code == 0


def test_a_difference_is_shown_with_both_places(cwctl: Cwctl, tmp_path: Path) -> None:
    file = write(tmp_path, "cases.yaml", INCREASE.replace("quantity: 4,", "quantity: 5,"))
    ended = cwctl("test", file)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith(f"FAILED an increase\n  {file}:2\n  why: 10 + 4 = 14\n  as of 2026-03-15 ({file}:13): ")
    assert re.search(r"~ delta +5\* .* delta +4\* ", ended.out)
    assert "as of 2026-01-10" not in ended.out
    assert ended.last == "1 case failed, 0 passed, 2 days checked."


def test_missing_and_surplus_lines_are_told_apart(cwctl: Cwctl, tmp_path: Path) -> None:
    surplus = re.sub(r"\n.*role: delta.*", "", INCREASE)
    ended = cwctl("test", write(tmp_path, "surplus.yaml", surplus))
    assert ended.code == 1
    assert "lines: 1 surplus" in ended.out
    usage = (
        "          - {role: usage, product: SUITE, quantity: 1, effective: 2027-02-01, unit_price: 0, unit_cost: 0}\n"
    )
    ended = cwctl("test", write(tmp_path, "missing.yaml", INCREASE + usage))
    assert ended.code == 1
    assert "lines: 1 missing" in ended.out


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_it_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    write(tmp_path, "cases.yaml", INCREASE.replace("quantity: 4,", "quantity: 5,"))
    code, out, err = on_terminal("test", "cases.yaml", cwd=tmp_path, columns=columns)
    assert (code, err) == (1, "")
    assert "\x1b[31mFAILED\x1b[0m" in out
    assert [line for line in plain(out).splitlines() if len(line) > columns] == []
    assert "5*" in plain(out)
    beside = bool(re.search(r"5\*.*4\*", plain(out)))
    assert beside == (columns == 120)


def test_what_the_calculus_refuses_is_a_failing_case(cwctl: Cwctl, tmp_path: Path) -> None:
    file = write(
        tmp_path, "cases.yaml", INCREASE.replace("end: 2027-01-09, unit", "end: 2027-01-09, auto_renew: true, unit")
    )
    ended = cwctl("test", file)
    assert ended.code == 1
    assert ended.out.count("it cannot be reckoned: it renews by itself, but names no term to renew for") == 2
    (case,) = json.loads(cwctl("test", file, "--format", "json").out)["cases"]
    assert {one["error"] for one in case["expectations"]} == {"it renews by itself, but names no term to renew for"}
    assert [one["computed"] for one in case["expectations"]] == [[], []]


def test_a_day_beyond_the_calendar_is_a_failing_case(cwctl: Cwctl, tmp_path: Path) -> None:
    text = INCREASE.replace("2026-03-15, quantity", "9999-12-31, quantity").replace(
        "as_of: 2026-03-15", "as_of: 9999-12-31"
    )
    ended = cwctl("test", write(tmp_path, "cases.yaml", text.replace("end: 2027-01-09, ", "")))
    assert ended.code == 1
    assert "it cannot be reckoned: a day would lie outside the calendar: " in ended.out


def test_a_file_that_is_wrong_fails_and_the_others_are_tested(cwctl: Cwctl, tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    write(folder, "good.yaml", INCREASE)
    wrong = write(
        folder, "wrong.yaml", INCREASE.replace("quantity: 14}", "quantity: 14, cancel: true}").replace("why", "wy")
    )
    ended = cwctl("test", folder)
    assert ended.code == 1
    assert ended.out == "1 case passed, 2 days checked. 1 file could not be used.\n"
    assert f"{wrong}:3:5: error: unknown key 'wy' [schema-unknown-key]\n    Did you mean why?\n" in ended.err
    document = json.loads(cwctl("test", folder, "--format", "json").out)
    assert (document["passed"], document["failed"], len(document["diagnostics"])) == (1, 0, 1)
    wrong.write_text(INCREASE.replace("quantity: 14}", "quantity: 14, cancel: true}"))
    assert f"{wrong}:8:50: error: one event holds quantity and cancel [event-kind]" in cwctl("test", folder).err


def test_cases_are_chosen_by_name(cwctl: Cwctl, tmp_path: Path) -> None:
    names = {case["name"] for case in json.loads(cwctl("test", "--name", "UPGRADE", "--format", "json").out)["cases"]}
    assert names
    assert all("upgrade" in name for name in names)
    cwctl.fails("test", "--name", "no such", says="no case has 'no such' in its name", advises="Without --name")


def test_nothing_to_test_is_an_error(cwctl: Cwctl, workspace: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    cwctl.fails("test", empty, says=f"there are no cases in {empty}", advises="`cwctl schema rule-tests`")
    cwctl.fails("test", write(tmp_path, "none.yaml", "tests: []\n"), says="there are no cases in")
    cwctl.fails("test", "missing.yaml", says="there is no file or folder missing.yaml", advises="current folder")
    (workspace / "rules" / "tests").rename(workspace / "elsewhere")
    cwctl.fails("test", says="has no folder rules/tests", advises="docs/rule-tests.md")


def test_a_thousand_cases_take_seconds(tmp_path: Path) -> None:
    """Copies of the project's own, as a process, its start included. `pytest -s` shows the time."""
    for number in range(9):
        for file in CASES.rglob("*.yaml"):
            write(tmp_path, f"cases/{number}/{file.name}", file.read_text("utf-8"))
    begun = time.perf_counter()
    ended = execute("test", "cases", cwd=tmp_path)
    taken = time.perf_counter() - begun
    print(f"\n{ended.out.strip()} {taken:.2f} s")  # noqa: T201 - the time is what `-s` is for
    found = re.match(r"([\d,]+) cases passed", ended.out)
    assert found
    assert int(found[1].replace(",", "")) >= 1000
    assert taken < 20
