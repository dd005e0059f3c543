"""What the PSA computes on an addition and what it refuses about one."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.sandbox.psa.charged import charged_through
from engine.sandbox.psa.errors import ApiError, invalid, problem
from engine.sandbox.psa.members import Resource
from engine.sandbox.psa.periods import Billing, billing_of, read_day
from engine.sandbox.psa.records import ADDITION
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Document, Store

_CENT = Decimal("0.01")
_ZERO = Decimal(0)
_PERIOD_INVOICED = (
    "Since this period has already been invoiced there will not be an invoice generated for additional products for "
    "this period. Please prorate the agreement or update the start date to on or after the Next Invoice Date."
)
_BEFORE_START = "effectiveDate cannot be less than the agreement billing start date"
_MONEY = ("quantity", "lessIncluded", "unitPrice", "unitCost", "product", "billCustomer", "effectiveDate")


def cents(amount: Decimal) -> Decimal:
    """Money rounded half up to two places."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def amount_of(addition: Document, member: str) -> Decimal:
    """A number of an addition; a missing one is 0."""
    value = addition.get(member)
    return _ZERO if value is None else Decimal(value)


def agreement_billing(store: Store, settings: PsaSettings, agreement: Document) -> Billing:
    """The billing of an agreement, with the frequency of its cycle."""
    cycle = store.get("billing_cycle", (agreement.get("billingCycle") or {}).get("id", 0))
    arrears = settings.bills_in_arrears((agreement.get("type") or {}).get("id"))
    return billing_of(agreement, (cycle or {}).get("billingOptions", "Monthly"), arrears)


def compute(addition: Document, agreement: Document, billing: Billing) -> None:
    """Fills what the PSA computes: billed quantity, extended amounts, margin and the prorated first period."""
    quantity = amount_of(addition, "quantity") - amount_of(addition, "lessIncluded")
    price, cost = amount_of(addition, "unitPrice"), amount_of(addition, "unitCost")
    effective = read_day(addition.get("effectiveDate"))
    share = _share_of_first_period(effective, billing) if effective and billing.prorates else None
    days, of_days = share or (0, 1)
    addition |= {
        "agreementId": agreement["id"],
        "agreementStatus": agreement.get("agreementStatus", "Active"),
        "billedQuantity": _plain(quantity),
        "extPrice": _plain(quantity * price),
        "extCost": _plain(quantity * cost),
        "margin": _plain(quantity * (price - cost)),
        "prorateCost": cents(cost * days / of_days),
        "proratePrice": cents(price * days / of_days),
        "extendedProrateCost": cents(cost * quantity * days / of_days),
        "extendedProratePrice": cents(price * quantity * days / of_days),
    }


def check_addition(
    store: Store, settings: PsaSettings, billing: Billing, addition: Document, before: Document | None
) -> list[dict[str, Any]]:
    """What speaks against an addition as it is about to be kept; `before` is the stored one, None for a new one."""
    problems: list[dict[str, Any]] = []

    def complain(field: str, text: str) -> None:
        problems.append(problem("InvalidObject", text, "addition", field))

    effective = read_day(addition.get("effectiveDate"))
    if effective and (before is None or read_day(before.get("effectiveDate")) != effective):
        if effective < billing.bill_start:
            complain("effectiveDate", _BEFORE_START)
        elif effective <= billing.invoiced_through and not billing.prorates:
            complain("effectiveDate", _PERIOD_INVOICED)
    quantity = amount_of(addition, "quantity")
    if quantity < 0 and settings["psa.negative_quantity"] == "refuse":
        complain("quantity", "The field quantity must not be negative.")
    if quantity == 0 and settings["psa.zero_quantity"] == "refuse":
        complain("quantity", "The field quantity must not be zero.")
    credit = quantity < 0 and before is None and settings["psa.past_credit"] == "refuse"
    if credit and effective and effective <= billing.invoiced_through:
        complain("effectiveDate", "A credit cannot begin in a period that has been invoiced.")
    item = store.get("catalog_item", (addition.get("product") or {}).get("id", 0))
    if item is not None and item.get("productClass") == "Bundle":
        complain("product", "A bundle cannot be an addition of an agreement.")
    if before is not None and settings["psa.billed_changes"] == "refuse" and _alters_billed(store, addition, before):
        complain("effectiveDate", "This addition has been invoiced and cannot be changed.")
    return problems


def check_deletion(store: Store, settings: PsaSettings, addition: Document) -> None:
    """Refuses, if the switch is set, to delete an addition that an invoice charges. Raises ApiError."""
    if settings["psa.billed_changes"] == "refuse" and _charged(store, addition) is not None:
        raise refusal(ADDITION, [problem("InvalidObject", "This addition has been invoiced.", "addition", "id")])


def refusal(resource: Resource, problems: list[dict[str, Any]]) -> ApiError:
    """The reply for a record with problems; an addition's first problem stands in the message itself."""
    return invalid(resource.name, problems, problems[0]["message"] if resource is ADDITION else "")


def _share_of_first_period(effective: date, billing: Billing) -> tuple[int, int] | None:
    """(days from the effective date on, days of the period), if the date is not a period's first day."""
    period = billing.period(effective)
    if effective == period.first or period.last == date.max:
        return None
    return period.overlap(effective, period.last), period.days


def _charged(store: Store, addition: Document) -> date | None:
    """The last day that an invoice charges an addition for; None if it charges nothing."""
    began = read_day(addition.get("effectiveDate"))
    through = charged_through(store, addition["agreementId"], something=True).get(addition["id"])
    return None if began is None or through is None or through < began else through


def _alters_billed(store: Store, addition: Document, before: Document) -> bool:
    through = _charged(store, before)
    if through is None:
        return False
    if any(addition.get(member) != before.get(member) for member in _MONEY):
        return True
    ends, ended = read_day(addition.get("cancelledDate")), read_day(before.get("cancelledDate"))
    return ends != ended and ends is not None and ends < through


def _plain(value: Decimal) -> Decimal:
    """Without needless zeros and exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short
