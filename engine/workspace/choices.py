"""The choices that decide how a change is billed, and what overrides them for a customer, an agreement or a type."""

from typing import Literal

import msgspec

from engine.diagnostics import Place
from engine.workspace.owners import OwnedField

PositiveChange = Literal["actual_date", "first_of_month"]
NegativeChange = Literal["actual_date", "first_of_next_month"]
Cancellation = Literal["cancellation_date", "end_of_month"]
PriceChange = Literal["next_period", "actual_date"]
LateChange = Literal["next_period", "settle"]

CHOICES = (
    "effective_date_positive_change",
    "effective_date_negative_change",
    "service_cancellation",
    "price_change",
    "in_place_days",
    "late_change",
)
"""The choices by their keys in the files: the first three in rules/sync.yaml, the others in rules/billing.yaml."""


class RuleOverride(msgspec.Struct, frozen=True, kw_only=True):
    """Other choices for one customer, one agreement, or one type of agreement (by name): exactly one of the three.

    None keeps the choice of what is less specific: the global rules, then type, then customer, then agreement.
    `places` are those of the choices that it makes, by their keys; one without a place is found at the entry's.
    """

    customer: str | None = None
    agreement: int | None = None
    agreement_type: str | None = None
    effective_date_positive_change: PositiveChange | None = None
    effective_date_negative_change: NegativeChange | None = None
    service_cancellation: Cancellation | None = None
    price_change: PriceChange | None = None
    in_place_days: int | None = None
    late_change: LateChange | None = None
    place: Place
    places: dict[str, Place] = {}

    @property
    def specificity(self) -> int:
        """Of two overrides that concern an agreement, the choice of the greater one holds."""
        return 2 if self.agreement is not None else 1 if self.customer is not None else 0

    def concerns(self, customer: str, agreement: int, agreement_type: str | None) -> bool:
        """Whether it is for this agreement, its customer, or its type."""
        if self.agreement is not None:
            return self.agreement == agreement
        if self.customer is not None:
            return self.customer == customer
        if self.agreement_type is None or agreement_type is None:
            return False
        return type_key(self.agreement_type) == type_key(agreement_type)

    def decided(self) -> dict[str, Place]:
        """The place of every choice that it makes, by the choice's key."""
        return {key: self.places.get(key, self.place) for key in CHOICES if getattr(self, key) is not None}


class AdditionChoices(msgspec.Struct, frozen=True, kw_only=True):
    """The choices that hold for the additions of one agreement.

    `in_place_days` counts days from a subscription's start, the start included. `late_change` is what becomes of what
    is wanted on invoiced days and may not be written there any more. `decided_by` has the place of each choice under
    its key in the files (see CHOICES); None where no file states it, so that the default holds.
    """

    quantity_increase: PositiveChange
    quantity_decrease: NegativeChange
    cancellation: Cancellation
    price_change: PriceChange
    in_place_days: int
    late_change: LateChange
    decided_by: dict[str, Place | None]

    def overridden(self, by: RuleOverride) -> "AdditionChoices":
        """These choices, with those that the override makes in their stead."""
        return AdditionChoices(
            quantity_increase=by.effective_date_positive_change or self.quantity_increase,
            quantity_decrease=by.effective_date_negative_change or self.quantity_decrease,
            cancellation=by.service_cancellation or self.cancellation,
            price_change=by.price_change or self.price_change,
            in_place_days=by.in_place_days or self.in_place_days,
            late_change=by.late_change or self.late_change,
            decided_by={**self.decided_by, **by.decided()},
        )


class BillingRules(msgspec.Struct, frozen=True, kw_only=True):
    """What rules/billing.yaml adds to the guide's rules. `arrears` are types of agreement (by name) invoiced after.

    `owned` are the fields of additions that the PSA decides about.
    `places` are those of `price_change`, `in_place_days` and `late_change`, where the file states them.
    """

    price_change: PriceChange = "next_period"
    in_place_days: int = 2
    late_change: LateChange = "next_period"
    overrides: tuple[RuleOverride, ...] = ()
    arrears: frozenset[str] = frozenset()
    owned: frozenset[OwnedField] = frozenset()
    places: dict[str, Place] = {}

    def overriding(self, customer: str, agreement: int, agreement_type: str | None) -> list[RuleOverride]:
        """What overrides the global choices for an agreement, the least specific first."""
        found = [each for each in self.overrides if each.concerns(customer, agreement, agreement_type)]
        return sorted(found, key=lambda override: override.specificity)

    def in_arrears(self, agreement_type: str | None) -> bool:
        """Whether agreements of this type are invoiced after the period that they bill. Others are before it."""
        return agreement_type is not None and type_key(agreement_type) in map(type_key, self.arrears)


def type_key(agreement_type: str) -> str:
    """What names of agreement types are compared by: case and outer spaces do not count."""
    return agreement_type.strip().casefold()
