"""Who decides about a field of our additions: this program, the PSA, or a person who pinned a value."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from engine.diagnostics import Place

OwnedField = Literal["unit_price", "unit_cost", "description"]
"""`description` is the text that a line prints on the invoice."""

OWNED_FIELDS: tuple[OwnedField, ...] = ("unit_price", "unit_cost", "description")

SWITCHES: Mapping[str, str] = {"unit_price": "customer_unit_price", "unit_cost": "partner_unit_cost"}
"""The sync rule that keeps a field in step; the text is written with the quantity, and has none of its own."""


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a person decided on, through the day `until` (inclusive), and why. `value` is as it was written."""

    field: OwnedField
    value: str
    reason: str
    until: date
    place: Place

    @property
    def amount(self) -> Decimal:
        """The value of a price or cost, exactly as written; the files are checked for it."""
        return Decimal(self.value)
