"""What the client does when the PSA fails: reads come through, a write is never doubled, a doubt is said to be one."""

from datetime import date
from decimal import Decimal

import pytest

from engine.http.errors import BadReply, ServerFailed, ServiceError, Throttled, Unreachable
from engine.psa.client import PsaClient
from engine.psa.errors import NoEffect
from engine.psa.models import Addition
from engine.sandbox.fault import Fault, Kind
from engine.sandbox.psa import seed
from tests.psa.conftest import Clock, Setting
from tests.psa.lines import mark_of, new_line, open_agreement

ADDITIONS = "/finance/agreements/*/additions"


def with_mark(client: PsaClient, agreement_id: int, mark: str) -> list[Addition]:
    return [line for line in client.additions(agreement_id) if line.mark == mark]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="throttle", times=2, retry_after="7"),
        Fault(kind="throttle", html=True),
        Fault(kind="timeout_before"),
        Fault(kind="pool_exhausted", times=2),
        Fault(kind="drop_before"),
        Fault(kind="html_page", status=503),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_read_comes_through(setting: Setting, clock: Clock, fault: Fault) -> None:
    client = setting.client()
    expected = client.agreements()
    setting.sandbox.faults.add(fault)
    assert client.agreements() == expected
    assert clock.slept
    assert setting.sandbox.faults.armed() == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="truncate"), BadReply),
        (Fault(kind="html_page"), BadReply),
        (Fault(kind="status", status=500, times=None), ServerFailed),
        (Fault(kind="throttle", times=None), Throttled),
    ],
    ids=["truncate", "page", "500", "throttle"],
)
def test_a_read_that_fails_says_so(setting: Setting, fault: Fault, kind: type[ServiceError]) -> None:
    client = setting.client()
    client.countries()
    setting.sandbox.faults.add(fault)
    with pytest.raises(kind) as caught:
        client.agreements()
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("fault", "kind", "committed"),
    [
        ("timeout_before", ServerFailed, False),
        ("timeout_after_commit", ServerFailed, True),
        ("drop_before", Unreachable, False),
        ("drop_after_commit", Unreachable, True),
        ("truncate", BadReply, True),
        ("throttle", Throttled, False),
    ],
)
def test_a_creation_in_doubt_is_found_again_by_its_mark(
    setting: Setting, fault: Kind, kind: type[ServiceError], committed: bool
) -> None:
    client = setting.client()
    agreement = open_agreement(client)
    mark = mark_of(agreement)
    setting.sandbox.faults.add(Fault(kind=fault, verb="POST", path=ADDITIONS))
    setting.sandbox.faults.reset_requests()
    with pytest.raises(kind) as caught:
        client.create("addition", new_line(client, agreement, mark), agreement_id=agreement.id)
    assert caught.value.outcome_unknown
    assert setting.sandbox.faults.requests("psa")["POST /finance/agreements/{id}/additions"] == 1
    assert len(with_mark(client, agreement.id, mark)) == (1 if committed else 0)


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after_commit", "drop_after_commit", "throttle"])
def test_a_change_is_repeated_as_it_sets_the_same_values(setting: Setting, fault: Kind) -> None:
    client = setting.client()
    agreement = open_agreement(client)
    mark = mark_of(agreement)
    made = client.create("addition", new_line(client, agreement, mark), agreement_id=agreement.id)
    setting.sandbox.faults.add(Fault(kind=fault, verb="PATCH", path=f"{ADDITIONS}/*"))
    changed = client.update("addition", made.id, {"cancelled": date(2027, 3, 31)}, agreement.id)
    assert with_mark(client, agreement.id, mark) == [changed]


def test_prices_that_the_psa_rounds_are_noticed(setting: Setting) -> None:
    setting.change("psa.price_decimals", "2")
    client = setting.client()
    agreement = open_agreement(client)
    values = {**new_line(client, agreement, mark_of(agreement)), "unit_price": Decimal("1.0049")}
    with pytest.raises(NoEffect, match=r"was created, but unitPrice is 1\.00? where 1\.0049") as caught:
        client.create("addition", values, agreement_id=agreement.id)
    assert caught.value.id in {line.id for line in client.additions(agreement.id)}


def test_every_record_that_comes_and_goes_while_paging(setting: Setting) -> None:
    """Forward-only paging misses none of the records that are there all the time."""
    store = setting.sandbox.store
    with store.transaction():
        there = [seed.add_manufacturer(store, f"Maker {number}") for number in range(2500)]

    def edit() -> None:
        store.delete("manufacturer", there[0])
        seed.add_manufacturer(store, "Latecomer")

    setting.sandbox.faults.add(Fault(kind="edit_between", path="/procurement/manufacturers", skip=1), edit)
    found = [maker.id for maker in setting.client().manufacturers()]
    assert len(found) == len(set(found))
    assert set(there[1:]) <= set(found)
