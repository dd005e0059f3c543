"""Another project's client against the simulated PSA: what that client sends and reads, the simulator must know."""

from collections.abc import Iterator

import pytest
from pyconnectwise.clients.manage_client import ConnectWiseManageAPIClient

from engine.http.hosts import AllowedHosts
from engine.http.secrets import Secret
from engine.psa.client import connect
from engine.sandbox.sandbox import Sandbox
from engine.sandbox.serve import served


class LoopbackClient(ConnectWiseManageAPIClient):
    """That client with plain http, which it cannot be configured to use. Everything else is its own."""

    def _get_url(self) -> str:
        return f"http://{self.manage_url}/{self.codebase.strip('/')}/apis/3.0"

    def _try_get_codebase_from_api(self, manage_url: str, company_name: str, headers: dict[str, str]) -> str:
        reply = self._make_request("GET", f"http://{manage_url}/login/companyinfo/{company_name}", headers=headers)
        return str(reply.json()["Codebase"])


@pytest.fixture
def psa() -> Iterator[dict[str, str]]:
    sandbox = Sandbox.in_memory()
    with served(sandbox) as address:
        yield address["psa"]
    sandbox.close()


# The warnings are about how that package declares its models.
@pytest.mark.filterwarnings("ignore:Using extra keyword:DeprecationWarning")
def test_both_clients_agree(psa: dict[str, str]) -> None:
    other = LoopbackClient(
        psa["company"],
        psa["url"].removeprefix("http://"),
        psa["client_id"],
        psa["public_key"],
        psa["private_key"],
    )
    own = connect(
        url=psa["url"],
        company=psa["company"],
        client_id=Secret(psa["client_id"]),
        public_key=Secret(psa["public_key"]),
        private_key=Secret(psa["private_key"]),
        hosts=AllowedHosts(),
    )
    pages = other.finance.agreements.paginated(1, 2)
    listed = {one.id: one for one in pages.all()}
    mine = own.agreements()
    assert {number: one.name for number, one in listed.items()} == {one.id: one.name for one in mine}

    agreement = next(one for one in mine if one.next_invoice and not one.cancelled and own.additions(one.id))
    lines = own.additions(agreement.id)
    theirs = other.finance.agreements.id(agreement.id).additions.get(params={"pageSize": 1000})
    assert {one.id: (float(one.quantity), float(one.unit_price)) for one in lines} == {
        one.id: (one.quantity, one.unit_price) for one in theirs
    }

    assert agreement.next_invoice is not None
    made = other.finance.agreements.id(agreement.id).additions.post(
        {
            "product": {"id": lines[0].product_id},
            "quantity": 3,
            "unitPrice": 7.25,
            "unitCost": 5.5,
            "effectiveDate": f"{agreement.next_invoice}T00:00:00Z",
            "billCustomer": "Billable",
        }
    )
    seen = next(one for one in own.additions(agreement.id) if one.id == made.id)
    own.close()
    assert (str(seen.quantity), str(seen.unit_price), seen.effective) == ("3", "7.25", agreement.next_invoice)
    assert made.billed_quantity == 3.0
    assert made.effective_date is not None
    assert made.effective_date.date() == seen.effective
