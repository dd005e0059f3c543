"""Discovery, log-in, client id and rights."""

from collections.abc import Iterator

import pytest

from tests.sandbox.psa_desk import API, Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def test_discovery_needs_no_login(desk: Desk) -> None:
    info = desk.raw("GET", "/login/companyinfo/sandbox").json()
    assert info["Codebase"] == "v2025_1/"
    assert info["IsCloud"] == "True"
    assert set(info) == {"CompanyName", "Codebase", "VersionCode", "VersionNumber", "CompanyID", "IsCloud"}


def test_an_unknown_company_is_null_or_404(desk: Desk) -> None:
    answer = desk.raw("GET", "/login/companyinfo/other")
    assert (answer.status_code, answer.json()) == (200, None)
    desk.set("psa.unknown_company", "404")
    assert desk.raw("GET", "/login/companyinfo/other").status_code == 404


def test_the_codebase_moves_in_mid_run(desk: Desk) -> None:
    def status(codebase: str) -> int:
        return desk.raw("GET", f"/{codebase}/apis/3.0/finance/agreements", headers=desk.headers()).status_code

    assert (status("v2025_1"), status("v4_6_release"), status("v2026_1")) == (200, 200, 404)
    desk.set("psa.codebase", "v2026_1")
    assert (status("v2025_1"), status("v4_6_release"), status("v2026_1")) == (404, 200, 200)
    assert desk.raw("GET", "/login/companyinfo/sandbox").json()["Codebase"] == "v2026_1/"


@pytest.mark.parametrize(
    ("setting", "value", "headers", "status", "message"),
    [
        ("psa.bad_key", "401", {"Authorization": "Basic eDp5"}, 401, "Incorrect public/private key"),
        ("psa.bad_key", "404", {"Authorization": "Basic eDp5"}, 404, "Resource not found"),
        ("psa.bad_key", "401", {"Authorization": "Basic §§"}, 401, "Incorrect public/private key"),
        ("psa.bad_key", "401", {"Authorization": "Bearer x"}, 401, "Incorrect public/private key"),
        ("psa.missing_client_id", "401", {"clientId": ""}, 401, "clientId"),
        ("psa.missing_client_id", "403", {"clientId": ""}, 403, "clientId"),
        ("psa.missing_client_id", "400", {"clientId": "other"}, 400, "clientId"),
    ],
)
def test_keys_and_client_id_are_checked_apart(
    desk: Desk, setting: str, value: str, headers: dict[str, str], status: int, message: str
) -> None:
    desk.set(setting, value)
    bytes_ = {name: text.encode("utf-8") for name, text in headers.items()}
    answer = desk.ask("GET", "/finance/agreements", headers=bytes_)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert set(answer.json()) == {"code", "message", "errors"}


def test_system_info_answers_unauthenticated(desk: Desk) -> None:
    assert desk.raw("GET", f"{API}/system/info").json()["isCloud"] is True


@pytest.mark.parametrize(
    ("area", "verb", "path", "missing"),
    [
        ("companies", "GET", "/company/companies", "inquire"),
        ("companies", "POST", "/company/companies", "add"),
        ("companies", "PATCH", "/company/companies/1", "edit"),
        ("catalog", "GET", "/procurement/catalog/count", "inquire"),
        ("catalog", "POST", "/procurement/catalog", "add"),
        ("catalog", "PUT", "/procurement/catalog/1", "edit"),
        ("agreements", "GET", "/finance/agreements/1/additions", "inquire"),
        ("agreements", "GET", "/finance/agreementrecap", "inquire"),
        ("agreements", "POST", "/finance/agreements/1/additions", "add"),
        ("agreements", "DELETE", "/finance/agreements/1/additions/1", "delete"),
        ("invoicing", "GET", "/finance/invoices", "inquire"),
        ("invoicing", "POST", "/finance/agreements/1/invoice", "add"),
        ("invoicing", "DELETE", "/finance/invoices/1", "delete"),
        ("setup", "POST", "/procurement/manufacturers", "add"),
    ],
)
def test_a_missing_right_is_403(desk: Desk, area: str, verb: str, path: str, missing: str) -> None:
    rights = {"add", "edit", "delete", "inquire"} - {missing}
    desk.set(f"psa.rights.{area}", ",".join(sorted(rights)))
    answer = desk.ask(verb, path, json={})
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "Security",
        "message": "You do not have security permission to perform this action.",
        "errors": None,
    }
    desk.set(f"psa.rights.{area}", "add,edit,delete,inquire")
    assert desk.ask(verb, path, json={}).status_code != 403


def test_deleting_additions_is_not_granted_by_default(desk: Desk) -> None:
    assert desk.ask("DELETE", f"{desk.additions}/{desk.new_addition()}").status_code == 403


def test_setup_tables_can_be_read_without_a_right(desk: Desk) -> None:
    desk.set("psa.rights.setup", "")
    assert desk.get("/finance/billingCycles")[0]["billingOptions"] == "Monthly"


def test_every_reply_names_version_and_request(desk: Desk) -> None:
    answers = [desk.ask("GET", "/finance/agreements"), desk.ask("GET", "/nowhere"), desk.raw("GET", "/")]
    assert {answer.headers["api-current-version"] for answer in answers} == {"2025.1"}
    assert len({answer.headers["x-cw-request-id"] for answer in answers}) == 3


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/finance/additions", 404),
        ("GET", "/finance/agreements/search", 404),
        ("POST", "/finance/agreements/count", 405),
        ("PATCH", "/finance/agreements", 405),
        ("POST", "/finance/billingCycles", 405),
        ("DELETE", "/finance/agreementrecap/1", 405),
        ("GET", "/finance/agreements/1/invoice", 405),
        ("GET", "/finance/agreements/999", 404),
        ("GET", "/finance/agreements/99999999999999999999999", 404),
        ("GET", "/finance/agreements/999/additions", 404),
        ("GET", "/Finance/Agreements/", 200),
    ],
)
def test_paths_and_verbs(desk: Desk, verb: str, path: str, status: int) -> None:
    assert desk.ask(verb, path).status_code == status


def test_requests_and_settings_by_the_controls(desk: Desk) -> None:
    desk.get(desk.additions)
    desk.get("/finance/agreements/count")
    counted = desk.raw("GET", "/_sandbox/requests").json()
    assert counted == {"GET /finance/agreements/count": 1, "GET /finance/agreements/{id}/additions": 1}
    assert desk.raw("POST", "/_sandbox/settings", json={"psa.version": "2022.1"}).status_code == 200
    assert desk.ask("GET", "/finance/agreements").headers["api-current-version"] == "2022.1"
    for wrong in (
        {"psa.version": "2030.1"},
        {"psa.vresion": "2022.1"},
        {"today": "tomorrow"},
        {"psa.rights.catalog": "write"},
        {"psa.bundle_cap": "many"},
    ):
        assert desk.raw("POST", "/_sandbox/settings", json=wrong).status_code == 400
