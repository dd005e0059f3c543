"""The sandbox's memory."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.sandbox.store import Store, from_json, to_json


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store(":memory:")
    yield made
    made.close()


def test_documents_come_back_with_decimals_digit_for_digit(store: Store) -> None:
    store.put("addition", 7, {"unitPrice": Decimal("14.950"), "quantity": 24, "name": None}, parent=3)
    assert store.get("addition", 7) == {"unitPrice": Decimal("14.950"), "quantity": 24, "name": None}
    assert '"unitPrice":14.950,' in (store.text("addition", 7) or "")
    assert store.parent("addition", 7) == 3
    assert to_json(from_json('{"a":1.10}')) == b'{"a":1.10}'


def test_rows_are_ordered_and_cut(store: Store) -> None:
    store.put_many("agreement", ((n, {"id": n}, n % 2) for n in (5, 1, 4, 2, 3)))
    assert [d["id"] for d in store.rows("agreement")] == [1, 2, 3, 4, 5]
    assert [d["id"] for d in store.rows("agreement", parent=1)] == [1, 3, 5]
    assert [d["id"] for d in store.rows("agreement", after=2, limit=2)] == [3, 4]
    assert [d["id"] for d in store.rows("agreement", offset=3)] == [4, 5]
    assert store.count("agreement") == 5
    assert store.count("agreement", parent=0) == 2
    assert store.count("company") == 0


def test_ids_are_never_given_out_twice(store: Store) -> None:
    assert store.next_id("company") == 1
    store.put("company", 9, {"id": 9})
    assert store.next_id("company") == 10
    store.put("company", 11, {"id": 11})
    store.delete("company", 11)
    assert store.next_id("company") == 12
    assert store.get("company", 11) is None


def test_find_ignores_case(store: Store) -> None:
    store.put("company", 1, {"id": 1, "identifier": "Example", "name": "Example Bakery"})
    assert store.find("company", "identifier", "eXAMPLE") == store.get("company", 1)
    assert store.find("company", "name", "example bakery") == store.get("company", 1)
    assert store.find("company", "name", "other") is None
    with pytest.raises(ValueError, match="not by id"):
        store.find("company", "id", "1")


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    store.set_setting("today", "2027-01-01")

    def fail() -> None:
        with store.transaction():
            store.put("company", 1, {"id": 1})
            store.set_setting("today", "2027-02-01")
            with store.transaction():
                store.put("company", 2, {"id": 2})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.count("company") == 0
    assert store.setting("today") == "2027-01-01"


def test_settings_and_clear(store: Store) -> None:
    assert store.setting("role") is None
    assert store.setting("role", "all") == "all"
    store.set_setting("role", "none")
    store.put("company", 4, {"id": 4})
    assert store.settings() == {"role": "none"}
    store.clear()
    assert store.settings() == {}
    assert store.next_id("company") == 1


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    first = Store(str(tmp_path / "sandbox.db"))
    first.put("company", 1, {"id": 1})
    first.set_setting("today", "2027-01-01")
    first.close()
    second = Store(str(tmp_path / "sandbox.db"))
    assert second.get("company", 1) == {"id": 1}
    assert second.setting("today") == "2027-01-01"
    third = Store(str(tmp_path / "sandbox.db"))
    third.set_setting("today", "2027-02-01")
    assert second.setting("today") == "2027-02-01"
    second.close()
    third.close()


def test_threads_do_not_share_ids(store: Store) -> None:
    taken: list[int] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(store.next_id("addition") for _ in range(50))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 201))
