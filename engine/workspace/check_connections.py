"""What can be wrong with connections that have the right shape."""

import ipaddress
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.diagnostics import Diagnostic
from engine.workspace.draft import Draft
from engine.workspace.nodes import Entry


def default_exists(draft: Draft) -> Iterator[Diagnostic]:
    """The default connection, and the one that a run asks for, must be listed."""
    names = [name for name, _ in _connections(draft)]
    if draft.connections is None:
        return
    hint = f"Connections here: {', '.join(names)}."
    default = draft.connections.text("default")
    if default not in names:
        text = f"the default connection {default!r} is not listed under connections"
        yield draft.connections.problem("connection-unknown", "default", text, hint)
    if draft.connection is not None and draft.connection not in names:
        text = f"there is no connection {draft.connection!r}"
        yield draft.connections.problem("connection-unknown", "connections", text, hint)


def parts_fit(draft: Draft) -> Iterator[Diagnostic]:
    """The embedded sandbox has neither psa nor platform; every other connection has both."""
    for name, connection in _connections(draft):
        parts = [part for part in ("psa", "platform") if connection.has(part)]
        if connection.flag("sandbox") and parts:
            text = f"connection {name!r} is the embedded sandbox and has {' and '.join(parts)} as well"
            hint = f"Remove `sandbox: true`, or remove {' and '.join(parts)}."
            yield connection.problem("connection-parts", "sandbox", text, hint)
        elif not connection.flag("sandbox") and len(parts) < 2:
            missing = " and ".join(part for part in ("psa", "platform") if part not in parts)
            text = f"connection {name!r} has no {missing}"
            hint = "A connection has both psa and platform, or `sandbox: true`."
            yield connection.problem("connection-parts", None, text, hint)


def dates_exist(draft: Draft) -> Iterator[Diagnostic]:
    """manage_from must be a day of the calendar."""
    for _, connection in _connections(draft):
        if date_of(connection, "manage_from") is None:
            yield bad_date(connection, "manage_from")


def zones_exist(draft: Draft) -> Iterator[Diagnostic]:
    """time_zone must be a name of the IANA database."""
    for _, connection in _connections(draft):
        zone = connection.text("time_zone")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            text = f"unknown time zone {zone!r}"
            hint = "Use a name of the IANA database, such as America/New_York or UTC."
            yield connection.problem("time-zone-unknown", "time_zone", text, hint)


def addresses_are_safe(draft: Draft) -> Iterator[Diagnostic]:
    """Addresses are a scheme and a host: https, or http on the loopback interface."""
    for _, connection in _connections(draft):
        for part in (connection.child("psa"), connection.child("platform")):
            reason = _address_problem(part.text("url")) if part is not None else None
            if part is not None and reason is not None:
                hint = "Write scheme and host alone, such as https://na.myconnectwise.net"
                yield part.problem("url-invalid", "url", f"the address {reason}", hint)


def token_store_keeps(draft: Draft) -> Iterator[Diagnostic]:
    """A rotating token cannot live in an environment variable."""
    for _, connection in _connections(draft):
        platform = connection.child("platform")
        store = platform.child("token_store") if platform is not None else None
        if store is not None and store.text("file").startswith(("env:", "file:")):
            text = "the token store's file must be a path, not a reference"
            hint = "Every use of the refresh token gives a new one that must be stored: write the path of a file alone."
            yield store.problem("token-store", "file", text, hint)


def captions_fit(draft: Draft) -> Iterator[Diagnostic]:
    """A custom field needs its caption, the serial number has none."""
    for _, connection in _connections(draft):
        mark = connection.child("mark")
        if mark is None:
            continue
        custom = mark.text("keep_in") == "custom_field"
        if custom and not mark.has("caption"):
            hint = "Add caption, as the PSA shows it under Custom Fields > Additions."
            yield mark.problem("mark-caption", "keep_in", "a custom field needs its caption", hint)
        elif mark.has("caption") and not custom:
            text = "the serial number has no caption"
            yield mark.problem("mark-caption", "caption", text, "Remove caption, or write keep_in: custom_field.")


def date_of(entry: Entry, key: str) -> date | None:
    """The day under `key`, or None if it is no day of the calendar."""
    try:
        return date.fromisoformat(entry.text(key))
    except ValueError:
        return None


def bad_date(entry: Entry, key: str) -> Diagnostic:
    """The problem of a date that has the right form but does not exist."""
    return entry.problem("date-invalid", key, f"{entry.text(key)} is not a day of the calendar", "Write YYYY-MM-DD.")


def _connections(draft: Draft) -> list[tuple[str, Entry]]:
    every = draft.connections.child("connections") if draft.connections is not None else None
    return list(every.named()) if every is not None else []


def _address_problem(url: str) -> str | None:
    """What is wrong with an address, in words that do not repeat it, as it might hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "cannot be read"
    if parts.scheme not in {"http", "https"} or not host or any(character.isspace() for character in url):
        return "must begin with https:// and a host"
    if "@" in parts.netloc:
        return "must not hold a user name or password"
    if parts.path not in {"", "/"} or parts.query or parts.fragment or url.endswith(("?", "#")):
        return "must not have a path, a query or a fragment"
    if parts.scheme == "http" and not _is_loopback(host):
        return "must use https, as credentials are sent to it"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
