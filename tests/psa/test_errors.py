"""Every error of the PSA says what happened, where, and what to do, and never shows a key."""

import httpx
import pytest
import respx

from engine.http.errors import (
    AuthenticationFailed,
    BadReply,
    Forbidden,
    NotFound,
    Rejected,
    ServerFailed,
    ServiceError,
    Throttled,
)
from engine.psa.client import PsaClient
from engine.psa.errors import MarkFieldMissing, explain, missing_right
from engine.workspace.model import MarkKeeping
from tests.psa.conftest import BASE, Clock, Make

LIST = f"{BASE}/company/countries"
ADDITIONS = f"{BASE}/finance/agreements/7/additions"
DENIED = {"code": "Security", "message": "You do not have security permission to perform this action.", "errors": None}
LINE: dict[str, object] = {"id": 1, "product": {"id": 2}}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"code":"ConnectWiseApi","message":"Nonsense.","errors":null}', "ConnectWiseApi", "Nonsense."),
        (b'{"error":"ConnectWiseAPI","message":"Too many requests."}', "ConnectWiseAPI", "Too many requests."),
        (
            b'{"code":"InvalidObject","message":"company object is invalid","errors":[{"code":"MaxLengthField",'
            b'"message":"The field name is too long.","field":"name"},{"code":"ObjectExists","message":"It exists"}]}',
            "InvalidObject",
            "company object is invalid: name: The field name is too long. [MaxLengthField] It exists. [ObjectExists]",
        ),
        (b'{"code":"X","message":null,"errors":[{"code":"OnlyCode"}]}', "X", "the request is not valid: OnlyCode."),
        (b"<html></html>", None, None),
        (b"", None, None),
        (b"\xff\xfe", None, None),
        (b"[1]", None, None),
        (b"{}", None, None),
    ],
)
def test_both_shapes(body: bytes, code: str | None, message: str | None) -> None:
    assert explain(400, body) == (code, message)


@pytest.mark.parametrize(
    ("verb", "path", "right"),
    [
        ("GET", "/v1/apis/3.0/finance/agreements/7/additions", "Finance > Agreements: Inquire All"),
        ("POST", "/v1/apis/3.0/finance/agreements/7/additions", "Finance > Agreements: Add All"),
        ("PATCH", "/v1/apis/3.0/procurement/catalog/4", "Procurement > Product Catalog: Edit All"),
        ("POST", "/v1/apis/3.0/company/companies", "Companies > Company Maintenance: Add All"),
        ("GET", "/v1/apis/3.0/finance/invoices/count", "Finance > Invoicing: Inquire All"),
        ("POST", "/v1/apis/3.0/procurement/manufacturers", "System > Table Setup: Add All"),
        ("GET", "/v1/apis/3.0/finance/billingCycles", "System > Table Setup: Inquire All"),
    ],
)
def test_the_right_that_is_missing(verb: str, path: str, right: str) -> None:
    assert missing_right(verb, path) == right


def test_a_refused_write_names_endpoint_verb_and_right(psa: respx.Router, client: PsaClient) -> None:
    psa.patch(f"{ADDITIONS}/9").respond(403, json=DENIED, headers={"x-cw-request-id": "abc-1"})
    with pytest.raises(Forbidden) as caught:
        client.update("addition", 9, {"bill_customer": "NoCharge"}, agreement_id=7)
    assert "PATCH /finance/agreements/7/additions/9: add Finance > Agreements: Edit All" in str(caught.value)
    assert "abc-1" in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("text", ["The clientId header is missing.", "Invalid client id", "ClientID is not valid"])
def test_a_client_id_in_doubt_is_one_error(psa: respx.Router, client: PsaClient, status: int, text: str) -> None:
    psa.get(LIST).respond(status, json={"code": "Unauthorized", "message": text})
    with pytest.raises(AuthenticationFailed, match="Check `client_id` of the connection"):
        client.countries()


