"""The simulator's records, read by models that others generated from the vendor's description of version 2022.1."""

import importlib
import warnings
from collections.abc import Iterator

import pytest

from tests.sandbox.psa_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.new_addition(custom_fields={"Subscription": "7001"})
    made.post(f"/finance/agreements/{made.agreement}/invoice", {}, status=200)
    yield made
    made.store.close()


def test_others_models_read_every_record(desk: Desk) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generated models use what their library has deprecated
        models = importlib.import_module("pyconnectwise.models.manage")
    read = 0
    for path, name in {
        "/company/companies": "Company",
        "/company/companies/statuses": "CompanyStatus",
        "/company/companies/types": "CompanyType",
        "/company/countries": "Country",
        "/procurement/catalog": "CatalogItem",
        "/procurement/manufacturers": "Manufacturer",
        "/procurement/types": "ProductType",
        "/procurement/unitOfMeasures": "UnitOfMeasure",
        "/finance/agreements": "Agreement",
        "/finance/agreements/types": "AgreementType",
        "/finance/billingCycles": "BillingCycle",
        "/finance/invoices": "Invoice",
        "/system/userDefinedFields": "UserDefinedField",
        desk.additions: "Addition",
    }.items():
        model = getattr(models, name)
        known = {field.alias or member for member, field in model.model_fields.items()}
        version = {"accept": "application/vnd.connectwise.com+json; version=2022.1"}
        for record in desk.ask("GET", path, headers=version).json():
            model.model_validate(record)
            assert set(record) <= known
            read += 1
    assert read >= 25
