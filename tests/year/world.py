"""The world of the year: customers with every kind of agreement, subscriptions of all ages, and its workspace."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from engine.billing.history import Purchase, QuantityChange
from engine.billing.model import Kind, Rules
from engine.http.asgi import AsgiTransport
from engine.http.hosts import AllowedHosts
from engine.http.secrets import Secret
from engine.pipeline import Services
from engine.platform.activity_cache import ActivityCache
from engine.platform.connect import ApiKey, open_client
from engine.platform.token_store import MemoryStore
from engine.psa.client import connect
from engine.sandbox.bookkeeping import EVERY_KIND, AgreementKind
from engine.sandbox.event import Document, Event
from engine.sandbox.events import bought, changed, roll_term
from engine.sandbox.example.catalog import OFFERS
from engine.sandbox.generate import FIRST_DAY, FROM, write_workspace
from engine.sandbox.platform.subscriptions import ACTIVITY, SUBSCRIPTION
from engine.sandbox.psa.periods import wire_day
from engine.sandbox.sandbox import Sandbox
from engine.workspace.load import load
from engine.workspace.model import Workspace
from tests.year.known import Deal, Known

CONNECTION = "sandbox"
ONE_TIME = "sophos-email"
"""Mapped as `kind: one_time`, as nothing that the sandbox offers is billed once."""
USAGE = ("azure", "aws")
MONTHLY = ("basic", "standard", "premium", "e3", "exchange", "google-starter", "google-standard", "sophos-ix")
YEARLY = ("e5", "copilot")
_WHOLE = Rules(quantity_increase="first_of_month", quantity_decrease="first_of_next_month", cancellation="end_of_month")


class World:
    """The sandbox and what the script knows of it. `known` are its subscriptions by id."""

    def __init__(self, chance: random.Random, customers: int, subscriptions: int, root: Path) -> None:
        self.sandbox = Sandbox.in_memory(customers=customers, subscriptions=0, kinds=EVERY_KIND)
        # A plan that would change what an invoice charges is refused, and the year fails.
        self.sandbox.store.set_setting("psa.billed_changes", "refuse")
        self.root = root
        self.known: dict[int, Known] = {}
        self.deals = [_deal(chance, number, EVERY_KIND[number % len(EVERY_KIND)]) for number in range(customers)]
        for deal in self.deals:
            self._put_agreement(deal)
        self._ids = count(FROM.subscription)
        for number in range(subscriptions):
            self._put_subscription(chance, self.deals[number % customers])

    def next_id(self) -> int:
        """The id of a subscription to be bought."""
        return max(next(self._ids), max(self.known, default=0) + 1)

    def workspace(self) -> Workspace:
        """The files that map the world as it is now, loaded."""
        write_workspace(self.sandbox.store, self.root)
        billing = self.root / "rules" / "billing.yaml"
        chosen = "".join(_override(deal) for deal in self.deals if deal.kind.prorates)
        billing.write_text(billing.read_text().replace("overrides:\n", f"overrides:\n{chosen}", 1))
        products, once = self.root / "mappings" / "products.yaml", OFFERS[ONE_TIME].plan
        before, found, after = products.read_text().partition(f'plan: "{once}"\n')
        assert found
        products.write_text(before + found + after.replace("kind: license", "kind: one_time", 1))
        workspace, problems = load(self.root)
        assert workspace is not None, problems
        assert problems == []
        return workspace

    def _put_agreement(self, deal: Deal) -> None:
        store = self.sandbox.store
        doc = store.get("agreement", deal.agreement)
        assert doc is not None
        following = deal.terms.period_end(deal.first_period) + timedelta(days=1)
        doc["nextInvoiceDate"] = wire_day(following if deal.kind.arrears else deal.first_period)
        doc["startDate"] = doc["billStartDate"] = wire_day(deal.start)
        store.put("agreement", deal.agreement, doc, store.parent("agreement", deal.agreement))

    def _put_subscription(self, chance: random.Random, deal: Deal) -> None:
        """A subscription bought up to two years ago, with its log: up to three changes of seats."""
        name = offered(chance, deal)
        start = _bought(chance, deal)
        offer, id = OFFERS[name], self.next_id()
        licences = 1 if offer.metered else chance.randrange(1, 120)
        purchase = Event(
            on=start, action="purchase", subscription=id, customer=deal.customer, offer=offer.key, quantity=licences
        )
        outcome = bought(
            purchase, f"Customer {deal.customer} (example)", self.sandbox.platform_credentials.account, offer
        )
        doc, items = outcome.document, outcome.items
        known = Known(id=id, deal=deal, offer=offer, kind=kind_of(name), start=start, licences=licences)
        known.events.append(Purchase(on=start, quantity=licences))
        for event in _seats_before(chance, known):
            after = changed(event, doc, len(items))
            assert after is not None
            doc, items = after.document, after.items + items
            known.licences = event.quantity or 0
            known.events.append(QuantityChange(on=event.on, quantity=known.licences))
        if not (offer.metered or known.rolls_unseen):
            roll_term(doc, FIRST_DAY)
            known.ends_on(FIRST_DAY, known.running_end(FIRST_DAY))
        self._keep(known, doc, items)

    def _keep(self, known: Known, doc: Document, items: list[Document]) -> None:
        self.sandbox.store.put(SUBSCRIPTION, known.id, doc, known.deal.customer)
        self.sandbox.store.put(ACTIVITY, known.id, {"items": items})
        self.known[known.id] = known


def kind_of(name: str) -> Kind:
    """How the product of an offer is mapped."""
    return "usage" if name in USAGE else "one_time" if name == ONE_TIME else "license"


def offered(chance: random.Random, deal: Deal) -> str:
    """Something that a customer may buy. Consumption needs proration: its lines begin within invoiced months."""
    if deal.kind.yearly:
        return chance.choice(YEARLY)
    drawn = chance.random()
    if drawn < 0.1 and deal.kind.prorates:
        return chance.choice(USAGE)
    return ONE_TIME if drawn > 0.94 else chance.choice(MONTHLY)


@contextmanager
def services_of(sandbox: Sandbox, logs: Path) -> Iterator[Services]:
    """Both services of a sandbox, through the same clients as the real ones; logs read before are kept in a folder."""
    psa, platform = sandbox.psa_credentials, sandbox.platform_credentials
    services = Services(
        psa=connect(
            url="http://localhost",
            company=psa.company,
            client_id=Secret(psa.client_id),
            public_key=Secret(psa.public_key),
            private_key=Secret(psa.private_key),
            hosts=AllowedHosts(),
            wire=AsgiTransport(sandbox.psa),
        ),
        platform=open_client(
            "http://localhost",
            platform.account,
            MemoryStore(platform.refresh_token),
            hosts=AllowedHosts(),
            api_key=ApiKey(Secret(platform.api_key), Secret(platform.api_secret)),
            wire=AsgiTransport(sandbox.platform),
        ),
        account=platform.account,
        logs=ActivityCache(logs),
    )
    try:
        yield services
    finally:
        services.close()


def _deal(chance: random.Random, number: int, kind: AgreementKind) -> Deal:
    """Monthly ones begin with the year 2026, some within June; yearly ones in several months, invoiced until then."""
    start = first = date(2026, 6, 1)
    if not kind.yearly:
        start = date(2026, 6, 10) if kind.prorates and chance.random() < 0.3 else date(2026, 1, 1)
    elif kind.prorates:
        month = chance.choice((6, 8, 9, 11))
        start = date(2025, month, 1)
        first = date(2026, month, 1)
    rules = _WHOLE
    if kind.prorates:
        rules = Rules(
            quantity_increase=chance.choice(("actual_date", "first_of_month")),
            quantity_decrease=chance.choice(("actual_date", "first_of_next_month")),
            cancellation=chance.choice(("cancellation_date", "end_of_month")),
            price_change=chance.choice(("next_period", "actual_date")),
            in_place_days=chance.choice((1, 2, 2, 5)),
        )
    return Deal(
        customer=FROM.customer + number,
        agreement=FROM.agreement + number,
        kind=kind,
        start=start,
        first_period=first,
        rules=rules,
    )


def _override(deal: Deal) -> str:
    return (
        f"  - agreement: {deal.agreement}\n"
        f"    effective_date_positive_change: {deal.rules.quantity_increase}\n"
        f"    effective_date_negative_change: {deal.rules.quantity_decrease}\n"
        f"    service_cancellation: {deal.rules.cancellation}\n"
        f"    price_change: {deal.rules.price_change}\n"
        f"    in_place_days: {deal.rules.in_place_days}\n"
    )


def _bought(chance: random.Random, deal: Deal) -> date:
    """A day before the first; what is paid yearly was bought in the month in which its agreement's year begins."""
    day = chance.randrange(1, 15 if deal.start.month == FIRST_DAY.month else 29)
    if deal.kind.yearly:
        return date(chance.choice((2024, 2025)), deal.start.month, day)
    return (date(2024, 1, 1) + timedelta(days=chance.randrange(860))).replace(day=day)


def _seats_before(chance: random.Random, known: Known) -> Iterator[Event]:
    if not known.licensed:
        return
    span = (FIRST_DAY - known.terms.start).days
    quantity = known.licences
    for day in sorted(chance.sample(range(5, span), chance.randrange(4))):
        quantity = max(1, quantity + chance.choice((-3, -2, -1, 1, 2, 5)))
        yield Event(
            on=known.terms.start + timedelta(days=day), action="seats", subscription=known.id, quantity=quantity
        )
