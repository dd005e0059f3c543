"""`cwctl test`: worked cases of the billing rules, reckoned and compared."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import format_option
from engine.cli.output import colored, print_diagnostics, print_json, print_text, width

if TYPE_CHECKING:
    from engine.workspace.rule_tests import RuleTestFiles


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--name", metavar="TEXT", help="Only cases whose name contains TEXT, in capitals or not.")
@format_option("json")
@click.pass_obj
def test(directory: str | None, paths: tuple[Path, ...], name: str | None, style: str) -> int:
    """Test the billing rules with worked cases: histories, and the lines that they must give.

    PATH is a file of cases, or a folder of such files at any depth. Default: the
    workspace's rules/tests/; with a PATH no workspace is needed. Nothing is read
    from either service. Exits with 1 if a case fails or a file is wrong.

    \b
    Examples:
      cwctl test
      cwctl test --name renewal
      cwctl test rules/tests/prices.yaml --format json
    """
    from engine.rule_tests import checked, rule_test, to_document

    found = _read(directory, paths)
    wanted = (name or "").casefold()
    cases = [case for case in found.cases if wanted in case.text("name").casefold()]
    if not cases and not found.problems:
        raise _nothing(name, len(found.cases), paths)
    results = to_document([checked(rule_test(case)) for case in cases], found.problems)
    if style == "json":
        print_json(results)
    else:
        from engine.reporting.render import render_rule_tests_text

        print_diagnostics(found.problems, sys.stderr)
        print_text(render_rule_tests_text(results, width(sys.stdout), colored(sys.stdout)))
    return exits.ERROR if found.problems or results["failed"] else exits.OK


def _read(directory: str | None, paths: tuple[Path, ...]) -> "RuleTestFiles":
    """The cases of the paths, or else of the workspace. Raises Stop."""
    from engine.cli.workspace import root_of
    from engine.workspace.rule_tests import FOLDER, read_rule_tests

    hint = "docs/rule-tests.md says how cases are written; `cwctl schema rule-tests` prints the format."
    if not paths:
        root = root_of(directory)
        if not (root / FOLDER).is_dir():
            raise Stop(f"the workspace {root} has no folder {FOLDER}", hint=f"Make it, or name a PATH. {hint}")
        return read_rule_tests([root / FOLDER], root)
    for path in paths:
        if not path.exists():
            raise Stop(f"there is no file or folder {path}", hint="PATH counts from the current folder.")
    return read_rule_tests(paths)


def _nothing(name: str | None, cases: int, paths: tuple[Path, ...]) -> Stop:
    if cases:
        return Stop(f"no case has {name!r} in its name", hint="Without --name, all cases are tested.")
    where = ", ".join(map(str, paths)) or "rules/tests/"
    return Stop(
        f"there are no cases in {where}",
        hint="Cases are the entries of `tests:` in *.yaml files; `cwctl schema rule-tests` prints the format.",
    )
