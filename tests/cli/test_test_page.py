"""docs/rule-tests.md against the program: its case passes, and fails as it says."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.support import REPOSITORY, Cwctl

PAGE = (REPOSITORY / "docs" / "rule-tests.md").read_text(encoding="utf-8")


@pytest.fixture
def case(tmp_path: Path, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's case, in the current folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (text,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    file = folder / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_case_of_the_page_passes(cwctl: Cwctl, case: Path) -> None:
    assert cwctl("test", case.name).out == "1 case passed, 2 days checked.\n"


def test_it_fails_as_the_page_shows(cwctl: Cwctl, case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    assert text.count("quantity: 3,") == 1
    case.write_text(text.replace("quantity: 3,", "quantity: 4,"), encoding="utf-8")
    (shown,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert cwctl("test", case.name).out == shown


def test_every_event_of_the_page_is_read(cwctl: Cwctl, case: Path) -> None:
    events = re.findall(r"^\| `([a-z]+: .+?)` \|", PAGE, re.MULTILINE)
    assert [event.partition(":")[0] for event in events] == [
        *("purchase", "quantity", "price", "upgrade", "cancel", "renew", "usage"),
    ]
    text = case.read_text(encoding="utf-8")
    added = "".join(f"      - {{date: 2026-06-01, {event}}}\n" for event in events)
    case.write_text(text.replace("    expect:\n", f"{added}    expect:\n"), encoding="utf-8")
    assert cwctl("test", case.name).last == "1 case passed, 2 days checked."


def test_the_rules_of_the_page_are_those_of_the_schema(cwctl: Cwctl) -> None:
    schema = json.loads(cwctl("schema", "rule-tests").out)
    rules = schema["properties"]["tests"]["items"]["properties"]["rules"]["properties"]
    table = dict(re.findall(r"^\| `([a-z_]+)` \| (`.*?`) \| `", PAGE, re.MULTILINE))
    for name, rule in rules.items():
        if "enum" in rule:
            assert table[name] == ", ".join(f"`{choice}`" for choice in rule["enum"])
            assert rule["default"] == rule["enum"][0]
