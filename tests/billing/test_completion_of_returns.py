"""A subscription that is upgraded back to a product that it had before."""

from datetime import date
from decimal import Decimal

from engine.billing.completion import complete
from engine.billing.evidence import PostedLine
from engine.billing.history import Upgrade
from engine.billing.model import Role, SubscriptionTerms
from engine.billing.told import Logged, Shown

JUNE, UPGRADED, BACK = date(2026, 6, 1), date(2026, 7, 10), date(2026, 7, 13)
MONTH_END, TERM_END = date(2026, 7, 31), date(2026, 9, 14)


def _posted(segment: int, role: Role, product: str, quantity: int, first: date, last: date) -> PostedLine:
    return PostedLine(
        segment=segment,
        role=role,
        product=product,
        quantity=quantity,
        effective=first,
        cancelled=last,
        unit_price=Decimal(20),
        unit_cost=Decimal(15),
    )


def test_an_upgrade_that_our_lines_prove_keeps_its_day_when_the_product_comes_back() -> None:
    terms = SubscriptionTerms(kind="license", product="E3", start=JUNE, end=TERM_END, unit_price=Decimal(20))
    log = [
        Logged(on=JUNE, kind="created", quantity=5, sku="exchange"),
        Logged(on=UPGRADED, kind="upgraded", sku="e3"),
        Logged(on=BACK, kind="upgraded", sku="basic"),
        Logged(on=BACK, kind="upgraded", sku="e3"),
    ]
    posted = [
        _posted(1, "base", "Exchange", 5, JUNE, MONTH_END),
        _posted(1, "reversal", "Exchange", -5, UPGRADED, MONTH_END),
        _posted(2, "base", "E3", 5, UPGRADED, TERM_END),
    ]

    found = complete(Shown(terms=terms, licences=5), log, posted, BACK)

    assert [event.on for event in found.history if isinstance(event, Upgrade)] == [UPGRADED, BACK, BACK]
