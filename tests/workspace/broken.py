"""Broken workspaces, at least one per code: the valid one with a single slip, and where it must be reported."""

from typing import NamedTuple

from tests.workspace.sample import BILLING, CUSTOMERS, FILES, PROVIDERS, SERVICES

CONNECTIONS_FILE = "config/connections.yaml"
CUSTOMERS_FILE = "mappings/customers.yaml"
PRODUCTS_FILE = "mappings/products.yaml"
SERVICES_FILE = "mappings/services.yaml"
BILLING_FILE = "rules/billing.yaml"
GUARDS_FILE = "rules/guards.yaml"


class Broken(NamedTuple):
    """The code and place that must be reported once `files` replace those of the valid workspace."""

    code: str
    place: str
    files: dict[str, str | bytes | None]


def slip(code: str, place: str, old: str, new: str, file: str | None = None) -> Broken:
    """Replace `old` by `new`, in the file that `place` names or in another; `old` must occur there once."""
    file = file or place.split(":", maxsplit=1)[0]
    assert FILES[file].count(old) == 1, f"{old!r} must occur once in {file}"
    return Broken(code, place, {file: FILES[file].replace(old, new)})


def whole(code: str, place: str, content: str | bytes | None) -> Broken:
    """Replace the file that `place` names as a whole."""
    return Broken(code, place, {place.split(":", maxsplit=1)[0]: content})


FILE_SLIPS = (
    whole("file-missing", "rules/providers.yaml:1:1", None),
    whole("file-unknown", "rules/provider.yaml:1:1", PROVIDERS),
    whole("file-unknown", "mappings/customers/one.yml:1:1", CUSTOMERS),
    whole("file-too-large", "rules/sync.yaml:1:1", b"#" * (32 * 1024 * 1024 + 1)),
    whole("file-encoding", "rules/sync.yaml:2:3", b"version: 1\n# \xe9t\xe9\n"),
    slip("file-version", "rules/sync.yaml:1:10", "version: 1", "version: 2"),
)

YAML_SLIPS = (
    slip("yaml-syntax", f"{CUSTOMERS_FILE}:4:18", "Example Customer", "Example: Customer"),
    slip("yaml-tab", f"{CUSTOMERS_FILE}:6:1", "    agreements:\n      - {", "\tagreements:\n      - {"),
    whole("yaml-empty", f"{CUSTOMERS_FILE}:1:1", "# nothing yet\n"),
    slip("yaml-character", f"{CUSTOMERS_FILE}:4:18", "Example Customer", "Example\0Customer"),
    slip("yaml-character", f"{CUSTOMERS_FILE}:4:11", "Example Customer", '"Example\\0Customer"'),
    slip("yaml-duplicate-key", f"{CUSTOMERS_FILE}:6:5", "    company: 21\n", "    company: 21\n    company: 22\n"),
    slip("yaml-key", f"{CUSTOMERS_FILE}:5:7", "    company: 21\n", "    ? [company]\n    : 21\n"),
    slip("yaml-alias", f"{CUSTOMERS_FILE}:5:14", "company: 21", "company: &it 21"),
    slip("yaml-merge", f"{CUSTOMERS_FILE}:5:5", "company: 21", "<<: {company: 21}"),
    slip("yaml-tag", f"{CUSTOMERS_FILE}:5:14", "company: 21", "company: !!int 21"),
    whole("yaml-documents", f"{CUSTOMERS_FILE}:14:1", CUSTOMERS + "---\nversion: 1\n"),
    slip("yaml-too-deep", f"{CUSTOMERS_FILE}:5:35", "company: 21", "company: " + "[" * 30 + "]" * 30),
)

