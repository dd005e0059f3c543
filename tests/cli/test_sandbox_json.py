"""docs/sandbox.md against what `sandbox event`, `invoice` and `set` print, and its Python example."""

import json
import re

import pytest

from tests.cli.support import REPOSITORY, Cwctl
from tests.docs.json_page import Page

TEXT = (REPOSITORY / "docs" / "sandbox.md").read_text(encoding="utf-8")
_TYPES = TEXT[TEXT.index("## JSON of event, invoice and set") : TEXT.index("## In a test")]
PAGE = Page(_TYPES)
PREMIUM = "30/Microsoft365-NCE/business-premium-p1y"
COMMANDS = {
    "sandbox-event": ("event", "710006", "partial-upgrade", PREMIUM, "5"),
    "sandbox-invoice": ("invoice", "--period", "2026-07"),
    "sandbox-set": ("set", "platform.activity_log", "thin"),
}


@pytest.mark.parametrize("anchor", sorted(COMMANDS))
def test_what_is_printed_is_as_the_page_says(cwctl: Cwctl, anchor: str) -> None:
    ended = cwctl("sandbox", *COMMANDS[anchor], "--format", "json")
    document = json.loads(ended.out)
    assert list(PAGE.problems(document, anchor)) == []
    assert list(PAGE.problems(json.loads(PAGE.examples[anchor]), anchor)) == []
    if anchor == "sandbox-invoice":
        assert document["skipped"]
        assert any(invoice["lines"] for invoice in document["invoices"])
    else:
        assert document == json.loads(PAGE.examples[anchor])


def test_the_pages_examples_of_events_and_invoices_are_real(cwctl: Cwctl) -> None:
    part = TEXT[TEXT.index("## Events") : TEXT.index("## JSON of event")]
    shown = re.findall(r"^\$ cwctl (.+)\n((?:(?!\$|```).*\n)+)", part, re.MULTILINE)
    assert len(shown) == 7
    for command, output in shown:
        ended = cwctl(*command.split())
        assert ended.out + ended.err == output


def test_the_pages_example_in_python_runs() -> None:
    code = re.findall(r"```python\n(.+?)```", TEXT, re.DOTALL)
    assert len(code) == 1
    names: dict[str, object] = {}
    exec(compile(code[0], "docs/sandbox.md", "exec"), names)
    assert len(getattr(names["run"], "invoices", ())) > 0
