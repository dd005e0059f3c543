"""A caller of the simulated platform in the process."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from engine.http.asgi import AsgiTransport
from engine.sandbox.sandbox import Sandbox
from engine.sandbox.store import from_json

Params = Sequence[tuple[str, str | int]] | Mapping[str, str | int]
KEY = ("sandbox-api-key", "sandbox-api-secret")


class Caller:
    """Signed in to v3 and v1 unless told otherwise."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(transport=AsgiTransport(sandbox.platform), base_url="http://platform")
        self.token = sandbox.new_access_token()
        self.account = sandbox.platform_credentials.account

    def get(self, path: str, params: Params = (), *, status: int = 200) -> Any:
        """A v3 resource below the account."""
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = self.http.get(f"/api/v3/accounts/{self.account}/{path}", params=list(_pairs(params)), headers=headers)
        assert reply.status_code == status, reply.text
        return from_json(reply.content)

    def v1(self, path: str, params: Params = (), *, status: int = 200) -> Any:
        """A v1 resource."""
        reply = self.http.get(f"/api/v1/{path}", params=list(_pairs(params)), auth=KEY)
        assert reply.status_code == status, reply.text
        return from_json(reply.content)

    def post(self, path: str, form: dict[str, str]) -> httpx.Response:
        """A form."""
        return self.http.post(path, data=form)


def _pairs(params: Params) -> Sequence[tuple[str, str | int]]:
    return list(params.items()) if isinstance(params, Mapping) else params