SHAPE_SLIPS = (
    slip("schema-unknown-key", f"{CUSTOMERS_FILE}:5:5", "company: 21", "compnay: 21"),
    slip("schema-missing-key", f"{SERVICES_FILE}:4:5", ", customer: 306870}", "}"),
    slip("schema-type", f"{CUSTOMERS_FILE}:5:14", "company: 21", "company: twenty"),
    slip("schema-choice", f"{PRODUCTS_FILE}:3:71", "kind: license", "kind: licence"),
    slip("schema-format", f"{SERVICES_FILE}:3:82", "2026-02-01", "1.2.2026"),
    slip("schema-format", "rules/defaults.yaml:4:32", "NO: Norway", "no: Norway"),
    slip("schema-bounds", f"{CUSTOMERS_FILE}:5:14", "company: 21", "company: 0"),
    slip("schema-refused", f"{SERVICES_FILE}:3:82", "2026-02-01", '"2026-02-01\\n"'),
    slip("manage-from-missing", f"{CONNECTIONS_FILE}:5:5", "    manage_from: 2026-01-01\n", ""),
    slip("secret-literal", f"{CONNECTIONS_FILE}:15:18", "env:CWCTL_PSA_CLIENT_ID", "0f3c-not-a-reference"),
    slip("token-store", f"{CONNECTIONS_FILE}:21:20", "{file: ~/.config/cwctl/ion-token.json}", "env:CWCTL_TOKEN"),
    slip("token-store", f"{CONNECTIONS_FILE}:21:27", "~/.config/cwctl/ion-token.json", "env:CWCTL_TOKEN"),
)

CONNECTION_SLIPS = (
    slip("connection-unknown", f"{CONNECTIONS_FILE}:2:10", "default: sandbox", "default: sandbx"),
    slip("connection-parts", f"{CONNECTIONS_FILE}:5:5", "    sandbox: true\n", ""),
    slip("connection-parts", f"{CONNECTIONS_FILE}:11:14", "    price_decimals: 4\n", "    sandbox: true\n"),
    slip("date-invalid", f"{CONNECTIONS_FILE}:7:18", "2026-01-01", "2026-02-30"),
    slip("date-invalid", f"{SERVICES_FILE}:3:82", "2026-02-01", "2026-02-30"),
    slip(
        "time-zone-unknown",
        f"{CONNECTIONS_FILE}:6:16",
        "America/New_York\n    manage_from: 2026-01",
        "New York\n    manage_from: 2026-01",
    ),
    slip("url-invalid", f"{CONNECTIONS_FILE}:13:12", "https://na.myconnectwise.net", "http://na.myconnectwise.net"),
    slip("mark-caption", f"{CONNECTIONS_FILE}:23:21", ", caption: Subscription ID", ""),
    slip("mark-caption", f"{CONNECTIONS_FILE}:23:45", "keep_in: custom_field", "keep_in: serial_number"),
)

MAPPING_SLIPS = (
    whole("mapping-empty", f"{CUSTOMERS_FILE}:2:12", "version: 1\ncustomers: []\n"),
    whole("mapping-empty", f"{SERVICES_FILE}:2:11", "version: 1\nservices: []\n"),
    slip("mapping-target", f"{CUSTOMERS_FILE}:3:5", "    company: 21\n", ""),
    slip("mapping-target", f"{PRODUCTS_FILE}:4:99", "create: true", "catalog_item: 12, create: true"),
    whole("customer-twice", f"{CUSTOMERS_FILE}:14:16", CUSTOMERS + "  - {customer: 306870, company: 30}\n"),
    slip(
        "product-twice",
        f"{PRODUCTS_FILE}:4:29",
        "{provider: 1, product: CloudAccount, plan: PayAsYouGo",
        "{provider: 30, product: Microsoft365NCE, plan: Monthly-1",
    ),
    slip("service-twice", f"{SERVICES_FILE}:4:20", "2277243", '"2277242"'),
    slip("company-shared", f"{CUSTOMERS_FILE}:11:14", "create: true", "company: 21"),
    slip("catalog-item-shared", f"{PRODUCTS_FILE}:4:87", "create: true", "catalog_item: 1201"),
    slip("identifier-shared", f"{CUSTOMERS_FILE}:11:13", "company: 21", "create: {identifier: ion-306871}"),
    whole(
        "addition-shared",
        f"{SERVICES_FILE}:4:57",
        SERVICES.replace("306870}", "306870, addition: 7001}").replace("agreement: 42", "addition: 7001"),
    ),
    slip("agreement-shared", f"{CUSTOMERS_FILE}:13:20", "agreement: 43", "agreement: 41"),
    slip("agreement-defaults", f"{CUSTOMERS_FILE}:8:57", "Yearly licences}", "Yearly licences, default: true}"),
    slip("customer-unmapped", f"{SERVICES_FILE}:4:39", "customer: 306870}", "customer: 306879}"),
    slip("agreement-unlisted", f"{SERVICES_FILE}:3:62", "agreement: 42", "agreement: 43"),
    slip(
        "agreement-missing",
        f"{SERVICES_FILE}:5:41",
        "    agreements:\n      - agreement: 43\n",
        "",
        CUSTOMERS_FILE,
    ),
    slip("agreement-undecided", f"{SERVICES_FILE}:4:39", ", default: true", "", CUSTOMERS_FILE),
    slip("effective-date-early", f"{SERVICES_FILE}:3:82", "2026-02-01", "2025-12-31"),
    slip("sync-widened", f"{CUSTOMERS_FILE}:9:37", "address: false", "address: false, country: true"),
)

