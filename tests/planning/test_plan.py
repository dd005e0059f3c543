"""The plan as a value: its effect in money, its saved form, and that it is a function of its inputs alone."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diagnostics import Diagnostic, Place
from engine.planning.plan import (
    KIND_ORDER,
    Change,
    Counts,
    CurrencyEffect,
    CustomerEffect,
    Effect,
    FieldChange,
    Held,
    Plan,
    Recurring,
    Selection,
    Unmanaged,
    Unmapped,
)
from engine.planning.plan_json import PlanUnreadable, digest_of, from_json, sealed, to_json
from tests.planning.builders import (
    addition,
    company,
    customer_mapping,
    item,
    observed,
    only,
    plan,
    product_mapping,
    subscription,
    total,
    workspace,
)

ROOT = Path(__file__).parents[2]


def rich() -> Plan:
    """A plan with something of everything in it."""
    return plan(
        workspace([customer_mapping(name="Another (example)")], [product_mapping(create="SUITE-NEW")]),
        observed(
            subscriptions=[subscription(unit_price=Decimal("2.005")), subscription(id="9002")],
            companies=[company(city="Elsewhere")],
            additions=[addition(id=7, mark=None, product_id=99)],
            manufacturers=[],
            unread_subscriptions={"300": ("subscription 9: no price",)},
        ),
    )


# -- effect


def test_effects_add_up_by_how_often_they_recur() -> None:
    year, once = Effect(year=Decimal(120), year_cost=Decimal(60)), Effect(once=Decimal("19.98"), month=Decimal("-1"))
    found = year + once
    assert found == Effect(year=Decimal(120), year_cost=Decimal(60), once=Decimal("19.98"), month=Decimal("-1"))
    assert found - once == year
    assert found - found == Effect()


def test_the_effects_of_a_plans_changes_add_up_to_its_customers_and_its_total() -> None:
    found = plan(seen=observed(additions=[addition(quantity=Decimal(10), unit_price=Decimal("21.00"))]))
    assert len(found.changes) == 3
    (one,) = found.by_customer
    assert (one.customer, one.name, one.changes) == ("100", "Larkspur (example)", 3)
    assert one.effect == total(found) == sum((change.effect or Effect() for change in found.changes), Effect())
    # 12 × 22.00 less 10 × 21.00 from July; until then two more, at the old price, on 16 of June's 30 days.
    assert (total(found).month, total(found).once) == (Decimal("54.00"), Decimal("22.40"))


def test_changes_come_in_the_order_in_which_they_depend_on_one_another() -> None:
    found = plan(
        workspace([customer_mapping()], [product_mapping(create="NEW")], create_manufacturers=True),
        observed(companies=[company(city="Elsewhere")], additions=[], manufacturers=[]),
    )
    assert [one.kind for one in found.changes] == list(KIND_ORDER)
    done: set[str] = set()
    for change in found.changes:
        assert set(change.needs) <= done
        done.add(change.address)


# -- saved and read back

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
MONEY = st.decimals(Decimal(-(10**9)), Decimal(10**9), allow_nan=False, allow_infinity=False)
DAYS = st.dates(date(1990, 1, 1), date(2120, 1, 1))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "quantity": MONEY,
    "unit_price": MONEY,
    "price": st.none() | MONEY,
    "cost": MONEY,
    "effective": DAYS,
    "cancelled": st.none() | DAYS,
    "name": TEXTS | st.sampled_from(["2026-01-01", "12.50", "@company:1", "true", "null"]),
    "invoice_description": TEXTS,
    "taxable": st.booleans(),
    "manufacturer_id": st.none() | st.integers(1, 10**9),
    "product_id": st.integers(1, 10**9) | TEXTS.map(lambda text: f"@catalog_item:{text}"),
    "types": st.lists(TEXTS, max_size=3).map(tuple),
}
FIELDS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.builds(
        FieldChange,
        field=st.just(name),
        before=st.none() | VALUES[name].filter(lambda value: not str(value).startswith("@")),
        after=VALUES[name],
        rule=st.none() | TEXTS,
        reads=st.none() | TEXTS,
        writes=TEXTS,
    )
)
EFFECTS = st.builds(Effect, month=MONEY, year_cost=MONEY, once=MONEY, next_invoice=MONEY)
RECURRING = st.builds(Recurring, month=MONEY, year_cost=MONEY)
PLACES = st.builds(Place, TEXTS, st.integers(1, 999), st.integers(1, 999))
CHANGES = st.builds(
    Change,
    address=TEXTS,
    name=TEXTS,
    reason=TEXTS,
    fields=st.lists(FIELDS, max_size=3).map(tuple),
    customer=st.none() | TEXTS,
    object_id=st.none() | st.integers(1),
    agreement=st.none() | st.integers(1, 10**9),
    source=st.none() | PLACES,
    needs=st.lists(TEXTS, max_size=2).map(tuple),
    effect=st.none() | EFFECTS,
    notes=st.lists(TEXTS, max_size=2).map(tuple),
)
NUMBERS = st.integers(0, 10**6)
IDS = st.integers(1, 10**9)
PLANS = st.builds(
    Plan,
    made_by=TEXTS,
    connection=TEXTS,
    workspace_digest=TEXTS,
    as_of=DAYS,
    selection=st.builds(Selection, customers=st.lists(TEXTS, max_size=2).map(tuple)),
    changes=st.lists(CHANGES, max_size=3).map(tuple),
    counts=st.builds(Counts, **dict.fromkeys(Counts.__struct_fields__, NUMBERS)),
    by_customer=st.lists(
        st.builds(
            CustomerEffect,
            customer=TEXTS,
            name=TEXTS,
            currency=st.none() | TEXTS,
            changes=NUMBERS,
            before=RECURRING,
            after=RECURRING,
            effect=EFFECTS,
        ),
        max_size=2,
    ).map(tuple),
    totals=st.lists(
        st.builds(CurrencyEffect, currency=TEXTS, before=RECURRING, after=RECURRING, effect=EFFECTS), max_size=2
    ).map(tuple),
    rounding=MONEY,
    notices=st.lists(st.builds(Diagnostic, code=TEXTS, text=TEXTS, place=st.none() | PLACES), max_size=2).map(tuple),
    held=st.lists(st.builds(Held, subject=TEXTS, name=TEXTS, code=TEXTS, why=TEXTS), max_size=2).map(tuple),
    unmanaged=st.lists(
        st.builds(
            Unmanaged,
            customer=TEXTS,
            agreement=IDS,
            addition=IDS,
            product=TEXTS,
            quantity=MONEY,
            unit_price=MONEY,
            effective=st.none() | DAYS,
            cancelled=st.none() | DAYS,
            why=TEXTS,
        ),
        max_size=2,
    ).map(tuple),
    unmapped=st.lists(
        st.builds(
            Unmapped,
            customer=TEXTS,
            customer_name=TEXTS,
            customer_mapped=st.booleans(),
            subscription=TEXTS,
            provider_id=TEXTS,
            name=TEXTS,
            quantity=NUMBERS,
            unit_price=MONEY,
            amount=MONEY,
            currency=TEXTS,
            cycle=st.none() | TEXTS,
        ),
        max_size=2,
    ).map(tuple),
)


@given(made=PLANS)
def test_a_saved_plan_is_read_back_as_it_was(made: Plan) -> None:
    saved = to_json(made)
    assert from_json(saved) == made
    assert to_json(from_json(saved)) == saved


def test_a_saved_plan_keeps_every_digit_and_ends_with_a_line_end() -> None:
    saved = to_json(rich())
    assert from_json(saved) == rich()
    assert saved.endswith(b"}\n")
    document = json.loads(saved, parse_float=lambda text: pytest.fail(f"{text} is a float"))
    (line,) = [one for one in document["changes"] if one["kind"] == "addition"]
    values = {one["field"]: one["after"] for one in line["fields"]}
    assert (values["quantity"], values["unit_price"], values["effective"]) == ("12", "2.01", "2026-03-10")


NOON = datetime(2026, 3, 10, 12, 0, 0, 250, tzinfo=UTC)


def test_a_sealed_plan_is_read_back_as_it_was() -> None:
    made = sealed(rich(), "the services", NOON, timedelta(hours=24))
    assert from_json(to_json(made)) == made
    assert made.seal is not None
    assert (made.seal.digest, made.seal.expires_at) == (digest_of(rich()), datetime(2026, 3, 11, 12, tzinfo=UTC))


def test_plans_of_one_content_have_one_digest_whenever_they_were_made_and_an_id_each() -> None:
    one = sealed(rich(), "the services", NOON, timedelta(hours=24)).seal
    other = sealed(rich(), "the services", NOON + timedelta(hours=1), timedelta(hours=24)).seal
    assert one is not None
    assert other is not None
    assert one.digest == other.digest
    assert one.id != other.id


@pytest.mark.parametrize(("was", "becomes"), [('"12"', '"13"'), ("2026-03-11T", "2027-03-11T"), ("the services", "x")])
def test_a_sealed_plan_that_was_edited_is_no_plan_any_more(was: str, becomes: str) -> None:
    saved = to_json(sealed(rich(), "the services", NOON, timedelta(hours=24))).decode()
    assert was in saved
    with pytest.raises(PlanUnreadable, match="changed after it was made"):
        from_json(saved.replace(was, becomes).encode())


def broken(**changed: Any) -> bytes:
    return json.dumps({**json.loads(to_json(rich())), **changed}).encode()


def with_field(**changed: Any) -> bytes:
    document = json.loads(to_json(rich()))
    field = {"field": "quantity", "before": None, "after": "1", "writes": "quantity", **changed}
    document["changes"][0]["fields"] = [field]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "truncated"),
        (b"cwctl plan", "malformed"),
        (b"\xff\xfe{}", "malformed"),
        (b'{"format_version": 2, "made_by": "\xff"}', "utf-8"),
        (b"[]", "object"),
        (b"{}", "format_version"),
        (to_json(rich())[:500], "truncated"),
        (b'{"format_version": 2}', "changes"),
        (b'{"format_version": 1}', "version 2"),
        (b'{"format_version": "1"}', "int"),
        (broken(changes=5), "not iterable"),
        (broken(changes=["x"]), "not a saved plan"),
        (broken(as_of="yesterday"), "as_of"),
        (broken(totals={"month": "much"}), "totals"),
        (with_field(after="a dozen"), "not a saved plan"),
        (with_field(after=["1"]), "not a saved plan"),
        (with_field(after=True), "not a saved plan"),
        (with_field(after="NaN"), "not a saved plan"),
        (with_field(after="Infinity"), "not a saved plan"),
        (with_field(field="effective", after="2026-02-30"), "not a saved plan"),
        (with_field(field="taxable", after={"x": 1}), "not a saved plan"),
        (with_field(field=["quantity"]), "not a saved plan"),
        (b'{"format_version": 2, "changes": ' + b"[" * 100_000, "not a saved plan"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_the_reason(text: bytes, words: str) -> None:
    with pytest.raises(PlanUnreadable) as refused:
        from_json(text)
    assert words in str(refused.value)


# -- determinism


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert to_json(rich()) == to_json(rich())


def test_the_same_inputs_give_the_same_bytes_in_every_process() -> None:
    """Text hashes differently in every process; nothing of a plan may follow the order of a set."""
    program = "import sys; from tests.planning.test_plan import rich, to_json; sys.stdout.buffer.write(to_json(rich()))"
    saved = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert saved[0] == saved[1] == to_json(rich())


def test_a_plan_applied_in_thought_leaves_nothing_to_plan() -> None:
    """What the plan writes is what it compares: the second plan is empty."""
    wanted = workspace(products=[product_mapping(fields=frozenset())])
    before = plan(wanted, observed(additions=[]))
    values = {one.field: one.after for one in only(before).fields}
    again = plan(wanted, observed(additions=[addition(**values)], items=[item()]))
    assert (again.changes, again.held) == ((), ())
