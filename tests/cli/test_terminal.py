"""What goes to a terminal and what goes to a pipe: colour, progress, and lines that fit."""

import re
from pathlib import Path

import pytest

from tests.cli.digests import without_digest
from tests.cli.support import GOLDEN, execute, on_terminal, plain

NUMBER = re.compile(r"\d[\d,.-]*")


def test_a_pipe_gets_neither_colour_nor_progress(workspace: Path) -> None:
    ended = execute("plan", cwd=workspace)
    assert (ended.code, without_digest(ended.err)) == (0, "")
    assert ended.out == (GOLDEN / "plan.txt").read_text(encoding="utf-8")
    assert "\x1b" not in ended.out


def test_a_terminal_gets_colour_and_progress_on_stderr(workspace: Path) -> None:
    code, out, err = on_terminal("plan", cwd=workspace)
    assert code == 0
    assert "\x1b[32m+\x1b[0m" in out
    assert "reading agreements" in err
    assert "reading agreements" not in out
    assert out.count("\r") == 0
    code, out, err = on_terminal("apply", "--yes", cwd=workspace)
    assert code == 0
    assert "applying" in err


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_switched_off(workspace: Path, env: dict[str, str]) -> None:
    _, out, _ = on_terminal("plan", cwd=workspace, env=env)
    assert "\x1b" not in out


def test_a_terminal_that_lacks_a_character_gets_another(workspace: Path) -> None:
    ended = execute("plan", cwd=workspace, PYTHONIOENCODING="ascii")
    assert (ended.code, without_digest(ended.err)) == (0, "")
    assert "11.90 ? 12.48" in ended.out


def test_an_error_is_red_on_a_terminal_alone(workspace: Path) -> None:
    _, _, err = on_terminal("show", "missing.plan", cwd=workspace)
    assert err.startswith("\x1b[31mError:\x1b[0m missing.plan")
    assert execute("show", "missing.plan", cwd=workspace).err.startswith("Error: missing.plan")


@pytest.mark.parametrize("columns", [80, *(pytest.param(one, marks=pytest.mark.long) for one in (60, 132))])
@pytest.mark.parametrize("command", [["plan"], ["ping"], ["apply", "--yes"]])
def test_lines_fit_the_terminal(workspace: Path, command: list[str], columns: int) -> None:
    _, out, _ = on_terminal(*command, cwd=workspace, columns=columns)
    assert [line for line in plain(out).splitlines() if len(line) > columns] == []


@pytest.mark.parametrize("columns", [80, pytest.param(60, marks=pytest.mark.long)])
def test_words_are_cut_on_a_narrow_terminal_and_numbers_never(workspace: Path, columns: int) -> None:
    """But for those inside the invoice text of a new line, which repeats what stands above it."""
    execute("apply", "--yes", cwd=workspace)
    execute("sandbox", "advance", "--days", "200", cwd=workspace)
    lines = execute("plan", cwd=workspace).out.splitlines()
    whole = [line for line in lines if "invoice text" not in line or "→" in line]
    _, out, _ = on_terminal("plan", cwd=workspace, columns=columns)
    narrow = plain(out)
    assert "…" in narrow
    kept = set(NUMBER.findall(narrow))
    names = re.compile(r"Microsoft 365|E3|E5|\(Plan \d\)|Plan \d")
    wanted = {number for line in whole for number in NUMBER.findall(names.sub("", line))}
    assert wanted - kept == set()
    assert len(wanted) > 100


def test_diagnostics_fit_too(workspace: Path) -> None:
    file = workspace / "mappings" / "services.yaml"
    file.write_text(file.read_text().replace("customer: 410002", "customer: 499999"))
    code, out, _ = on_terminal("validate", cwd=workspace)
    assert code == 1
    lines = plain(out).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("mappings/services.yaml:") for line in lines)
