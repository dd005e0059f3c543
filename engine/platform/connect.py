"""Puts a platform client together from a connection of the workspace."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import httpx
import msgspec

from engine.http.errors import AuthenticationFailed
from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.secrets import Secret, path_of, resolve
from engine.http.transport import Limits, Transport, network
from engine.platform import oauth
from engine.platform.client import PlatformClient
from engine.platform.token_store import SERVICE, CommandStore, FileStore, TokenStore
from engine.platform.tokens import TokenSource, utc_now
from engine.workspace.model import PlatformConnection, TokenStoreRef

_HINTS = {
    401: "Check the account and the token store; a new refresh token comes from the platform's API settings.",
    403: "Check `account` of the connection; the platform's user needs the role Account Admin or Operations.",
}
_V1_HINTS = {
    401: "Check `api_key` and `api_secret` of the connection.",
    403: "The platform's user needs the role Account Admin or Operations.",
}


class ApiKey(msgspec.Struct, frozen=True):
    """The credentials of v1: HTTP Basic with the key as user and the secret as password."""

    key: Secret
    secret: Secret

    def headers(self) -> Mapping[str, str]:
        """The credential headers."""
        pair = f"{self.key.reveal()}:{self.secret.reveal()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def connect(
    connection: PlatformConnection,
    *,
    env: Mapping[str, str],
    root: Path,
    hosts: AllowedHosts,
    limits: Limits | None = None,
    wire: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
) -> PlatformClient:
    """A client for a connection. Nothing is sent yet. Raises SecretMissingError and HostRefused."""
    api_key = None
    if connection.api_key is not None and connection.api_secret is not None:
        api_key = ApiKey(resolve(connection.api_key, env, root), resolve(connection.api_secret, env, root))
    return open_client(
        connection.url,
        connection.account,
        _store(connection.token_store, root),
        hosts=hosts,
        api_key=api_key,
        limits=limits,
        wire=wire,
        pace=pace,
    )


def open_client(
    url: str,
    account: str,
    store: TokenStore,
    *,
    hosts: AllowedHosts,
    api_key: ApiKey | None = None,
    limits: Limits | None = None,
    wire: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
    now: Callable[[], datetime] = utc_now,
) -> PlatformClient:
    """A client for an account at `url` (scheme, host and port), with its tokens in `store`. Nothing is sent yet."""
    limits = limits or Limits()
    shared = wire or network(url, limits)

    def transport(
        authorize: Callable[[], Mapping[str, str]],
        hints: Mapping[int, str],
        reauthorize: Callable[[Mapping[str, str]], bool] | None = None,
    ) -> Transport:
        return Transport(
            service=SERVICE,
            base_url=url,
            authorize=authorize,
            reauthorize=reauthorize,
            explain=explain,
            hosts=hosts,
            limits=limits,
            wire=shared,
            pace=pace,
            hints=hints,
        )

    identity = transport(dict, _HINTS)
    tokens = TokenSource(store, lambda held, at: oauth.exchange(identity, held, at), now)
    return PlatformClient(
        transport(tokens.authorize, _HINTS, tokens.renew),
        account,
        tokens=tokens,
        identity=identity,
        v1=transport(api_key.headers, _V1_HINTS) if api_key is not None else None,
        parallel=min(4, limits.concurrency),
    )


class _ErrorBody(msgspec.Struct):
    """The platform's error shape, and OAuth's."""

    error: str | None = None
    message: str | None = None
    error_description: str | None = None


def explain(status: int, body: bytes) -> tuple[str | None, str | None]:
    """Code and message of an error of the platform; (None, None) where the body has another shape."""
    try:
        found = msgspec.json.decode(body, type=_ErrorBody)
    except msgspec.DecodeError:
        return None, None
    return found.error, found.message or found.error_description or found.error


def _store(reference: TokenStoreRef, root: Path) -> TokenStore:
    if reference.file is not None:
        return FileStore(path_of(reference.file, root))
    if reference.get_command and reference.put_command:
        return CommandStore(reference.get_command, reference.put_command)
    raise AuthenticationFailed(
        "the connection names no token store",
        service=SERVICE,
        verb="token store",
        path=str(reference.place),
        hint="Write `file:`, or both `get_command:` and `put_command:`.",
    )
