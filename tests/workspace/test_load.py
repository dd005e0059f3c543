"""The typed workspace that a valid set of files gives, and the finer points of connections and identifiers."""

import gc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.diagnostics import Place
from engine.workspace.guards import GUARDS, GuardRules, Limit, QuantityJump
from engine.workspace.identifiers import CATALOG_ITEM_LENGTH, COMPANY_LENGTH, catalog_identifier, company_identifier
from engine.workspace.load import load
from engine.workspace.model import Reference, SecretRef, ServiceAgreement, Workspace
from tests.workspace.sample import CONNECTIONS, FILES, problems_of, write_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    loaded, found = load(write_workspace(tmp_path))
    assert found == []
    assert loaded is not None
    return loaded


def test_connections_are_typed(workspace: Workspace) -> None:
    sandbox, production = (workspace.connections.by_name[name] for name in ("sandbox", "production"))
    assert workspace.connections.default == "sandbox"
    assert sandbox.embedded
    assert not production.embedded
    assert production.manage_from == date(2026, 7, 1)
    assert (sandbox.price_decimals, production.price_decimals) == (2, 4)
    assert production.psa is not None
    assert production.platform is not None
    assert production.psa.client_id == SecretRef(
        source="env", target="CWCTL_PSA_CLIENT_ID", place=Place("config/connections.yaml", 15, 18)
    )
    assert production.psa.version == "2025.1"
    assert production.platform.account == "12345"
    assert production.platform.token_store.file == "~/.config/cwctl/ion-token.json"
    assert production.psa_behaviour.cancelled_day == "not_billed"
    assert production.mark.caption == "Subscription ID"


def test_ids_of_the_platform_are_text_however_they_are_written(workspace: Workspace) -> None:
    assert list(workspace.mappings.customers) == ["306870", "306871"]
    assert list(workspace.mappings.products) == [
        ("30", "Microsoft365NCE", "Monthly-1"),
        ("1", "CloudAccount", "PayAsYouGo"),
    ]
    assert list(workspace.mappings.services) == ["2277242", "2277243", "2277244", "2277245"]


def test_a_service_is_billed_on_the_named_the_default_or_the_only_agreement(workspace: Workspace) -> None:
    assert [service.agreement for service in list(workspace.mappings.services.values())[:3]] == [42, 41, 43]
    starts = [each.starts for service in list(workspace.mappings.services.values())[:3] for each in service.agreements]
    assert starts == [None, None, None]


def test_a_service_that_moves_has_its_agreements_by_date_with_their_places(workspace: Workspace) -> None:
    moving = workspace.mappings.services["2277245"]
    assert moving.agreement == 41
    assert moving.agreements == (
        ServiceAgreement(agreement=42, place=Place("mappings/services.yaml", 9, 9)),
        ServiceAgreement(agreement=41, starts=date(2026, 11, 1), place=Place("mappings/services.yaml", 10, 9)),
    )
    named = workspace.mappings.services["2277242"].agreements[0]
    assert named.place == Place("mappings/services.yaml", 3, 62)


def test_mappings_narrow_the_global_rules(workspace: Workspace) -> None:
    mappings = workspace.mappings
    assert mappings.customers["306870"].fields == {"name", "city", "state", "zip"}
    assert mappings.customers["306871"].fields == {"name", "address", "city", "state", "zip"}
    assert mappings.services["2277243"].fields == {"customer_unit_price", "partner_unit_cost"}
    assert mappings.services["2277244"].fields == {"partner_unit_cost"}


def test_what_is_to_be_made_has_an_identifier_of_ids(workspace: Workspace) -> None:
    company = workspace.mappings.customers["306871"].create
    item = workspace.mappings.products["1", "CloudAccount", "PayAsYouGo"].create
    assert company is not None
    assert item is not None
    assert (company.identifier, item.identifier) == ("ION-306871", "ION-1-CloudAccount-PayAsYouGo")


def test_rules_are_typed_and_have_places(workspace: Workspace) -> None:
    rules = workspace.rules
    assert rules.sync.addition.effective_date_negative_change == "first_of_next_month"
    assert rules.sync.addition.service_cancellation == "end_of_month"
    assert rules.sync.invoice.saas == "cost"
    assert rules.sync.places["company.city"] == Place("rules/sync.yaml", 2, 44)
    assert rules.sync.places["agreement_addition.service_cancellation"] == Place("rules/sync.yaml", 13, 25)
    assert rules.defaults.countries == {"US": "United States", "NO": "Norway"}
    assert rules.defaults.product.type == Reference(id=7)
    assert rules.defaults.company.site == "Main"
    assert (rules.providers["30"].manufacturer, rules.providers["40"].supported) == ("Microsoft", False)


def test_billing_rules_are_typed_and_have_places(workspace: Workspace) -> None:
    billing = workspace.rules.billing
    assert (billing.price_change, billing.in_place_days) == ("actual_date", 5)
    assert billing.arrears == {"Managed services"}
    assert billing.places == {
        "price_change": Place("rules/billing.yaml", 2, 15),
        "in_place_days": Place("rules/billing.yaml", 3, 16),
    }
    customer, agreement, kind = billing.overrides
    assert (customer.customer, agreement.agreement, kind.agreement_type) == ("306870", 42, "Fixed fee")
    assert customer.place == Place("rules/billing.yaml", 5, 5)


