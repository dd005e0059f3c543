"""The example world, its clock, and generated worlds with the workspaces that fit them."""

import time
from datetime import date
from pathlib import Path

import pytest

from engine.sandbox.bookkeeping import EVERY_KIND
from engine.sandbox.generate import workspace_for, write_workspace
from engine.sandbox.sandbox import Sandbox
from engine.workspace.load import load
from tests.sandbox.platform_calls import Caller

ROOT = Path(__file__).parents[2]


def _record(sandbox: Sandbox, id: int) -> dict[str, object]:
    doc = sandbox.store.get("platform_subscription", id)
    assert doc is not None
    return doc


def test_the_example_workspace_names_what_is_there(sandbox: Sandbox) -> None:
    workspace, problems = load(ROOT)
    assert problems == []
    assert workspace is not None
    mappings, store = workspace.mappings, sandbox.store
    offers = {(doc["provider"], doc["product"], doc["plan"]): doc for doc in store.rows("platform_offer")}
    for key, product in mappings.products.items():
        assert (offers[key]["name"], offers[key]["metered"]) == (product.name, product.kind == "usage")
        if product.catalog_item is not None:
            item = store.get("catalog_item", product.catalog_item)
            assert item is not None
            assert (item["identifier"], item["vendorSku"]) == (product.catalog_identifier, "/".join(key))
    for id, customer in mappings.customers.items():
        known = store.get("platform_customer", int(id))
        assert known is not None
        assert known["customerOrganization"] == customer.name
        assert (store.get("company", customer.company or 0) or {}).get("accountNumber") in (None, id)
        assert (customer.company is None) == (customer.create is not None)
    for id, service in mappings.services.items():
        doc = _record(sandbox, int(id))
        assert (doc["customerId"], doc["subscriptionName"]) == (service.customer, service.name)
        agreement = store.get("agreement", service.agreement)
        assert agreement is not None
        yearly = doc["subscriptionBillingCycle"] == "annual"
        assert agreement["billingCycle"]["name"] == ("Yearly" if yearly else "Monthly")


def test_the_example_world_has_what_it_teaches(sandbox: Sandbox) -> None:
    workspace, _ = load(ROOT)
    assert workspace is not None
    store, mappings = sandbox.store, workspace.mappings
    unmapped = {doc["id"] for doc in store.rows("platform_subscription")} - set(mappings.services)
    assert unmapped == {"710036", "710038", "710039", "710040", "710041"}
    assert {doc["name"].rpartition("/")[2] for doc in store.rows("platform_customer")} - set(mappings.customers) == {
        "410012"
    }
    (by_hand,) = store.rows("addition")
    assert "serialNumber" not in by_hand
    statuses = {doc["subscriptionStatus"] for doc in store.rows("platform_subscription")}
    assert statuses == {"active", "suspended", "deleted"}
    assert {doc["currency"] for doc in store.rows("platform_subscription")} == {"USD"}


def test_advancing_lets_the_script_happen_in_order(sandbox: Sandbox, platform: Caller) -> None:
    said = sandbox.advance(date(2026, 7, 20))
    assert sandbox.today == date(2026, 7, 20)
    assert [text[:10] for text in said] == sorted(text[:10] for text in said)
    assert _record(sandbox, 710001)["subscriptionTotalLicenses"] == "30"
    upgraded = _record(sandbox, 710035)
    assert upgraded["ccpPlanId"] == "business-standard-p1y"
    assert _record(sandbox, 710021)["subscriptionEndDate"] == _record(sandbox, 710021)["renewalDate"]
    assert str(_record(sandbox, 710021)["subscriptionEndDate"])[:10] == "2027-06-20", "renewed"
    assert (_record(sandbox, 710018)["isTrial"], str(_record(sandbox, 710018)["price"])) == (False, "21.9613508")
    assert str(_record(sandbox, 710023)["price"]) == "12.9831063"
    assert _record(sandbox, 710027)["subscriptionStatus"] == "deleted"
    assert _record(sandbox, 710020)["subscriptionStatus"] == "expired", "its renewal was switched off"
    assert _record(sandbox, 710042)["customerId"] == "410005", "bought by script"
    fresh = Caller(sandbox)
    assert fresh.get("subscriptions")["totalCount"] == "43"
    newest = fresh.get("orders", {"pageSize": 1})["orders"][0]["orderItems"][0]
    assert (newest["action"], newest["resourceId"]) == ("CREATE", "710043")
    kinds = [item["actionType"] for item in fresh.get("customers/410010/subscriptions/710035")["activityLogs"]["items"]]
    assert kinds[0] == "Subscription Upgraded"
    fresh.http.close()


def test_autumn_has_one_of_each_change_for_a_walk_through(sandbox: Sandbox) -> None:
    sandbox.advance(date(2026, 8, 31))
    said = " ".join(sandbox.advance(date(2026, 10, 31)))
    for change in (
        "changes Microsoft 365 E3 (no Teams) from 38 to 41 (subscription 710013)",
        "changes Microsoft 365 Business Basic from 62 to 56 (subscription 710006)",
        "buys 6 × Microsoft 365 Business Premium (subscription 710045)",
        "changes Microsoft 365 Business Standard from 44 to 40 (subscription 710005)",
        "upgrades Microsoft 365 Business Basic to Microsoft 365 Business Standard (subscription 710017)",
        "renews Visio Plan 2 until 2028-02-16 (subscription 710011)",
        "cancels Sophos Intercept X Advanced (subscription 710030)",
    ):
        assert change in said
    assert "did not happen" not in said
    assert _record(sandbox, 710045)["parentSubscriptionId"] == "710006"


