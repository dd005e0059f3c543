"""The invoices of the year: on which day each is made, taken back and made again, and what it has to come to.

The amounts are counted here by the day, in fractions, from the lines that the script knew; not by the engine's own
proration.
"""

import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from engine.billing.model import Line
from engine.psa.mark import decode
from engine.sandbox.psa.invoice_run import Invoice, InvoiceLine
from engine.sandbox.sandbox import Sandbox
from tests.year.known import Deal

Key = tuple[str, int, str, str]
"""What a line stands for: subscription, segment, role, and its day or month."""

EARLIEST, LATEST = -45, 15
"""Days from the beginning of a period, or in arrears from its end, on which its invoice is made."""


class Invoices:
    """The invoices of one agreement. `through` is the last day for which one stands."""

    def __init__(self, chance: random.Random, deal: Deal, sandbox: Sandbox, tomorrow: date) -> None:
        self._chance, self._deal, self._sandbox = chance, deal, sandbox
        self._period = deal.first_period
        self._due: tuple[date, bool] = (max(tomorrow, self._drawn()), True)
        self.standing: list[Invoice] = []
        self.made_on: dict[int, date] = {}
        self._taken_back_on = date.min
        self.made = self.again = 0

    @property
    def through(self) -> date:
        """The last invoiced day."""
        return self.standing[-1].last if self.standing else self._deal.first_period - timedelta(days=1)

    def day(self, today: date, last_night: date, check: Callable[[Deal, Invoice], None]) -> None:
        """Makes, or takes back, what is due today; each that is made is checked.

        What was taken back is made again after a night: a line may have had to bill on as it was invoiced.
        """
        while self._due[0] <= today:
            if self._due[1]:
                if last_night < self._taken_back_on:
                    return
                check(self._deal, self._make())
                self._plan_next(today)
            else:
                self.take_back(today)

    def lists(self, addition: int) -> list[InvoiceLine]:
        """The lines of standing invoices for an addition."""
        return [line for invoice in self.standing for line in invoice.lines if line.addition == addition]

    def days_billed(self, addition: int) -> list[tuple[date, date]]:
        """The spans for which standing invoices charge something for an addition."""
        return [(line.first, line.last) for line in self.lists(addition) if line.amount]

    def _make(self) -> Invoice:
        run = self._sandbox.invoice(f"{self._period:%Y-%m}", [self._deal.agreement])
        assert run.skipped == (), run.skipped
        (invoice,) = run.invoices
        assert invoice.first == self._period
        return invoice

    def keep(self, invoice: Invoice, today: date) -> None:
        """The invoice stands from now on."""
        self.standing.append(invoice)
        self.made_on[invoice.id] = today
        self.made += 1
        self._period = invoice.last + timedelta(days=1)

    def take_back(self, today: date) -> None:
        """Takes the last invoice back; it is made again within a week or so."""
        invoice = self.standing.pop()
        run = self._sandbox.delete_invoice(f"{invoice.first:%Y-%m}", [self._deal.agreement])
        assert [one.id for one in run.invoices] == [invoice.id]
        self._period = invoice.first
        self._due = (today + timedelta(days=self._chance.randrange(1, 8)), True)
        self._taken_back_on = today
        self.again += 1

    def _plan_next(self, today: date) -> None:
        following = max(today, self._drawn())
        back = today + timedelta(days=self._chance.randrange(20))
        self._due = (back, False) if self._chance.random() < 0.2 and back <= following else (following, True)

    def _drawn(self) -> date:
        last = self._deal.terms.period_end(self._period)
        due = last + timedelta(days=1) if self._deal.kind.arrears else self._period
        return due + timedelta(days=self._chance.randint(EARLIEST, LATEST))


def expected(deal: Deal, first: date, last: date, lines: Iterable[tuple[Key, Line]]) -> dict[Key, Decimal]:
    """What each line bills in the period from `first` to `last`; lines that come to nothing are left out."""
    found: dict[Key, Decimal] = {}
    for key, line in lines:
        begins, ends = max(first, line.effective), min(last, line.cancelled or last)
        if ends < begins:
            continue
        share = Fraction((ends - begins).days + 1, (last - first).days + 1) if deal.kind.prorates else Fraction(1)
        amount = _half_up(line.quantity * Fraction(line.unit_price) * share)
        if amount:
            found[key] = amount
    return found


def _half_up(amount: Fraction) -> Decimal:
    cents = int(abs(amount) * 100 + Fraction(1, 2))
    return Decimal(cents if amount > 0 else -cents).scaleb(-2)


def key_of_line(subscription: int, line: Line) -> Key:
    """The key of a line that the calculus gives."""
    day = "" if line.role == "one_time" else line.period or str(line.effective)
    return (str(subscription), line.segment, line.role, day)


def key_of_mark(text: str | None) -> Key:
    """The key that an addition carries."""
    mark = decode(text)
    assert mark is not None, f"{text} is no mark of ours"
    day = "" if mark.role == "one_time" else mark.month or str(mark.on)
    return (mark.subscription, mark.segment, mark.role, f"{day}/{mark.sequence}" if mark.sequence else day)


def whole(key: Key) -> Key:
    """The key of the line that a delta line is a part of: a further one of its day adds to what was invoiced."""
    return (*key[:3], key[3].partition("/")[0]) if key[2] == "delta" else key
