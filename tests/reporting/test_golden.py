"""What a reader sees, compared exactly with approved texts under `golden/`.

After a deliberate change, write them anew with `CWCTL_GOLDEN=write pytest tests/reporting` and review the difference.
"""

import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.applying.report import Duplicate, Outcome, Report, Status
from engine.applying.report import to_document as report_document
from engine.diagnostics import Diagnostic, Place
from engine.planning.plan import Plan
from engine.planning.plan_json import to_document
from engine.platform.models import Activity, ActivityLog
from engine.psa.models import Addition
from engine.reporting.render import (
    render_diagnostics_text,
    render_explanation_text,
    render_journal_text,
    render_plan_markdown,
    render_plan_text,
    render_report_text,
    render_rule_tests_text,
)
from tests.planning.builders import (
    addition,
    agreement,
    agreement_ref,
    company,
    customer,
    customer_mapping,
    ended,
    foreign,
    item,
    mark,
    observed,
    plan,
    product,
    product_mapping,
    service_mapping,
    subscription,
    workspace,
)
from tests.reporting import explanations, journals, rule_test_results

GOLDEN = Path(__file__).parent / "golden"
YEARLY: dict[str, Any] = {"cycle": "annual", "auto_renew": True}
CONSUMPTION: dict[str, Any] = {
    "licenses": 1,
    "unit_price": Decimal(0),
    "unit_cost": Decimal(0),
    "part_number": None,
    "start": date(2026, 6, 1),
    "end": None,
}
ESCAPE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
HOSTILE = (
    "**Bold** | `code` <b>&amp;</b> @everyone #12 [a](http://evil.example) ![i](x) ~~no~~ www.evil.example "
    "a@b.example\r\n\x1b[31mred\x1b[0m \x9b1A\u202etxt.exe\u200b <!-- --> \\| | _x_ http://evil.example"
)


def full() -> Plan:
    """A plan with something of everything in it."""
    return plan(
        workspace(
            [
                customer_mapping(),
                customer_mapping(
                    customer="200",
                    name="Blue Quarry (example)",
                    company=22,
                    agreements=(agreement_ref(42), agreement_ref(43)),
                ),
                customer_mapping(customer="300", name="Gone (example)", company=23, agreements=()),
            ],
            [
                product_mapping(),
                product_mapping(plan="Yearly", create="SUITE-Y"),
                product_mapping(plan="Use", kind="usage", catalog_item=72),
                product_mapping(plan="Setup", kind="one_time", catalog_item=73),
            ],
            [
                service_mapping(),
                service_mapping(subscription="9002", customer="200", agreement=42, description="Your office suite"),
                service_mapping(subscription="9003", customer="200", agreement=43, addition=55),
                service_mapping(subscription="9004", customer="200", agreement=43),
                service_mapping(subscription="9005", customer="100", agreement=41),
                service_mapping(subscription="9007", customer="200", agreement=43, addition="new"),
                service_mapping(subscription="9008", customer="200", agreement=43),
                service_mapping(subscription="9009", customer="200", agreement=43),
            ],
            create_manufacturers=True,
        ),
        observed(
            [
                customer(street="77 Granite Road, an address that is much too long"),
                customer(id="200", name="Blue Quarry"),
            ],
            [
                product(),
                product(plan="Yearly", plan_name="Suite Yearly"),
                product(plan="Use", plan_name="Suite Usage"),
                product(plan="Setup", plan_name="Suite Setup"),
            ],
            [
                subscription(licenses=1200, unit_price=Decimal("22.005")),
                subscription(id="9002", customer_id="200", plan="Yearly", plan_name="Suite Yearly", **YEARLY),
                subscription(id="9003", customer_id="200"),
                subscription(id="9004", customer_id="200", plan="Use", auto_renew=True, start=date(2026, 6, 1)),
                subscription(id="9006", customer_id="400", licenses=2000, name="Unknown"),
                ended(id="9007", customer_id="200"),
                subscription(id="9008", customer_id="200", plan="Use", plan_name="Suite Usage", **CONSUMPTION),
                subscription(id="9009", customer_id="200", plan="Setup", plan_name="Suite Setup", cycle="one_time"),
            ],
            [company(), company(id=22, identifier="BlueQuarry", name="Blue Quarry", city="Barre")],
            [item(), item(id=72, identifier="SUITE-U", manufacturer_id=None), item(id=73, identifier="SUITE-S")],
            [
                agreement(),
                agreement(id=42, company_id=22, billing_cycle_id=2, start=date(2026, 3, 1)),
                agreement(id=43, company_id=22),
            ],
            [
                addition(),
                cancelled_line(id=803),
                cancelled_line(id=804, quantity=Decimal(4), effective=date(2026, 6, 12), cancelled=date(2026, 6, 30)),
                foreign(agreement_id=43, quantity=Decimal(3)),
                foreign(id=56, agreement_id=43, product_id=99, product_identifier="HOURS", mark=mark(agreement=7)),
            ],
            manufacturers=[],
            logs=[
                ActivityLog(
                    subscription="9007",
                    items=(
                        Activity(on=date(2026, 3, 10), kind="created", quantity=12),
                        Activity(on=date(2026, 6, 10), kind="cancelled"),
                    ),
                )
            ],
        ),
    )


