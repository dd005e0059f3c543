"""Help, versions and schemas: quick, and with examples."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from engine import __version__
from engine.cli.main import cli
from tests.cli.support import REPOSITORY, Cwctl, environment

HEAVY = ("httpx", "jinja2", "jsonschema", "jsonschema_rs", "rich", "sqlite3", "starlette", "uvicorn", "yaml")


def commands() -> list[tuple[str, ...]]:
    """Every command and the commands below it."""
    context = click.Context(cli)
    found: list[tuple[str, ...]] = [()]
    for name in cli.list_commands(context):
        found.append((name,))
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            found.extend((name, inner) for inner in command.list_commands(context))
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_every_command_has_an_example_that_can_be_called(
    cwctl: Cwctl, path: tuple[str, ...], option: str
) -> None:
    ended = cwctl(*path, option)
    assert (ended.code, ended.err) == (0, "")
    assert "Example" in ended.out
    examples = [line.strip() for line in ended.out.splitlines() if line.strip().startswith("cwctl ")]
    assert examples
    assert all(set(path) <= set(line.split()) for line in examples)
    assert max(map(len, ended.out.splitlines())) <= 80


@pytest.mark.parametrize("path", [("journal",), ("sandbox",), ("sandbox", "event", "710001")], ids=" ".join)
def test_no_summary_of_a_command_is_cut_off(cwctl: Cwctl, path: tuple[str, ...]) -> None:
    listed = cwctl(*path, "--help").out.partition("Commands:")[2]
    assert listed.strip()
    assert "..." not in listed


def test_there_are_the_commands_that_the_manual_names() -> None:
    assert {" ".join(path) for path in commands()} >= {
        *("validate", "plan", "show", "apply", "ping", "schema", "version"),
        *("sandbox serve", "sandbox advance", "sandbox reset"),
    }


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["sandbox", "--help"], ["version"]])
def test_help_loads_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom engine.cli.main import run\n"
        f"code = run({arguments!r})\n"
        f"print('loaded:', code, *sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        (sys.executable, "-c", program), cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "loaded: 0"


def test_version(cwctl: Cwctl) -> None:
    assert cwctl("version").out.startswith(f"cwctl {__version__} (Python 3.")
    assert json.loads(cwctl("version", "--format", "json").out)["cwctl"] == __version__


def test_schemas(cwctl: Cwctl) -> None:
    names = cwctl("schema").out.split()
    assert set(names) >= {"connections", "customers", "products", "services"}
    for name in names:
        text = cwctl("schema", name).out
        assert text == (REPOSITORY / "schemas" / f"{name}.schema.json").read_text()
        assert json.loads(text)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for wrong in ("nothing", "../pyproject", "", "customers.schema.json"):
        cwctl.fails("schema", wrong, says=f"there is no schema {wrong!r}", advises="There are billing, connections")


def test_validate(cwctl: Cwctl) -> None:
    ended = cwctl("validate")
    assert ended.code == 0
    assert ended.out.startswith("The workspace is valid. Mapped are 11 customers, ")
    assert json.loads(cwctl("validate", "--format", "json").out) == {"valid": True, "diagnostics": []}
