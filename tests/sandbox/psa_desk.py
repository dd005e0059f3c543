"""A small PSA in the process for the tests, and a way to ask it."""

import asyncio
import base64
import json
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from engine.sandbox.faults import Faults
from engine.sandbox.psa.access import expected_login
from engine.sandbox.psa.app import psa_app
from engine.sandbox.psa.seed import (
    NewAddition,
    add_additions,
    add_agreement,
    add_agreement_type,
    add_catalog_item,
    add_company,
    add_custom_field,
    add_manufacturer,
    add_setup_tables,
)
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Store

TODAY = date(2026, 6, 15)
API = "/v4_6_release/apis/3.0"


class Desk:
    """A tenant with one company, two catalog items and one monthly, prorating agreement invoiced through June 2026."""

    def __init__(self) -> None:
        self.store = Store(":memory:")
        self.faults = Faults()
        self.app = psa_app(self.store, self.faults)
        with self.store.transaction():
            self.set("today", TODAY.isoformat())
            add_setup_tables(self.store)
            self.type = add_agreement_type(self.store, "Cloud Services")
            self.field = add_custom_field(self.store, "Subscription")
            self.maker = add_manufacturer(self.store, "Example Software Works")
            self.company = add_company(
                self.store, identifier="ExampleBakery", name="Example Bakery", city="Springfield"
            )
            self.item = self.catalog_item("SEAT-M")
            self.bundle = self.catalog_item("BUNDLE", product_class="Bundle")
            self.agreement = self.new_agreement()

    def catalog_item(self, identifier: str, **more: Any) -> int:
        return add_catalog_item(
            self.store,
            identifier=identifier,
            description=f"Item {identifier}",
            price=Decimal("14.95"),
            cost=Decimal("4"),
            manufacturer=self.maker,
            **more,
        )

    def new_agreement(self, **more: Any) -> int:
        values = {"start": date(2026, 1, 1), "next_invoice": date(2026, 7, 1), "name": "Cloud", **more}
        return add_agreement(self.store, company=self.company, type=self.type, **values)

    def new_addition(self, agreement: int | None = None, **more: Any) -> int:
        values: dict[str, Any] = {
            "product": self.item,
            "quantity": 24,
            "unit_price": Decimal("14.95"),
            "unit_cost": 4,
            "effective": date(2026, 7, 1),
            **more,
        }
        return add_additions(self.store, agreement or self.agreement, [NewAddition(**values)])[0]

    def set(self, name: str, value: str) -> None:
        self.store.set_setting(name, value)

    def headers(self) -> dict[str, str]:
        settings = PsaSettings(self.store)
        login = base64.b64encode(expected_login(settings).encode()).decode()
        return {"Authorization": f"Basic {login}", "clientId": settings["psa.client_id"]}

    def ask(self, verb: str, path: str, **more: Any) -> httpx.Response:
        """One request below the API's address, with the right credentials unless `headers` has others."""
        headers = {**self.headers(), **more.pop("headers", {})}
        return self.raw(verb, API + path, headers=headers, **more)

    def raw(self, verb: str, path: str, **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://psa.sandbox") as client:
                return await client.request(verb, path, **more)

        return asyncio.run(once())

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a list or record, its numbers as text where they have a point."""
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=str)

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        return self._write("POST", path, body, status)

    def patch(self, path: str, *operations: tuple[str, str, Any], status: int = 200) -> Any:
        """A PATCH of (op, path, value) triples."""
        body = [{"op": op, "path": at, "value": value} for op, at, value in operations]
        return self._write("PATCH", path, body, status)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self._write("PUT", path, body, status)

    def _write(self, verb: str, path: str, body: Any, status: int) -> Any:
        answer = self.ask(verb, path, json=body)
        assert answer.status_code == status, answer.text
        return json.loads(answer.text, parse_float=str)

    @property
    def additions(self) -> str:
        return f"/finance/agreements/{self.agreement}/additions"
