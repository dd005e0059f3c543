"""What is sent on a write, byte for byte, and a success that is none."""

from datetime import date, datetime
from decimal import Decimal

import msgspec
import pytest
import respx

from engine.psa.client import PsaClient
from engine.psa.errors import NoEffect
from engine.psa.models import Addition
from engine.workspace.model import MarkKeeping, Reference
from tests.psa.conftest import BASE, Make

ADDITIONS = f"{BASE}/finance/agreements/7/additions"
CUSTOM = MarkKeeping(keep_in="custom_field", caption="Mark")

NEW: dict[str, object] = {
    "product_id": 3,
    "quantity": Decimal("-12"),
    "unit_price": Decimal("14.950"),
    "unit_cost": Decimal("0.1"),
    "effective": date(2027, 1, 9),
    "cancelled": None,
    "bill_customer": "Billable",
    "taxable": True,
    "invoice_description": "Line one\nline two",
    "mark": "cw1.x",
}

BODY = (
    b'{"product":{"id":3},"quantity":-12,"unitPrice":14.950,"unitCost":0.1,"effectiveDate":"2027-01-09T00:00:00Z",'
    b'"billCustomer":"Billable","taxableFlag":true,"invoiceDescription":"Line one line two","serialNumber":"cw1.x"}'
)


def echo(body: bytes, **more: object) -> bytes:
    """The record as a server shows it that took the body as it is."""
    return msgspec.json.encode({"id": 12, **msgspec.json.decode(body), **more})


def test_a_new_addition(psa: respx.Router, client: PsaClient) -> None:
    route = psa.post(ADDITIONS).respond(201, content=echo(BODY, quantity=-12.0, effectiveDate="2027-01-09T05:00:00Z"))
    assert client.create("addition", NEW, agreement_id=7) == Addition(
        id=12,
        agreement_id=7,
        product_id=3,
        quantity=Decimal(-12),
        unit_price=Decimal("14.95"),
        unit_cost=Decimal("0.1"),
        effective=date(2027, 1, 9),
        bill_customer="Billable",
        taxable=True,
        invoice_description="Line one line two",
        mark="cw1.x",
    )
    assert route.calls[0].request.content == BODY
    assert route.calls[0].request.headers["content-type"] == "application/json"


def test_a_new_addition_whose_mark_is_in_a_custom_field(psa: respx.Router, make: Make) -> None:
    psa.get(f"{BASE}/system/userDefinedFields").respond(json=[{"id": 8, "caption": "Mark"}], headers={"Link": ""})
    shown = [{"id": 3, "caption": "Note", "value": None}, {"id": 8, "caption": "Mark", "value": "cw1.x"}]
    route = psa.post(ADDITIONS).respond(201, content=echo(BODY, customFields=shown))
    made = make(keeping=CUSTOM).create("addition", NEW, agreement_id=7)
    assert isinstance(made, Addition)
    assert made.mark == "cw1.x"
    sent = msgspec.json.decode(route.calls[0].request.content)
    assert sent["customFields"] == [{"id": 8, "value": "cw1.x"}]
    assert "serialNumber" not in sent


@pytest.mark.parametrize("missing", ["product_id", "quantity", "unit_price", "unit_cost", "effective", "bill_customer"])
def test_an_addition_always_says_what_it_bills(client: PsaClient, missing: str) -> None:
    with pytest.raises(ValueError, match=f"a new addition needs {missing}"):
        client.create("addition", {**NEW, missing: None}, agreement_id=7)


def test_a_new_company(psa: respx.Router, client: PsaClient) -> None:
    values = {
        "identifier": "MadeUp",
        "name": "Made Up Ltd",
        "address_line1": "1 Nowhere Road",
        "country": "United States",
        "types": (Reference(id=1), Reference(name="Client")),
        "status": Reference(id=1, name="Active"),
        "site": "Main",
        "zip": None,
    }
    shown = {
        "id": 9,
        "identifier": "MADEUP",
        "name": "Made Up Ltd",
        "addressLine1": "1 Nowhere Road",
        "country": {"id": 1, "name": "United States"},
        "status": {"id": 1, "name": "Active"},
        "site": {"id": 4, "name": "Main"},
        "types": [{"id": 3, "name": "Client"}, {"id": 1, "name": "Prospect"}],
    }
    route = psa.post(f"{BASE}/company/companies").respond(201, json=shown)
    assert client.create("company", values).id == 9
    assert route.calls[0].request.content == (
        b'{"identifier":"MadeUp","name":"Made Up Ltd","addressLine1":"1 Nowhere Road",'
        b'"country":{"name":"United States"},"types":[{"id":1},{"name":"Client"}],'
        b'"status":{"id":1},"site":{"name":"Main"}}'
    )


