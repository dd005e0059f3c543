"""Builds typed connections from entries that have passed every check."""

from datetime import date
from typing import Any, cast

from engine.workspace.model import (
    ApplySettings,
    Connection,
    Connections,
    MarkKeeping,
    PlatformConnection,
    PsaBehaviour,
    PsaConnection,
    SecretRef,
    TokenStoreRef,
)
from engine.workspace.nodes import Entry
from engine.workspace.yaml_strict import YamlList


def build_connections(entry: Entry) -> Connections:
    """The connections of config/connections.yaml."""
    every = entry.child("connections")
    named = every.named() if every is not None else ()
    return Connections(default=entry.text("default"), by_name={name: _connection(name, each) for name, each in named})


def _connection(name: str, entry: Entry) -> Connection:
    psa, platform = entry.child("psa"), entry.child("platform")
    behaviour, mark, apply = entry.child("psa_behaviour"), entry.child("mark"), entry.child("apply")
    return Connection(
        name=name,
        time_zone=entry.text("time_zone"),
        manage_from=date.fromisoformat(entry.text("manage_from")),
        price_decimals=_number(entry, "price_decimals", 2),
        psa=_psa(psa) if psa is not None else None,
        platform=_platform(platform) if platform is not None else None,
        psa_behaviour=PsaBehaviour() if behaviour is None else PsaBehaviour(**_choices(behaviour)),
        mark=MarkKeeping() if mark is None else MarkKeeping(**_choices(mark)),
        apply=ApplySettings() if apply is None else ApplySettings(**_choices(apply)),
        place=entry.place,
    )


def _psa(entry: Entry) -> PsaConnection:
    return PsaConnection(
        url=entry.text("url").rstrip("/"),
        company=entry.text("company"),
        client_id=_secret(entry, "client_id"),
        public_key=_secret(entry, "public_key"),
        private_key=_secret(entry, "private_key"),
        version=entry.text("version", "2025.1"),
        requests_per_minute=_number(entry, "requests_per_minute", 600),
        place=entry.place,
    )


def _platform(entry: Entry) -> PlatformConnection:
    return PlatformConnection(
        url=entry.text("url").rstrip("/"),
        account=entry.text("account"),
        token_store=_token_store(Entry(entry.file, cast(Any, entry.node["token_store"]))),
        api_key=_secret(entry, "api_key") if entry.has("api_key") else None,
        api_secret=_secret(entry, "api_secret") if entry.has("api_secret") else None,
        place=entry.place,
    )


def _token_store(entry: Entry) -> TokenStoreRef:
    command = entry.child("command")
    return TokenStoreRef(
        file=entry.text_or_none("file"),
        get_command=_words(command, "get") if command is not None else (),
        put_command=_words(command, "put") if command is not None else (),
        place=entry.place,
    )


def _secret(entry: Entry, key: str) -> SecretRef:
    source, _, target = entry.text(key).partition(":")
    return SecretRef(source="env" if source == "env" else "file", target=target, place=entry.at(key))


def _words(entry: Entry, key: str) -> tuple[str, ...]:
    return tuple(str(word) for word in cast(YamlList, entry.node[key]))


def _number(entry: Entry, key: str, default: int) -> int:
    value = entry.number_or_none(key)
    return default if value is None else value


def _choices(entry: Entry) -> dict[str, Any]:
    """Values that the schema restricts to the fields of a struct and their choices."""
    return dict(entry.node)
