"""Keeps secrets out of everything that a person or a log may see."""

import base64
import binascii
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, quote

HIDDEN = "***"

_SECRET_NAME = re.compile(r"token|secret|passw|api_?key|private_?key|authorization|signature|credential", re.IGNORECASE)
_SCHEME = re.compile(r"\b(Basic|Bearer)(\s+)[A-Za-z0-9+/=._~-]{16,}", re.IGNORECASE)
_MEMBER = re.compile(
    r"""(["']?[\w-]*(?:token|secret|passw|api_?key|private_?key|authorization)[\w-]*["']?\s*[:=]\s*)"""
    r"""("[^"]*"|'[^']*'|[^\s,;&}"']{8,})""",
    re.IGNORECASE,
)
_USER = re.compile(r"//[^/?#@]*@")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_TELLING = 12
"""So many characters of a secret are too many to show."""


def scrub(text: str, secrets: Sequence[str] = (), limit: int = 500) -> str:
    """A text of a service made fit to show: on one line, cut to `limit`, without `secrets` or what looks like one."""
    for secret in secrets:
        for form in _forms(secret):
            # Also what is only begun: services like to quote the start of what they refuse.
            text = re.sub(
                rf"{re.escape(form[:_TELLING])}[\w+/=.~%&;\\-]*" if len(form) > _TELLING else re.escape(form),
                HIDDEN,
                text,
            )
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
    return scrub(_USER.sub(f"//{HIDDEN}@", bare), limit=limit)


def secrets_of(headers: Mapping[str, str], form: bytes = b"") -> list[str]:
    """The texts in authorization headers, and values of a form, that must never be echoed, the longest first."""
    pairs = parse_qsl(form.decode("utf-8", "replace"))
    found = {value for name, value in pairs if _SECRET_NAME.search(name)}
    for value in headers.values():
        scheme, _, credential = value.partition(" ")
        found.update((value, credential))
        if scheme.lower() == "basic":
            user, _, password = _decoded(credential).partition(":")
            found.update((user, password, user.partition("+")[2]))
    return sorted((text for text in found if len(text) >= 6), key=len, reverse=True)


def _forms(secret: str) -> Iterator[str]:
    """The secret as a service may write it: as it is, in an address, in a web page, in JSON."""
    yield secret
    address = quote(secret, safe="")
    others = (address, address.lower(), html.escape(secret), secret.replace("/", "\\/"), secret.replace("+", "\\u002B"))
    yield from (other for other in dict.fromkeys(others) if other != secret)


def _decoded(credential: str) -> str:
    try:
        return base64.b64decode(credential).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