def cancelled_line(**changed: Any) -> Addition:
    """A line of the subscription that was cancelled; a quantity of its own is an increase that never was."""
    role = "delta" if "quantity" in changed else "base"
    on = changed.get("effective", date(2026, 3, 10))
    return addition(agreement_id=43, mark=mark(subscription="9007", agreement=43, role=role, on=on), **changed)


def hostile() -> Plan:
    """A plan whose every name was written by somebody who wishes the reader ill."""
    seen = observed(
        [customer(name=HOSTILE, city=HOSTILE)],
        [product(plan_name=HOSTILE)],
        [
            subscription(plan_name=HOSTILE, product_name=HOSTILE, licenses=7),
            subscription(id="1\x1b[2J", name=HOSTILE, plan_name=HOSTILE, currency="U\x1b[1mSD"),
        ],
        [company(name="@everyone", city="| |")],
        [item(description="@here")],
        additions=[addition(), foreign(product_id=9, product_identifier=HOSTILE)],
        unread_subscriptions={"300": (HOSTILE,)},
    )
    return plan(seen=seen)


def report(*outcomes: Outcome, held: int = 0) -> Report:
    counts = {one.status: sum(other.status == one.status for other in outcomes) for one in outcomes}
    return Report(connection="test", outcomes=outcomes, counts=counts, held=held)


def outcome(status: Status, message: str | None = None, name: str = "Suite Monthly") -> Outcome:
    return Outcome(
        address=f"addition:41/{status}/1/base",
        kind="addition",
        action="create",
        name=name,
        status=status,
        customer="100",
        message=message,
    )


PART = report(
    outcome("applied"),
    outcome("already"),
    outcome("failed", "ConnectWise PSA: POST /finance/agreements/41/additions answered 500: A timeout has occured."),
    outcome("stale", "its quantity moved since the plan: planned from 10, now 11"),
    outcome("held", "the guards hold this customer back: 900.00 USD a month more [monthly-change]"),
    outcome("skipped", HOSTILE, name=HOSTILE),
    held=1,
)
WHOLE = report(outcome("applied"), outcome("already"))
TWICE = replace(
    WHOLE,
    stopped=HOSTILE,
    duplicates=(Duplicate(agreement=41, subscription="9001", mark="cw1.3mv.9001.dx.1b260601.3", additions=(7, 12)),),
    unsearched=(42, 43),
    run="20260615-220000-3f9c0a",
)
PROBLEMS = [
    Diagnostic(
        code="company-twice",
        text="company 21 is mapped twice; first at mappings/customers.yaml:4:5",
        hint="One customer is one company: remove one of the two.",
        place=Place("mappings/customers.yaml", 9, 5),
    ),
    Diagnostic(code="name-differs", severity="warning", text=HOSTILE, place=Place("mappings/customers.yaml", 4, 3)),
    Diagnostic(code="trial", severity="notice", text="it is a trial", subject="service:9001"),
]


