"""What a plan is limited to, and that no more is read than that needs."""

import json

import pytest

from tests.cli.support import Cwctl, Served

DAY = ("--as-of", "2026-06-15")
AGREEMENTS = "GET /finance/agreements"
SUBSCRIPTION = "GET /api/v3/accounts/{id}/customers/{id}/subscriptions/{id}"
ADDITIONS = "GET /finance/agreements/{id}/additions"


def planned(cwctl: Cwctl, *arguments: str) -> set[tuple[str, str]]:
    """Kind and name of each change."""
    ended = cwctl("plan", "--format", "json", *arguments)
    assert ended.code == 0, ended
    return {(one["kind"], one["name"]) for one in json.loads(ended.out)["changes"]}


@pytest.mark.parametrize(
    "chosen",
    [
        ("--customer", "410005"),
        ("--customer", "Maplewood Veterinary Clinic (example)"),
        ("--customer", "maplewood veterinary clinic (EXAMPLE)"),
        ("--target", "customer:410005"),
        ("--customer", "410005", "--target", "customer:410005"),
    ],
)
def test_one_customer(cwctl: Cwctl, chosen: tuple[str, ...]) -> None:
    assert {kind_name for kind_name in planned(cwctl, *chosen) if kind_name[0] in ("company", "addition")} == {
        ("addition", "Microsoft 365 Business Basic"),
        ("addition", "Sophos Intercept X Advanced"),
    }


def test_one_service(cwctl: Cwctl) -> None:
    found = planned(cwctl, "--target", "service:710010")
    assert ("addition", "Microsoft 365 E3 (no Teams)") in found
    assert {name for kind, name in found if kind == "addition"} == {"Microsoft 365 E3 (no Teams)"}
    assert "company" not in {kind for kind, _ in found}


def test_one_product(cwctl: Cwctl) -> None:
    products = json.loads(cwctl("plan", "--format", "json").out)["changes"]
    address = next(
        one["address"] for one in products if one["name"] == "Visio Plan 2" and one["kind"] == "catalog_item"
    )
    target = address.partition(":")[2]
    assert planned(cwctl, "--target", f"product:{target}") == {("catalog_item", "Visio Plan 2")}


def test_several_are_joined(cwctl: Cwctl) -> None:
    both = planned(cwctl, "--customer", "410005", "--customer", "410006")
    assert both == planned(cwctl, "--customer", "410005") | planned(cwctl, "--customer", "410006")


def test_a_day(cwctl: Cwctl) -> None:
    assert "as of 2026-06-02" in cwctl("plan", "--as-of", "2026-06-02").out
    assert cwctl("plan", "--as-of", "2026-06-15").out == cwctl("plan").out


def test_a_limited_apply_leaves_the_rest(cwctl: Cwctl) -> None:
    assert cwctl("apply", "--yes", "--customer", "410005").code == 0
    assert planned(cwctl, "--customer", "410005") == set()
    assert cwctl("plan", "--detailed-exitcode").code == 2
    assert cwctl("apply", "--yes").code == 0
    assert cwctl("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (("--customer", "999"), "no mapping has the customer '999'"),
        (("--customer", "Nobody (example)"), "no mapping has the customer 'Nobody (example)'"),
        (("--customer", ""), "no mapping has the customer ''"),
        (("--target", "service:999"), "no mapping has the service '999'"),
        (("--target", "product:9/9/9"), "no mapping has the product '9/9/9'"),
        (("--target", "customer:999"), "no mapping has the customer '999'"),
        (("--target", "710010"), "the target '710010' is not of the form customer:ID"),
        (("--target", "agreement:501"), "the target 'agreement:501' is not of the form customer:ID"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_what_no_mapping_has(served: Served, cwctl: Cwctl, chosen: tuple[str, str], says: str, command: str) -> None:
    cwctl.fails(command, *chosen, says=says)
    assert served.requests("psa") == served.requests("platform") == {}


def test_everything_reads_each_mapped_agreement_once(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY).code == 0
    requests = served.requests("psa")
    assert requests.pop(ADDITIONS) == 11
    assert requests.pop(AGREEMENTS) == 2, "those mapped, and others of customers without a line so far"
    assert set(requests.values()) == {1}


def test_one_customer_reads_its_agreement_alone(served: Served, cwctl: Cwctl) -> None:
    assert cwctl("plan", *DAY, "--customer", "410005").code == 0
    requests = served.requests("psa")
    assert requests[ADDITIONS] == 1
    assert requests.pop(AGREEMENTS) == 2
    assert set(requests.values()) == {1}


def test_one_product_reads_no_agreement(served: Served, cwctl: Cwctl) -> None:
    text = cwctl("plan", *DAY, "--format", "json").out
    change = next(one for one in json.loads(text)["changes"] if one["kind"] == "catalog_item")
    served.requests("psa")
    assert cwctl("plan", *DAY, "--target", f"product:{change['address'].partition(':')[2]}").code == 0
    assert not any("agreements" in request for request in served.requests("psa"))


def test_what_was_logged_is_read_again_only_where_something_happened(served: Served, cwctl: Cwctl) -> None:
    """Logs read before are kept in the workspace, and safe to delete."""
    assert cwctl("plan", *DAY).code == 0
    logs = served.requests("platform")[SUBSCRIPTION]
    assert logs > 0
    assert cwctl("plan", *DAY).code == 0
    assert SUBSCRIPTION not in served.requests("platform")
    (served.root / ".cwctl" / "activity.sqlite").unlink()
    assert cwctl("plan", *DAY).code == 0
    assert served.requests("platform")[SUBSCRIPTION] == logs
