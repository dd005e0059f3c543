"""The floor: fetch the pages that a plan fetches and load the files that it loads, and do nothing with them.

The same HTTP client library, one request after another, and PyYAML's C loader. Arguments: the workspace's folder, then
the announcement of `cwctl sandbox serve` as JSON.
"""

import base64
import json
import sys
from pathlib import Path

import httpx
import yaml


def main() -> None:
    """Fetch and load everything; print the number of requests sent."""
    root, announcement = Path(sys.argv[1]), json.loads(sys.argv[2])
    files = [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in sorted(root.glob("*/*.yaml"))]
    agreements = [
        reference["agreement"]
        for document in files
        for customer in document.get("customers", ())
        for reference in customer.get("agreements", ())
    ]
    sent = platform(announcement["platform"]) + psa(announcement["psa"], agreements)
    sys.stdout.write(f"{sent}\n")


def platform(at: dict[str, str]) -> int:
    """The platform's three lists."""
    sent = 0
    base = f"{at['url']}/api/v3/accounts/{at['account']}"
    with httpx.Client(headers={"Authorization": f"Bearer {at['access_token']}"}) as client:
        for name in ("customers", "products"):
            token: str | None = ""
            while token is not None:
                page = {"pageSize": "1000", "pageToken": token} if token else {"pageSize": "1000"}
                token = client.get(f"{base}/{name}", params=page).json().get("nextPageToken")
                sent += 1
        offset = 0
        while True:
            page = {"pagination.limit": "1000", "pagination.offset": str(offset)}
            items = client.get(f"{base}/subscriptions", params=page).json().get("items") or []
            sent += 1
            if not items:
                return sent
            offset += len(items)


def psa(at: dict[str, str], agreements: list[int]) -> int:
    """The PSA's lists, and the additions of each agreement."""
    sent = 0
    user = f"{at['company']}+{at['public_key']}:{at['private_key']}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(user).decode()}", "clientId": at["client_id"]}
    with httpx.Client(headers=headers, base_url=f"{at['url']}/v4_6_release/apis/3.0") as client:
        for path in (
            "/company/companies",
            "/company/countries",
            "/procurement/catalog",
            "/procurement/manufacturers",
            "/finance/agreements",
            "/finance/billingCycles",
        ):
            last = 0
            while True:
                headers = {"pagination-type": "forward-only"}
                rows = client.get(path, params={"pageSize": "1000", "pageId": str(last)}, headers=headers).json()
                sent += 1
                if len(rows) < 1000:
                    break
                last = rows[-1]["id"]
        for agreement in agreements:
            client.get(f"/finance/agreements/{agreement}/additions", params={"pageSize": "1000"}).json()
            sent += 1
    return sent


if __name__ == "__main__":
    main()