def test_a_new_catalog_item(psa: respx.Router, client: PsaClient) -> None:
    values = {
        "identifier": "X",
        "description": "Short",
        "customer_description": "Long",
        "price": Decimal("10.00"),
        "manufacturer_id": 4,
        "manufacturer_part_number": "MPN",
        "product_class": "Agreement",
        "subcategory": Reference(name="Cloud"),
        "type": {"id": 2},
        "unit_of_measure": 5,
        "taxable": False,
    }
    body = (
        b'{"identifier":"X","description":"Short","customerDescription":"Long","price":10.00,"manufacturer":{"id":4},'
        b'"manufacturerPartNumber":"MPN","productClass":"Agreement","subcategory":{"name":"Cloud"},"type":{"id":2},'
        b'"unitOfMeasure":{"id":5},"taxableFlag":false}'
    )
    route = psa.post(f"{BASE}/procurement/catalog").respond(201, content=echo(body))
    assert client.create("catalog_item", values).id == 12
    assert route.calls[0].request.content == body


def test_a_patch_names_bare_fields_and_replaces_references_whole(psa: respx.Router, client: PsaClient) -> None:
    shown = {"id": 5, "manufacturer": {"id": 4, "name": "Made Up"}, "price": 10, "customerDescription": "Long"}
    route = psa.patch(f"{BASE}/procurement/catalog/5").respond(json=shown)
    client.update("catalog_item", 5, {"manufacturer_id": 4, "price": Decimal("10.00"), "customer_description": "Long"})
    assert route.calls[0].request.content == (
        b'[{"op":"replace","path":"manufacturer","value":{"id":4}},{"op":"replace","path":"price","value":10.00},'
        b'{"op":"replace","path":"customerDescription","value":"Long"}]'
    )


def test_an_end_is_set_and_taken_away(psa: respx.Router, client: PsaClient) -> None:
    route = psa.patch(f"{ADDITIONS}/12")
    route.respond(json={"id": 12, "product": {"id": 3}, "cancelledDate": "2027-01-31T00:00:00Z", "quantity": 0})
    changed = client.update("addition", 12, {"cancelled": date(2027, 1, 31), "quantity": Decimal(0)}, agreement_id=7)
    assert isinstance(changed, Addition)
    assert changed.cancelled == date(2027, 1, 31)
    assert route.calls[0].request.content == (
        b'[{"op":"replace","path":"cancelledDate","value":"2027-01-31T00:00:00Z"},'
        b'{"op":"replace","path":"quantity","value":0}]'
    )
    route.respond(json={"id": 12, "product": {"id": 3}})
    client.update("addition", 12, {"cancelled": None}, agreement_id=7)
    assert route.calls[1].request.content == b'[{"op":"remove","path":"cancelledDate"}]'


def test_custom_fields_are_sent_whole_from_a_fresh_read(psa: respx.Router, make: Make) -> None:
    client = make(keeping=CUSTOM)
    fields = b'[{"id":3,"caption":"Rate","value":1.10},{"id":8,"caption":"Mark","type":"Text","value":null}]'
    psa.get(ADDITIONS).respond(content=b'[{"id":12,"product":{"id":3},"customFields":' + fields + b"}]")
    client.additions(7)
    psa.get(f"{ADDITIONS}/12").respond(content=b'{"id":12,"product":{"id":3},"customFields":' + fields + b"}")
    route = psa.patch(f"{ADDITIONS}/12")
    route.respond(json={"id": 12, "product": {"id": 3}, "customFields": [{"id": 8, "caption": "Mark", "value": "m"}]})
    changed = client.update("addition", 12, {"mark": "m"}, agreement_id=7)
    assert isinstance(changed, Addition)
    assert changed.mark == "m"
    assert route.calls[0].request.content == (
        b'[{"op":"replace","path":"customFields","value":[{"id":3,"caption":"Rate","value":1.10},'
        b'{"id":8,"caption":"Mark","type":"Text","value":"m"}]}]'
    )


