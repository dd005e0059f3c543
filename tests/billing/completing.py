"""A true history as the platform shows it on a day, and the lines that it gives as they then stand in the PSA."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.evidence import PostedLine
from engine.billing.history import Cancellation, PriceChange, Purchase, QuantityChange, Renewal, Upgrade, known
from engine.billing.model import Line
from engine.billing.told import Completed, Logged, Shown
from tests.billing.strategies import Case


def posted(found: Iterable[Line]) -> tuple[PostedLine, ...]:
    """The lines as they stand once they were made."""
    return tuple(
        PostedLine(
            segment=line.segment,
            role=line.role,
            product=line.product,
            quantity=line.quantity,
            effective=line.effective,
            cancelled=line.cancelled,
            unit_price=line.unit_price,
            unit_cost=line.unit_cost,
            period=line.period,
        )
        for line in found
    )


def shown(case: Case, day: date) -> Shown:
    """What the platform's list shows after all events up to a day: what is, not since when."""
    terms = case.subscription
    licences, cancelled = 0, False
    for event in known(case.history, day):
        if isinstance(event, Purchase | QuantityChange):
            licences = event.quantity
        elif isinstance(event, Cancellation):
            cancelled = True
        elif isinstance(event, PriceChange | Renewal | Upgrade):
            terms = msgspec.structs.replace(
                terms,
                unit_price=_or(event.unit_price, terms.unit_price),
                unit_cost=_or(event.unit_cost, terms.unit_cost),
            )
            if isinstance(event, Renewal):
                terms = msgspec.structs.replace(terms, end=event.end)
            elif isinstance(event, Upgrade):
                terms = msgspec.structs.replace(terms, product=event.product)
    ran_out = not terms.auto_renew and terms.end is not None and terms.end < day
    return Shown(terms=terms, licences=licences, ended=cancelled or ran_out, expired=ran_out and not cancelled)


def _or(announced: Decimal | None, before: Decimal) -> Decimal:
    return before if announced is None else announced


def log(case: Case, day: date, *, thin: bool = False) -> tuple[Logged, ...]:
    """The platform's log up to a day: complete, or as recorded in the wild, the purchase and the quantities alone."""
    items: list[Logged] = []
    product = case.subscription.product
    for event in known(case.history, day):
        if isinstance(event, Upgrade):
            product = event.product
        sku = product
        if isinstance(event, Purchase):
            items.append(Logged(on=event.on, kind="created", quantity=event.quantity, sku=sku, product=sku))
        elif isinstance(event, QuantityChange):
            items.append(Logged(on=event.on, kind="quantity", quantity=event.quantity, sku=sku, product=sku))
        elif isinstance(event, Upgrade) and not thin:
            items.append(Logged(on=event.on, kind="upgraded", sku=sku, product=product))
        elif isinstance(event, Cancellation) and not thin:
            items.append(Logged(on=event.on, kind="cancelled", sku=sku, product=product))
    return tuple(items)


def again(case: Case, seen: Shown, told: Iterable[Logged] | None, standing: Iterable[Line], day: date) -> list[Line]:
    """The lines reckoned anew on a day, from what the platform shows and what stands."""
    return lines_of(case, complete(seen, told, posted(standing), day), day)


def lines_of(case: Case, completed: Completed, day: date) -> list[Line]:
    """The lines of a completed history under the case's agreement and rules."""
    return list(lines(completed.terms, completed.history, case.agreement, case.rules, day))


_LINE = re.compile(
    r"(?P<role>\w+)(?: (?P<period>\d{4}-\d\d))? (?P<quantity>-?\d+) (?P<first>\S+?)\.\.(?P<last>\S*)"
    r"(?: at (?P<price>\S+)/(?P<cost>\S+))?(?: (?P<product>\w+)#(?P<segment>\d+))?"
)


def standing(*texts: str) -> tuple[PostedLine, ...]:
    """Lines as `examples.as_text` writes them, as they stand in the PSA."""
    return tuple(_standing(text) for text in texts)


def _standing(text: str) -> PostedLine:
    found = _LINE.fullmatch(text)
    assert found is not None, text
    return PostedLine(
        segment=int(found["segment"] or 1),
        role=found["role"],  # type: ignore[arg-type]  # a wrong one fails where it is read
        product=found["product"] or "PLAN",
        quantity=int(found["quantity"]),
        effective=date.fromisoformat(found["first"]),
        cancelled=date.fromisoformat(found["last"]) if found["last"] else None,
        unit_price=Decimal(found["price"] or "22.00"),
        unit_cost=Decimal(found["cost"] or "17.60"),
        period=found["period"],
    )
