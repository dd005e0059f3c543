"""The effect of a plan in money: for each customer and in all, in each currency by itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from engine.planning.plan import Change, CurrencyEffect, CustomerEffect, Effect, Recurring


class Brings(Protocol):
    """What the lines of a service on an agreement bring, before and after."""

    @property
    def customer(self) -> str: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def before(self) -> Recurring: ...
    @property
    def after(self) -> Recurring: ...


def effect_by_customer(
    billed: Iterable[Brings], changes: Iterable[Change], names: Mapping[str, str]
) -> tuple[CustomerEffect, ...]:
    """Every customer with planned services or with a change, by name, and then by currency."""
    before: dict[tuple[str, str | None], Recurring] = {}
    after: dict[tuple[str, str | None], Recurring] = {}
    effects: dict[tuple[str, str | None], Effect] = {}
    counts: Counter[tuple[str, str | None]] = Counter()
    for one in billed:
        key = (one.customer, one.currency)
        before[key] = before.get(key, Recurring()) + one.before
        after[key] = after.get(key, Recurring()) + one.after
    for change in changes:
        if change.customer is not None and change.line is not None:
            line = (change.customer, change.line.currency)
            effects[line] = effects.get(line, Effect()) + (change.effect or Effect())
            counts[line] += 1
    known = {*before, *effects}
    named = {customer for customer, _ in known}
    known |= {(one.customer, None) for one in changes if one.customer is not None and one.customer not in named}
    found = [
        CustomerEffect(
            customer=customer,
            name=names.get(customer, customer),
            currency=currency,
            changes=counts[customer, currency],
            before=before.get((customer, currency), Recurring()),
            after=after.get((customer, currency), Recurring()),
            effect=effects.get((customer, currency), Effect()),
        )
        for customer, currency in known
    ]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.customer, one.currency or "")))


def totals(customers: Iterable[CustomerEffect]) -> tuple[CurrencyEffect, ...]:
    """The sum in each currency."""
    found: dict[str, CurrencyEffect] = {}
    for one in customers:
        if one.currency is None:
            continue
        empty = CurrencyEffect(currency=one.currency, before=Recurring(), after=Recurring(), effect=Effect())
        so_far = found.get(one.currency, empty)
        found[one.currency] = CurrencyEffect(
            currency=one.currency,
            before=so_far.before + one.before,
            after=so_far.after + one.after,
            effect=so_far.effect + one.effect,
        )
    return tuple(found[currency] for currency in sorted(found))