def test_guards_are_typed_and_have_places_and_what_is_left_out_has_its_default(workspace: Workspace) -> None:
    guards = workspace.rules.guards
    assert guards.max_changes == Limit(most=40, share=None, minimum_base=50)
    assert guards.total_change == Limit(most=900, share=5, minimum_base=100)
    assert guards.monthly_change == Limit(most=5000, share=20, minimum_base=500)
    assert (guards.max_ended, guards.minimum_margin, guards.price_under_cost) == (None, None, False)
    assert guards.quantity_jump == QuantityJump(times=2, minimum=20)
    assert (guards.price_jump, guards.negative_line, guards.max_renewed) == (12, True, GuardRules().max_renewed)
    assert str(guards.places["price-jump"]) == "rules/guards.yaml:8:13"
    assert set(guards.places) == set(GUARDS) - {"max-renewed", "max-usage-months", "negative-line"}


def test_every_choice_of_an_agreement_leads_to_the_line_that_decided_it(workspace: Workspace) -> None:
    choices = workspace.rules.choices("306870", 42, "fixed fee")
    assert (choices.quantity_increase, choices.quantity_decrease) == ("first_of_month", "first_of_next_month")
    assert (choices.cancellation, choices.price_change) == ("cancellation_date", "next_period")
    assert choices.in_place_days == 1
    assert {key: str(place) for key, place in choices.decided_by.items()} == {
        "effective_date_positive_change": "rules/billing.yaml:6:53",
        "effective_date_negative_change": "rules/sync.yaml:12:35",
        "service_cancellation": "rules/billing.yaml:5:46",
        "price_change": "rules/billing.yaml:7:68",
        "in_place_days": "rules/billing.yaml:6:84",
        "late_change": "rules/billing.yaml:7:46",
    }


def test_effective_dates_are_held_against_the_connection_of_the_run(tmp_path: Path) -> None:
    root = write_workspace(tmp_path)
    assert load(root, "sandbox")[1] == []
    assert [each.code for each in load(root, "production")[1]] == ["effective-date-early"]
    assert [each.code for each in load(root, "productoin")[1]] == ["connection-unknown"]


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://staging.connectwisedev.com/", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://127.0.0.1.example.com", False),
        ("ftp://na.myconnectwise.net", False),
        ("na.myconnectwise.net", False),
        ("https://na.myconnectwise.net/v4_6_release", False),
        ("https://na.myconnectwise.net/?a=b", False),
        ("https://na.myconnectwise.net#a", False),
        ("https://me@na.myconnectwise.net", False),
        ("https://na.myconnectwise.net:port", False),
        ("https://[", False),
        ("https://", False),
    ],
)
def test_addresses_are_a_scheme_and_a_host(url: str, accepted: bool, tmp_path: Path) -> None:
    changed = CONNECTIONS.replace("https://na.myconnectwise.net", f'"{url}"')
    found = [each.code for each in problems_of(tmp_path, {"config/connections.yaml": changed})]
    assert found == ([] if accepted else ["url-invalid"])


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_known_time_zones_are_accepted(zone: str, tmp_path: Path) -> None:
    changed = CONNECTIONS.replace("America/New_York", zone)
    assert problems_of(tmp_path, {"config/connections.yaml": changed}) == []


@pytest.mark.parametrize("zone", ["America", "../etc/passwd", "/etc/passwd", "Nowhere/Town"])
def test_unknown_time_zones_are_refused(zone: str, tmp_path: Path) -> None:
    changed = CONNECTIONS.replace("America/New_York", zone)
    found = problems_of(tmp_path, {"config/connections.yaml": changed})
    assert [each.code for each in found] == ["time-zone-unknown", "time-zone-unknown"]


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_identifiers_are_never_too_long_and_never_change(provider: str, product: str, plan: str) -> None:
    assert len(company_identifier(product)) <= COMPANY_LENGTH
    assert len(catalog_identifier(provider, product, plan)) <= CATALOG_ITEM_LENGTH
    assert catalog_identifier(provider, product, plan) == catalog_identifier(provider, product, plan)


def test_cut_identifiers_stay_different() -> None:
    assert catalog_identifier("30", "p" * 80, "a") == "ION-30-" + "p" * 44 + "-" + "a9d3019e"
    assert catalog_identifier("30", "p" * 80, "a") != catalog_identifier("30", "p" * 80, "b")


def test_garbage_collection_is_on_again_after_a_load(tmp_path: Path) -> None:
    load(write_workspace(tmp_path, {"rules/sync.yaml": "["}))
    assert gc.isenabled()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


CHANGES = st.tuples(
    st.sampled_from(sorted(FILES)),
    st.integers(min_value=0),
    st.integers(min_value=0, max_value=30),
    st.sampled_from(
        ["", "x", ": ", "\n", "  ", "[", "]", "{}", "[]", "-", "'", '"', "null", "true", "0", "9" * 30, "&a ", "é"]
    ),
)


@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_damaged_workspace_is_explained_never_a_crash(
    changes: list[tuple[str, int, int, str]], scratch: Path
) -> None:
    files = dict(FILES)
    for file, start, length, put in changes:
        text = files[file]
        at = start % (len(text) + 1)
        files[file] = text[:at] + put + text[at + length :]
    loaded, found = load(write_workspace(scratch, dict(files)))
    assert (loaded is None) == any(each.severity == "error" for each in found)
    assert all(each.place is not None and each.text for each in found)
