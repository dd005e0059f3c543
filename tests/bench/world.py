"""A made world that is served on loopback, with a workspace that maps it and a connection that reaches it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

CWCTL = (sys.executable, "-m", "engine.cli.main")


@dataclass(frozen=True)
class World:
    """A served world. `environment` holds the credentials that the workspace's connection refers to."""

    root: Path
    announcement: dict[str, dict[str, str]]
    environment: dict[str, str]

    def requests(self) -> dict[str, int]:
        """How many requests each end point has had since the last call, both services together."""
        found: dict[str, int] = {}
        for service in self.announcement.values():
            url = f"{service['url']}/_sandbox/requests"
            answer: dict[str, Any] = httpx.get(url).json()
            found.update(answer.get("requests", answer))
            httpx.delete(url)
        return found


@contextmanager
def served(root: Path, customers: int, subscriptions: int) -> Iterator[World]:
    """Make the world and its workspace below `root`, and serve it for as long as the block runs."""
    size = ["--customers", str(customers), "--subscriptions", str(subscriptions)]
    reset = [*CWCTL, "sandbox", "reset", *size, "--workspace", str(root)]
    subprocess.run(reset, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(
        [*CWCTL, "-C", str(root), "sandbox", "serve", "--psa-port", "0", "--platform-port", "0", "--format", "json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        announcement = json.loads(server.stdout.readline())
        yield World(root, announcement, _connected(root, announcement))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)
        if server.stdout is not None:
            server.stdout.close()


def _connected(root: Path, announcement: dict[str, dict[str, str]]) -> dict[str, str]:
    """Add the connection `served` to the workspace; returns the environment that its references name."""
    psa, platform = announcement["psa"], announcement["platform"]
    token = root / "token.json"
    token.write_text(json.dumps({"refresh_token": platform["refresh_token"]}))
    token.chmod(0o600)
    file = root / "config" / "connections.yaml"
    file.write_text(
        file.read_text()
        + f"""\
  served:
    time_zone: America/New_York
    manage_from: 2026-06-01
    price_decimals: 2
    psa:
      url: {psa["url"]}
      company: {psa["company"]}
      client_id: env:BENCH_CLIENT_ID
      public_key: env:BENCH_PUBLIC_KEY
      private_key: env:BENCH_PRIVATE_KEY
    platform:
      url: {platform["url"]}
      account: "{platform["account"]}"
      token_store: {{ file: "{token}" }}
"""
    )
    # An installed program has its byte code; so has this one, wherever the environment asks Python not to write any.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "BENCH_CLIENT_ID": psa["client_id"],
        "BENCH_PUBLIC_KEY": psa["public_key"],
        "BENCH_PRIVATE_KEY": psa["private_key"],
    }