def test_many_small_steps_lead_where_one_large_one_does() -> None:
    at_once, by_day = Sandbox.in_memory(), Sandbox.in_memory()
    at_once.advance(date(2026, 11, 15))
    day = by_day.today
    while day < date(2026, 11, 15):
        day = date.fromordinal(day.toordinal() + 1)
        by_day.advance(day)
    for kind in ("platform_subscription", "platform_activity", "platform_figures", "platform_invoice"):
        assert at_once.store.texts(kind) == by_day.store.texts(kind), kind


def test_the_clock_does_not_go_back(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="stands at 2026-06-15 and cannot go back to 2026-06-14"):
        sandbox.advance(date(2026, 6, 14))
    assert sandbox.advance(date(2026, 6, 15)) == []


def test_a_file_keeps_the_world(tmp_path: Path) -> None:
    first = Sandbox.open(tmp_path / "deep" / "sandbox.sqlite")
    first.advance(date(2026, 6, 20))
    token = first.platform_credentials.refresh_token
    first.close()
    again = Sandbox.open(tmp_path / "deep" / "sandbox.sqlite")
    assert again.today == date(2026, 6, 20)
    assert again.platform_credentials.refresh_token == token
    again.reset()
    assert again.today == date(2026, 6, 15)
    again.close()


def test_a_seed_gives_one_world_and_another_a_different_one() -> None:
    one, same, other = (Sandbox.in_memory(20, 150, seed) for seed in (1, 1, 2))
    ends = [
        str(doc["renewalDate"]) for doc in one.store.rows("platform_subscription") if doc["cloudProviderId"] == "32"
    ]
    assert min(ends) > "2026-06-15", "terms that renew visibly are up to date"
    for kind in ("platform_customer", "platform_subscription", "platform_activity", "company"):
        assert one.store.texts(kind) == same.store.texts(kind)
    assert one.store.texts("platform_subscription") != other.store.texts("platform_subscription")
    assert (one.store.count("company"), one.store.count("agreement"), one.store.count("addition")) == (20, 20, 0)
    with pytest.raises(ValueError, match="at least one customer"):
        one.reset(customers=0, subscriptions=5)


def test_a_world_can_have_every_kind_of_agreement_in_chosen_numbers() -> None:
    chosen = [*EVERY_KIND, EVERY_KIND[0], EVERY_KIND[-1]]
    sandbox, same = (Sandbox.in_memory(10, 60, 5, chosen) for _ in range(2))
    agreements = list(sandbox.store.rows("agreement"))
    assert [one["type"]["id"] for one in agreements] == [kind.type_id for kind in chosen]
    for one, kind in zip(agreements, chosen, strict=True):
        assert one["prorateFlag"] == kind.prorates
        assert one["billingCycle"]["name"] == ("Yearly" if kind.yearly else "Monthly")
    cycles: dict[str, set[str]] = {}
    for doc in sandbox.store.rows("platform_subscription"):
        cycles.setdefault(doc["customerId"], set()).add(doc["subscriptionBillingCycle"])
    assert [cycles[str(500001 + n)] for n in range(10)] == [{"annual" if kind.yearly else "monthly"} for kind in chosen]
    for kind_of_record in ("platform_subscription", "agreement"):
        assert sandbox.store.texts(kind_of_record) == same.store.texts(kind_of_record)
    invoiced = {one.agreement for one in sandbox.invoice("2026-06").invoices}
    assert invoiced == {
        one["id"] for one, kind in zip(agreements, chosen, strict=True) if kind.yearly or kind.arrears
    }, "monthly ones in advance have June behind them"
    with pytest.raises(ValueError, match="at least one customer"):
        sandbox.reset(4, 10, kinds=())


def test_the_workspace_of_a_varied_world_says_what_its_agreements_need(tmp_path: Path) -> None:
    sandbox = Sandbox.in_memory(8, 80, 1, EVERY_KIND)
    write_workspace(sandbox.store, tmp_path)
    workspace, problems = load(tmp_path)
    assert problems == []
    assert workspace is not None
    assert (len(workspace.mappings.customers), len(workspace.mappings.services)) == (8, 80)
    billing = (tmp_path / "rules" / "billing.yaml").read_text()
    for kind in EVERY_KIND:
        assert (f'agreement_type: "{kind.type_name}"\n' in billing) == (not kind.prorates)
        assert (f'name: "{kind.type_name}", invoiced: in_arrears' in billing) == kind.arrears


@pytest.mark.parametrize("split", [False, True])
def test_a_generated_workspace_is_valid_and_maps_everything(tmp_path: Path, split: bool) -> None:
    sandbox = Sandbox.in_memory(12, 100, 3)
    write_workspace(sandbox.store, tmp_path, split=split)
    workspace, problems = load(tmp_path)
    assert problems == []
    assert workspace is not None
    assert (len(workspace.mappings.customers), len(workspace.mappings.services)) == (12, 100)
    assert len(workspace_for(sandbox.store, split=split)) == (5 + 24 if split else 7)


@pytest.mark.long
def test_a_large_world_is_made_and_served_fast() -> None:
    begin = time.perf_counter()
    sandbox = Sandbox.in_memory(1000, 10_000)
    made = time.perf_counter() - begin
    caller = Caller(sandbox)
    begin = time.perf_counter()
    page = caller.get("subscriptions", {"pagination.limit": 1000, "pagination.offset": 9000})
    fetched = time.perf_counter() - begin
    caller.http.close()
    assert (len(page["items"]), page["totalCount"]) == (1000, "10000")
    assert made < 10, "a few seconds, with room for a busy machine"
    assert fetched < 1
