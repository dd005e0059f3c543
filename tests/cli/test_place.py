"""Where the workspace is: -C, CWCTL_WORKSPACE, or upwards from the current folder."""

from pathlib import Path

import pytest

from tests.cli.support import Cwctl


def test_from_a_folder_below(cwctl: Cwctl, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = workspace / "notes" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert cwctl("plan").code == 0
    assert (workspace / ".cwctl" / "sandbox.sqlite").exists()
    assert not (below / ".cwctl").exists()


def test_named(cwctl: Cwctl, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cwctl.fails("validate", says="this is not in a workspace", advises="-C DIR or CWCTL_WORKSPACE")
    assert cwctl("-C", "workspace", "validate").code == 0
    monkeypatch.setenv("CWCTL_WORKSPACE", str(workspace))
    assert cwctl("validate").code == 0
    assert cwctl("-C", tmp_path, "validate").code == 1


def test_files_of_a_command_lie_in_the_current_folder(
    cwctl: Cwctl, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cwctl("-C", workspace, "plan", "--out", "night.plan").code == 0
    assert (tmp_path / "night.plan").exists()
    assert cwctl("-C", workspace, "apply", "night.plan", "--yes").code == 0


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["ping"], ["sandbox", "reset"], ["validate"]])
def test_outside_of_a_workspace(
    cwctl: Cwctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    cwctl.fails(*command, says="this is not in a workspace")
    cwctl.fails("-C", "nowhere", *command, says="there is no folder nowhere")
    assert not list(outside.iterdir())


def test_an_empty_folder_is_no_workspace(cwctl: Cwctl, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = cwctl("-C", tmp_path / "empty", "plan")
    assert (ended.code, ended.out) == (1, "")
    assert "config/connections.yaml" in ended.err
    assert not list((tmp_path / "empty").iterdir())


def test_a_connection_that_is_not_there(cwctl: Cwctl) -> None:
    cwctl.fails(
        "plan",
        "--connection",
        "staging",
        says="there is no connection 'staging'",
        advises="Connections here: sandbox, production",
    )


def test_what_the_sandbox_keeps_is_never_committed(cwctl: Cwctl, workspace: Path) -> None:
    assert cwctl("plan").code == 0
    ignore = workspace / ".cwctl" / ".gitignore"
    assert ignore.read_text() == "*\n"
    ignore.write_text("*\n!notes\n")
    assert cwctl("plan").code == 0
    assert ignore.read_text() == "*\n!notes\n"


def test_an_option_of_cwctl_itself_after_the_command_is_explained(cwctl: Cwctl) -> None:
    cwctl.fails("validate", "-C", "elsewhere", says="No such option '-C'", advises="stands before the command")
