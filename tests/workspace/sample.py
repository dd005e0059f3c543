"""A small valid workspace, and the means to change one file of it."""

from pathlib import Path

from engine.diagnostics import Diagnostic
from engine.workspace.load import load

CONNECTIONS = """\
version: 1
default: sandbox
connections:
  sandbox:
    sandbox: true
    time_zone: America/New_York
    manage_from: 2026-01-01
  production:
    time_zone: America/New_York
    manage_from: 2026-07-01
    price_decimals: 4
    psa:
      url: https://na.myconnectwise.net
      company: examplemsp
      client_id: env:CWCTL_PSA_CLIENT_ID
      public_key: env:CWCTL_PSA_PUBLIC_KEY
      private_key: file:~/.config/cwctl/private-key
    platform:
      url: https://ion.tdsynnex.com
      account: 12345
      token_store: {file: ~/.config/cwctl/ion-token.json}
    psa_behaviour: {cancelled_day: not_billed}
    mark: {keep_in: custom_field, caption: Subscription ID}
"""
CUSTOMERS = """\
version: 1
customers:
  - customer: "306870"
    name: Example Customer
    company: 21
    agreements:
      - {agreement: 41, name: Cloud services, default: true}
      - {agreement: 42, name: Yearly licences}
    sync: {address: false}
  - customer: 306871
    create: true
    agreements:
      - agreement: 43
"""
PRODUCTS = """\
version: 1
products:
  - {provider: "30", product: Microsoft365NCE, plan: Monthly-1, kind: license, catalog_item: 1201}
  - {provider: 1, product: CloudAccount, plan: PayAsYouGo, kind: usage, create: true}
"""
SERVICES = """\
version: 1
services:
  - {subscription: "2277242", customer: "306870", agreement: 42, effective_date: 2026-02-01}
  - {subscription: 2277243, customer: 306870}
  - {subscription: "2277244", customer: "306871", sync: {customer_unit_price: false}}
  - subscription: 2277245
    customer: "306870"
    agreements:
      - {id: 42}
      - {id: 41, from: 2026-11-01}
"""
SYNC = """\
version: 1
company: {name: true, address: true, city: true, state: true, zip: true, country: false}
inventory_product:
  provider: true
  product_name: true
  customer_unit_price: true
  partner_unit_cost: true
  mfg_part_number: true
  description: false
agreement_addition:
  effective_date_positive_change: actual_date
  effective_date_negative_change: first_of_next_month
  service_cancellation: end_of_month
  customer_unit_price: true
  partner_unit_cost: true
  include_subscription_information: false
invoice_billing:
  saas: {update: cost}
  iaas: {update: cost_and_price, update_invoice_description: true}
"""
BILLING = """\
version: 1
price_change: actual_date
in_place_days: 5
overrides:
  - {customer: 306870, service_cancellation: cancellation_date}
  - {agreement: 42, effective_date_positive_change: first_of_month, in_place_days: 1}
  - {agreement_type: Fixed fee, late_change: settle, price_change: next_period}
agreement_types:
  - {name: Block time, invoiced: in_advance}
  - {name: Managed services, invoiced: in_arrears}
"""
GUARDS = """\
version: 1
max-changes: {number: 40, share: off}
max-ended: off
total-change: {amount: 900, share: 5, minimum_base: 100}
monthly-change: {share: 20}
minimum-margin: off
price-under-cost: off
price-jump: 12
quantity-jump: {times: 2}
"""
DEFAULTS = """\
version: 1
company: {types: [{name: Client}], status: {name: Active}}
product: {subcategory: {name: Cloud}, type: {id: 7}}
countries: {US: United States, NO: Norway}
"""
PROVIDERS = """\
version: 1
providers:
  - {id: "1", name: Amazon Web Services, manufacturer: Amazon}
  - {id: "30", name: Microsoft CSP, manufacturer: Microsoft}
  - {id: "40", name: IBM, supported: false}
"""
FILES = {
    "config/connections.yaml": CONNECTIONS,
    "mappings/customers.yaml": CUSTOMERS,
    "mappings/products.yaml": PRODUCTS,
    "mappings/services.yaml": SERVICES,
    "rules/sync.yaml": SYNC,
    "rules/billing.yaml": BILLING,
    "rules/guards.yaml": GUARDS,
    "rules/defaults.yaml": DEFAULTS,
    "rules/providers.yaml": PROVIDERS,
}


def write_workspace(root: Path, files: dict[str, str | bytes | None] | None = None) -> Path:
    """Write the valid workspace with some files replaced, added, or (None) left out."""
    for name, content in {**FILES, **(files or {})}.items():
        if content is None:
            continue
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def problems_of(root: Path, files: dict[str, str | bytes | None]) -> list[Diagnostic]:
    """What loading the changed workspace reports."""
    return load(write_workspace(root, files))[1]
