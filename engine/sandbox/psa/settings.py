"""How the simulated PSA behaves: each setting with its default and its choices. All are kept in the store."""

from collections.abc import Mapping
from datetime import date

import msgspec

from engine.sandbox.store import Store

TODAY = "2026-06-15"


class Choice(msgspec.Struct, frozen=True):
    """A setting: its default, and the values that it may have (none: any text)."""

    default: str
    values: tuple[str, ...] = ()


SETTINGS: Mapping[str, Choice] = {
    "psa.company": Choice("sandbox"),
    "psa.client_id": Choice("5a4db0c5-0000-4000-8000-000000000000"),
    "psa.public_key": Choice("sandboxpublickey"),
    "psa.private_key": Choice("sandboxprivatekey"),
    "psa.version": Choice("2025.1", ("2022.1", "2025.1")),
    "psa.codebase": Choice("v2025_1"),
    "psa.unknown_company": Choice("null", ("null", "404")),
    "psa.missing_client_id": Choice("401", ("400", "401", "403")),
    "psa.bad_key": Choice("401", ("401", "404")),
    "psa.rights.companies": Choice("add,edit,inquire"),
    "psa.rights.agreements": Choice("add,edit,inquire"),
    "psa.rights.catalog": Choice("add,edit,inquire"),
    "psa.rights.invoicing": Choice("add,edit,delete,inquire"),
    "psa.rights.setup": Choice("add,edit,inquire"),
    "psa.forward_only": Choice("on", ("on", "off")),
    "psa.bundles": Choice("off", ("off", "on")),
    "psa.bundle_cap": Choice("50"),
    "psa.price_default": Choice("catalog", ("catalog", "none")),
    "psa.price_decimals": Choice("none", ("none", "0", "1", "2", "3", "4", "5", "6")),
    "psa.negative_quantity": Choice("accept", ("accept", "refuse")),
    "psa.zero_quantity": Choice("accept", ("accept", "refuse")),
    "psa.past_credit": Choice("accept", ("accept", "refuse")),
    "psa.billed_changes": Choice("accept", ("accept", "refuse")),
    "psa.cancelled_day": Choice("billed", ("billed", "unbilled")),
    "psa.arrears_types": Choice(""),
}
RIGHTS = frozenset({"add", "edit", "delete", "inquire"})


def check_setting(name: str, value: str) -> str | None:
    """Why a setting of the PSA's side (or `today`) cannot have this value; None if it can."""
    if name == "today":
        return None if _is_day(value) else f"today: {value!r} is not a date such as {TODAY}"
    known = SETTINGS.get(name)
    if known is None:
        return f"{name}: there is no such setting; there are today, {', '.join(SETTINGS)}"
    if known.values and value not in known.values:
        return f"{name}: {value!r} is not one of {', '.join(known.values)}"
    if name.startswith("psa.rights.") and not set(filter(None, value.split(","))) <= RIGHTS:
        return f"{name}: a list out of {', '.join(sorted(RIGHTS))}, separated by commas"
    if name in ("psa.bundle_cap",) and not value.isdigit():
        return f"{name}: {value!r} is not a number"
    return None


class PsaSettings:
    """The settings as they are now: one instance serves one request."""

    def __init__(self, store: Store) -> None:
        self._values = store.settings()

    def __getitem__(self, name: str) -> str:
        value = self._values.get(name)
        return SETTINGS[name].default if value is None else value

    @property
    def today(self) -> date:
        """The sandbox's own day."""
        return date.fromisoformat(self._values.get("today", TODAY))

    def grants(self, area: str, right: str) -> bool:
        """Whether the API member's role has a right (add, edit, delete, inquire) in an area."""
        return right in self[f"psa.rights.{area}"].split(",")

    def bills_in_arrears(self, type_id: int | None) -> bool:
        """Whether agreements of a type are invoiced after their period; else before it."""
        return str(type_id) in self["psa.arrears_types"].split(",")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
