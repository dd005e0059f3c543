"""A workspace that fits a world: the YAML files that map every customer, product and subscription it can."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.sandbox.happening import OFFER
from engine.sandbox.platform.documents import PROVIDERS
from engine.sandbox.platform.lists import CUSTOMER
from engine.sandbox.platform.subscriptions import SUBSCRIPTION
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Store

Document = dict[str, Any]

_CONNECTIONS = """\
default: sandbox
connections:
  sandbox:
    sandbox: true
    time_zone: America/New_York
    manage_from: 2026-06-01
"""
_SYNC = """\
company: { name: true, address: true, city: true, state: true, zip: true, country: true }
inventory_product:
  provider: true
  product_name: true
  customer_unit_price: true
  partner_unit_cost: true
  mfg_part_number: true
  description: true
agreement_addition:
  effective_date_positive_change: actual_date
  effective_date_negative_change: actual_date
  service_cancellation: cancellation_date
  customer_unit_price: true
  partner_unit_cost: true
  include_subscription_information: true
invoice_billing:
  saas: { update: cost }
  iaas: { update: cost_and_price, update_invoice_description: true }
"""
_DEFAULTS = """\
company:
  types: [{ name: Customer }]
  status: { name: Active }
product:
  subcategory: { name: Cloud Services }
  type: { name: Software }
  unit_of_measure: { name: Each }
  create_manufacturers: true
countries: { US: United States }
"""
_WHOLE_PERIODS = """\
  - agreement_type: {name}
    effective_date_positive_change: first_of_month
    effective_date_negative_change: first_of_next_month
    service_cancellation: end_of_month
    price_change: next_period
"""
_MANUFACTURERS = {"2": "Google", "30": "Microsoft"}


def workspace_for(store: Store, *, split: bool = False) -> dict[str, str]:
    """Files by their path within the workspace. `split` gives each customer files of its own below mappings/.

    A company is found by its account number, a catalog item by its vendor sku; what has none stays unmapped, and so do
    subscriptions of a customer without an agreement. Yearly agreements are mapped where a company has no monthly one.
    """
    companies = _companies(store)
    mapped = {doc["name"].rpartition("/")[2]: doc for doc in store.rows(CUSTOMER)}
    mapped = {id: doc for id, doc in mapped.items() if id in companies}
    agreements = _agreements(store)
    items = {doc.get("vendorSku"): doc for doc in store.rows("catalog_item")}
    customers = {id: _customer(id, doc, companies[id], agreements) for id, doc in mapped.items()}
    cycles = {id: agreements[companies[id]["id"]] for id in mapped if companies[id]["id"] in agreements}
    services = _services(store, {id: _cycle(own[0]) for id, own in cycles.items()}, items)
    files = {
        "config/connections.yaml": _file("connections", 1, _CONNECTIONS),
        "rules/sync.yaml": _file("sync", 1, _SYNC),
        "rules/defaults.yaml": _file("defaults", 1, _DEFAULTS),
        "rules/providers.yaml": _file("providers", 1, _list("providers", map(_provider, PROVIDERS.items()))),
        "mappings/products.yaml": _file("products", 1, _list("products", _products(store, items))),
    }
    billing = _billing(store)
    if billing:
        files["rules/billing.yaml"] = _file("billing", 1, billing)
    if not split:
        every = [line for lines in services.values() for line in lines]
        files["mappings/customers.yaml"] = _file("customers", 1, _list("customers", customers.values()))
        files["mappings/services.yaml"] = _file("services", 1, _list("services", every))
        return files
    for id, entry in customers.items():
        files[f"mappings/customers/{id}.yaml"] = _file("customers", 2, _list("customers", [entry]))
        files[f"mappings/services/{id}.yaml"] = _file("services", 2, _list("services", services.get(id, [])))
    return files


def write_workspace(store: Store, folder: Path, *, split: bool = False) -> None:
    """Writes these files below a folder, in place of files of the same name."""
    for path, text in workspace_for(store, split=split).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _companies(store: Store) -> dict[str, Document]:
    return {doc["accountNumber"]: doc for doc in store.rows("company") if "accountNumber" in doc}


def _agreements(store: Store) -> dict[int, list[Document]]:
    """The monthly agreements of each company, by its id; where there are none, the yearly ones."""
    found: dict[int, list[Document]] = {}
    for cycle in ("Monthly", "Yearly"):
        fitting = [doc for doc in store.rows("agreement") if doc["billingCycle"]["name"] == cycle]
        known = set(found)
        for doc in fitting:
            if doc["company"]["id"] not in known:
                found.setdefault(doc["company"]["id"], []).append(doc)
    return found


def _cycle(agreement: Document) -> str:
    """The billing cycle of the subscriptions that an agreement can bill."""
    return "monthly" if agreement["billingCycle"]["name"] == "Monthly" else "annual"


def _billing(store: Store) -> str:
    """Choices for types of agreements that do not prorate, and which types are invoiced in arrears; "" if none is."""
    whole = {doc["type"]["name"] for doc in store.rows("agreement") if not doc["prorateFlag"]}
    late = set(filter(None, PsaSettings(store)["psa.arrears_types"].split(",")))
    named = [doc["name"] for doc in store.rows("agreement_type") if str(doc["id"]) in late]
    text = "".join(_WHOLE_PERIODS.format(name=_text(name)) for name in sorted(whole))
    types = [f"{{ name: {_text(name)}, invoiced: in_arrears }}" for name in named]
    return (f"overrides:\n{text}" if text else "") + (_list("agreement_types", types) if types else "")


def _customer(id: str, doc: Document, company: Document, agreements: dict[int, list[Document]]) -> str:
    lines = [
        f"customer: {id}",
        f"name: {_text(doc['customerOrganization'])}",
        f"company: {company['id']}",
        f"company_name: {_text(company['name'])}",
    ]
    own = agreements.get(company["id"], [])
    if own:
        lines.append("agreements:")
        lines += [f"  - {{ agreement: {one['id']}, name: {_text(one['name'])} }}" for one in own]
    return "\n    ".join(lines)


def _products(store: Store, items: dict[str | None, Document]) -> list[str]:
    found = []
    for offer in store.rows(OFFER):
        item = items.get(f"{offer['provider']}/{offer['product']}/{offer['plan']}")
        if item is None:
            continue
        lines = [
            f"provider: {offer['provider']}",
            f"product: {_text(offer['product'])}",
            f"plan: {_text(offer['plan'])}",
            f"kind: {'usage' if offer['metered'] else 'license'}",
            f"name: {_text(offer['name'])}",
            f"catalog_item: {item['id']}",
            f"catalog_identifier: {_text(item['identifier'])}",
        ]
        found.append("\n    ".join(lines))
    return found


def _services(store: Store, cycles: dict[str, str], items: dict[str | None, Document]) -> dict[str, list[str]]:
    """Entries by customer, for subscriptions with the billing cycle of its agreement and a product with an item."""
    found: dict[str, list[str]] = {}
    for doc in store.rows(SUBSCRIPTION):
        owner = doc["customerId"]
        product = f"{doc['cloudProviderId']}/{doc['ccpProductId']}/{doc['ccpPlanId']}"
        if product in items and cycles.get(owner) == doc["subscriptionBillingCycle"]:
            name = _text(doc["subscriptionName"])
            found.setdefault(owner, []).append(f"{{ subscription: {doc['id']}, customer: {owner}, name: {name} }}")
    return found


def _provider(pair: tuple[str, str]) -> str:
    id, name = pair
    manufacturer = f", manufacturer: {_MANUFACTURERS[id]}" if id in _MANUFACTURERS else ""
    supported = ", supported: false" if name.startswith("IBM") else ""
    return f"{{ id: {id}, name: {_text(name)}{manufacturer}{supported} }}"


def _list(member: str, entries: Iterable[str]) -> str:
    lines = [f"  - {entry}\n" for entry in entries]
    return f"{member}:\n{''.join(lines)}" if lines else f"{member}: []\n"


def _file(schema: str, depth: int, body: str) -> str:
    return f"# yaml-language-server: $schema={'../' * depth}schemas/{schema}.schema.json\nversion: 1\n{body}"


def _text(value: str) -> str:
    """A text as YAML: a JSON string is one."""
    return json.dumps(value, ensure_ascii=False)
