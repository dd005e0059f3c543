"""The hosts that credentials may be sent to, and nothing else."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

VENDOR_HOSTS = ("*.myconnectwise.net", "*.connectwisedev.com", "ion.tdsynnex.com")
VARIABLE = "CWCTL_ALLOWED_HOSTS"

ADVICE = (
    "Check the address. If the host is yours, write its name on a line of $XDG_CONFIG_HOME/cwctl/allowed-hosts "
    f"(usually ~/.config/cwctl/allowed-hosts), or into the environment variable {VARIABLE} (names separated by "
    "commas); the workspace itself cannot allow a host."
)

_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?=[/?#]|$)", re.IGNORECASE)


class Origin(NamedTuple):
    """Scheme, host and port of an address, in lower case, the port always given."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return f"{self.scheme}://{host}" if self.port == usual else f"{self.scheme}://{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def origin(url: str) -> Origin | None:
    """The origin of an absolute address; None where it is not plainly one (user names, odd characters, …)."""
    found = _ORIGIN.match(url)
    if found is None:
        return None
    scheme, host, port = found[1].lower(), found[2].lower().strip("[]").rstrip("."), found[3]
    return Origin(scheme, host, int(port) if port else (443 if scheme == "https" else 80))


class AllowedHosts:
    """The vendors' domains, loopback, and `extra` hosts from outside the workspace (`name` or `*.domain`)."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._patterns = (*VENDOR_HOSTS, *(pattern.strip().lower() for pattern in extra))

    def refusal(self, url: str) -> str | None:
        """Why credentials may not go to this address; None if they may."""
        target = origin(url)
        if target is None:
            return "the address is not a plain http(s) address"
        if target.loopback:
            return None
        if target.scheme != "https":
            return f"{target.host} would be called without encryption"
        if any(_matches(target.host, pattern) for pattern in self._patterns):
            return None
        return f"{target.host} is not a host of the vendors and not on the allow-list"


def extra_hosts(env: Mapping[str, str]) -> list[str]:
    """The hosts allowed outside the workspace: from the user's file and from CWCTL_ALLOWED_HOSTS. `#` begins a comment.

    Raises OSError if the file is there and cannot be read.
    """
    path = allow_list(env)
    lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.is_file() else []
    named = [*(line.partition("#")[0].strip() for line in lines), *re.split(r"[,\s]+", env.get(VARIABLE, ""))]
    return [name for name in named if name]


def allow_list(env: Mapping[str, str]) -> Path | None:
    """The user's allow-list file; None without a home."""
    if env.get("XDG_CONFIG_HOME"):
        return Path(env["XDG_CONFIG_HOME"]) / "cwctl" / "allowed-hosts"
    return Path(env["HOME"]) / ".config" / "cwctl" / "allowed-hosts" if env.get("HOME") else None


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern
