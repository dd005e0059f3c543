"""Which subscription a person means by an id, a provider's id, or a name."""

import pytest

from engine.planning.lookup import SubscriptionUnknown, meant
from engine.platform.models import Subscription
from tests.planning.builders import customer_mapping, service_mapping, subscription, workspace

MAPPINGS = workspace(
    customers=[customer_mapping()],
    services=[
        service_mapping(),
        service_mapping(subscription="9002"),
        service_mapping(subscription="9009", name="Gone long ago"),
    ],
).mappings
LISTED = [
    subscription(provider_id="P-1"),
    subscription(id="9002", provider_id="P-2", plan_name="Backup", name="Backup for Larkspur"),
    subscription(id="9003", provider_id="P-2", customer_id="200", plan_name="Mail", name="Mail"),
    subscription(id="9004", provider_id="", customer_id="200", plan_name="", name="P-1 Tools"),
]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("9001", "9001"),
        ("9003", "9003"),
        ("9009", "9009"),
        ("p-1", "9001"),
        ("Backup", "9002"),
        ("backup FOR larkspur", "9002"),
        ("Suite Suite Monthly", "9001"),
        ("Gone long ago", "9009"),
        ("P-1 Tools", "9004"),
    ],
)
def test_it_is_found_by_its_ids_and_its_names(text: str, id: str) -> None:
    assert meant(MAPPINGS, LISTED, text) == id


def refused(text: str, listed: list[Subscription]) -> tuple[str, str]:
    with pytest.raises(SubscriptionUnknown) as caught:
        meant(MAPPINGS, listed, text)
    return str(caught.value), caught.value.hint


def test_of_several_it_names_each_with_its_customer() -> None:
    text, hint = refused("P-2", LISTED)
    assert text == "2 subscriptions have the provider's id 'P-2'"
    assert hint == "Give the id of one: 9002 (Backup, Larkspur (example)); 9003 (Mail, customer 200)."
    alike = [subscription(id=str(number), plan_name="Mail", name="Mail") for number in range(9101, 9113)]
    text, hint = refused("mail", alike)
    assert text == "12 subscriptions are named 'mail'"
    assert hint.count("(Mail, ") == 10
    assert hint.endswith("; ….")


def test_of_none_it_names_what_comes_close() -> None:
    assert refused("9011", LISTED)[1].startswith("Did you mean 900")
    assert refused("Bakup", LISTED) == (
        "there is no subscription 'Bakup'",
        "Did you mean 9002 (Backup, Larkspur (example))?",
    )
    assert "platform's id, the provider's id" in refused("something else entirely", LISTED)[1]


def test_an_id_comes_before_a_name() -> None:
    named = [subscription(name="9002"), subscription(id="9002", name="x", plan_name="y")]
    assert meant(MAPPINGS, named, "9002") == "9002"
    both = [subscription(name="P-9"), subscription(id="9002", provider_id="P-9", name="x", plan_name="y")]
    assert meant(MAPPINGS, both, "P-9") == "9002"