def diagnostics(width: int, color: bool = False) -> str:
    documents = [{name: getattr(one, name) for name in Diagnostic.__struct_fields__} for one in PROBLEMS]
    return render_diagnostics_text(documents, width, color)


TEXTS = {
    "plan-80.txt": lambda: render_plan_text(to_document(full()), 80, False),
    "plan-120.txt": lambda: render_plan_text(to_document(full()), 120, False),
    "plan.md": lambda: render_plan_markdown(to_document(full())),
    "plan-empty.txt": lambda: render_plan_text(to_document(plan()), 80, False),
    "plan-empty.md": lambda: render_plan_markdown(to_document(plan())),
    "plan-hostile.txt": lambda: render_plan_text(to_document(hostile()), 100, False),
    "plan-hostile.md": lambda: render_plan_markdown(to_document(hostile())),
    "explanation-60.txt": lambda: render_explanation_text(explanations.full(), 60, False),
    "explanation-80.txt": lambda: render_explanation_text(explanations.full(), 80, False),
    "explanation-held.txt": lambda: render_explanation_text(explanations.held(), 80, False),
    "explanation-hostile.txt": lambda: render_explanation_text(explanations.hostile(), 80, False),
    "explanation-in-step.txt": lambda: render_explanation_text(explanations.in_step(), 80, False),
    "explanation-unmapped.txt": lambda: render_explanation_text(explanations.unmapped(), 80, False),
    "report-part.txt": lambda: render_report_text(report_document(PART), 80, False),
    "report-twice.txt": lambda: render_report_text(report_document(TWICE), 80, False),
    "journal-80.txt": lambda: render_journal_text(journals.document(), 80, False),
    "journal-run.txt": lambda: render_journal_text(journals.one_run(HOSTILE), 80, False),
    "report-whole.txt": lambda: render_report_text(report_document(WHOLE), 80, False),
    "report-nothing.txt": lambda: render_report_text(report_document(report()), 80, False),
    "diagnostics.txt": lambda: diagnostics(100),
    "rule-tests-60.txt": lambda: render_rule_tests_text(rule_test_results.FAILED, 60, False),
    "rule-tests-80.txt": lambda: render_rule_tests_text(rule_test_results.FAILED, 80, False),
    "rule-tests-120.txt": lambda: render_rule_tests_text(rule_test_results.FAILED, 120, False),
    "rule-tests-passed.txt": lambda: render_rule_tests_text(rule_test_results.PASSED, 80, False),
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_it_reads_as_approved(name: str) -> None:
    text, file = TEXTS[name](), GOLDEN / name
    if os.environ.get("CWCTL_GOLDEN") == "write":
        file.write_text(text, "utf-8", newline="\n")
    assert text == file.read_bytes().decode()


def test_every_approved_text_is_still_compared() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_without_colour_nothing_drives_the_terminal(name: str) -> None:
    text = TEXTS[name]()
    assert ESCAPE.search(text) is None
    assert not set(text) & {"\u202e", "\u200b", "\u2066", "\u061c", "\ufeff"}


def test_colour_adds_nothing_but_colour() -> None:
    painted = re.compile("\x1b\\[[0-9]+m")
    document = to_document(hostile())
    colored = render_plan_text(document, 100, True)
    assert painted.search(colored)
    assert painted.sub("", colored) == render_plan_text(document, 100, False)
    assert painted.sub("", diagnostics(100, color=True)) == diagnostics(100)
    done = report_document(PART)
    assert painted.sub("", render_report_text(done, 80, True)) == render_report_text(done, 80, False)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_but_for_a_single_long_word(width: int) -> None:
    for line in render_plan_text(to_document(full()), width, False).splitlines():
        assert len(line) <= width or len(line.split()) <= 2 + line.count("("), line


def test_a_table_of_markdown_has_as_many_cells_in_every_row_whatever_the_names() -> None:
    cell = re.compile(r"(?<!\\)(?:\\\\)*\|")
    wanted = 0
    for line in render_plan_markdown(to_document(hostile())).splitlines():
        if not line.startswith("|"):
            wanted = 0
            continue
        cells = len(cell.findall(line))
        wanted = wanted or cells
        assert cells == wanted, line
