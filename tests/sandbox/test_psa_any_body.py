"""Any body at all is answered as the PSA would, with one of its statuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sandbox.psa.records import ADDITION, AGREEMENT, CATALOG_ITEM, COMPANY, MANUFACTURER
from tests.sandbox.psa_desk import Desk

_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 10**30, -(10**400), 1e300, 1e-300, 0.1, "", "x", "5", "Infinity", "NaN", "1e999999999",
        "2026-02-30", "0001-01-01", "9999-12-31", "2026-07-12", "2026-07-12T23:59:59+14:00", "\u0000", "\U0001f600",
        [], [[]], [1], [{}], [{"id": []}], [{"id": 1}], [{"id": 1, "value": {"a": []}}], {}, {"id": 1}, {"id": None},
        {"id": 10**30}, {"id": "1"}, {"name": "x"}, {"name": 5}, {"identifier": "SEAT-M"}, {"a": {"b": []}},
        "Billable", "Active", "Monthly", "Bundle",
    ]
)  # fmt: skip
_NAMES = sorted({name for r in (COMPANY, CATALOG_ITEM, MANUFACTURER, AGREEMENT, ADDITION) for name in r.members})
_MEMBERS = st.sampled_from([*_NAMES, "colour", "company/id", "/quantity", ""])


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    made = Desk()
    made.new_addition()
    yield made
    made.store.close()


_PATHS = st.sampled_from([r.path.format(1) for r in (COMPANY, CATALOG_ITEM, MANUFACTURER, AGREEMENT, ADDITION)])
_QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_QUICK
@given(path=_PATHS, body=st.dictionaries(_MEMBERS, _ODD, max_size=8), verb=st.sampled_from(["POST", "PUT"]))
def test_post_and_put(desk: Desk, path: str, body: dict[str, Any], verb: str) -> None:
    answer = desk.ask(verb, path if verb == "POST" else f"{path}/1", json=body)
    assert answer.status_code in (200, 201, 400, 404, 500)
    assert isinstance(answer.json(), dict)


@_QUICK
@given(
    path=_PATHS,
    operations=st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "replace", "remove", "test"]), "path": _MEMBERS}, optional={"value": _ODD}
        ),
        max_size=4,
    ),
)
def test_patch(desk: Desk, path: str, operations: list[dict[str, Any]]) -> None:
    answer = desk.ask("PATCH", f"{path}/1", json=operations)
    assert answer.status_code in (200, 400, 404, 500)
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"name":"\\ud800"}', b'{"name":"\xff"}', b'{"a":1}x'])
def test_broken_json(desk: Desk, content: bytes) -> None:
    for verb, path in (("POST", "/company/companies"), ("PATCH", "/company/companies/1")):
        answer = desk.ask(verb, path, content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "ConnectWiseApi")
