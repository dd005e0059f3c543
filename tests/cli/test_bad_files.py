"""Files and settings that are not as they should be: a clear message, the right code, nothing written."""

import os
from pathlib import Path

import pytest

from tests.cli.support import Cwctl, Served

COMMANDS = (["validate"], ["plan"], ["apply", "--yes"])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_file_is_named_with_its_place(cwctl: Cwctl, workspace: Path, command: list[str]) -> None:
    file = workspace / "mappings" / "customers.yaml"
    file.write_text(file.read_text() + "  - customer: [410099\n")
    ended = cwctl(*command)
    assert ended.code == 1
    said = ended.out if command == ["validate"] else ended.err
    assert "mappings/customers.yaml:" in said
    assert ": error: " in said
    if command != ["validate"]:
        assert "the workspace has errors; nothing was read or changed" in said
    assert not (workspace / ".cwctl").exists()


def test_every_problem_of_every_file_is_listed(cwctl: Cwctl, workspace: Path) -> None:
    for name in ("customers", "products"):
        file = workspace / "mappings" / f"{name}.yaml"
        file.write_text(file.read_text() + "surprise: yes\n")
    ended = cwctl("validate")
    assert ended.code == 1
    assert "mappings/customers.yaml:" in ended.out
    assert "mappings/products.yaml:" in ended.out


def test_ping_needs_the_connections_alone(cwctl: Cwctl, workspace: Path) -> None:
    (workspace / "mappings" / "services.yaml").write_text("surprise: yes\n")
    assert cwctl("ping").code == 0
    (workspace / "config" / "connections.yaml").write_text("surprise: yes\n")
    cwctl.fails("ping", says="config/connections.yaml:1:")


def test_ping_names_a_missing_variable_and_tries_the_other_service(
    served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_PRIVATE_KEY")
    ended = cwctl("ping")
    assert ended.code == 1
    assert "env:TEST_PRIVATE_KEY: the environment variable is not set" in ended.out + ended.err
    assert ended.out.count("credentials work") == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", b"\x00", b"", b"- 1\n", b"&a [*a]", b"version: 1\n\tx: 1\n"])
def test_odd_bytes_in_a_file(cwctl: Cwctl, workspace: Path, content: bytes) -> None:
    (workspace / "mappings" / "services.yaml").write_bytes(content)
    ended = cwctl.fails("plan", says="mappings/services.yaml:")
    assert "fault of cwctl" not in ended.err


def test_a_secret_in_the_file_itself_is_an_error_that_does_not_show_it(served: Served, cwctl: Cwctl) -> None:
    file = served.root / "config" / "connections.yaml"
    file.write_text(file.read_text().replace("env:TEST_PRIVATE_KEY", served.env["TEST_PRIVATE_KEY"]))
    ended = cwctl.fails("plan", says="config/connections.yaml:14:20: error:")
    assert "env:" in ended.err
    assert served.requests("psa") == {}


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_a_missing_variable_is_named(
    served: Served, cwctl: Cwctl, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_PRIVATE_KEY")
    cwctl.fails(
        *command,
        says="config/connections.yaml:14:20: env:TEST_PRIVATE_KEY: the environment variable is not set",
        advises="Set TEST_PRIVATE_KEY for this program.",
    )
    assert served.requests("psa") == served.requests("platform") == {}


def test_an_empty_variable_is_named(served: Served, cwctl: Cwctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PUBLIC_KEY", "  ")
    cwctl.fails("plan", says="env:TEST_PUBLIC_KEY: it is empty")
    monkeypatch.setenv("TEST_PUBLIC_KEY", "two\nlines")
    ended = cwctl.fails("plan", says="env:TEST_PUBLIC_KEY: it has several lines")
    assert "two" not in ended.err


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_missing_token_store_is_named(served: Served, cwctl: Cwctl, command: list[str]) -> None:
    before = served.snapshot()
    served.token.unlink()
    cwctl.fails(*command, says="token.json: it does not exist", advises="chmod 600")
    assert served.snapshot() == before


def test_a_token_store_that_is_not_one(served: Served, cwctl: Cwctl) -> None:
    served.token.write_text('{"refresh_token": 7}')
    ended = cwctl.fails("plan", says="token.json")
    assert "fault of cwctl" not in ended.err
    served.token.write_text("a-token-that-others-can-see")
    served.token.chmod(0o644)
    ended = cwctl.fails("plan", says="it can be read by others", advises="chmod 600")
    assert "a-token-that-others-can-see" not in ended.err


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to look at" * 30, b"SQLite format 3\x00" + b"\x07" * 8192]
)
@pytest.mark.parametrize(
    "command", [["plan"], ["apply", "--yes"], ["ping"], ["sandbox", "reset"], ["sandbox", "advance", "--days", "1"]]
)
def test_spoilt_data_of_the_sandbox(cwctl: Cwctl, workspace: Path, content: bytes, command: list[str]) -> None:
    folder = workspace / ".cwctl"
    folder.mkdir()
    (folder / "sandbox.sqlite").write_bytes(content)
    cwctl.fails(*command, says="sandbox.sqlite: the sandbox's data cannot be used", advises=f"delete {folder}")


def test_data_of_the_sandbox_spoilt_in_the_middle(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("plan").code == 0
    file = workspace / ".cwctl" / "sandbox.sqlite"
    content = bytearray(file.read_bytes())
    for at in range(16 * 4096, len(content)):
        content[at] = at * 7 % 251
    file.write_bytes(content)
    ended = cwctl("plan")
    assert (ended.code, ended.out) == (1, "")
    assert "fault of cwctl" not in ended.err


def test_a_file_where_the_sandbox_keeps_its_folder(cwctl: Cwctl, workspace: Path) -> None:
    (workspace / ".cwctl").write_text("")
    cwctl.fails("plan", says=".cwctl", advises="make the folder writable, or use a copy of it")


def test_a_workspace_that_cannot_be_written_to(cwctl: Cwctl, workspace: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    workspace.chmod(0o500)
    try:
        cwctl.fails("plan", says=".cwctl: Permission denied", advises="make the folder writable")
    finally:
        workspace.chmod(0o700)


def test_a_workspace_that_cannot_be_written_to_serves_for_a_real_connection(served: Served, cwctl: Cwctl) -> None:
    """Activity logs cannot be kept there; they are read again."""
    (served.root / ".cwctl").write_text("a file where the folder should be")
    before = sorted(served.root.rglob("*"))
    assert cwctl("plan", "--as-of", "2026-06-15").code == 0
    assert sorted(served.root.rglob("*")) == before
