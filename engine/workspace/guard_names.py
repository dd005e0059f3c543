"""The guards by their names: as keys of rules/guards.yaml, on findings of a plan, and as an override names them."""

GUARDS = (
    "max-changes",
    "max-ended",
    "max-renewed",
    "max-usage-months",
    "total-change",
    "monthly-change",
    "minimum-margin",
    "price-under-cost",
    "price-jump",
    "quantity-jump",
    "negative-line",
)
