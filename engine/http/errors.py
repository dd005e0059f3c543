"""What can go wrong with a service, as exceptions that say what happened, where, and what to do."""


class ServiceError(Exception):
    """A request to a service failed. `str()` is one paragraph for a reader and holds no secret.

    `path` is without secrets. `status` is None when no reply came. `outcome_unknown` says that a write may have
    taken effect although it failed (time-out, cut connection, 5xx, 429): read again before repeating it.
    `retry_after` is the wait in seconds that the service asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        verb: str,
        path: str,
        status: int | None = None,
        code: str | None = None,
        hint: str | None = None,
        request_id: str | None = None,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.service = service
        self.verb = verb
        self.path = path
        self.status = status
        self.code = code
        self.hint = hint
        self.request_id = request_id
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after

    def __str__(self) -> str:
        answered = "" if self.status is None else f" answered {self.status}"
        code = f" ({self.code})" if self.code and self.code != str(self.status) else ""
        parts = [f"{self.service}: {self.verb} {self.path}{answered}{code}: {_sentence(self.message)}"]
        if self.outcome_unknown:
            parts.append("The change may have taken effect all the same.")
        if self.hint:
            parts.append(_sentence(self.hint))
        if self.request_id:
            parts.append(f"(request id {self.request_id})")
        return " ".join(parts)


class Unreachable(ServiceError):
    """No reply: no connection, a time-out, or a connection cut on the way."""


class AuthenticationFailed(ServiceError):
    """The credentials were refused (401), or could not be obtained or sent."""


class Forbidden(ServiceError):
    """The credentials are good, their role lacks a right (403)."""


class NotFound(ServiceError):
    """No such object or endpoint (404, 410)."""


class Throttled(ServiceError):
    """Too many requests (429), also after the retries."""


class Rejected(ServiceError):
    """The service understood the request and refused it (400, 409 and every other 4xx)."""


class ServerFailed(ServiceError):
    """The service failed (5xx), also after the retries."""


class BadReply(ServiceError):
    """The reply cannot be used: a web page, truncated or unexpected JSON, a redirect, or too large."""


class HostRefused(ServiceError):
    """The address is not one that credentials may be sent to. Nothing was sent."""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
