"""The agreements that a service is billed on, one after another, and the rules that hold on each."""

from datetime import date, timedelta

import msgspec

from engine.billing.model import AgreementTerms, Line, Rules
from engine.planning.companies import CompanyPlan
from engine.planning.fitting import Refused, agreement_of, frequency_of
from engine.planning.observed import Inputs
from engine.platform.models import Subscription
from engine.psa.models import Agreement
from engine.workspace.choices import AdditionChoices
from engine.workspace.model import ProductMapping, ServiceMapping


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement that bills a service, from `starts` (None: from the beginning) to `until` (None: for good)."""

    agreement: Agreement
    starts: date | None
    until: date | None
    terms: AgreementTerms
    choices: AdditionChoices
    arrears: bool

    @property
    def rules(self) -> Rules:
        """The choices in the calculus's own form."""
        return Rules(
            quantity_increase=self.choices.quantity_increase,
            quantity_decrease=self.choices.quantity_decrease,
            cancellation=self.choices.cancellation,
            price_change=self.choices.price_change,
            in_place_days=self.choices.in_place_days,
        )

    @property
    def invoiced_through(self) -> date | None:
        """The last invoiced day; None where the PSA does not tell the next invoice's date."""
        following = self.agreement.next_invoice
        if following is None:
            return None
        last = following - timedelta(days=1)
        return self.terms.period_start(last) - timedelta(days=1) if self.arrears else last

    def clipped(self, lines: tuple[Line, ...], bought: date) -> tuple[Line, ...]:
        """The lines of this stretch, of a subscription that was bought on a day.

        Those of licences end with it, a month of consumption belongs to the last, a one-time charge to that of its day.
        """
        if self.until is None:
            return lines
        return tuple(clipped for line in lines if (clipped := _clipped(line, self.until, bought)) is not None)


def _clipped(line: Line, until: date, bought: date) -> Line | None:
    if line.role == "usage":
        return line if (line.period or "") < f"{until + timedelta(days=1):%Y-%m}" else None
    if line.role == "one_time":
        return line if bought <= until else None
    if line.effective > until:
        return None
    ends = until if line.cancelled is None else min(line.cancelled, until)
    return msgspec.structs.replace(line, cancelled=ends)


def stretches_of(
    inputs: Inputs,
    mapping: ServiceMapping,
    subscription: Subscription,
    product: ProductMapping,
    companies: CompanyPlan,
) -> tuple[Stretch, ...]:
    """The stretches of a service, in order. Raises Refused for an agreement that it cannot be billed on."""
    found = []
    for index, named in enumerate(mapping.agreements):
        until = until_of(mapping, index)
        agreement = agreement_of(inputs, mapping, named.agreement, subscription, companies, until)
        stretch = stretch_on(inputs, mapping, index, agreement)
        if product.kind == "usage" and stretch.terms.billing == "annual":
            why = f"consumption is billed by the month, agreement {agreement.id} ({agreement.name}) by the year"
            raise Refused("cycle-differs", why, "map it onto an agreement that bills monthly")
        if product.kind == "license" and not agreement.prorates:
            _check_whole_periods(stretch)
        found.append(stretch)
    return tuple(found)


def stretch_on(inputs: Inputs, mapping: ServiceMapping, index: int, agreement: Agreement) -> Stretch:
    """The stretch of the mapping's agreement at `index`, whether or not the service fits on it."""
    rules = inputs.workspace.rules
    return Stretch(
        agreement=agreement,
        starts=mapping.agreements[index].starts,
        until=until_of(mapping, index),
        terms=AgreementTerms(
            start=agreement.start or date.min,
            billing="annual" if frequency_of(inputs, agreement) == "Yearly" else "monthly",
        ),
        choices=rules.choices(mapping.customer, agreement.id, agreement.type_name),
        arrears=rules.billing.in_arrears(agreement.type_name),
    )


def until_of(mapping: ServiceMapping, index: int) -> date | None:
    """The last day on the mapping's agreement at `index`; None for good."""
    following = mapping.agreements[index + 1].starts if index + 1 < len(mapping.agreements) else None
    return following - timedelta(days=1) if following is not None else None


def _check_whole_periods(stretch: Stretch) -> None:
    """Raises Refused for choices that need proration on an agreement that does not prorate."""
    choices = stretch.choices
    wanted = {
        "effective_date_positive_change": (choices.quantity_increase, "first_of_month"),
        "effective_date_negative_change": (choices.quantity_decrease, "first_of_next_month"),
        "service_cancellation": (choices.cancellation, "end_of_month"),
        "price_change": (choices.price_change, "next_period"),
    }
    wrong = {name: (chosen, whole) for name, (chosen, whole) in wanted.items() if chosen != whole}
    if not wrong:
        return
    agreement = stretch.agreement
    has = ", ".join(f"{name}: {chosen}" for name, (chosen, _) in wrong.items())
    needs = ", ".join(f"{name}: {whole}" for name, (_, whole) in wrong.items())
    of_type = f"agreement_type: {agreement.type_name}" if agreement.type_name else f"agreement: {agreement.id}"
    why = f"agreement {agreement.id} ({agreement.name}) does not prorate, but {has} bills parts of a period"
    hint = f"let it prorate in the PSA, or write in rules/billing.yaml under `overrides`: {{{of_type}, {needs}}}"
    raise Refused("rules-need-proration", why, hint)
