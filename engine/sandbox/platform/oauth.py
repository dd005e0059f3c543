"""Tokens: rotation and expiry on the sandbox's clock; the checks of Bearer and Basic."""

import base64
import hmac

from engine.sandbox.asgi import Answer, json_answer
from engine.sandbox.platform.settings import ALLOWED_ROLES, API_KEY, API_SECRET, PlatformSettings
from engine.sandbox.platform.wire import ApiError, Request
from engine.sandbox.store import from_json, to_json

ACCESS_LIFE = 7200
REFRESH_LIFE = 2764273
"""Seconds, as in the vendor's example: about 32 days."""


class Tokens:
    """The platform's tokens. A refresh token works once; access tokens live on until they run out."""

    def __init__(self, settings: PlatformSettings) -> None:
        self._settings = settings
        self._store = settings.store

    def current_refresh(self) -> str:
        """The refresh token that works now; a new one, as after signing in anew, if the last has run out."""
        token = self._store.setting("platform.refresh_token")
        if token is None or self._refresh_left() <= 0:
            return self._new_refresh()
        return token

    def new_access(self) -> str:
        """A further access token, good for two hours of the sandbox's clock."""
        with self._store.transaction():
            now = self._settings.now()
            living = {token: end for token, end in self._access().items() if end > now}
            number = self._next_number()
            token = f"sandbox-access-token-{number:06}"
            living[token] = now + ACCESS_LIFE
            self._store.set_setting("platform.access_tokens", to_json(living).decode())
            return token

    def access_left(self, token: str) -> int:
        """Seconds that an access token still works; 0 for a wrong one or one that ran out."""
        return max(0, self._access().get(token, 0) - self._settings.now())

    def rotate(self, refresh_token: str) -> tuple[str, str] | None:
        """A new access and a new refresh token for the current refresh token, which ends with this; None if refused."""
        with self._store.transaction():
            current = self._store.setting("platform.refresh_token")
            if current is None or not _same(current, refresh_token) or self._refresh_left() <= 0:
                return None
            return self.new_access(), self._new_refresh()

    def refresh_left(self) -> int:
        """Seconds that the current refresh token still works."""
        return max(0, self._refresh_left())

    def _refresh_left(self) -> int:
        until = self._store.setting("platform.refresh_until", "0")
        return int(until or "0") - self._settings.now()

    def _new_refresh(self) -> str:
        with self._store.transaction():
            token = f"sandbox-refresh-token-{self._next_number():06}"
            self._store.set_setting("platform.refresh_token", token)
            self._store.set_setting("platform.refresh_until", str(self._settings.now() + REFRESH_LIFE))
            return token

    def _access(self) -> dict[str, int]:
        text = self._store.setting("platform.access_tokens", "{}")
        living: dict[str, int] = from_json(text or "{}")
        return living

    def _next_number(self) -> int:
        number = int(self._store.setting("platform.token_number", "0") or "0") + 1
        self._store.set_setting("platform.token_number", str(number))
        return number


def token(request: Request, tokens: Tokens) -> Answer:
    """POST /oauth/token."""
    form = request.form()
    if form.get("grant_type") != "refresh_token" or not form.get("refresh_token"):
        return _refused("invalid_request", "grant_type must be refresh_token, with a refresh_token")
    pair = tokens.rotate(form["refresh_token"])
    if pair is None:
        return _refused("invalid_grant", "The refresh token is invalid or has expired.")
    access, refresh = pair
    return json_answer(
        200,
        {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFE,
            "refresh_token": refresh,
            "refresh_expires_in": REFRESH_LIFE,
        },
    )


def validate_access(request: Request, tokens: Tokens) -> Answer:
    """POST /oauth/validateAccess."""
    left = tokens.access_left(request.form().get("access_token", ""))
    if left <= 0:
        return _refused("invalid_token", "The access token is invalid or has expired.")
    return json_answer(200, {"access_expires_in": left, "refresh_expires_in": tokens.refresh_left()})


def check_bearer(request: Request, tokens: Tokens) -> None:
    """Raises ApiError 401 without a living access token."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or tokens.access_left(value.strip()) <= 0:
        raise ApiError(401, "UNAUTHENTICATED", "The access token is missing, invalid or has expired.")


def check_basic(request: Request) -> bool:
    """Whether API key and secret of v1 are right."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        pair = base64.b64decode(value, validate=True).decode()
    except ValueError:
        return False
    return _same(pair, f"{API_KEY}:{API_SECRET}")


def check_role(settings: PlatformSettings, account: str) -> None:
    """Raises ApiError 403 for a role that may not, or an account that is another's."""
    if settings.role not in ALLOWED_ROLES:
        raise ApiError(403, "PERMISSION_DENIED", f"The role {settings.role!r} has no access to this resource.")
    if account != settings.account:
        raise ApiError(403, "PERMISSION_DENIED", f"No access to account {account}.")


def _refused(error: str, description: str) -> Answer:
    return json_answer(400, {"error": error, "error_description": description})


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
