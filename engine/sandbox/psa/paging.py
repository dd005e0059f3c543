"""The Link header of a list."""

from urllib.parse import quote, urlencode

from engine.sandbox.psa.request import Request

_PAGING = ("page", "pageSize", "pageId")


def navigable_link(request: Request, number: int, size: int, total: int) -> str:
    """The pages around page `number` (from 1): next and last while there are more, prev and first after the first."""
    last = max(1, -(-total // size))
    links = []
    if number < last:
        links += [_link(request, size, "page", number + 1, "next"), _link(request, size, "page", last, "last")]
    if number > 1:
        links += [_link(request, size, "page", number - 1, "prev"), _link(request, size, "page", 1, "first")]
    return ", ".join(links)


def forward_link(request: Request, size: int, last_id: int) -> str:
    """The page after the record `last_id`."""
    return _link(request, size, "pageId", last_id, "next")


def _link(request: Request, size: int, name: str, value: int, relation: str) -> str:
    kept = [(key, text) for key, text in request.query.items() if key not in _PAGING]
    query = urlencode([*kept, ("pageSize", size), (name, value)], quote_via=quote, safe="")
    return f'<{request.url}?{query}>; rel="{relation}"'
