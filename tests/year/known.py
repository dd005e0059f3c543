"""What the script knows: its agreements, and each subscription's history as it made it happen.

Nothing here is read from the platform or the PSA. The lines that a history gives are the calculus's own.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import msgspec
from msgspec.structs import replace

from engine.billing.calculus import lines
from engine.billing.history import Event, Renewal, Usage
from engine.billing.model import AgreementTerms, Kind, Line, Rules, SubscriptionTerms
from engine.sandbox.bookkeeping import AgreementKind
from engine.sandbox.calendar import add_term
from engine.sandbox.platform.documents import Offer

MANAGE_FROM = date(2026, 6, 1)


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A customer and its one agreement. `first_period` is the first that is not invoiced when the year begins."""

    customer: int
    agreement: int
    kind: AgreementKind
    start: date
    first_period: date
    rules: Rules

    @property
    def terms(self) -> AgreementTerms:
        """The agreement in the calculus's form."""
        return AgreementTerms(start=self.start, billing="annual" if self.kind.yearly else "monthly")


class Known:
    """One subscription: its terms, and events in the order in which the script made them happen."""

    def __init__(
        self, *, id: int, deal: Deal, offer: Offer, kind: Kind, start: date, licences: int, auto_renew: bool = True
    ) -> None:
        self.id, self.deal, self.offer, self.licences = id, deal, offer, licences
        self.events: list[Event] = []
        self.renews = auto_renew
        self.live, self.suspended = True, False
        self.trial_since: date | None = None
        self.converted = False
        self.seen = False  # by a night since it was bought or upgraded
        self.accepted: set[str] = set()
        self.shown_end = start if offer.metered else add_term(start, offer.term)  # the first day after the term
        self.terms = SubscriptionTerms(
            kind=kind,
            product="/".join(offer.key),
            start=start,
            end=None if offer.metered else _day_before(self.shown_end),
            term=offer.term,
            auto_renew=auto_renew,
            effective_date=MANAGE_FROM,
            unit_price=cents(offer.price),
            unit_cost=cents(offer.cost),
        )
        self._renewing = [(date.min, auto_renew)]

    @property
    def licensed(self) -> bool:
        """Whether it has licences that bill by the day, as it is now."""
        return self.terms.kind == "license"

    @property
    def rolls_unseen(self) -> bool:
        """Whether the platform leaves its first end in place as it renews: so do monthly plans of Microsoft."""
        return self.offer.provider == "30" and self.offer.term == "P1M"

    def running_end(self, day: date) -> date:
        """The first day after the term that runs on a day."""
        end, times = self.shown_end, 0
        while end <= day:
            times += 1
            end = add_term(self.terms.start, self.offer.term, times)
        return end

    def renewed_lately(self, day: date) -> bool:
        """Whether a term of a year began within the last 31 days: a price seen then is taken for that term's."""
        begun = add_term(self.running_end(day), self.offer.term, -1)
        return self.offer.term == "P1Y" and self.terms.start < begun and 0 <= (day - begun).days < 31

    def ends_on(self, day: date, end: date) -> None:
        """From `day` on the term is known to end before `end`."""
        self.shown_end = end
        self.events.append(Renewal(on=day, end=_day_before(end)))

    def renews_from(self, day: date, renews: bool) -> None:
        """From `day` on it is known whether it renews by itself."""
        self.renews = renews
        self._renewing.append((day, renews))

    def convert(self, day: date, price: Decimal, cost: Decimal) -> None:
        """The trial becomes a subscription, whose licences count from this day."""
        self.trial_since, self.converted = None, True
        self.shown_end = add_term(day, "P1M")
        self.terms = replace(
            self.terms, start=day, end=_day_before(self.shown_end), term="P1M", unit_price=price, unit_cost=cost
        )

    def accept(self, day: date, month: str, amount: Decimal) -> None:
        """The figures of a month of consumption are accepted."""
        self.accepted.add(month)
        self.events.append(Usage(on=day, period=month, price=amount, cost=amount))

    def lines(self, day: date) -> tuple[Line, ...]:
        """The lines that what was known on `day` gives."""
        renews = [told for since, told in self._renewing if since <= day][-1]
        terms = replace(self.terms, auto_renew=renews)
        return lines(terms, self.events, self.deal.terms, self.deal.rules, day)


def cents(amount: Decimal) -> Decimal:
    """Rounded half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
