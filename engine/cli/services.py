"""Opening both services of a connection: over the network, or the embedded sandbox in the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.cli.exits import Stop
from engine.cli.own_folder import own_folder
from engine.pipeline import Services
from engine.platform.activity_cache import ActivityCache
from engine.platform.client import PlatformClient
from engine.psa.client import PsaClient
from engine.workspace.model import Connection


@contextmanager
def opened(connection: Connection, root: Path, *, writes: bool = True) -> Iterator[tuple[Services, date]]:
    """Both services, and today on the connection's calendar (the sandbox has a clock of its own).

    Without `writes` the client of the PSA can only read.
    """
    if connection.embedded:
        with _sandbox(connection, root, writes=writes) as found:
            yield found
        return
    services = _network(connection, root, writes=writes)
    try:
        yield services, datetime.now(ZoneInfo(connection.time_zone)).date()
    finally:
        services.close()


def _network(connection: Connection, root: Path, *, writes: bool) -> Services:
    platform = network_platform(connection, root)
    account = connection.platform.account if connection.platform else ""
    psa = network_psa(connection, root, writes=writes)
    return Services(psa=psa, platform=platform, account=account, logs=_logs(root))


def _logs(root: Path) -> ActivityCache | None:
    """The logs read before; a convenience, without which reads go on where the folder cannot be made."""
    try:
        return ActivityCache(own_folder(root))
    except Stop:
        return None


def network_psa(connection: Connection, root: Path, *, writes: bool = True) -> PsaClient:
    """The connection's PSA. Raises SecretMissingError, HostRefused and Stop; nothing is sent yet."""
    from engine.http.hosts import AllowedHosts, extra_hosts
    from engine.http.secrets import resolve
    from engine.http.transport import Limits
    from engine.psa.client import connect

    psa = connection.psa
    if psa is None:
        raise Stop(f"the connection {connection.name!r} has no psa")
    return connect(
        url=psa.url,
        company=psa.company,
        client_id=resolve(psa.client_id, os.environ, root),
        public_key=resolve(psa.public_key, os.environ, root),
        private_key=resolve(psa.private_key, os.environ, root),
        hosts=AllowedHosts(extra_hosts(os.environ)),
        version=psa.version,
        limits=Limits(requests_per_minute=psa.requests_per_minute),
        keeping=connection.mark,
        writes=writes,
    )


def network_platform(connection: Connection, root: Path) -> PlatformClient:
    """The connection's platform. Raises SecretMissingError, HostRefused and Stop; nothing is sent yet."""
    from engine.http.hosts import AllowedHosts, extra_hosts
    from engine.platform.connect import connect

    if connection.platform is None:
        raise Stop(f"the connection {connection.name!r} has no platform")
    return connect(connection.platform, env=os.environ, root=root, hosts=AllowedHosts(extra_hosts(os.environ)))


@contextmanager
def _sandbox(connection: Connection, root: Path, *, writes: bool) -> Iterator[tuple[Services, date]]:
    from engine.cli.embedded import embedded
    from engine.http.asgi import AsgiTransport
    from engine.http.hosts import AllowedHosts
    from engine.http.secrets import Secret
    from engine.platform.connect import ApiKey, open_client
    from engine.platform.token_store import MemoryStore
    from engine.psa.client import connect as connect_psa

    with embedded(root) as sandbox:
        psa, platform = sandbox.psa_credentials, sandbox.platform_credentials
        services = Services(
            psa=connect_psa(
                url="http://localhost",
                company=psa.company,
                client_id=Secret(psa.client_id),
                public_key=Secret(psa.public_key),
                private_key=Secret(psa.private_key),
                hosts=AllowedHosts(),
                keeping=connection.mark,
                wire=AsgiTransport(sandbox.psa),
                writes=writes,
            ),
            platform=open_client(
                "http://localhost",
                platform.account,
                MemoryStore(platform.refresh_token),
                hosts=AllowedHosts(),
                api_key=ApiKey(Secret(platform.api_key), Secret(platform.api_secret)),
                wire=AsgiTransport(sandbox.platform),
            ),
            account=platform.account,
        )
        try:
            yield services, sandbox.today
        finally:
            services.close()
