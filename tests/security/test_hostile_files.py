"""Files of the workspace as an attacker would commit them: a clear error soon, and nothing outside touched."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.support import Cwctl, Served, execute

MAPPING = Path("mappings/services.yaml")
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CONTENTS = {
    "a bomb of aliases": BOMB.encode(),
    "deep nesting": b"[" * 200_000,
    "deep mappings": b"".join(b" " * depth + b"a:\n" for depth in range(2000)),
    "one very long line": b"a: " + b"x" * (5 * 2**20),
    "more than is read": b"# " + b"x" * (33 * 2**20),
    "NUL bytes": b"version: 1\0\nservices: []\n",
    "an escaped NUL": b'version: 1\nservices: [{subscription: "1\\0"}]\n',
    "a tag that makes objects": b"!!python/object/apply:os.system ['touch owned']\n",
    "many documents": b"---\n" * 10_000,
    "many keys": b"".join(b"k%d: 1\n" % number for number in range(2_000)),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_hostile_file_is_an_error_with_its_place(cwctl: Cwctl, workspace: Path, name: str) -> None:
    (workspace / MAPPING).write_bytes(CONTENTS[name])
    ended = cwctl("validate")
    assert ended.code == 1
    assert "mappings/services.yaml:" in ended.out
    assert "fault of cwctl" not in ended.out + ended.err
    assert not (workspace / "owned").exists()


SECRET = "made-up-secret-of-another-file"


def link(to: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.symlink_to(to)

    return make


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "a link out": link("../../outside.yaml"),
    "a link to a device": link("/dev/zero"),
    "a link to itself": link("services.yaml"),
    "a link to nothing": link("nothing.yaml"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_ordinary_file_of_the_workspace_is_not_read(cwctl: Cwctl, workspace: Path, name: str) -> None:
    (workspace.parent / "outside.yaml").write_text(SECRET)
    (workspace / MAPPING).unlink()
    ODD[name](workspace / MAPPING)
    for command in ("validate", "plan"):
        ended = cwctl(command)
        assert ended.code == 1
        assert "mappings/services.yaml:1:1: error:" in ended.out + ended.err
        assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize("plan", ["/dev/zero", "/dev/null", "/", "mappings", "huge.plan"])
def test_what_is_no_plan_is_not_read_without_end(cwctl: Cwctl, workspace: Path, plan: str) -> None:
    with (workspace / "huge.plan").open("wb") as file:
        file.truncate(600 * 2**20)
    for command in (("show", plan), ("apply", plan, "--yes")):
        ended = cwctl(*command)
        assert ended.code in {1, 3}
        assert plan in ended.err
        assert "fault of cwctl" not in ended.err


@pytest.mark.parametrize("depth", [50_000])
def test_a_deeply_nested_plan_is_none(cwctl: Cwctl, workspace: Path, depth: int) -> None:
    for content in ("[" * depth, '{"format_version": 2, "changes": ' + "[" * depth, '{"a":' * depth):
        (workspace / "deep.plan").write_text(content)
        ended = cwctl("show", "deep.plan")
        assert ended.code in {1, 3}
        assert "deep.plan: this is not a saved plan" in ended.err


def test_our_own_folder_is_never_a_link(served: Served, cwctl: Cwctl) -> None:
    """A link that somebody committed would let a run write outside the workspace."""
    outside = served.root.parent / "outside"
    outside.mkdir()
    (served.root / ".cwctl").symlink_to(outside)
    assert cwctl("plan", "--as-of", "2026-06-15").code == 0
    assert list(outside.iterdir()) == []
    before = served.snapshot()
    ended = cwctl("apply", "--as-of", "2026-06-15", "--yes")
    assert ended.code != 0
    assert ".cwctl" in ended.err
    assert list(outside.iterdir()) == []
    assert served.snapshot() == before


@pytest.mark.long
@pytest.mark.parametrize("name", ["sandbox.sqlite", "activity.sqlite", ".gitignore", "sandbox.lock"])
def test_a_pipe_in_our_own_folder_does_not_hang(workspace: Path, name: str) -> None:
    (workspace / ".cwctl").mkdir()
    os.mkfifo(workspace / ".cwctl" / name)
    ended = execute("plan", cwd=workspace)
    assert ended.code in {0, 1}
    assert "fault of cwctl" not in ended.err


@pytest.mark.parametrize("path", ["~nobody-of-this-name/key", "a\tb", "/dev/zero", "/", "../" * 40 + "dev/null"])
def test_an_odd_place_of_a_secret_is_an_error(served: Served, cwctl: Cwctl, path: str) -> None:
    file = served.root / "config" / "connections.yaml"
    text = file.read_text()
    file.write_text(text.replace("env:TEST_PRIVATE_KEY", f"'file:{path}'"))
    for command in (("plan",), ("ping",)):
        ended = cwctl(*command)
        assert ended.code == 1
        assert "fault of cwctl" not in ended.err
    file.write_text(text.replace(str(served.token), path if "\t" not in path else "x"))
    ended = cwctl("ping")
    assert ended.code == 1
    assert "fault of cwctl" not in ended.err


MORE_NAMES = ("a/b", ".", "A", "a b", "é", "-x")


@pytest.mark.parametrize(
    "name", ["../evil", "..", "", "x\x00y", "a\nb", *(pytest.param(one, marks=pytest.mark.long) for one in MORE_NAMES)]
)
def test_a_name_of_a_connection_cannot_leave_its_folder(cwctl: Cwctl, workspace: Path, name: str) -> None:
    """Locks and journals are named after it."""
    file = workspace / "config" / "connections.yaml"
    text = file.read_text()
    assert text.count("  sandbox:\n") == 1
    file.write_text(
        text.replace("  sandbox:\n", f"  {json.dumps(name)}:\n").replace(
            "default: sandbox", f"default: {json.dumps(name)}"
        )
    )
    before = sorted(workspace.parent.rglob("*"))
    for command in (("validate",), ("plan",), ("apply", "--yes"), ("plan", "--connection", name)):
        assert cwctl(*command).code == 1
    assert sorted(workspace.parent.rglob("*")) == before
