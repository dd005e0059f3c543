"""Serving the sandbox on loopback: both simulators in one process, until interrupted."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from engine.sandbox.asgi import App
from engine.sandbox.sandbox import Sandbox

HOST = "127.0.0.1"
Announcement = dict[str, dict[str, str]]


def serve(sandbox: Sandbox, psa_port: int, platform_port: int, announce: Callable[[Announcement], None]) -> None:
    """Serves until SIGINT or SIGTERM, then returns. Port 0 takes a free one.

    `announce` is called once, when both listen. Raises OSError if a port cannot be had.
    """
    with _listening(psa_port, platform_port) as (psa, platform):
        asyncio.run(_until_interrupted(sandbox, psa, platform, announce))


@contextlib.contextmanager
def served(sandbox: Sandbox) -> Iterator[Announcement]:
    """Both simulators on free ports, in a thread, for as long as the block runs; gives the announcement."""
    with _listening(0, 0) as (psa, platform):
        servers = [_server(sandbox.psa), _server(sandbox.platform)]
        ready = threading.Event()

        async def work() -> None:
            tasks = [
                asyncio.create_task(_run(server, one)) for server, one in zip(servers, (psa, platform), strict=True)
            ]
            await _started(servers, tasks)
            ready.set()
            await asyncio.gather(*tasks)

        thread = threading.Thread(target=asyncio.run, args=(work(),), name="sandbox", daemon=True)
        thread.start()
        if not ready.wait(timeout=30):
            raise RuntimeError("the sandbox's servers did not start")
        try:
            yield announcement(sandbox, psa, platform)
        finally:
            for server in servers:
                server.should_exit = True
            thread.join()


def announcement(sandbox: Sandbox, psa: socket.socket, platform: socket.socket) -> Announcement:
    """Addresses (scheme, host and port alone) and credentials of both services."""
    at_psa, at_platform = sandbox.psa_credentials, sandbox.platform_credentials
    return {
        "psa": {
            "url": _url(psa),
            "company": at_psa.company,
            "client_id": at_psa.client_id,
            "public_key": at_psa.public_key,
            "private_key": at_psa.private_key,
        },
        "platform": {
            "url": _url(platform),
            "account": at_platform.account,
            "access_token": sandbox.new_access_token(),
            "refresh_token": at_platform.refresh_token,
            "api_key": at_platform.api_key,
            "api_secret": at_platform.api_secret,
        },
    }


async def _until_interrupted(
    sandbox: Sandbox, psa: socket.socket, platform: socket.socket, announce: Callable[[Announcement], None]
) -> None:
    servers = [_server(sandbox.psa), _server(sandbox.platform)]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(_run(server, one)) for server, one in zip(servers, (psa, platform), strict=True)]
    await _started(servers, tasks)
    announce(announcement(sandbox, psa, platform))
    await asyncio.gather(*tasks)


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it: two of them share a process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: App) -> uvicorn.Server:
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
    )
    return _Server(config)


async def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    await server.serve(sockets=[listening])


async def _started(servers: list[uvicorn.Server], tasks: list[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        if any(task.done() for task in tasks):
            await asyncio.gather(*tasks)
            return
        await asyncio.sleep(0.005)


@contextlib.contextmanager
def _listening(*ports: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        found = []
        for port in ports:
            # With the protocol named, asyncio switches delayed sending off on the connections: 40 ms a reply.
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((HOST, port))
            one.listen(128)
            found.append(one)
        yield found


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"