@pytest.mark.parametrize(
    "body",
    [
        {"code": "Unauthorized", "message": "Incorrect public/private key"},
        {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"},
    ],
)
def test_wrong_keys(psa: respx.Router, client: PsaClient, body: dict[str, str]) -> None:
    psa.get(LIST).respond(401, json=body)
    with pytest.raises(AuthenticationFailed, match=r"company id, the public key and the private key") as caught:
        client.countries()
    assert "a-private-key" not in str(caught.value)
    assert body["message"] in str(caught.value)


def test_wrong_keys_as_the_cloud_answers_them(psa: respx.Router, client: PsaClient) -> None:
    psa.get(LIST).respond(404)
    with pytest.raises(NotFound, match="answers 404 to wrong credentials too"):
        client.countries()


def test_a_404_once_the_keys_have_worked_is_about_the_record(psa: respx.Router, client: PsaClient) -> None:
    psa.get(LIST).respond(json=[], headers={"Link": ""})
    client.countries()
    psa.get(ADDITIONS).respond(404, json={"code": "NotFound", "message": "Agreement 7 not found"})
    with pytest.raises(NotFound, match=r"Agreement 7 not found.*may have been deleted") as caught:
        client.additions(7)
    assert "credentials" not in str(caught.value)


def test_a_key_that_the_service_repeats_is_hidden(psa: respx.Router, client: PsaClient) -> None:
    psa.get(LIST).respond(400, json={"code": "X", "message": "bad key a-private-key given"})
    with pytest.raises(Rejected) as caught:
        client.countries()
    assert "a-private-key" not in f"{caught.value} {caught.value!r} {client!r}"


def test_throttling_is_waited_for_on_reads(psa: respx.Router, client: PsaClient, clock: Clock) -> None:
    busy = {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds."}
    psa.get(LIST).mock(
        side_effect=[
            httpx.Response(429, json=busy, headers={"Retry-After": "30"}),
            httpx.Response(200, json=[], headers={"Link": ""}),
        ]
    )
    assert client.countries() == []
    assert clock.slept
    assert 30 <= clock.slept[0] <= 31


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b'{"error":"ConnectWiseAPI","message":"Too many requests."}', Throttled),
        (429, b"<html><title>Slow down</title></html>", Throttled),
        (500, b'{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}', ServerFailed),
        (500, b'{"code":"ConnectWiseApi","message":"Error converting value"}', ServerFailed),
    ],
)
def test_a_creation_is_sent_once_and_its_outcome_is_in_doubt(
    psa: respx.Router, client: PsaClient, status: int, body: bytes, kind: type[ServiceError]
) -> None:
    route = psa.post(f"{BASE}/procurement/manufacturers").respond(status, content=body)
    with pytest.raises(kind) as caught:
        client.create("manufacturer", {"name": "Made Up Ltd"})
    assert caught.value.outcome_unknown
    assert route.call_count == 1


def test_a_refused_creation_is_not_in_doubt(psa: respx.Router, client: PsaClient) -> None:
    body = {"code": "InvalidObject", "message": "x", "errors": [{"code": "ObjectExists", "message": "It exists."}]}
    psa.post(f"{BASE}/procurement/manufacturers").respond(400, json=body)
    with pytest.raises(Rejected, match="ObjectExists") as caught:
        client.create("manufacturer", {"name": "Made Up Ltd"})
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"id": 5, "na', b"<html></html>", b"\xff", b'{"name": "Made Up Ltd"}']
)
def test_a_success_that_cannot_be_read_is_in_doubt(psa: respx.Router, client: PsaClient, content: bytes) -> None:
    psa.post(f"{BASE}/procurement/manufacturers").respond(201, content=content)
    with pytest.raises(BadReply) as caught:
        client.create("manufacturer", {"name": "Made Up Ltd"})
    assert caught.value.outcome_unknown


def test_rights_area_by_area(psa: respx.Router, client: PsaClient) -> None:
    psa.get(url__regex=r".*/(agreements|additions|manufacturers|companies|countries)/count$").respond(json={"count": 1})
    psa.get(f"{BASE}/finance/agreements").respond(json=[{"id": 7}])
    psa.get(url__regex=r".*/(catalog|invoices)/count$").respond(403, json=DENIED)
    found = {right.area: right for right in client.rights()}
    assert [area for area, right in found.items() if not right.allowed] == ["catalog", "invoices"]
    assert found["catalog"].missing == "Procurement > Product Catalog: Inquire All"
    assert found["invoices"].missing == "Finance > Invoicing: Inquire All"
    assert found["additions"].endpoint == "/finance/agreements/7/additions/count"
    assert "Only reading can be tried" in (found["additions"].note or "")


def test_rights_of_a_member_with_none_and_of_one_without_agreements(psa: respx.Router, client: PsaClient) -> None:
    psa.get(url__regex=r".*/count$").respond(403, json=DENIED)
    agreements = psa.get(f"{BASE}/finance/agreements").respond(403, json=DENIED)
    assert not any(right.allowed for right in client.rights())
    agreements.respond(json=[])
    assert "no agreement yet" in next(right.note or "" for right in client.rights() if right.area == "additions")


def test_the_precision_of_prices(psa: respx.Router, client: PsaClient) -> None:
    prices = b'[{"id":1,"price":1.5,"cost":2},{"id":2,"price":0.1250,"cost":null}]'
    route = psa.get(f"{BASE}/procurement/catalog").respond(content=prices)
    assert client.price_decimals() == 3
    route.respond(json=[])
    assert client.price_decimals() is None


CUSTOM = MarkKeeping(keep_in="custom_field", caption="Mark")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], "no custom field with the caption 'Mark'.*Create it as a text field.*Custom Fields > Additions"),
        ([{"id": 1, "caption": "mark"}, {"id": 2, "caption": "Mark"}], "there are 2 custom fields.*caption of its own"),
    ],
)
def test_a_custom_field_that_is_not_there(
    psa: respx.Router, make: Make, found: list[dict[str, object]], message: str
) -> None:
    psa.get(f"{BASE}/system/userDefinedFields").respond(json=found, headers={"Link": ""})
    with pytest.raises(MarkFieldMissing, match=message):
        make(keeping=CUSTOM).check_mark_keeping()


def test_a_custom_field_without_its_caption(make: Make) -> None:
    with pytest.raises(ValueError, match="caption is missing"):
        make(keeping=MarkKeeping(keep_in="custom_field"))
