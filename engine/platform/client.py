"""Reads customers, products, subscriptions and their logs of one account of the platform."""

from urllib.parse import quote

import msgspec

from engine.diagnostics import Diagnostic
from engine.http.errors import AuthenticationFailed, Forbidden
from engine.http.reply import decode
from engine.http.transport import Transport
from engine.platform import activity, catalog, oauth, paging
from engine.platform.models import ActivityLog, Customer, ProductPlan, SubscriptionList
from engine.platform.tokens import TokenSource

_DAY = 24 * 60 * 60
_WARN_DAYS = 7


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What `ping` found. Seconds that the tokens still live (None: the platform does not say).

    `v1` says whether the v1 credentials work; None where there are none. `findings` are the warnings and errors.
    """

    access_seconds: int | None
    refresh_seconds: int | None
    v1: bool | None
    findings: tuple[Diagnostic, ...]


class PlatformClient:
    """The platform's lists, and its log of one subscription. Thread-safe; every method raises ServiceError.

    `transport` carries the bearer token, `identity` nothing (for the OAuth end points), and `v1` the v1 credentials.
    """

    def __init__(
        self,
        transport: Transport,
        account: str,
        *,
        tokens: TokenSource,
        identity: Transport,
        v1: Transport | None = None,
        parallel: int = 4,
    ) -> None:
        self._transport = transport
        self._base = f"api/v3/accounts/{quote(account, safe='')}"
        self._tokens = tokens
        self._identity = identity
        self._v1 = v1
        self._parallel = parallel

    @property
    def sent(self) -> int:
        """Requests sent so far to the platform's lists."""
        return self._transport.sent

    def customers(self) -> list[Customer]:
        """All customers."""
        found = paging.by_token(self._transport, f"{self._base}/customers", catalog.CustomerPage)
        return [catalog.customer(wire) for wire in found]

    def products(self) -> list[ProductPlan]:
        """Every plan of every product."""
        found = paging.by_token(self._transport, f"{self._base}/products", catalog.ProductPage)
        return [plan for wire in found for plan in catalog.plans(wire)]

    def subscriptions(self, customer: str | None = None) -> SubscriptionList:
        """All subscriptions, or those of one customer; what could not be read is listed beside them."""
        return paging.subscriptions(self._transport, f"{self._base}/subscriptions", customer, self._parallel)

    def activity(self, customer: str, subscription: str) -> ActivityLog:
        """What the platform logged of a subscription, by the platform's own ids of it and its customer: one request."""
        path = f"{self._base}/customers/{quote(customer, safe='')}/subscriptions/{quote(subscription, safe='')}"
        return activity.log(subscription, decode(self._transport.get(path), activity.WireDetail))

    def warnings(self) -> tuple[Diagnostic, ...]:
        """What a run should say of the tokens, by what is known already: no request is sent."""
        return _expiry(self._tokens.refresh_seconds())

    def ping(self) -> Access:
        """Tries the credentials: the tokens, the role (by one customer's page), and the v1 key where there is one."""
        # The list first: it replaces an access token that is refused before its time.
        self._transport.get(f"{self._base}/customers", {"pageSize": "1"})
        lifetimes = oauth.lifetimes(self._identity, self._tokens.access_token())
        findings = _expiry(lifetimes.refresh)
        v1 = None
        if self._v1 is not None:
            refusal = self._v1_refusal(self._v1)
            v1 = refusal is None
            findings = (*findings, *([refusal] if refusal else []))
        return Access(access_seconds=lifetimes.access, refresh_seconds=lifetimes.refresh, v1=v1, findings=findings)

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()
        self._identity.close()

    def _v1_refusal(self, transport: Transport) -> Diagnostic | None:
        try:
            transport.get("api/v1/invoices/myinvoices", {"limit": "1", "offset": "0"})
        except (AuthenticationFailed, Forbidden) as failure:
            return Diagnostic(code="platform-v1-refused", text=str(failure), hint=failure.hint)
        return None


def _expiry(refresh: int | None) -> tuple[Diagnostic, ...]:
    if refresh is None or refresh > _WARN_DAYS * _DAY:
        return ()
    left = f"{refresh // _DAY} days" if refresh >= 2 * _DAY else f"{max(refresh, 0) // 3600} hours"
    return (
        Diagnostic(
            code="refresh-token-expiring",
            severity="warning",
            text=f"The platform's refresh token runs out in {left}; after that every run fails.",
            hint="Each use replaces it: run before then, or get a new one from the platform's API settings.",
        ),
    )
