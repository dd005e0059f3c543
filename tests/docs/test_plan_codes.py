"""Every code that a plan or `ping` can show is documented, and tested."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (*ROOT.glob("engine/planning/*.py"), ROOT / "engine/platform/client.py", ROOT / "engine/cli/pinging.py")
GIVEN_FIRST = {"Refused", "warn"}
GIVEN_SECOND = {"_held", "notice"}
"""Calls whose first or second argument is a code."""


def codes(path: Path) -> set[str]:
    """The codes that a module gives: `code=`, or where a function that takes one is called."""
    found: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    named = {
        one.targets[0].id: one.value
        for one in tree.body
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        given = [word.value for word in call.keywords if word.arg == "code"]
        given += call.args[:1] if name in GIVEN_FIRST else call.args[1:2] if name in GIVEN_SECOND else []
        values = [named.get(one.id, one) if isinstance(one, ast.Name) else one for one in given]
        found |= {one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


GIVEN = {code for path in SOURCES for code in codes(path)}


def test_the_page_and_the_program_know_the_same_codes() -> None:
    page = (ROOT / "docs/plan-codes.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == GIVEN


def test_every_code_is_tested() -> None:
    tests = "".join(path.read_text("utf-8") for path in ROOT.glob("tests/*/test_*.py") if path != Path(__file__))
    assert {code for code in GIVEN if f'"{code}"' not in tests} == set()
