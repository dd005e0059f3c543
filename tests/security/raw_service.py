"""A service that answers as no honest one does: bytes straight onto the socket, on loopback."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[str], Iterable[bytes]]
"""From the head of a request to what is sent, as long as anybody reads."""

_MOST = 1000


class RawService:
    """What came, and the answer for it."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.heads: list[str] = []
        self.sent = 0
        self.answer: Answer = lambda head: [reply(b"[]")]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def serve(self) -> None:
        for _ in range(_MOST):
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(10)
                head = connection.recv(65536).decode("latin-1")
                self.heads.append(head)
                for part in self.answer(head):
                    connection.sendall(part)
                    self.sent += len(part)


@contextmanager
def raw_service() -> Iterator[RawService]:
    """Serves one connection at a time, and closes it after the answer."""
    listening = socket.create_server(("127.0.0.1", 0))
    service = RawService(listening)
    thread = threading.Thread(target=service.serve, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(timeout=10)


def reply(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole reply; `length` is what it claims to be long."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
