"""The platform's OAuth end points: a refresh token for new tokens, and how long tokens still live."""

from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import msgspec

from engine.http.errors import AuthenticationFailed, BadReply, Rejected, ServiceError
from engine.http.reply import decode
from engine.http.transport import Transport
from engine.platform.token_store import NEW_TOKEN, Tokens

_FORM = "application/x-www-form-urlencoded"
_USUAL_LIFE = 7200


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that the tokens still live; None where the platform does not say."""

    access: int | None
    refresh: int | None


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: Decimal | None = None
    refresh_token: str | None = None
    refresh_expires_in: Decimal | None = None


class _Access(msgspec.Struct):
    access_expires_in: Decimal | None = None
    refresh_expires_in: Decimal | None = None


def exchange(transport: Transport, held: Tokens, now: datetime) -> Tokens:
    """New tokens for the held refresh token, which stops working by this.

    Raises AuthenticationFailed where the refresh token is refused or where the reply was lost, and other
    ServiceErrors where the platform did not take the request.
    """
    form = urlencode({"grant_type": "refresh_token", "refresh_token": held.refresh_token}).encode()
    try:
        granted = decode(transport.send("POST", "oauth/token", form, content_type=_FORM), _Granted)
    except (Rejected, AuthenticationFailed) as failure:
        raise _refused(failure, held) from None
    except BadReply as failure:
        raise _lost(failure) from None
    except ServiceError as failure:
        if failure.outcome_unknown:
            raise _lost(failure) from None
        raise
    return Tokens(
        refresh_token=granted.refresh_token or held.refresh_token,
        previous=held.refresh_token if granted.refresh_token else held.previous,
        obtained_at=now,
        expires_at=_later(now, granted.refresh_expires_in) or (None if granted.refresh_token else held.expires_at),
        access_token=granted.access_token,
        access_expires_at=_later(now, granted.expires_in) or now + timedelta(seconds=_USUAL_LIFE),
    )


def lifetimes(transport: Transport, access_token: str) -> Lifetimes:
    """How long the access token and its refresh token still live."""
    form = urlencode({"access_token": access_token}).encode()
    try:
        found = decode(transport.send("POST", "oauth/validateAccess", form, content_type=_FORM), _Access)
    except Rejected as failure:
        raise _rewritten(
            failure, "the platform does not know the access token", "Check the account and address."
        ) from None
    return Lifetimes(access=_seconds(found.access_expires_in), refresh=_seconds(found.refresh_expires_in))


def _refused(failure: ServiceError, held: Tokens) -> AuthenticationFailed:
    if held.rotating_since is not None:
        why = (
            f"the refresh token is refused; an exchange begun at {held.rotating_since:%Y-%m-%d %H:%M} UTC was never "
            "finished, so the platform has probably replaced it and its reply was lost"
        )
    else:
        since = f"; it was obtained at {held.obtained_at:%Y-%m-%d %H:%M} UTC" if held.obtained_at else ""
        why = f"the refresh token is refused: it was used elsewhere, withdrawn or has run out{since}"
    return _rewritten(failure, why, f"To go on, {NEW_TOKEN}. Use one token store only: each use replaces the token.")


def _lost(failure: ServiceError) -> AuthenticationFailed:
    # What the platform says as it fails may hold the tokens that it has just made.
    why = "the platform failed" if failure.status is not None and failure.status >= 400 else failure.message
    return _rewritten(
        failure,
        f"the reply with the new refresh token did not arrive ({why}), so the platform may have replaced "
        "the stored one",
        f"Run again: if the stored token is still good, nothing was lost. If it is refused, {NEW_TOKEN}.",
        lost=True,
    )


def _rewritten(failure: ServiceError, message: str, hint: str, lost: bool = False) -> AuthenticationFailed:
    return AuthenticationFailed(
        message,
        service=failure.service,
        verb=failure.verb,
        path=failure.path,
        status=failure.status,
        code=failure.code,
        hint=hint,
        request_id=failure.request_id,
        outcome_unknown=lost,
    )


def _later(now: datetime, seconds: Decimal | None) -> datetime | None:
    found = _seconds(seconds)
    return now + timedelta(seconds=found) if found is not None else None


def _seconds(value: Decimal | None) -> int | None:
    return int(value) if value is not None and value.is_finite() and abs(value) < 10**9 else None
