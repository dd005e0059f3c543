"""Names from either service, from files and from the command line: they drive no terminal and become no markup."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.cli.output import print_json
from tests.cli.support import Cwctl, Ended, Served, execute, on_terminal
from tests.security.forging import read, resealed, write
from tests.security.hostile import COLOR, DRIVES, ESCAPES, MARKUP

DAY = ("--as-of", "2026-06-15")
ALL = " ".join((*ESCAPES, *MARKUP))
SHORT = "\x1b]0;x\x07|{{7*191}}<b>@a\u202e"
"""Where the service takes fifty characters."""

MENTION = re.compile(r"(?<![\w\u200b;])@\w|(?<![\w;&])#\d")


def spoil(served: Served) -> None:
    """Every text of every record of both services gets a hostile part."""
    store = served.sandbox.store
    for kind in ("company", "catalog", "agreement", "manufacturer", "customer", "subscription", "product"):
        for row in list(store.rows(kind)):
            number: Any = row["id"]
            store.put(kind, number, spoiled(row))


def spoiled(row: Any, name: str = "") -> Any:
    if isinstance(row, dict):
        return {key: spoiled(value, key) for key, value in row.items()}
    if isinstance(row, list):
        return [spoiled(value, name) for value in row]
    texts = {"name", "description", "customerDescription", "customerName", "displayName", "subscriptionName", "city"}
    if isinstance(row, str) and name in texts and row:
        return f"{row} {ALL if name not in {'name', 'city'} else SHORT}"
    return row


@pytest.fixture
def hostile(served: Served) -> Served:
    spoil(served)
    return served


def clean(ended: Ended) -> None:
    for text in (ended.out, ended.err):
        assert DRIVES.findall(text) == []
        assert "1337" not in text


READS = (("plan", *DAY), ("plan", *DAY, "--format", "markdown"), ("plan", *DAY, "--format", "json"), ("ping",))


def test_names_of_the_services_drive_no_terminal(hostile: Served, cwctl: Cwctl) -> None:
    for command in (*READS, ("explain", "710001", *DAY), ("explain", "710001", *DAY, "--format", "json")):
        ended = cwctl("-vvv", *command)
        assert ended.code in {0, 1, 4}
        clean(ended)
    assert "{{7*191}}" in cwctl("plan", *DAY).out
    clean(cwctl("apply", *DAY, "--yes"))
    clean(cwctl("journal", "show"))


@pytest.mark.parametrize("part", ESCAPES)
def test_json_keeps_what_it_writes_out(capsys: pytest.CaptureFixture[str], part: str) -> None:
    print_json({part: [part]})
    out = capsys.readouterr().out
    assert DRIVES.findall(out) == []
    assert json.loads(out) == {part: [part]}


@pytest.mark.long
def test_a_terminal_gets_colours_and_nothing_else(hostile: Served, cwctl: Cwctl) -> None:
    for command in (("plan", *DAY), ("ping",), ("explain", "710001", *DAY)):
        _, out, _ = on_terminal(*command, cwd=hostile.root, env=hostile.env)
        assert COLOR.search(out)
        assert DRIVES.findall(COLOR.sub("", out)) == []


def test_markdown_makes_no_link_mention_or_page(hostile: Served, cwctl: Cwctl) -> None:
    text = cwctl("plan", *DAY, "--format", "markdown").out
    assert "{{7" in text.replace("\\", "")
    bare = re.sub(r"\\.", "", text).replace("<br>", "")
    assert not re.search(r"<[a-zA-Z/!]", bare)
    assert not re.search(r"!?\[[^\]]*\]\(", bare)
    assert not re.search(r"https?:", bare)
    assert not re.search(r"\bwww\.", bare)
    assert not MENTION.search(bare)
    names = "\n".join(line for line in bare.splitlines() if line.startswith(("|", "#")))
    assert "`" not in names


@pytest.mark.long
def test_tables_keep_their_columns(hostile: Served, cwctl: Cwctl) -> None:
    text = cwctl("plan", *DAY, "--format", "markdown").out
    width = 0
    for line in text.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.split(r"(?<!\\)\|", line))
        assert width in {0, cells}, line
        width = cells


@pytest.mark.parametrize(
    ("status", "page"),
    [(500, True), *(pytest.param(*one, marks=pytest.mark.long) for one in ((400, False), (403, True), (500, False)))],
)
def test_error_messages_of_the_services_drive_no_terminal(
    served: Served, cwctl: Cwctl, status: int, page: bool
) -> None:
    from engine.sandbox.fault import Fault

    text = json.dumps({"code": ALL[:60], "message": ALL, "error": ALL})
    body = f"<html><title>{ALL}</title></html>" if page else text
    for service in ("psa", "platform"):
        served.sandbox.faults.add(Fault(kind="status", service=service, status=status, body=body, times=None))
        for command in (*READS, ("apply", *DAY, "--yes")):
            clean(cwctl("-vvv", *command))
        served.sandbox.faults.clear()


MORE = ("\u202egnp.plan", "a\nError: b", "\x9b2J", "*.plan", "--")


@pytest.mark.parametrize(
    "name", ["\x1b]0;owned\x07.plan", *(pytest.param(one, marks=pytest.mark.long) for one in MORE)]
)
def test_names_on_the_command_line_are_shown_escaped(cwctl: Cwctl, workspace: Path, name: str) -> None:
    commands = (("show", f"./{name}"), ("apply", f"./{name}"), ("-C", name, "validate"), (name,), ("test", f"./{name}"))
    for command in (*commands, ("explain", name), ("plan", "--customer", name), ("plan", "--format", name)):
        ended = cwctl(*command)
        assert ended.code in {1, 3}
        clean(ended)
    ended = cwctl("plan", "--out", f"./{name}")
    assert ended.code == 0
    clean(ended)
    clean(cwctl("show", f"./{name}"))
    if "\x1b" in name:
        assert r"\x1b]0;owned\x07.plan" in ended.err


def texts(value: Any) -> Any:
    """The value with a hostile part in every text that is free."""
    from engine.planning.plan import Change, Held, Unmanaged, Unmapped

    if isinstance(value, Change):
        return replace(value, name=value.name + ALL, reason=value.reason + ALL, notes=(ALL,), needs=(ALL,))
    if isinstance(value, Held):
        return replace(value, name=ALL, subject=ALL, why=ALL, hint=ALL, code=ALL)
    if isinstance(value, Unmanaged):
        return replace(value, product=ALL, why=ALL)
    assert isinstance(value, Unmapped)
    return replace(value, customer_name=ALL, name=ALL, product=ALL, subscription=ALL, customer=ALL, currency=ALL)


def test_a_hostile_plan_file_drives_no_terminal(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("plan", "--out", "a.plan").code == 0
    plan = read(workspace / "a.plan")
    fields = tuple(replace(one, field=SHORT + str(at)) for at, one in enumerate(plan.changes[0].fields))
    changes = (replace(plan.changes[0], fields=fields), *plan.changes[1:])
    hostile = replace(
        plan,
        connection=ALL,
        made_by=ALL,
        changes=tuple(texts(one) for one in changes),
        held=tuple(texts(one) for one in plan.held),
        unmanaged=tuple(texts(one) for one in plan.unmanaged),
        unmapped=tuple(texts(one) for one in plan.unmapped),
        by_customer=tuple(replace(one, name=ALL) for one in plan.by_customer),
    )
    write(workspace / "a.plan", resealed(hostile))
    for style in ("text", "markdown", "json"):
        ended = cwctl("show", "a.plan", "--format", style)
        assert ended.code == 0
        clean(ended)
        if style == "markdown":
            assert "<script" not in ended.out
            assert not re.search(r"(?<!\\)\[click", ended.out)
        if style == "text":
            assert "\nApplied: 0 changes." not in ended.out
    refused = cwctl("apply", "a.plan", "--yes")
    assert refused.code in {1, 3}
    clean(refused)


@pytest.mark.long
def test_a_file_of_the_workspace_drives_no_terminal(cwctl: Cwctl, workspace: Path) -> None:
    file = workspace / "mappings" / "customers.yaml"
    text = file.read_text()
    for part in (*ESCAPES, *MARKUP):
        file.write_text(text.replace("Larkspur Dental Group (example)", json.dumps("L " + part), 1))
        clean(cwctl("validate"))
        clean(cwctl("validate", "--format", "json"))
    folder = workspace / "mappings" / "services" / "a\x1b[31m\n"
    folder.mkdir(parents=True)
    (folder / "x\u202e.yaml").write_text("version: 1\nservices: [{subscription: 1}]\n")
    ended = cwctl("validate")
    assert ended.code == 1
    clean(ended)


@pytest.mark.long
def test_a_pipe_and_a_narrow_encoding(hostile: Served) -> None:
    ended = execute("plan", *DAY, cwd=hostile.root, PYTHONIOENCODING="ascii", **hostile.env)
    assert ended.code in {0, 4}
    assert DRIVES.findall(ended.out) == []
    assert ended.out.isascii()