MOVE_SLIPS = (
    slip("agreement-both", f"{SERVICES_FILE}:8:16", "    agreements:\n", "    agreement: 41\n    agreements:\n"),
    slip("agreement-unlisted", f"{SERVICES_FILE}:9:14", "{id: 42}", "{id: 43}"),
    slip("agreement-unlisted", f"{SERVICES_FILE}:10:14", "{id: 41,", "{id: 43,"),
    slip("agreement-again", f"{SERVICES_FILE}:10:14", "{id: 41,", "{id: 42,"),
    slip(
        "agreement-again",
        f"{SERVICES_FILE}:11:14",
        "from: 2026-11-01}\n",
        "from: 2026-11-01}\n      - {id: 42, from: 2026-12-01}\n",
    ),
    slip("move-first", f"{SERVICES_FILE}:9:24", "{id: 42}", "{id: 42, from: 2026-10-01}"),
    slip("move-undated", f"{SERVICES_FILE}:10:9", ", from: 2026-11-01", ""),
    slip("date-invalid", f"{SERVICES_FILE}:10:24", "2026-11-01", "2026-11-31"),
    slip("move-early", f"{SERVICES_FILE}:10:24", "2026-11-01", "2025-11-01"),
    slip("move-early", f"{SERVICES_FILE}:10:24", "2026-11-01", "2026-01-01"),
    slip(
        "move-early",
        f"{SERVICES_FILE}:11:24",
        "    agreements:\n",
        "    effective_date: 2026-11-01\n    agreements:\n",
    ),
    Broken(
        "move-order",
        f"{SERVICES_FILE}:11:24",
        {
            SERVICES_FILE: SERVICES + "      - {id: 44, from: 2026-11-01}\n",
            CUSTOMERS_FILE: CUSTOMERS.replace("    sync: {addr", "      - {agreement: 44}\n    sync: {addr"),
        },
    ),
    slip("schema-bounds", f"{SERVICES_FILE}:8:17", "\n      - {id: 42}\n      - {id: 41, from: 2026-11-01}", " []"),
)

BILLING_SLIPS = (
    slip("schema-choice", f"{BILLING_FILE}:2:15", "price_change: actual_date", "price_change: first_of_month"),
    slip("schema-bounds", f"{BILLING_FILE}:3:16", "in_place_days: 5", "in_place_days: 32"),
    slip("schema-bounds", f"{BILLING_FILE}:6:84", "in_place_days: 1}", "in_place_days: 0}"),
    slip("override-target", f"{BILLING_FILE}:5:5", "customer: 306870, ", ""),
    slip("override-target", f"{BILLING_FILE}:6:37", "agreement: 42", "agreement: 42, agreement_type: Block"),
    slip("override-empty", f"{BILLING_FILE}:7:5", ", late_change: settle, price_change: next_period", ""),
    slip("override-twice", f"{BILLING_FILE}:6:16", "agreement: 42", 'customer: "306870"'),
    slip(
        "override-twice",
        f"{BILLING_FILE}:8:22",
        "next_period}\n",
        "next_period}\n  - {agreement_type: FIXED FEE, in_place_days: 3}\n",
    ),
    slip("customer-unmapped", f"{BILLING_FILE}:5:16", "customer: 306870", "customer: 306879"),
    slip("agreement-unlisted", f"{BILLING_FILE}:6:17", "agreement: 42", "agreement: 422"),
    slip("agreement-type-twice", f"{BILLING_FILE}:10:12", "Managed services", "block time"),
    whole("yaml-empty", f"{BILLING_FILE}:1:1", "# nothing yet\n"),
)

