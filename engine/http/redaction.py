"""Keeps secrets out of everything that a person or a log may see."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

HIDDEN = "***"

_SECRET_NAME = re.compile(r"token|secret|passw|api_?key|private_?key|authorization|signature|credential", re.IGNORECASE)
_SCHEME = re.compile(r"\b(Basic|Bearer)(\s+)[A-Za-z0-9+/=._~-]{16,}", re.IGNORECASE)
_MEMBER = re.compile(
    r"""(["']?[\w-]*(?:token|secret|passw|api_?key|private_?key|authorization)[\w-]*["']?\s*[:=]\s*)"""
    r"""("[^"]*"|'[^']*'|[^\s,;&}"']{8,})""",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]+")


def scrub(text: str, secrets: Sequence[str] = (), limit: int = 500) -> str:
    """A text of a service made fit to show: on one line, cut to `limit`, without `secrets` or what looks like one."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    # Much more than is shown is never searched: what looks like a secret may be long, and searching takes time.
    text = text[: 4 * limit]
    text = _UNPRINTABLE.sub(" ", text)
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    text = _MEMBER.sub(rf"\1{HIDDEN}", text).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def safe_target(path: str, params: Sequence[tuple[str, str]] = (), limit: int = 300) -> str:
    """A path with its query, readable and not encoded, where the values of secret parameters are hidden."""
    bare, _, query = path.partition("#")[0].partition("?")
    pairs = [*parse_qsl(query, keep_blank_values=True), *params]
    if pairs:
        shown = "&".join(f"{name}={HIDDEN if _SECRET_NAME.search(name) else value}" for name, value in pairs)
        bare = f"{bare}?{shown}"
    return scrub(bare, limit=limit)


def secrets_of(headers: Mapping[str, str], form: bytes = b"") -> list[str]:
    """The texts in authorization headers, and values of a form, that must never be echoed, the longest first."""
    found = {value for _, value in parse_qsl(form.decode("utf-8", "replace"))}
    for value in headers.values():
        scheme, _, credential = value.partition(" ")
        found.update((value, credential))
        if scheme.lower() == "basic":
            user, _, password = _decoded(credential).partition(":")
            found.update((user, password, user.partition("+")[2]))
    return sorted((text for text in found if len(text) >= 6), key=len, reverse=True)


def _decoded(credential: str) -> str:
    try:
        return base64.b64decode(credential).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
