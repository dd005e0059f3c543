"""The PSA's refusals, in its own words."""

from collections.abc import Sequence
from typing import Any

from engine.sandbox.asgi import Answer, json_answer

NO_ENDPOINT = "The endpoint does not exist."


class ApiError(Exception):
    """A request that is refused: HTTP status, the PSA's code and message, and details where there are any."""

    def __init__(self, status: int, code: str, message: str, errors: Sequence[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "errors": errors}

    @property
    def answer(self) -> Answer:
        """The reply."""
        return json_answer(self.status, self.body)


def problem(code: str, message: str, resource: str, field: str) -> dict[str, Any]:
    """One of the details of a refused record."""
    return {"code": code, "message": message, "resource": resource, "field": field}


def invalid(name: str, problems: Sequence[dict[str, Any]], reason: str = "") -> ApiError:
    """A record that does not pass: `name` is the resource's, `reason` a text for the message itself."""
    return ApiError(400, "InvalidObject", f"{name} object is invalid" + (f" - {reason}" if reason else ""), problems)


def bad_request(message: str) -> ApiError:
    """A request that cannot be understood: malformed conditions, unknown members."""
    return ApiError(400, "ConnectWiseApi", message)


def not_found(what: str = "Record") -> ApiError:
    """A record that is not there, or not below this parent."""
    return ApiError(404, "NotFound", f"{what} not found")


def no_endpoint() -> ApiError:
    """A path that this tenant does not have."""
    return ApiError(404, "ConnectWiseApi", NO_ENDPOINT)


def forbidden() -> ApiError:
    """The role lacks the right."""
    return ApiError(403, "Security", "You do not have security permission to perform this action.")


def conversion_failed(value: object, wanted: str, path: str) -> ApiError:
    """A value of the wrong type, which the PSA answers with a 500."""
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return ApiError(500, "ConnectWiseApi", f"Error converting value {shown[:100]} to type '{wanted}'. Path '{path}'.")
