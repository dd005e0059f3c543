"""The one way to a service: credentials, pool, time-outs, retries, pace and a bound on everything."""

import re
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

import httpx

from engine.http import failures, retry, trace
from engine.http.errors import HostRefused, ServiceError
from engine.http.failures import Answer, Call, TooLargeError, TooSlowError, UnsendableError
from engine.http.hosts import ADVICE, AllowedHosts, origin
from engine.http.pace import Bucket, Pace
from engine.http.redaction import safe_target, scrub, secrets_of
from engine.http.reply import Reply

Params = Mapping[str, str] | Sequence[tuple[str, str]]
Explain = Callable[[int, bytes], tuple[str | None, str | None]]

# Where one of these ends an attempt, the request cannot have reached the service.
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{,79}", re.ASCII)
_IDS = 64
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_UNUSABLE = (UnsendableError, httpx.InvalidURL, httpx.DecodingError, TooLargeError, TooSlowError)


@dataclass(frozen=True)
class Limits:
    """Bounds of every call. Times are in seconds; `total_timeout` covers all attempts with their pauses."""

    connect_timeout: float = 10
    read_timeout: float = 60
    attempts: int = 5
    requests_per_minute: int = 600
    concurrency: int = 8
    total_timeout: float = 300
    max_reply_bytes: int = 64 * 2**20


