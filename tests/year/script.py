"""What happens in the year: a story drawn by lot, told to the sandbox and to what the script knows alike."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from engine.billing.calendar import fom
from engine.billing.history import Cancellation, PriceChange, Purchase, QuantityChange, Renewal, Upgrade
from engine.sandbox.bookkeeping import AgreementKind
from engine.sandbox.calendar import add_term
from engine.sandbox.event import Event, Outcome
from engine.sandbox.example.catalog import OFFERS
from tests.year.known import Deal, Known
from tests.year.world import MONTHLY, YEARLY, World, kind_of, offered

_SAME_TERM = {
    "basic": ("e3", "exchange"),
    "e3": ("basic", "exchange"),
    "exchange": ("basic", "e3"),
    "standard": ("premium",),
    "premium": ("standard",),
    "e5": ("copilot",),
    "copilot": ("e5",),
}
_NAMES = {offer.key: name for name, offer in OFFERS.items()}


class Script:
    """Draws each day's events. `invoiced_through` says of an agreement up to which day its invoices are made.

    On a day without a night after it (`runs` is false) no price is announced: the platform keeps no past price, so it
    is known from the first night that sees it. On an agreement that does not prorate nothing happens for which a line
    would have to begin within an invoiced period, as the PSA refuses those, and nothing on a day without a night.
    """

    def __init__(
        self, chance: random.Random, world: World, invoiced_through: Callable[[int], date], happens: float
    ) -> None:
        self._chance, self._world, self._invoiced_through = chance, world, invoiced_through
        self._happens = happens
        self.told: dict[str, int] = {}
        self._changed: set[AgreementKind] = set()

    def day(self, day: date, runs: bool) -> None:
        """Everything of one day, the clock of the sandbox being there already."""
        self._terms(day, runs)
        for known in list(self._world.known.values()):
            if not known.live or not self._may(known.deal, day, runs):
                continue
            if known.trial_since is not None:
                self._trial(known, day, runs)
            elif known.terms.kind == "one_time":
                if self._chance.random() < self._happens or (day - known.terms.start).days == 1:
                    self._seats(known, day)
            elif known.terms.kind == "usage":
                if self._chance.random() < self._happens / 30:
                    self._cancel(known, day)
            elif known.deal.kind not in self._changed:
                # Where little may happen, as on yearly agreements invoiced in advance, chance alone may pass by.
                self._seats(known, day)
            elif self._chance.random() < self._happens or (day - known.terms.start).days == 1:
                self._one(known, day, runs)
        for deal in self._world.deals:
            if self._chance.random() < self._happens / 2 and self._may(deal, day, runs) and _may_buy(deal, day):
                self._buy(deal, day)

    def _may(self, deal: Deal, day: date, runs: bool) -> bool:
        return deal.kind.prorates or (runs and self._invoiced_through(deal.agreement) < fom(day))

    def _terms(self, day: date, runs: bool) -> None:
        """Terms that ended yesterday: the platform renews them by itself, half of the yearly ones at a new price."""
        for known in self._world.known.values():
            if not known.live or not known.licensed or known.trial_since is not None or known.shown_end != day:
                continue
            if not known.renews:
                known.live = False
                self._count("runs out")
            elif not known.rolls_unseen:
                end = add_term(day, known.offer.term)
                # In whole periods a price from the middle of one would bill both lines in full.
                priced = known.deal.kind.prorates and known.offer.term == "P1Y" and runs and known.seen
                if priced and self._chance.random() < 0.5:
                    price, cost = self._price()
                    self._happen(day, "price", known, price=price, cost=cost)
                    known.shown_end = end
                    last = date.fromordinal(end.toordinal() - 1)
                    known.events.append(Renewal(on=day, end=last, unit_price=price, unit_cost=cost))
                    self._count("renewal at a new price")
                else:
                    known.ends_on(day, end)

    def _one(self, known: Known, day: date, runs: bool) -> None:
        drawn = self._chance.random()
        # No night would see a price that another takes over from on its day, or that of what is ended on it.
        repriced = any(event.on == day and getattr(event, "unit_price", None) is not None for event in known.events)
        priced = runs and known.seen and not repriced
        if drawn < 0.55:
            self._seats(known, day)
            if self._chance.random() < 0.15:
                self._seats(known, day)
        elif drawn < 0.70:
            if priced and not known.renewed_lately(day):
                price, cost = self._price()
                self._happen(day, "price", known, price=price, cost=cost)
                known.events.append(PriceChange(on=day, unit_price=price, unit_cost=cost))
        elif drawn < 0.76:
            self._upgrade(known, day, priced)
        elif drawn < 0.82:
            self._upgrade_in_part(known, day)
        elif drawn < 0.85:
            if not repriced:
                self._cancel(known, day)
        elif drawn < 0.91:
            self._switch_renewal(known, day)
        elif drawn < 0.95:
            self._renew(known, day)
        else:
            self._happen(day, "resume" if known.suspended else "suspend", known)
            known.suspended = not known.suspended

    def _seats(self, known: Known, day: date) -> None:
        more = self._chance.choice((-4, -3, -2, -1, 1, 2, 3, 5, 8))
        none_left = self._chance.random() < 0.04
        if not known.deal.kind.prorates and known.terms.start.day == 1:
            # A term that ends with a month is known for one month to come only. Fewer licences from the next month make
            # a line of the month after that, which may be invoiced, and so refused, before the term is known to go on.
            more, none_left = abs(more), False
        self._changed.add(known.deal.kind)
        known.licences = 0 if none_left else max(0, known.licences + more)
        self._happen(day, "seats", known, quantity=known.licences)
        known.events.append(QuantityChange(on=day, quantity=known.licences))

    def _upgrade(self, known: Known, day: date, priced: bool) -> None:
        others = _SAME_TERM.get(_NAMES[known.offer.key], ())
        if not priced or not others:
            return
        offer = OFFERS[self._chance.choice(others)]
        price, cost = self._price()
        self._happen(day, "upgrade", known, offer=offer.key, price=price, cost=cost)
        if known.renews:
            # What was known then stays so for the product before, also once the renewal is switched off.
            known.events.append(Renewal(on=day, end=known.deal.terms.period_end(day)))
        known.offer = offer
        known.events.append(Upgrade(on=day, product="/".join(offer.key), unit_price=price, unit_cost=cost))
        known.events.append(Renewal(on=day, end=date.fromordinal(known.shown_end.toordinal() - 1)))

    def _upgrade_in_part(self, known: Known, day: date) -> None:
        names = [
            name
            for name in (YEARLY if known.deal.kind.yearly else MONTHLY)
            if OFFERS[name].provider == known.offer.provider and OFFERS[name] != known.offer
        ]
        if known.licences < 2 or not names or not _may_buy(known.deal, day):
            return
        name, moved = self._chance.choice(names), self._chance.randrange(1, known.licences)
        _, new = self._happen(day, "partial_upgrade", known, offer=OFFERS[name].key, quantity=moved)
        known.licences -= moved
        known.events.append(QuantityChange(on=day, quantity=known.licences))
        self._bought(
            Known(
                id=int(new.document["id"]),
                deal=known.deal,
                offer=OFFERS[name],
                kind=kind_of(name),
                start=day,
                licences=moved,
                auto_renew=known.renews,
            )
        )

    def _cancel(self, known: Known, day: date) -> None:
        self._happen(day, "cancel", known)
        known.live = False
        known.events.append(Cancellation(on=day))

    def _switch_renewal(self, known: Known, day: date) -> None:
        if known.converted:
            return
        self._happen(day, "auto_renew", known, auto_renew=not known.renews)
        known.ends_on(day, known.running_end(day))
        known.renews_from(day, not known.renews)

    def _renew(self, known: Known, day: date) -> None:
        """By hand, before the term is over."""
        if known.converted:
            return
        self._happen(day, "renew", known)
        known.ends_on(day, add_term(known.running_end(day), known.offer.term))

    def _buy(self, deal: Deal, day: date) -> None:
        name = offered(self._chance, deal)
        offer, trial = OFFERS[name], name in {"basic", "e3"} and self._chance.random() < 0.8
        known = Known(
            id=self._world.next_id(),
            deal=deal,
            offer=offer,
            kind=kind_of(name),
            start=day,
            licences=1 if offer.metered else self._chance.randrange(1, 60),
        )
        self._happen(
            day, "purchase", known, customer=deal.customer, offer=offer.key, quantity=known.licences, trial=trial
        )
        if trial:
            known.trial_since = day
        self._bought(known)

    def _bought(self, known: Known) -> None:
        self._world.known[known.id] = known
        if known.trial_since is None:
            known.events.append(Purchase(on=known.terms.start, quantity=known.licences))

    def _trial(self, known: Known, day: date, runs: bool) -> None:
        """Within its 30 days a trial is turned into a subscription at a price, or given up."""
        age = (day - (known.trial_since or day)).days
        if age >= 25:
            self._happen(day, "cancel", known)
            known.live, known.trial_since = False, None
        elif runs and age and self._chance.random() < 0.15:
            price, cost = self._price()
            self._happen(day, "convert", known, price=price, cost=cost)
            known.convert(day, price, cost)
            known.events.append(Purchase(on=day, quantity=known.licences))

    def _price(self) -> tuple[Decimal, Decimal]:
        price = Decimal(self._chance.randrange(300, 6000)) / 100
        return price, (price * Decimal("0.8")).quantize(Decimal("0.01"))

    def _happen(self, day: date, action: str, known: Known, **more: object) -> tuple[Outcome, ...]:
        self._count(action)
        return self._world.sandbox.happen(Event(on=day, action=action, subscription=known.id, **more))  # type: ignore[arg-type]  # the action decides which members there are

    def _count(self, action: str) -> None:
        self.told[action] = self.told.get(action, 0) + 1


def _may_buy(deal: Deal, day: date) -> bool:
    """What is paid yearly has to begin in the month in which its agreement's year begins."""
    return day >= deal.start and (not deal.kind.yearly or day.month == deal.start.month)
