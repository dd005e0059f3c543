"""What a plan may hold: all that cwctl plans, and nothing of what somebody could write into one."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.applying.admissible import Scope, foreign, inadmissible, outside
from engine.planning.plan import Change, FieldChange, Plan
from engine.psa.mark import Mark, encode
from engine.psa.models import Addition
from tests.applying.support import mark, plan
from tests.security.forging import with_field, with_more

LINE = "addition:501/9001/1/base/2026-06-01"
SCOPE = Scope(account="4711", agreements={"410001": frozenset({501})}, adopted={"9001": 77})
WIRE = {
    "product_id": "product",
    "unit_price": "unitPrice",
    "unit_cost": "unitCost",
    "effective": "effectiveDate",
    "cancelled": "cancelledDate",
    "bill_customer": "billCustomer",
    "taxable": "taxableFlag",
    "mark": "serialNumber",
}
OTHER = encode(Mark(account="4711", subscription="9002", segment=1, role="base", on=date(2026, 6, 1), agreement=501))


def line(action: str = "create", **fields: object) -> Change:
    """A line of subscription 9001 on agreement 501."""
    values = fields or {
        "product_id": 103,
        "quantity": Decimal(2),
        "unit_price": Decimal("21.96"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 6, 1),
        "bill_customer": "Billable",
        "taxable": True,
        "mark": mark("9001"),
    }
    return Change(
        address=LINE,
        kind="addition",
        action="create" if action == "create" else "update",
        name="a line",
        reason="a test wants it",
        fields=tuple(
            FieldChange(field=name, before=None, after=value, writes=WIRE.get(name, name))
            for name, value in values.items()
        ),
        customer="410001",
        agreement=501,
        object_id=None if action == "create" else 77,
    )


def addition(**values: object) -> Addition:
    given: dict[str, object] = {"id": 77, "agreement_id": 501, "product_id": 103, "mark": mark("9001"), **values}
    return Addition(**given)  # type: ignore[arg-type]  # values of the fields' own types


ENDED = line("update", cancelled=date(2026, 7, 31))


@pytest.mark.parametrize("change", [line(), ENDED, line("update", quantity=Decimal(3)), line("update", mark=None)])
def test_what_cwctl_plans_is_admitted(change: Change) -> None:
    assert inadmissible(plan(change)) is None
    assert outside(plan(change), SCOPE) is None
    assert foreign(change, addition()) is None


FORGED: dict[str, tuple[Callable[[], Change], str]] = {
    "another room's address": (lambda: replace(line(), address="company:9001"), "not the address of its kind"),
    "an address elsewhere": (lambda: replace(line(), address="addition:999/9001/1/base"), "on agreement 501"),
    "an address on a longer agreement": (lambda: replace(line(), address="addition:5011/9001/1/base"), "agreement 501"),
    "no address at all": (lambda: replace(line(), address=""), "not the address"),
    "another agreement": (lambda: replace(line(), agreement=502), "on agreement 502"),
    "no agreement": (lambda: replace(line(), agreement=None), "of an agreement"),
    "no customer": (lambda: replace(line(), customer=None), "and a customer"),
    "an id on what is new": (lambda: replace(line(), object_id=5), "has no id yet"),
    "no id on what is there": (lambda: replace(ENDED, object_id=None), "has one"),
    "the mark of another agreement": (lambda: with_field(line(), "mark", after=mark("9001", 502)), "not the mark"),
    "the mark of another subscription": (lambda: with_field(line(), "mark", after=OTHER), "not the mark"),
    "a damaged mark": (lambda: with_field(line(), "mark", after=mark("9001")[:-1] + "!"), "was changed"),
    "a text that is no mark": (lambda: with_field(line(), "mark", after="SN-4711"), "not the mark"),
    "a number as mark": (lambda: with_field(line(), "mark", after=4711), "not the mark"),
    "no mark": (lambda: replace(line(), fields=line().fields[:-1]), "needs our mark"),
    "a foreign mark for what is ours": (lambda: line("update", mark=OTHER), "not the mark"),
    "a wire field with a path": (lambda: with_field(line(), "quantity", writes="company/id"), "does not go into"),
    "a wire field of another": (lambda: with_field(line(), "quantity", writes="unitPrice"), "does not go into"),
    "an item of a line that is there": (lambda: line("update", product_id=104), "never writes the field 'product_id'"),
    "a first day of a line that is there": (lambda: line("update", effective=date(2026, 1, 1)), "never writes"),
    "a field twice": (
        lambda: with_more(line(), FieldChange(field="quantity", before=None, after=Decimal(9), writes="quantity")),
        "given twice",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_cwctl_never_plans_is_refused(name: str) -> None:
    make, why = FORGED[name]
    change = make()
    found = inadmissible(plan(change))
    assert found is not None
    assert why in found
    assert found.startswith(f"{change.address}: ")


@pytest.mark.parametrize(
    "field", ["less_included", "description", "agreement", "id", "company/id", "serialNumber", "", "../quantity"]
)
@pytest.mark.parametrize("action", ["create", "update"])
def test_a_field_outside_the_known_set_is_refused(action: str, field: str) -> None:
    change = with_more(
        line(action, **({} if action == "create" else {"quantity": Decimal(1)})),
        FieldChange(field=field, before=None, after="x", writes=field),
    )
    assert f"never writes the field {field!r}" in (inadmissible(plan(change)) or "")


@pytest.mark.parametrize("field", ["identifier", "status", "types", "site", "deletedFlag"])
def test_of_a_company_only_the_fields_of_the_rules_are_changed(field: str) -> None:
    change = replace(
        line("update", quantity=Decimal(1)),
        address="company:410001",
        kind="company",
        fields=(FieldChange(field=field, before=None, after="x", writes=field),),
    )
    assert "never writes the field" in (inadmissible(plan(change)) or "")


def test_an_address_given_twice_is_refused() -> None:
    assert "given twice" in (inadmissible(plan(line(), line())) or "")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"mark": None}, "carries no mark of ours"),
        ({"mark": "a serial number of theirs"}, "carries no mark of ours"),
        ({"mark": OTHER}, "the mark of another line"),
        ({"mark": mark("9001", 502)}, "was copied from agreement 502"),
        ({"mark": mark("9001")[:-1] + "!"}, "was changed"),
    ],
)
def test_an_addition_that_is_not_ours_is_never_changed(found: dict[str, object], why: str) -> None:
    assert why in (foreign(ENDED, addition(**found)) or "")


def test_one_is_taken_over_where_the_mapping_says_so_alone() -> None:
    taken = line("update", mark=mark("9001"))
    assert inadmissible(plan(taken)) is None
    assert foreign(taken, addition(mark=None)) is None
    assert foreign(taken, addition(mark=OTHER)) is not None
    assert outside(plan(taken), SCOPE) is None
    other = replace(taken, object_id=78)
    assert "takes addition 78 over" in (outside(plan(other), SCOPE) or "")


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        (replace(SCOPE, account="4712"), "another platform account"),
        (replace(SCOPE, agreements={}), "no mapping puts customer 410001 on agreement 501"),
        (replace(SCOPE, agreements={"410002": frozenset({501})}), "no mapping puts customer 410001"),
    ],
)
def test_a_line_is_made_where_the_mappings_put_it_alone(scope: Scope, why: str) -> None:
    assert why in (outside(plan(line()), scope) or "")
    assert outside(plan(ENDED), scope) is None


def shown(**values: object) -> Plan:
    from engine.planning.plan import PlannedLine

    given: dict[str, object] = {
        "subscription": "9001",
        "role": "base",
        "quantity": Decimal(2),
        "unit_price": Decimal("21.96"),
        "unit_cost": Decimal("17.60"),
        "effective": date(2026, 6, 1),
        **values,
    }
    return plan(replace(line(), line=PlannedLine(**given)))  # type: ignore[arg-type]  # as above


def test_a_new_line_must_be_the_one_that_a_reader_sees() -> None:
    assert inadmissible(shown()) is None
    for name, value in (("quantity", Decimal(1)), ("unit_price", Decimal("0.01")), ("effective", date(2026, 6, 2))):
        assert "what it shows is not what it would write" in (inadmissible(shown(**{name: value})) or "")
    assert "which is not that of its address" in (inadmissible(shown(subscription="9002")) or "")
    assert "what it shows" in (inadmissible(shown(cancelled=date(2026, 6, 1) + timedelta(days=40))) or "")
