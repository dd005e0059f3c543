"""Customers become companies: the six fields, and the ways in which one cannot be resolved."""

import pytest

from engine.planning.names import alike, same_name
from engine.psa.models import Company
from tests.planning.builders import (
    after,
    company,
    customer,
    customer_mapping,
    held,
    moves,
    notices,
    observed,
    only,
    plan,
    workspace,
)


def test_a_company_in_step_needs_no_change() -> None:
    found = plan()
    assert (found.changes, found.held, found.notices) == ((), (), ())
    assert found.counts.unchanged == 3


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("name", "name"),
        ("address", "address_line1"),
        ("city", "city"),
        ("state", "state"),
        ("zip", "zip"),
        ("country", "country"),
    ],
)
def test_each_of_the_six_fields_is_brought_in_step_unless_the_mapping_narrows_it(here: str, there: str) -> None:
    seen = observed(companies=[company(**{there: "Larkspur Co (example)" if here == "name" else "Canada"})])
    change = only(plan(seen=seen))
    assert (change.kind, change.action, change.object_id, change.customer) == ("company", "update", 21, "100")
    wanted = getattr(company(), there)
    assert after(change) == {there: wanted}
    assert [one.rule for one in change.fields] == [f"company.{here}"]
    narrowed = workspace([customer_mapping(fields=customer_mapping().fields - {here})])
    assert plan(narrowed, seen).changes == ()


@pytest.mark.parametrize("field", ["street", "city", "state", "zip", "country"])
def test_a_value_that_the_platform_lacks_never_erases_one_of_the_psa(field: str) -> None:
    assert plan(seen=observed([customer(**{field: ""})])).changes == ()


def test_a_country_is_the_psas_name_for_the_platforms_code() -> None:
    assert moves(only(plan(seen=observed(companies=[company(country="Canada")])))) == {
        "country": ("Canada", "United States")
    }


def test_a_country_that_the_psa_does_not_know_is_left_alone_with_a_warning() -> None:
    found = plan(seen=observed([customer(country="ZZ")]))
    assert found.changes == ()
    assert notices(found) == ["country-unknown"]
    quiet = workspace([customer_mapping(fields=customer_mapping().fields - {"country"})])
    assert notices(plan(quiet, observed([customer(country="ZZ")]))) == []


def test_white_space_and_invisible_characters_are_no_difference() -> None:
    padded = customer(name="  Larkspur\n (example)", city="Colum\u200bbus", street="14  Larkspur Way ")
    assert plan(seen=observed([padded])).changes == ()


def test_a_mapping_with_create_makes_the_company_with_defaults_and_the_platforms_values() -> None:
    change = next(
        one
        for one in plan(workspace([customer_mapping(create="LarkspurNew")]), observed(companies=[])).changes
        if one.kind == "company"
    )
    assert (change.action, change.object_id, change.address) == ("create", None, "company:100")
    assert after(change) == {
        "identifier": "LarkspurNew",
        "name": "Larkspur (example)",
        "address_line1": "14 Larkspur Way",
        "city": "Columbus",
        "state": "OH",
        "zip": "43004",
        "country": "United States",
        "site": "Main",
        "status": "#1",
        "types": ("Customer",),
    }
    assert all(one.before is None for one in change.fields)


def test_a_company_is_never_made_without_a_name_and_never_with_what_is_narrowed_away() -> None:
    mapping = customer_mapping(create="LarkspurNew", fields=frozenset({"city"}))
    (change,) = plan(workspace([mapping], services=[]), observed(companies=[])).changes
    assert set(after(change)) == {"identifier", "name", "city", "site", "status", "types"}


def test_a_created_company_is_found_again_by_its_identifier() -> None:
    found = plan(workspace([customer_mapping(create="LARKSPUR")]))
    assert (found.changes, found.held) == ((), ())


def test_a_created_company_is_found_again_although_its_name_was_cut() -> None:
    name = "The Extraordinarily Long Name of an Obviously Made Up Company (example)"
    mapping = customer_mapping(create="Larkspur", name=name)
    found = plan(workspace([mapping]), observed([customer(name=name)], companies=[company(name=name[:50].rstrip())]))
    assert (found.changes, found.held) == ((), ())


