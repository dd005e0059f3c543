"""A workspace of one's own, the command line in the process, and a connection over loopback."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.http import transport
from engine.http.pace import Pace
from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import served as serving
from tests.cli.support import Cwctl, Served, copy_workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example workspace, as the current folder; no variable steers cwctl."""
    for name in ("CWCTL_WORKSPACE", "CWCTL_DEBUG", "CWCTL_ALLOWED_HOSTS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    root = tmp_path / "workspace"
    root.mkdir()
    monkeypatch.chdir(root)
    return copy_workspace(root)


@pytest.fixture
def cwctl(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Cwctl:
    """The command line in the process; pauses between attempts take no time."""
    return Cwctl(capsys)


@pytest.fixture(scope="session")
def loopback() -> Iterator[tuple[Sandbox, str, str]]:
    """A sandbox served for all tests, and the addresses of the PSA and the platform."""
    sandbox = Sandbox.in_memory()
    with serving(sandbox) as told:
        yield sandbox, told["psa"]["url"], told["platform"]["url"]
    sandbox.close()


@pytest.fixture
def served(
    loopback: tuple[Sandbox, str, str],
    workspace: Path,
    tmp_path: Path,
    cwctl: Cwctl,
    monkeypatch: pytest.MonkeyPatch,
) -> Served:
    """The workspace with a connection over loopback to the example world: `env:` references and a token file."""
    monkeypatch.setattr(transport, "Pace", functools.partial(Pace, sleep=lambda seconds: None))
    sandbox, psa_url, platform_url = loopback
    sandbox.reset()
    psa, platform = sandbox.psa_credentials, sandbox.platform_credentials
    env = {
        "TEST_CLIENT_ID": psa.client_id,
        "TEST_PUBLIC_KEY": psa.public_key,
        "TEST_PRIVATE_KEY": psa.private_key,
        "TEST_API_KEY": platform.api_key,
        "TEST_API_SECRET": platform.api_secret,
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    token = tmp_path / "token.json"
    token.write_text(platform.refresh_token)
    token.chmod(0o600)
    cwctl.secrets = {*env.values(), platform.refresh_token, "sandbox-refresh-token", "sandbox-access-token"}
    there = Served(sandbox, workspace, token, env)
    there.connect(psa_url, platform_url, psa.company, platform.account)
    return there
