"""The client against the simulated PSA, in the process and served on loopback: the same suite for both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest

from engine.http.errors import AuthenticationFailed, Forbidden, NotFound, Rejected
from engine.psa.discovery import UnknownCompany
from engine.psa.errors import MarkFieldMissing
from engine.psa.mark import decode
from engine.psa.models import Addition, CatalogItem, Company
from engine.sandbox.psa import seed
from engine.workspace.model import MarkKeeping, Reference
from tests.psa.conftest import Setting
from tests.psa.lines import mark_of, new_line, open_agreement


def test_every_list_as_the_sandbox_holds_it(setting: Setting) -> None:
    client, store = setting.client(), setting.sandbox.store
    deleted = sum(1 for one in store.rows("company") if one.get("deletedFlag"))
    assert len(client.companies()) == store.count("company") - deleted > 0
    assert len(client.catalog_items()) == store.count("catalog_item") > 0
    assert len(client.agreements()) == store.count("agreement") > 0
    assert len(client.manufacturers()) == store.count("manufacturer") > 0
    assert {one.name for one in client.countries()} >= {"United States", "Canada"}
    assert {one.frequency for one in client.billing_cycles()} >= {"Monthly", "Yearly"}
    assert all(one.last_updated and one.company and one.start for one in client.agreements())
    assert any(one.country == "United States" for one in client.companies())


def test_a_choice_by_id_and_identifier(setting: Setting) -> None:
    client = setting.client()
    everything = client.companies()
    one, other = everything[0], everything[-1]
    client.countries()
    before = client.sent
    assert client.companies(ids=[one.id], identifiers=[other.identifier.lower()]) == [one, other]
    assert client.sent == before + 1
    items = client.catalog_items()
    assert client.catalog_items(identifiers=[items[0].identifier]) == items[:1]
    assert client.agreements(ids=[999_999]) == []
    assert client.companies(identifiers=['" or id > 0 or name = "']) == []


@pytest.mark.parametrize("forward", ["on", "off"])
def test_more_than_a_page(setting: Setting, forward: str) -> None:
    setting.change("psa.forward_only", forward)
    store = setting.sandbox.store
    with store.transaction():
        for number in range(1500):
            seed.add_manufacturer(store, f"Maker {number}")
    found = setting.client().manufacturers()
    assert len(found) == len({one.id for one in found}) == store.count("manufacturer")


def test_additions_of_many_agreements_at_once(setting: Setting) -> None:
    client = setting.client()
    agreements = [one.id for one in client.agreements()]
    before = client.sent
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(client.additions, agreements))
    assert client.sent == before + len(agreements)
    assert sum(map(len, found)) == setting.sandbox.store.count("addition")
    assert all(line.agreement_id == number for number, lines in zip(agreements, found, strict=True) for line in lines)


def test_an_agreement_of_more_than_a_thousand_additions(setting: Setting) -> None:
    client, store = setting.client(), setting.sandbox.store
    agreement = open_agreement(client)
    item = client.catalog_items()[0].id
    line = seed.NewAddition(product=item, quantity=1, unit_price=2, unit_cost=1, effective=date(2026, 7, 1))
    seed.add_additions(store, agreement.id, [line] * 1100)
    found = client.additions(agreement.id)
    assert len({one.id for one in found}) == store.count("addition", parent=agreement.id) > 1100 - 1


def test_the_life_of_an_addition(setting: Setting) -> None:
    client = setting.client()
    agreement = open_agreement(client)
    mark = mark_of(agreement)
    made = client.create("addition", new_line(client, agreement, mark), agreement_id=agreement.id)
    assert isinstance(made, Addition)
    assert made in client.additions(agreement.id)
    assert (made.quantity, made.unit_price, made.unit_cost) == (Decimal(12), Decimal("14.95"), Decimal("4.10"))
    assert made.effective == agreement.next_invoice
    assert made.invoice_description == "A line, made up in two"
    found = decode(made.mark)
    assert found is not None
    assert found.agreement == agreement.id
    end = date(2027, 1, 31)
    changed = client.update("addition", made.id, {"cancelled": end, "quantity": Decimal(13)}, agreement.id)
    assert isinstance(changed, Addition)
    assert (changed.cancelled, changed.quantity, changed.mark) == (end, Decimal(13), mark)
    again = client.update("addition", made.id, {"cancelled": None}, agreement.id)
    assert isinstance(again, Addition)
    assert again.cancelled is None
    assert again in client.additions(agreement.id)


def test_the_mark_in_a_custom_field(setting: Setting) -> None:
    store = setting.sandbox.store
    seed.add_custom_field(store, "Note")
    seed.add_custom_field(store, "Sync mark")
    keeping = MarkKeeping(keep_in="custom_field", caption="Sync mark")
    client = setting.client(keeping)
    agreement = open_agreement(client)
    mark = mark_of(agreement)
    made = client.create("addition", new_line(client, agreement, mark), agreement_id=agreement.id)
    assert isinstance(made, Addition)
    assert made.mark == mark
    moved = client.update("addition", made.id, {"mark": "other"}, agreement.id)
    assert isinstance(moved, Addition)
    assert moved.mark == "other"
    assert client.check_mark_keeping().startswith("custom field 'Sync mark'")
    with pytest.raises(MarkFieldMissing, match="no custom field"):
        setting.client(MarkKeeping(keep_in="custom_field", caption="Missing")).check_mark_keeping()


def test_new_manufacturer_catalog_item_and_company(setting: Setting) -> None:
    client = setting.client()
    maker = client.create("manufacturer", {"name": "Made Up Makers"})
    item = client.create(
        "catalog_item",
        {
            "identifier": "MADE-UP-1",
            "description": "Made up",
            "customer_description": "Made up, in long",
            "price": Decimal("10.50"),
            "cost": Decimal("8.25"),
            "manufacturer_id": maker.id,
            "manufacturer_part_number": "MU-1",
            "product_class": "Agreement",
            "subcategory": Reference(name="Cloud Services"),
            "type": Reference(name="Software"),
            "unit_of_measure": Reference(name="Each"),
            "taxable": True,
        },
    )
    assert isinstance(item, CatalogItem)
    assert (item.manufacturer, item.price) == ("Made Up Makers", Decimal("10.5"))
    dearer = client.update("catalog_item", item.id, {"price": Decimal("10.75"), "description": "Made up 2"})
    assert client.catalog_items(ids=[item.id]) == [dearer]
    company = client.create(
        "company",
        {
            "identifier": "MadeUpFictional",
            "name": "Made Up Fictional Ltd",
            "address_line1": "1 Nowhere Road",
            "country": "Canada",
            "types": (Reference(id=1),),
            "status": Reference(name="Active"),
            "site": "Main",
        },
    )
    assert isinstance(company, Company)
    assert company.country == "Canada"
    moved = client.update("company", company.id, {"country": "United States", "city": "Nowhere"})
    assert client.companies(identifiers=["madeupfictional"]) == [moved]
    twice = {"identifier": "MADE-UP-1", "description": "x", "customer_description": "x", "subcategory": 1, "type": 1}
    with pytest.raises(Rejected, match="ObjectExists"):
        client.create("catalog_item", twice)


def test_a_codebase_that_moves_while_reading(setting: Setting) -> None:
    client = setting.client()
    before = client.agreements()
    setting.change("psa.codebase", "v2026_4")
    assert client.agreements() == before


@pytest.mark.parametrize("answer", ["null", "404"])
def test_an_unknown_company(setting: Setting, answer: str) -> None:
    setting.change("psa.unknown_company", answer)
    with pytest.raises(UnknownCompany, match="does not know the company 'nobody'"):
        setting.client(company="nobody").countries()


@pytest.mark.parametrize("status", ["400", "401", "403"])
def test_a_wrong_client_id(setting: Setting, status: str) -> None:
    setting.change("psa.missing_client_id", status)
    with pytest.raises(AuthenticationFailed, match="Check `client_id`"):
        setting.client(client_id="").countries()


@pytest.mark.parametrize(("status", "kind"), [("401", AuthenticationFailed), ("404", NotFound)])
def test_a_wrong_key(setting: Setting, status: str, kind: type[Exception]) -> None:
    setting.change("psa.bad_key", status)
    with pytest.raises(kind, match="private key of the connection"):
        setting.client(private_key="not-the-private-key").agreements()


def test_rights(setting: Setting) -> None:
    client = setting.client()
    assert all(right.allowed for right in client.rights())
    setting.change("psa.rights.catalog", "")
    setting.change("psa.rights.agreements", "inquire")
    lacking = {right.area: right.missing for right in client.rights() if not right.allowed}
    assert lacking == {"catalog": "Procurement > Product Catalog: Inquire All"}
    agreement = open_agreement(client)
    with pytest.raises(Forbidden, match="Finance > Agreements: Add All"):
        client.create(
            "addition",
            {
                "product_id": 1,
                "quantity": 1,
                "unit_price": 1,
                "unit_cost": 1,
                "effective": agreement.next_invoice,
                "bill_customer": "Billable",
            },
            agreement_id=agreement.id,
        )


def test_the_older_model_without_the_newer_fields(setting: Setting) -> None:
    setting.change("psa.version", "2022.1")
    client = setting.client()
    assert len(client.catalog_items()) == setting.sandbox.store.count("catalog_item")
    assert client.agreements()


def test_an_addition_before_the_agreement_bills_is_refused_with_the_reason(setting: Setting) -> None:
    client = setting.client()
    agreement = open_agreement(client)
    values = {**new_line(client, agreement, mark_of(agreement)), "effective": date(2001, 1, 1)}
    with pytest.raises(Rejected, match="effectiveDate"):
        client.create("addition", values, agreement_id=agreement.id)
