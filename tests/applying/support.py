"""Plans written by hand against the simulated PSA of the example world, and the client that applies them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.applying.admissible import wire_name
from engine.applying.apply import apply
from engine.applying.report import Report
from engine.http.asgi import AsgiTransport
from engine.http.hosts import AllowedHosts
from engine.http.pace import Pace
from engine.http.secrets import Secret
from engine.planning.plan import Change, Counts, FieldChange, Plan, Selection
from engine.planning.plan_json import from_json, to_json
from engine.psa.client import PsaClient, connect
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition
from engine.sandbox.fault import Fault
from engine.sandbox.sandbox import Sandbox

AGREEMENT, OTHER_AGREEMENT = 501, 502
"""Of two customers of the example world, which have no additions at first."""
COMPANY, OTHER_COMPANY = 301, 302
ITEM = 103


@dataclass
class World:
    """A sandbox, a client of its PSA, and the pauses that the client took."""

    sandbox: Sandbox
    psa: PsaClient
    paused: list[float]

    def apply(self, *changes: Change) -> Report:
        """Apply a plan of these changes, through its saved form as `apply` does."""
        return apply(from_json(to_json(plan(*changes))), self.psa, lambda done, total: None)

    def fault(self, kind: Any, verb: str = "*", path: str = "*", **more: Any) -> None:
        self.sandbox.faults.add(Fault(kind=kind, service="psa", verb=verb, path=path, **more))

    def sent(self, verb: str) -> int:
        """Requests of a verb that reached the PSA."""
        counted = self.sandbox.faults.requests("psa")
        return sum(number for key, number in counted.items() if key.startswith(f"{verb} "))

    def additions(self, agreement: int = AGREEMENT) -> list[Addition]:
        return self.psa.additions(agreement)

    def edit(self, kind: str, number: int, **values: Any) -> None:
        """Somebody changes a record in the PSA."""
        document = self.sandbox.store.get(kind, number)
        assert document is not None
        self.sandbox.store.put(kind, number, {**document, **values})


@contextmanager
def opened() -> Iterator[World]:
    sandbox = Sandbox.in_memory()
    credentials = sandbox.psa_credentials
    paused: list[float] = []
    psa = connect(
        url="http://localhost",
        company=credentials.company,
        client_id=Secret(credentials.client_id),
        public_key=Secret(credentials.public_key),
        private_key=Secret(credentials.private_key),
        hosts=AllowedHosts(),
        wire=AsgiTransport(sandbox.psa),
        pace=Pace(sleep=paused.append, chance=lambda: 0.5),
    )
    try:
        yield World(sandbox, psa, paused)
    finally:
        psa.close()
        sandbox.close()


def plan(*changes: Change) -> Plan:
    nothing = dict.fromkeys(Counts.__struct_fields__, 0)
    return Plan(
        made_by="cwctl test",
        connection="sandbox",
        workspace_digest="0" * 64,
        as_of=date(2026, 6, 15),
        selection=Selection(),
        changes=changes,
        counts=Counts(**nothing),
        by_customer=(),
        totals=(),
        rounding=Decimal(0),
        notices=(),
        held=(),
        unmanaged=(),
        unmapped=(),
    )


def change(address: str, action: Any, fields: Mapping[str, tuple[Any, Any]], **more: Any) -> Change:
    """A change by its address; `fields` are pairs of before and after."""
    kind = more.pop("kind", address.partition(":")[0])
    return Change(
        address=address,
        kind=kind,
        action=action,
        name=more.pop("name", address),
        reason="a test wants it",
        fields=tuple(
            FieldChange(field=name, before=before, after=after, writes=wire_name(kind, name))
            for name, (before, after) in fields.items()
        ),
        **more,
    )


def new(values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (None, value) for name, value in values.items()}


def mark(subscription: str, agreement: int = AGREEMENT) -> str:
    return encode(
        Mark(
            account="4711", subscription=subscription, segment=1, role="base", on=date(2026, 6, 1), agreement=agreement
        )
    )


def new_line(subscription: str, customer: str = "410001", agreement: int = AGREEMENT, **changed: Any) -> Change:
    values = {
        "product_id": ITEM,
        "quantity": Decimal(12),
        "unit_price": Decimal("21.96"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 6, 1),
        "cancelled": date(2027, 5, 31),
        "bill_customer": "Billable",
        "taxable": True,
        "mark": mark(subscription, agreement),
        **changed,
    }
    return change(
        f"addition:{agreement}/{subscription}/1/base", "create", new(values), customer=customer, agreement=agreement
    )


def changed_line(
    number: int,
    fields: Mapping[str, tuple[Any, Any]],
    customer: str = "410001",
    agreement: int = AGREEMENT,
    subscription: str = "9001",
) -> Change:
    return change(
        f"addition:{agreement}/{subscription}/1/base",
        "update",
        fields,
        object_id=number,
        customer=customer,
        agreement=agreement,
    )


def changed_company(number: int, fields: Mapping[str, tuple[Any, Any]], customer: str) -> Change:
    return change(f"company:{customer}", "update", fields, object_id=number, customer=customer)


def new_item(identifier: str, **more: Any) -> Change:
    values = {
        "identifier": identifier,
        "description": "Made up",
        "customer_description": "Made up for a test",
        "product_class": "Agreement",
        "subcategory": "Cloud Services",
        "type": "#1",
        "taxable": True,
        "price": Decimal("4.10"),
        **more,
    }
    return change(f"catalog_item:{identifier}", "create", new(values))


def statuses(report: Report) -> dict[str, str]:
    return {outcome.address: outcome.status for outcome in report.outcomes}
