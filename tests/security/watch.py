"""Looks for secrets in all that a run leaves behind: its output and every file of the workspace."""

import base64
import json
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import quote

from tests.cli.support import Cwctl, Ended, Served

_TELLING = 12

PSA, V1, V3, ASKED, TOKEN = "*/apis/3.0/*", "*/v1/*", "*/v3/*", "*/oauth/validateAccess", "*/oauth/token"
"""Paths, each with credentials of its own."""


def forms(secret: str) -> set[str]:
    """The secret as a service or a library may write it, its beginning too."""
    whole = {secret, quote(secret, safe=""), _base64(secret), _base64(secret).translate(str.maketrans("+/", "-_"))}
    return {form[:_TELLING] for form in whole}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


@dataclass
class Watch:
    """Runs commands with every request shown, and allows no form of a secret anywhere."""

    cwctl: Cwctl
    served: Served
    runs: int = 0
    shown: str = ""
    _secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        env = self.served.env
        company = self.served.sandbox.psa_credentials.company
        self._secrets |= set(env.values())
        self._secrets.add(f"{company}+{env['TEST_PUBLIC_KEY']}:{env['TEST_PRIVATE_KEY']}")
        self._secrets.add(f"{env['TEST_API_KEY']}:{env['TEST_API_SECRET']}")

    @property
    def secrets(self) -> set[str]:
        """All secrets so far: those of the connection, and every token that the store has held."""
        text = self.served.token.read_text()
        try:
            kept = json.loads(text)
        except ValueError:
            kept = {"refresh_token": text.strip()}
        self._secrets |= {kept[name] for name in ("refresh_token", "previous", "access_token") if kept.get(name)}
        return self._secrets

    def echo(self, path: str) -> str:
        """All that requests to this path carry, as a hostile service would give it back: whole, escaped, begun."""
        env, kept = self.served.env, json.loads(self.served.token.read_text())
        company = self.served.sandbox.psa_credentials.company
        login = f"{company}+{env['TEST_PUBLIC_KEY']}:{env['TEST_PRIVATE_KEY']}"
        pair = f"{env['TEST_API_KEY']}:{env['TEST_API_SECRET']}"
        sent = {
            PSA: (env["TEST_CLIENT_ID"], env["TEST_PUBLIC_KEY"], env["TEST_PRIVATE_KEY"], login, _base64(login)),
            V1: (env["TEST_API_KEY"], env["TEST_API_SECRET"], pair, _base64(pair)),
            V3: (kept["access_token"],),
            ASKED: (kept["access_token"],),
            TOKEN: (kept["refresh_token"], quote(kept["refresh_token"], safe="")),
        }
        return " ".join(form for one in sent[path] for form in (one, quote(one, safe=""), one[:-2], one[:14]))

    def __call__(self, *arguments: str) -> Ended:
        before = self.secrets
        self.cwctl.secrets = set()
        ended = self.cwctl("-vvv", *arguments)
        self.runs += 1
        self.shown = ended.out + ended.err
        files = [path for path in self.served.root.rglob("*") if path.is_file()]
        texts = [ended.out.encode(), ended.err.encode(), *(path.read_bytes() for path in files)]
        names = ["stdout", "stderr", *(str(path.relative_to(self.served.root)) for path in files)]
        every = {form for secret in before | self.secrets for form in forms(secret)}
        found = [
            (form, name)
            for form, (name, text) in product(every, zip(names, texts, strict=True))
            if form.encode() in text
        ]
        assert found == [], (arguments, self.shown[:3000])
        return ended