def test_an_identifier_that_another_company_has_is_not_taken() -> None:
    seen = observed(companies=[company(name="Copperfield Law (example)")])
    found = plan(workspace([customer_mapping(create="Larkspur")], services=[]), seen)
    one = held(found)
    assert (one.code, one.kind, one.customer) == ("company-identifier-taken", "blocked", "100")
    assert "Copperfield Law (example)" in one.why
    assert "21" in one.why


@pytest.mark.parametrize("companies", [[], [company(deleted=True)]])
def test_a_company_that_is_gone_holds_its_customer_with_its_services(companies: list[Company]) -> None:
    found = plan(seen=observed(companies=companies))
    assert found.changes == ()
    assert [(one.subject, one.code) for one in found.held] == [
        ("customer:100", "company-missing"),
        ("service:9001", "customer-held"),
    ]


def test_a_customer_that_the_platform_no_longer_lists_is_held() -> None:
    found = plan(seen=observed([]))
    assert [one.code for one in found.held] == ["customer-missing", "customer-held"]


@pytest.mark.parametrize(
    ("written", "real", "same"),
    [
        ("Larkspur (example)", "LARKSPUR, Inc. (Example)", True),
        ("Müller GmbH", "Mueller", False),
        ("Müller GmbH", "muller", True),
        ("Straße & Söhne KG", "strasse sohne", True),
        ("Company Inc", "Company Ltd", False),
        ("Larkspur", "Larkspur Dental", False),
        ("Ångström AB", "angstrom", True),
    ],
)
def test_names_are_compared_as_a_person_would(written: str, real: str, same: bool) -> None:
    assert same_name(written, real) is same
    assert same_name(real, written) is same


@pytest.mark.parametrize(
    ("mapping", "warnings"),
    [
        ({"name": "Larkspur, Inc. (example)"}, []),
        ({"name": "Copperfield (example)"}, ["name-differs"]),
        ({"name": None}, []),
        ({"company_name": "Larkspur (example)"}, []),
        ({"company_name": "Copperfield (example)"}, ["name-differs"]),
    ],
)
def test_a_name_written_beside_an_id_is_checked(mapping: dict[str, str], warnings: list[str]) -> None:
    found = plan(workspace([customer_mapping(**mapping)]))
    assert notices(found) == warnings
    assert found.changes == ()


def test_an_inactive_customer_is_mentioned() -> None:
    assert notices(plan(seen=observed([customer(active=False)]))) == ["customer-inactive"]


def test_a_name_is_cut_to_what_the_psa_holds_and_the_cut_is_said() -> None:
    name = "A" * 49 + " Bakery"
    found = plan(
        workspace([customer_mapping(name=name, company_name="Larkspur (example)")]), observed([customer(name=name)])
    )
    assert after(only(found)) == {"name": "A" * 49}
    assert notices(found) == ["text-cut"]


@pytest.mark.parametrize(
    ("company_name", "held"),
    [
        (None, ["company-unconfirmed", "customer-held"]),
        ("Larkspur Dental Group (example)", ["company-unconfirmed", "customer-held"]),
        ("Harborlight (example)", []),
    ],
)
def test_a_company_with_quite_another_name_waits_until_its_name_is_written(
    company_name: str | None, held: list[str]
) -> None:
    found = plan(
        workspace([customer_mapping(company_name=company_name)]),
        observed([customer(name="Larkspur Dental Group (example)")], companies=[company(name="Harborlight (example)")]),
    )
    assert [one.code for one in found.held] == held
    assert bool(found.changes) is not bool(held)


@pytest.mark.parametrize(
    ("one", "other", "alike_names"),
    [
        ("Copperfield Law Offices", "Copperfield Law, LLC", True),
        ("Acme Corp", "ACME Corporation", True),
        ("Bluequarry Engineering", "Blue Quarry Engineering", True),
        ("Larkspur Dental Group (example)", "Harborlight Logistics (example)", False),
        ("Larkspur", "Northgate", False),
    ],
)
def test_which_names_could_be_of_one_company(one: str, other: str, alike_names: bool) -> None:
    assert alike(one, other) is alike_names
    assert alike(other, one) is alike_names
