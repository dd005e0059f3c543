"""Requests, replies and errors of the platform's simulator, apart from any web framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from engine.sandbox.asgi import Answer, json_answer


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request: header names in lower case, query pairs decoded and in their order."""

    verb: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter; an empty one counts as missing."""
        return next((value for key, value in self.query if key == name and value), None)

    def number(self, name: str) -> int | None:
        """A query parameter as a whole number. Raises ApiError 400 if it is something else or negative."""
        text = self.parameter(name)
        if text is None:
            return None
        value = whole_number(text)
        if value is None:
            raise invalid(f"{name} must be a whole number, not {text!r}")
        return value

    def form(self) -> dict[str, str]:
        """The body as form fields."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


class ApiError(Exception):
    """An error in the shape that the platform's v3 uses."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message

    def reply(self) -> Answer:
        """The error as it goes over the wire."""
        shape = {"error": self.error, "message": self.message, "code": self.status, "details": []}
        return json_answer(self.status, shape)


def whole_number(text: str) -> int | None:
    """A text of ASCII digits as a number that the store can hold (up to 18 of them), else None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def invalid(message: str) -> ApiError:
    """400 INVALID_REQUEST."""
    return ApiError(400, "INVALID_REQUEST", message)


def not_found(what: str) -> ApiError:
    """404 NOT_FOUND."""
    return ApiError(404, "NOT_FOUND", f"{what} not found")


Handler = Callable[[Request, Mapping[str, str]], Answer]
