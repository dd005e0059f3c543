"""Every diagnostic code: a workspace that shows it, the exact place, and its entry in the documentation."""

import ast
import re
from pathlib import Path

import pytest

from engine.diagnostics import errors
from engine.workspace.load import load
from engine.workspace.schemas import schema_names
from tests.workspace.broken import BROKEN, CUSTOMERS_FILE, SERVICES_FILE, Broken
from tests.workspace.sample import CUSTOMERS, SERVICES, SYNC, problems_of, write_workspace
from tests.workspace.test_rule_tests import SLIPS

REPOSITORY = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")
LINKS_AND_RIGHTS = {"file-link", "file-unreadable"}
"""Codes that need more than changed content; tests/workspace/test_files.py shows them."""


def codes_in_source() -> set[str]:
    """All text constants of the room that have the form of a code."""
    found: set[str] = set()
    for path in (REPOSITORY / "engine/workspace").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.add(node.value)
    return found - set(schema_names())


def documented_codes() -> list[str]:
    text = (REPOSITORY / "docs/diagnostics.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case.code} {case.place}")
def test_a_slip_is_reported_where_it_is(case: Broken, tmp_path: Path) -> None:
    found = problems_of(tmp_path, case.files)
    assert [(each.code, str(each.place)) for each in found] == [(case.code, case.place)]
    assert found[0].text
    assert found[0].hint or case.code in {"schema-refused", "schema-choice"}


def test_documentation_and_program_agree() -> None:
    documented = documented_codes()
    assert len(documented) == len(set(documented))
    assert set(documented) == codes_in_source()


def test_every_documented_code_is_shown_by_a_test() -> None:
    assert set(documented_codes()) == {case.code for case in BROKEN} | LINKS_AND_RIGHTS | {slip.code for slip in SLIPS}


def test_only_errors_stop_the_load(tmp_path: Path) -> None:
    workspace, found = load(write_workspace(tmp_path, {SERVICES_FILE: "version: 1\nservices: []\n"}))
    assert [each.severity for each in found] == ["warning"]
    assert workspace is not None
    assert workspace.mappings.services == {}


def test_all_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        {
            CUSTOMERS_FILE: CUSTOMERS.replace("company: 21", "compnay: 21").replace("true\n", "yes\n"),
            SERVICES_FILE: SERVICES.replace("2026-02-01", "2026-02-31").replace("2277243", "2277244"),
            "rules/sync.yaml": SYNC.replace("  provider: true\n", ""),
        },
    )
    assert [(each.code, str(each.place)) for each in found] == [
        ("schema-unknown-key", "mappings/customers.yaml:5:5"),
        ("schema-type", "mappings/customers.yaml:11:13"),
        ("date-invalid", "mappings/services.yaml:3:82"),
        ("service-twice", "mappings/services.yaml:5:20"),
        ("schema-missing-key", "rules/sync.yaml:4:3"),
    ]
    assert load(tmp_path)[0] is None


def test_checks_that_a_broken_file_would_mislead_are_left_out(tmp_path: Path) -> None:
    found = problems_of(tmp_path, {CUSTOMERS_FILE: "version: 1\ncustomers: [\n"})
    assert [each.code for each in found] == ["yaml-syntax"]


def test_entries_given_twice_across_files_name_both_places(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        {
            SERVICES_FILE: None,
            "mappings/services/a/one.yaml": SERVICES,
            "mappings/services/b.yaml": 'version: 1\nservices:\n  - {customer: 306870, subscription: "2277243"}\n',
        },
    )
    assert [str(each.place) for each in found] == ["mappings/services/b.yaml:3:38"]
    assert "mappings/services/a/one.yaml:4:20" in found[0].text


@pytest.mark.parametrize("key", ["client_id", "public_key", "private_key", "url", "token_store"])
def test_a_misplaced_secret_is_never_repeated(key: str, tmp_path: Path) -> None:
    secret = "https://user:Hunter2Hunter2@na.myconnectwise.net"
    file = "config/connections.yaml"
    text = (write_workspace(tmp_path) / file).read_text(encoding="utf-8")
    for value in (secret, f"[{secret}]", f"{{get: '{secret}'}}", "77777777777"):
        changed = re.sub(rf"^(      {key}:) .*$", rf"\1 {value}", text, count=1, flags=re.MULTILINE)
        assert changed != text
        found = errors(problems_of(tmp_path, {file: changed}))
        assert found
        shown = " ".join(f"{each.text} {each.hint}" for each in found)
        assert "Hunter2" not in shown
        assert key == "url" or "77777777777" not in shown


def test_a_catalog_item_shared_without_its_prices_is_a_warning(tmp_path: Path) -> None:
    off = "sync: {customer_unit_price: false, partner_unit_cost: false}"
    found = problems_of(
        tmp_path,
        {
            "mappings/products.yaml": "version: 1\nproducts:\n"
            f"  - {{provider: 1, product: a, plan: b, kind: license, catalog_item: 7, {off}}}\n"
            f"  - {{provider: 1, product: a, plan: c, kind: license, catalog_item: 7}}\n"
        },
    )
    assert [(each.code, each.severity) for each in found] == [("catalog-item-shared", "warning")]
