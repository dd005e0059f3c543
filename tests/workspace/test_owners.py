"""Owners of fields and pinned values, from their files to typed values."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.workspace.load import load
from engine.workspace.model import ServiceMapping
from tests.workspace.broken import BILLING_FILE, SERVICES_FILE
from tests.workspace.sample import BILLING, SERVICES, write_workspace

OLD = "{subscription: 2277243, customer: 306870}"


def service(root: Path, more: str, billing: str = "") -> ServiceMapping:
    files: dict[str, str | bytes | None] = {
        SERVICES_FILE: SERVICES.replace(OLD, f"{OLD[:-1]}{more}}}"),
        BILLING_FILE: BILLING + billing,
    }
    loaded, problems = load(write_workspace(root, files))
    assert loaded is not None, problems
    return loaded.mappings.services["2277243"]


def test_without_owners_and_pins_everything_is_kept_in_step(tmp_path: Path) -> None:
    found = service(tmp_path, "")
    assert (found.owned, found.pins, found.synced) == (frozenset(), (), found.fields)


def test_a_service_gives_further_fields_to_the_psa_than_the_rules_for_all_do(tmp_path: Path) -> None:
    more = ", owners: {unit_price: psa, unit_cost: cwctl, description: psa}"
    found = service(tmp_path, more, "owners: {description: psa, unit_cost: cwctl}\n")
    assert found.owned == {"unit_price", "description"}
    assert found.synced == {"partner_unit_cost"}


def test_what_the_rules_give_to_the_psa_holds_for_a_service_that_says_nothing(tmp_path: Path) -> None:
    assert service(tmp_path, "", "owners: {unit_cost: psa}\n").owned == {"unit_cost"}


@pytest.mark.parametrize(("written", "exactly"), [("19.50", "19.50"), ('"19.50"', "19.50"), ("20", "20"), ("0", "0")])
def test_a_pinned_amount_is_the_text_that_was_written(written: str, exactly: str, tmp_path: Path) -> None:
    pins = f", pins: [{{field: unit_price, value: {written}, reason: Agreed, until: 2027-03-31}}]"
    (pin,) = service(tmp_path, pins).pins
    assert (pin.field, pin.value, pin.reason, pin.until) == ("unit_price", exactly, "Agreed", date(2027, 3, 31))
    assert str(pin.amount) == exactly
    assert pin.amount == Decimal(exactly)
    assert str(pin.place) == "mappings/services.yaml:4:54"


def test_a_pinned_price_may_have_the_places_of_the_connection_that_is_used(tmp_path: Path) -> None:
    pins = ", pins: [{field: unit_cost, value: 19.5055, reason: Agreed, until: 2027-03-31}]"
    files: dict[str, str | bytes | None] = {SERVICES_FILE: SERVICES.replace(OLD, f"{OLD[:-1]}{pins}}}")}
    root = write_workspace(tmp_path, files)
    assert [one.code for one in load(root)[1]] == ["pin-value"]
    # That connection begins later than the sample's effective date, which is another matter.
    assert "pin-value" not in [one.code for one in load(root, "production")[1]]