GOOD_PIN = 'field: unit_price, value: "19.50", reason: Agreed, until: 2027-03-31'


def pinned(code: str, column: int, pins: str, more: str = "") -> Broken:
    """One service with these pins (and more keys), which begin in column 45 of line 4."""
    old = "{subscription: 2277243, customer: 306870}"
    return slip(code, f"{SERVICES_FILE}:4:{column}", old, f"{old[:-1]}, pins: [{pins}]{more}}}")


OWNER_SLIPS = (
    slip("schema-choice", f"{SERVICES_FILE}:4:68", "customer: 306870}", "customer: 306870, owners: {unit_price: us}}"),
    Broken(
        "owner-widened",
        f"{SERVICES_FILE}:4:68",
        {
            SERVICES_FILE: SERVICES.replace("customer: 306870}", "customer: 306870, owners: {unit_price: cwctl}}"),
            BILLING_FILE: BILLING + "owners: {unit_price: psa}\n",
        },
    ),
    pinned("schema-missing-key", 54, "{field: unit_price, value: 19.50, until: 2027-03-31}"),
    pinned("schema-missing-key", 54, "{field: unit_price, value: 19.50, reason: Agreed}"),
    pinned("schema-choice", 62, f"{{{GOOD_PIN.replace('unit_price', 'quantity')}}}"),
    pinned("date-invalid", 113, f"{{{GOOD_PIN.replace('03-31', '02-30')}}}"),
    *(
        pinned("pin-value", 81, f"{{{GOOD_PIN.replace('19.50', value)}}}")
        for value in ("about 20", "-1.00", "1e3", "19,50", "019.50", "19.505", "NaN", ".5")
    ),
    pinned("pin-twice", 134, f"{{{GOOD_PIN}}}, {{{GOOD_PIN}}}"),
    pinned("pin-owned", 62, f"{{{GOOD_PIN}}}", ", owners: {unit_price: psa}"),
    pinned("pin-owned", 62, f"{{{GOOD_PIN}}}", ", sync: {customer_unit_price: false}"),
)

GUARD_SLIPS = (
    slip("schema-unknown-key", f"{GUARDS_FILE}:3:1", "max-ended", "max_ended"),
    slip("schema-unknown-key", f"{GUARDS_FILE}:5:18", "{share: 20}", "{most: 20}"),
    slip("schema-format", f"{GUARDS_FILE}:3:12", "max-ended: off", "max-ended: none"),
    slip("schema-type", f"{GUARDS_FILE}:3:12", "max-ended: off", "max-ended: 20"),
    slip("schema-choice", f"{GUARDS_FILE}:7:19", "cost: off", "cost: false"),
    slip("schema-bounds", f"{GUARDS_FILE}:6:17", "minimum-margin: off", "minimum-margin: 101"),
    slip("schema-bounds", f"{GUARDS_FILE}:9:24", "times: 2", "times: 0"),
    slip("guard-empty", f"{GUARDS_FILE}:2:14", "number: 40", "number: off"),
    slip("guard-base", f"{GUARDS_FILE}:2:53", "share: off", "share: off, minimum_base: 7"),
)

RULE_SLIPS = (
    whole("provider-twice", "rules/providers.yaml:6:10", PROVIDERS + "  - {id: 30, name: Microsoft}\n"),
    slip("provider-unknown", f"{PRODUCTS_FILE}:4:16", "provider: 1,", "provider: 7,"),
    slip("provider-unsupported", f"{PRODUCTS_FILE}:4:16", "provider: 1,", "provider: 40,"),
)

BROKEN = (
    *FILE_SLIPS,
    *YAML_SLIPS,
    *SHAPE_SLIPS,
    *CONNECTION_SLIPS,
    *MAPPING_SLIPS,
    *MOVE_SLIPS,
    *BILLING_SLIPS,
    *GUARD_SLIPS,
    *OWNER_SLIPS,
    *RULE_SLIPS,
)
