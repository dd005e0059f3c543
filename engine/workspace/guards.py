"""The limits of the guards, as rules/guards.yaml states them, and their names."""

import msgspec

from engine.diagnostics import Place


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So much at most; None is no limit. `share` is in % of what is there, and counts from `minimum_base` of it on.

    `most` is a number, or an amount in each currency.
    """

    most: int | None
    share: int | None
    minimum_base: int


class QuantityJump(msgspec.Struct, frozen=True, kw_only=True):
    """At most so many times as many licences, or as few; a difference of less than `minimum` never counts."""

    times: int
    minimum: int


class GuardRules(msgspec.Struct, frozen=True, kw_only=True):
    """The limit of each guard; None (or False) is switched off. `minimum_margin` and `price_jump` are in %.

    `places` are those of the guards that the file states, by their names.
    """

    max_changes: Limit | None = Limit(most=500, share=25, minimum_base=50)
    max_ended: Limit | None = Limit(most=50, share=10, minimum_base=50)
    max_renewed: Limit | None = Limit(most=2000, share=None, minimum_base=50)
    max_usage_months: Limit | None = Limit(most=1000, share=None, minimum_base=50)
    total_change: Limit | None = Limit(most=25_000, share=15, minimum_base=10_000)
    monthly_change: Limit | None = Limit(most=5_000, share=50, minimum_base=500)
    minimum_margin: int | None = 3
    price_under_cost: bool = True
    price_jump: int | None = 30
    quantity_jump: QuantityJump | None = QuantityJump(times=3, minimum=20)
    negative_line: bool = True
    places: dict[str, Place] = {}


def name_of(field: str) -> str:
    """A guard's name, in the file and as an override names it, from its field."""
    return field.replace("_", "-")


GUARDS = tuple(name_of(field) for field in GuardRules.__struct_fields__ if field != "places")
"""The names of all guards."""


def field_of(name: str) -> str:
    """The field of GuardRules that a guard's name stands for."""
    return name.replace("-", "_")