class Transport:
    """Sends requests to one service. Thread-safe; raises ServiceError for everything but a 2xx reply.

    `authorize` gives the credential headers of each request; `reauthorize`, asked once per call after a 401 with the
    headers that were refused, says whether there are new ones to try. `explain` reads the service's own error shape
    as (code, message); `hints` is the service's advice by status. `wire` replaces the network.

    A connection pool is used without a client around it: no cookies, no redirects, no environment, no log of addresses.
    """

    def __init__(
        self,
        *,
        service: str,
        base_url: str,
        authorize: Callable[[], Mapping[str, str]],
        explain: Explain,
        hosts: AllowedHosts,
        limits: Limits = Limits(),
        wire: httpx.BaseTransport | None = None,
        pace: Pace | None = None,
        reauthorize: Callable[[Mapping[str, str]], bool] | None = None,
        hints: Mapping[int, str] | None = None,
    ) -> None:
        refusal = hosts.refusal(base_url)
        target = origin(base_url)
        if refusal is not None or target is None:
            shown = safe_target(base_url)
            raise HostRefused(
                refusal or "the address is not plain",
                service=service,
                verb="connect to",
                path=shown,
                hint=ADVICE,
            )
        self._service = service
        self._origin = target
        self._base = base_url.partition("?")[0].partition("#")[0].rstrip("/")
        self._authorize = authorize
        self._reauthorize = reauthorize
        self._explain = explain
        self._hints = hints or {}
        self._limits = limits
        self._pace = pace or Pace()
        in_process = wire is not None and not isinstance(wire, httpx.HTTPTransport)
        unpaced = target.loopback or in_process
        self._bucket = None if unpaced else Bucket(limits.requests_per_minute, self._pace)
        self._wire = wire or network(base_url, limits)
        self._slots = threading.BoundedSemaphore(limits.concurrency)
        self._count = threading.Lock()
        self._extensions = {
            "timeout": {
                "connect": limits.connect_timeout,
                "read": limits.read_timeout,
                "write": limits.read_timeout,
                "pool": limits.read_timeout,
            }
        }
        host = str(target).partition("://")[2]
        self._defaults = {
            "host": host,
            "accept": "application/json",
            "accept-encoding": "gzip, deflate",
            "user-agent": "cwctl",
            "connection": "keep-alive",
        }
        self.sent = 0
        """Requests sent so far, repeated ones included."""
        self._ids: deque[str] = deque(maxlen=_IDS)

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Reply:
        """Reads. Repeated after connect errors, time-outs, 429, 502, 503, 504 and a 500 that says time-out."""
        pairs = tuple(params.items()) if isinstance(params, Mapping) else params
        url = self._url(path)
        if pairs:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"
        return self._run(_Outgoing("GET", url, path, pairs, headers, b"", safe=True))

    def get_url(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Follows a link that the service gave, word for word. Raises HostRefused for another scheme, host or port."""
        outgoing = _Outgoing("GET", url, url, (), headers, b"", safe=True)
        if url.startswith("/") and not url.startswith("//"):
            outgoing.url = f"{self._origin}{url}"
        target = origin(outgoing.url)
        if target != self._origin:
            raise failures.refused(
                self._call(outgoing),
                f"the service's link points to {target or 'another kind of address'} instead of {self._origin}",
                "Nothing was sent there. If the service moved, write its new address into the connection.",
            )
        return self._run(outgoing)

    def send(
        self,
        verb: str,
        path: str,
        body: bytes = b"",
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        retry: bool = False,
    ) -> Reply:
        """Writes. Repeated like a read only with `retry`; otherwise, and always for POST, only if nothing was sent."""
        own = {"content-length": str(len(body))}
        if body:
            own["content-type"] = content_type
        if headers:
            own.update(headers)
        return self._run(_Outgoing(verb, self._url(path), path, (), own, body, safe=retry and verb != "POST"))

    def request_ids(self) -> tuple[str, ...]:
        """The ids that the service gave to the last writes since this was asked before, oldest first."""
        ids = tuple(self._ids)
        self._ids.clear()
        return ids

    def close(self) -> None:
        """Closes the connections."""
        self._wire.close()

    def __repr__(self) -> str:
        return f"Transport({self._service} at {self._origin})"

    def _url(self, path: str) -> str:
        return f"{self._base}/{path.lstrip('/')}"

    def _run(self, outgoing: "_Outgoing") -> Reply:
        deadline = self._pace.clock() + self._limits.total_timeout
        number = 1
        reauthorized = False
        while True:
            auth = self._authorize()
            attempt = retry.Attempt(number, self._limits.attempts, outgoing.safe)
            wait: float | None = None
            throttled = False
            try:
                status, answered, content = self._once(outgoing, auth, deadline)
            except httpx.TransportError as failure:
                sent = not isinstance(failure, _NOTHING_SENT)
                error = failures.from_cut(self._call(outgoing), failure, sent, _secrets(auth, outgoing))
                if failures.is_lasting(failure) or not retry.again_after_cut(attempt, nothing_sent=not sent):
                    raise error from None
            except _UNUSABLE as failure:
                raise failures.from_unusable(self._call(outgoing), failure, self._limits.max_reply_bytes) from None
            else:
                if 200 <= status < 300:
                    plain = not outgoing.params and "?" not in outgoing.path
                    path = outgoing.path if plain else safe_target(outgoing.path, outgoing.params)
                    return Reply(
                        status, answered, content, self._service, outgoing.verb, path, partial(_secrets, auth, outgoing)
                    )
                if status == 401 and not reauthorized and self._reauthorize is not None and self._reauthorize(auth):
                    reauthorized = True
                    continue
                wait = retry.retry_after(answered, self._pace.wall())
                throttled = status == 429
                error = self._failed(outgoing, auth, Answer(status, answered, content, wait))
                too_long = wait is not None and wait > retry.LONGEST_RETRY_AFTER
                if too_long or not retry.again_after_status(attempt, status, content):
                    raise error from None
            self._pause(number, throttled, wait, deadline, error)
            number += 1

    def _once(
        self, outgoing: "_Outgoing", auth: Mapping[str, str], deadline: float
    ) -> tuple[int, httpx.Headers, bytes]:
        merged = dict(self._defaults)
        for given in (auth, outgoing.headers):
            if given:
                for name, value in given.items():
                    merged[name.lower()] = value
        request = httpx.Request(
            outgoing.verb,
            outgoing.url,
            headers=[(name.encode(), _carried(value)) for name, value in merged.items()],
            stream=httpx.ByteStream(outgoing.body),
            extensions=self._extensions,
        )
        if self._bucket is not None:
            self._bucket.take()
        with self._slots:
            with self._count:
                self.sent += 1
            with self._traced(outgoing, auth) as told:
                response = self._wire.handle_request(request)
                try:
                    content = self._read(response, deadline)
                finally:
                    response.close()
                told(response.status_code, response.headers, len(content))
        request_id = None if outgoing.verb == "GET" else failures.request_id(response.headers)
        if request_id is not None:
            self._ids.append(_shown_id(request_id, _secrets(auth, outgoing)))
        return response.status_code, response.headers, content

    @contextmanager
    def _traced(self, outgoing: "_Outgoing", auth: Mapping[str, str]) -> Iterator[trace.Told]:
        """Tells whoever listens how an attempt ended, and how long it took."""
        if not trace.listening():
            yield trace.nothing
            return
        call = self._call(outgoing)
        request = (call.service, call.verb, call.path)
        with trace.attempt(request, self._pace.clock, partial(_secrets, auth, outgoing)) as told:
            yield told

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            # Compressed twice, a few kilobytes become more than fits into memory.
            raise httpx.DecodingError("a compression that was not asked for")
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._limits.max_reply_bytes:
                raise TooLargeError
            if self._pace.clock() > deadline:
                raise TooSlowError
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _failed(self, outgoing: "_Outgoing", auth: Mapping[str, str], answer: Answer) -> ServiceError:
        return failures.from_status(
            self._call(outgoing),
            answer,
            explained=self._explain(answer.status, answer.body),
            hints=self._hints,
            secrets=_secrets(auth, outgoing),
        )

    def _pause(self, number: int, throttled: bool, wait: float | None, deadline: float, error: ServiceError) -> None:
        seconds = retry.wait_seconds(number, throttled, wait, self._pace.chance())
        if self._pace.clock() + seconds >= deadline:
            raise error from None
        if throttled and self._bucket is not None:
            self._bucket.hold(seconds)
        trace.pausing(scrub(error.message, limit=120), seconds)
        self._pace.sleep(seconds)

    def _call(self, outgoing: "_Outgoing") -> Call:
        path = safe_target(outgoing.path, outgoing.params)
        return Call(self._service, outgoing.verb, path, writes=outgoing.verb != "GET")


@dataclass(slots=True)
class _Outgoing:
    """A request to send; `safe` says that sending it twice does no harm."""

    verb: str
    url: str
    path: str
    params: Sequence[tuple[str, str]]
    headers: Mapping[str, str] | None
    body: bytes
    safe: bool


def _secrets(auth: Mapping[str, str], outgoing: _Outgoing) -> list[str]:
    """What of this request must never be echoed: its credentials, and the tokens of a form."""
    is_form = any("form" in value for name, value in (outgoing.headers or {}).items() if name.lower() == "content-type")
    return secrets_of(auth, outgoing.body if is_form else b"")


def _shown_id(given: str, secrets: Sequence[str]) -> str:
    """An id that the service gave to a request, whole if it looks like one. Many begin alike, client ids too."""
    if _ID.fullmatch(given) and not any(secret in given or given in secret for secret in secrets):
        return given
    return scrub(given, secrets, limit=80)


def _carried(value: str) -> bytes:
    if not (value.isascii() and value.isprintable()):
        raise UnsendableError
    return value.encode()


def network(base_url: str, limits: Limits) -> httpx.HTTPTransport:
    """A pool of connections, which several Transports to one host may share as their `wire`."""
    # Plain http is loopback only: a context that trusts nobody spares reading the certificates.
    if base_url.lower().startswith("https"):
        context = httpx.create_ssl_context(trust_env=False)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pool = httpx.Limits(max_connections=limits.concurrency, max_keepalive_connections=limits.concurrency)
    return httpx.HTTPTransport(verify=context, trust_env=False, limits=pool)
