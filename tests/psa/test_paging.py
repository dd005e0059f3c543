"""Whole lists: forward-only, by page number where that is all there is, and servers that would lead astray."""

from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
import respx

from engine.http.errors import BadReply, HostRefused, Rejected
from engine.psa.client import PsaClient
from engine.psa.paging import PAGE_SIZE
from tests.psa.conftest import BASE

LIST = f"{BASE}/procurement/manufacturers"

Answer = Callable[[httpx.Request], httpx.Response]


def rows(first: int, last: int) -> list[dict[str, object]]:
    return [{"id": number, "name": f"Maker {number}"} for number in range(first, last + 1)]


def forward(total: int, link: Callable[[int], str]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["pagination-type"] == "forward-only"
        assert "orderby" not in {name.lower() for name in request.url.params}
        after = int(request.url.params.get("pageId", "0"))
        last = min(total, after + PAGE_SIZE)
        header = link(last) if last < total else ""
        return httpx.Response(200, json=rows(after + 1, last), headers={"Link": header})

    return answer


def numbered(total: int, *, links: bool) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        found = rows((page - 1) * PAGE_SIZE + 1, min(total, page * PAGE_SIZE))
        more = f'<{LIST}?page={page + 1}>; rel="next", ' if page * PAGE_SIZE < total else ""
        return httpx.Response(
            200, json=found, headers={"Link": f'{more}<{LIST}?page=9>; rel="last"'} if links and page > 1 else {}
        )

    return answer


@pytest.mark.parametrize("relation", ["", '; rel="next"', "; rel=next"])
@pytest.mark.parametrize("total", [0, 1, 1000, 2500])
def test_forward_only(psa: respx.Router, client: PsaClient, total: int, relation: str) -> None:
    route = psa.get(LIST)
    route.mock(side_effect=forward(total, lambda last: f"<{LIST}?pageSize=1000&pageId={last}>{relation}"))
    assert [maker.id for maker in client.manufacturers()] == list(range(1, total + 1))
    assert route.call_count == max(1, -(-total // PAGE_SIZE))
    assert route.calls[0].request.url.params["pageSize"] == "1000"


def test_an_empty_page_ends_a_list_whose_link_never_ends(psa: respx.Router, client: PsaClient) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params.get("pageId", "0"))
        found = rows(after + 1, 3)
        return httpx.Response(200, json=found, headers={"Link": f"<{LIST}?pageId={max(after, 3)}>"})

    route = psa.get(LIST).mock(side_effect=answer)
    assert len(client.manufacturers()) == 3
    assert route.call_count == 2


def test_the_link_is_followed_word_for_word(psa: respx.Router, client: PsaClient) -> None:
    link = f"{LIST}?Odd=%41+b&pageSize=1000&pageId=1000"
    route = psa.get(LIST).mock(side_effect=forward(1500, lambda last: f"<{link}>"))
    client.manufacturers()
    assert str(route.calls[1].request.url) == link


def test_conditions_and_fields_stay_on_every_page_even_if_the_link_lost_them(
    psa: respx.Router, client: PsaClient
) -> None:
    route = psa.get(f"{BASE}/company/companies")
    route.mock(side_effect=forward(2100, lambda last: f"<{BASE}/company/companies?pageSize=1000&pageId={last}>"))
    assert len(client.companies()) == 2100
    assert [call.request.url.params["conditions"] for call in route.calls] == ["deletedFlag = False"] * 3
    assert len({call.request.url.params["fields"] for call in route.calls}) == 1
    assert [call.request.url.params.get("pageId") for call in route.calls] == [None, "1000", "2000"]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("total", [0, 3, 1000, 2500])
def test_without_a_link_header_by_page_number(psa: respx.Router, client: PsaClient, total: int, links: bool) -> None:
    route = psa.get(LIST).mock(side_effect=numbered(total, links=links))
    assert [maker.id for maker in client.manufacturers()] == list(range(1, total + 1))
    by_number = [call.request for call in route.calls][1:]
    assert {request.url.params["orderBy"] for request in by_number} <= {"id asc"}
    assert not any("pagination-type" in request.headers for request in by_number)


@pytest.mark.parametrize(
    "host", ["https://evil.example", "http://api-na.myconnectwise.net", "https://api-eu.myconnectwise.net:8443"]
)
def test_a_link_to_another_host_is_refused(psa: respx.Router, client: PsaClient, host: str) -> None:
    link = f"<{host}/v2025_1/apis/3.0/procurement/manufacturers?pageId=1000>"
    psa.get(LIST).mock(side_effect=forward(1500, lambda last: link))
    with pytest.raises(HostRefused, match="points to"):
        client.manufacturers()
    assert not any(call.request.url.host == "evil.example" for call in psa.calls)


def test_a_page_id_that_leads_back(psa: respx.Router, client: PsaClient) -> None:
    psa.get(LIST).mock(side_effect=forward(9999, lambda last: f"<{LIST}?pageId={last - 1000}>"))
    with pytest.raises(BadReply, match="does not advance"):
        client.manufacturers()


def test_a_link_without_page_id_that_gives_the_same_page(psa: respx.Router, client: PsaClient) -> None:
    route = psa.get(LIST).mock(side_effect=forward(9999, lambda last: f"<{LIST}?pageSize=1000>"))
    with pytest.raises(BadReply, match="does not advance"):
        client.manufacturers()
    assert route.call_count == 2


def test_a_server_that_ignores_the_page_number(psa: respx.Router, client: PsaClient) -> None:
    route = psa.get(LIST).respond(json=rows(1, 5))
    with pytest.raises(BadReply, match="page 2 repeats"):
        client.manufacturers()
    assert route.call_count == 2


def test_a_field_that_the_psa_does_not_know_is_asked_for_once(psa: respx.Router, client: PsaClient) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "fields" in request.url.params:
            return httpx.Response(400, json={"code": "ConnectWiseApi", "message": "Unknown field", "errors": None})
        return httpx.Response(200, json=[{"id": 4, "identifier": "X"}], headers={"Link": ""})

    route = psa.get(f"{BASE}/procurement/catalog").mock(side_effect=answer)
    for _ in range(2):
        assert [item.identifier for item in client.catalog_items()] == ["X"]
    assert ["fields" in call.request.url.params for call in route.calls] == [True, False, False]


def test_a_request_that_is_wrong_without_fields_too(psa: respx.Router, client: PsaClient) -> None:
    psa.get(f"{BASE}/procurement/catalog").respond(400, json={"code": "ConnectWiseApi", "message": "Nonsense"})
    with pytest.raises(Rejected, match="Nonsense"):
        client.catalog_items()


def test_a_choice_is_one_request(psa: respx.Router, client: PsaClient) -> None:
    route = psa.get(f"{BASE}/finance/agreements").respond(
        json=[{"id": number, "company": {"id": 1}} for number in range(1, 101)]
    )
    assert len(client.agreements(ids=range(1, 101))) == 100
    assert route.call_count == 1
    request = route.calls[0].request
    assert request.url.params["conditions"] == f"id in ({','.join(map(str, range(1, 101)))})"
    assert len(str(request.url)) < 2000
    assert client.agreements(ids=[]) == []
    assert route.call_count == 1


def test_a_large_choice_is_sifted_from_the_whole_list(psa: respx.Router, client: PsaClient) -> None:
    route = psa.get(f"{BASE}/finance/agreements").respond(
        json=[{"id": number, "company": {"id": 1}} for number in range(1, 901)], headers={"Link": ""}
    )
    assert [one.id for one in client.agreements(ids=range(100, 300))] == list(range(100, 300))
    assert "conditions" not in route.calls[0].request.url.params


ATTACK = '" or id > 0 or name = "'


def test_a_text_that_cannot_be_quoted_never_leaves(psa: respx.Router, client: PsaClient) -> None:
    found = [{"id": 1, "identifier": "Other"}, {"id": 2, "identifier": ATTACK.upper()}]
    route = psa.get(f"{BASE}/company/companies").respond(json=found, headers={"Link": ""})
    assert [company.id for company in client.companies(identifiers=[ATTACK])] == [2]
    assert all(quote(ATTACK) not in str(call.request.url) for call in route.calls)
    assert "conditions" not in route.calls[0].request.url.params


def test_ids_and_identifiers_together(psa: respx.Router, client: PsaClient) -> None:
    found = [{"id": 7, "identifier": "A"}, {"id": 9, "identifier": "MadeUp"}]
    route = psa.get(f"{BASE}/company/companies").respond(json=found)
    assert [company.id for company in client.companies(ids=[7], identifiers=["madeup"])] == [7, 9]
    assert route.calls[0].request.url.params["conditions"] == '(id = 7) or (identifier = "madeup")'