@pytest.mark.parametrize(
    ("changes", "shown", "difference"),
    [
        ({"quantity": Decimal(12)}, {"quantity": 11.0}, "quantity is 11.0 where 12 was asked for"),
        ({"unit_price": Decimal("1.005")}, {"unitPrice": 1.01}, "unitPrice is 1.01 where 1.005"),
        ({"cancelled": date(2027, 1, 9)}, {}, "cancelledDate is nothing where '2027-01-09"),
        ({"cancelled": None}, {"cancelledDate": "2027-01-09T00:00:00Z"}, "where nothing was asked for"),
        ({"effective": date(2027, 1, 9)}, {"effectiveDate": "2027-01-08T23:59:59Z"}, "effectiveDate is '2027-01-08"),
        ({"product_id": 4}, {"product": {"id": 3}}, "product is 3 where 4"),
        ({"taxable": True}, {"taxableFlag": False}, "taxableFlag is False where True"),
        ({"description": "abc"}, {"description": "ab"}, "description is 'ab' where 'abc'"),
        ({"mark": "m"}, {"serialNumber": None}, "serialNumber is nothing where 'm'"),
    ],
)
def test_a_success_without_effect(
    psa: respx.Router, client: PsaClient, changes: dict[str, object], shown: dict[str, object], difference: str
) -> None:
    psa.patch(f"{ADDITIONS}/12").respond(json={"id": 12, "product": {"id": 3}, **shown})
    with pytest.raises(NoEffect) as caught:
        client.update("addition", 12, changes, agreement_id=7)
    assert difference in str(caught.value)
    assert caught.value.id == 12
    assert caught.value.status == 200


def test_a_record_that_was_created_otherwise(psa: respx.Router, client: PsaClient) -> None:
    psa.post(ADDITIONS).respond(201, content=echo(BODY, quantity=1))
    with pytest.raises(NoEffect, match="record 12 was created, but quantity is 1 where -12") as caught:
        client.create("addition", NEW, agreement_id=7)
    assert caught.value.id == 12


def test_text_is_compared_in_canonical_form(psa: respx.Router, client: PsaClient) -> None:
    shown = {"id": 12, "product": {"id": 3}, "description": "a  b\u200b "}
    psa.patch(f"{ADDITIONS}/12").respond(json=shown)
    client.update("addition", 12, {"description": "a\nb"}, agreement_id=7)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("addition", {}, "no changes"),
        ("addition", {"quantity": 1.5}, "quantity of the addition: a decimal number is needed, not 1.5"),
        ("addition", {"quantity": True}, "decimal number"),
        ("addition", {"quantity": Decimal("NaN")}, "NaN is not a number"),
        ("addition", {"effective": "2027-01-09"}, "calendar day"),
        ("addition", {"effective": datetime(2027, 1, 9)}, "calendar day"),  # noqa: DTZ001 -- the wrong type on purpose
        ("addition", {"billedQuantity": 1}, "no field billedQuantity"),
        ("addition", {"taxable": 1}, "yes or no"),
        ("addition", {"product_id": "3"}, "an id is needed"),
        ("addition", {"mark": 5}, "only an addition has a mark"),
        ("company", {"mark": "m"}, "only an addition has a mark"),
        ("company", {"types": [1]}, "only be set when it is created"),
        ("company", {"country": Reference()}, "an id or a name is needed"),
        ("company", {"name": 5}, "text is needed"),
    ],
)
def test_values_that_do_not_fit_are_never_sent(
    psa: respx.Router, client: PsaClient, kind: str, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        client.update(kind, 12, changes, agreement_id=7)  # type: ignore[arg-type]  # a parameter, not a literal
    assert not psa.calls


def test_an_addition_needs_its_agreement(client: PsaClient) -> None:
    with pytest.raises(ValueError, match="the agreement's id is missing"):
        client.create("addition", NEW)
