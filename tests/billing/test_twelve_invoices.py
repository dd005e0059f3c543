"""Twelve rows of invoices by hand: {in advance, in arrears} × {prorating, not} × {increase, cancellation, usage}.

Each amount is a literal with its arithmetic beside it. Two arithmetics that share nothing must agree with it: the lines
of the calculus with what the engine takes them to bill, and the same lines as additions of the sandbox's PSA, invoiced
there. Both reckon the lines as known on the day on which the invoice is made.

An invoice made in advance knows nothing of what is to come: on an agreement that prorates the next one catches up on
days not yet billed; on another they are closed, and the PSA refuses the addition.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import msgspec
import pytest

from engine.billing.calculus import lines
from engine.billing.history import Cancellation, Event, Purchase, QuantityChange, Usage
from engine.billing.model import AgreementTerms, Line, Rules, SubscriptionTerms
from engine.billing.proration import billed, periods
from tests.sandbox.psa_desk import Desk

ADVANCE, ARREARS = "in advance", "in arrears"
START = date(2026, 7, 1)
AGREEMENT = AgreementTerms(start=START, billing="monthly")
TO_THE_DAY = Rules()
WHOLE_PERIODS = Rules(
    quantity_increase="first_of_month",
    quantity_decrease="first_of_next_month",
    cancellation="end_of_month",
    price_change="next_period",
)

Key = tuple[str, date, int, str | None]


def day(text: str) -> date:
    return date.fromisoformat(text)


class Invoice(msgspec.Struct, frozen=True):
    """The invoice for a month (YYYY-MM), the day on which it is made, and what it comes to."""

    month: str
    made: str
    amount: str

    @property
    def period(self) -> date:
        return day(f"{self.month}-01")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive invoices of one agreement with one subscription on it, from July 2026 on.

    `closed` are the lines (role and first day) that come too late for an agreement that does not prorate.
    """

    what: Literal["increase", "cancellation", "usage"]
    bills: str
    prorates: bool
    subscription: SubscriptionTerms
    history: tuple[Event, ...]
    invoices: tuple[Invoice, ...]
    closed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.what}, {self.bills}, {'prorating' if self.prorates else 'not prorating'}"

    def lines(self, invoice: Invoice) -> tuple[Line, ...]:
        rules = TO_THE_DAY if self.prorates else WHOLE_PERIODS
        return lines(self.subscription, self.history, AGREEMENT, rules, day(invoice.made))


def seats(price: str, start: str = "2026-07-01", end: str = "2026-07-31") -> SubscriptionTerms:
    """A monthly term that renews by itself."""
    return SubscriptionTerms(
        kind="license",
        product="seat",
        start=day(start),
        end=day(end),
        term="P1M",
        auto_renew=True,
        unit_price=Decimal(price),
    )


def cloud(start: str) -> SubscriptionTerms:
    return SubscriptionTerms(kind="usage", product="cloud", start=day(start))


def bought(on: str, quantity: int) -> Event:
    return Purchase(on=day(on), quantity=quantity)


def changed(on: str, quantity: int) -> Event:
    return QuantityChange(on=day(on), quantity=quantity)


def used(on: str, month: str, price: str) -> Event:
    return Usage(on=day(on), period=month, price=Decimal(price), cost=Decimal(0))


ROWS = (
    Row(
        what="increase",
        bills=ADVANCE,
        prorates=True,
        subscription=seats("22.00"),
        history=(bought("2026-07-01", 10), changed("2026-07-15", 14)),
        invoices=(
            # The 15th is to come: 10 × 22.00
            Invoice("2026-07", "2026-07-01", "220.00"),
            # 14 × 22.00, and July's days from the 15th: 4 × 22.00 × 17/31 = 48.258… → 308.00 + 48.26
            Invoice("2026-08", "2026-08-01", "356.26"),
            # 14 × 22.00
            Invoice("2026-09", "2026-09-01", "308.00"),
        ),
    ),
    Row(
        what="increase",
        bills=ADVANCE,
        prorates=False,
        subscription=seats("22.00"),
        history=(bought("2026-07-01", 10), changed("2026-07-15", 14)),
        invoices=(
            # 10 × 22.00
            Invoice("2026-07", "2026-07-01", "220.00"),
            # 14 × 22.00. July's 4 × 22.00 = 88.00 come too late: July is invoiced.
            Invoice("2026-08", "2026-07-28", "308.00"),
            # 14 × 22.00
            Invoice("2026-09", "2026-09-01", "308.00"),
        ),
        closed=("delta 2026-07-01",),
    ),
    Row(
        what="increase",
        bills=ARREARS,
        prorates=True,
        subscription=seats("22.00"),
        history=(bought("2026-07-01", 10), changed("2026-07-15", 14), changed("2026-08-02", 16)),
        invoices=(
            # 10 × 22.00 + 4 × 22.00 × 17/31 (48.258…) = 220.00 + 48.26. The two of 2 August are known, but not July's.
            Invoice("2026-07", "2026-08-05", "268.26"),
            # 14 × 22.00 + 2 × 22.00 × 30/31 (42.580…) = 308.00 + 42.58
            Invoice("2026-08", "2026-09-03", "350.58"),
            # 16 × 22.00
            Invoice("2026-09", "2026-10-01", "352.00"),
        ),
    ),
    Row(
        what="increase",
        bills=ARREARS,
        prorates=False,
        subscription=seats("22.00", "2026-07-10", "2026-08-09"),
        history=(bought("2026-07-10", 10), changed("2026-07-20", 14), changed("2026-08-12", 15)),
        invoices=(
            # Bought on the 10th, and in full nevertheless: 10 × 22.00 + 4 × 22.00 = 220.00 + 88.00
            Invoice("2026-07", "2026-08-01", "308.00"),
            # 14 × 22.00 + 1 × 22.00 = 308.00 + 22.00
            Invoice("2026-08", "2026-09-01", "330.00"),
            # 15 × 22.00
            Invoice("2026-09", "2026-10-01", "330.00"),
        ),
    ),
    Row(
        what="cancellation",
        bills=ADVANCE,
        prorates=True,
        subscription=seats("14.95"),
        history=(bought("2026-07-01", 7), Cancellation(on=day("2026-08-20"))),
        invoices=(
            # 7 × 14.95
            Invoice("2026-07", "2026-07-01", "104.65"),
            # 7 × 14.95: the 20th is to come
            Invoice("2026-08", "2026-08-01", "104.65"),
            # Nothing for September; August's days from the 20th back: −7 × 14.95 × 12/31 = −40.509…
            Invoice("2026-09", "2026-09-01", "-40.51"),
            Invoice("2026-10", "2026-10-01", "0.00"),
        ),
    ),
    Row(
        what="cancellation",
        bills=ADVANCE,
        prorates=False,
        subscription=seats("14.95"),
        history=(bought("2026-07-01", 7), Cancellation(on=day("2026-08-20"))),
        invoices=(
            # 7 × 14.95
            Invoice("2026-07", "2026-07-01", "104.65"),
            # 7 × 14.95
            Invoice("2026-08", "2026-08-01", "104.65"),
            # August was billed whole, and is: the line ends with the month
            Invoice("2026-09", "2026-09-01", "0.00"),
        ),
    ),
    Row(
        what="cancellation",
        bills=ARREARS,
        prorates=True,
        subscription=seats("14.95"),
        history=(bought("2026-07-01", 7), Cancellation(on=day("2026-08-20"))),
        invoices=(
            # 7 × 14.95
            Invoice("2026-07", "2026-08-01", "104.65"),
            # 7 × 14.95 − 7 × 14.95 × 12/31 (40.509…) = 104.65 − 40.51
            Invoice("2026-08", "2026-09-01", "64.14"),
            Invoice("2026-09", "2026-10-01", "0.00"),
        ),
    ),
    Row(
        what="cancellation",
        bills=ARREARS,
        prorates=False,
        subscription=seats("14.95"),
        history=(bought("2026-07-01", 7), Cancellation(on=day("2026-08-20"))),
        invoices=(
            # 7 × 14.95
            Invoice("2026-07", "2026-08-01", "104.65"),
            # 7 × 14.95: the line ends with the month
            Invoice("2026-08", "2026-09-01", "104.65"),
            Invoice("2026-09", "2026-10-01", "0.00"),
        ),
    ),
    Row(
        what="usage",
        bills=ADVANCE,
        prorates=True,
        subscription=cloud("2026-07-10"),
        history=(
            bought("2026-07-10", 1),
            used("2026-08-01", "2026-07", "137.42"),
            used("2026-09-01", "2026-08", "151.08"),
        ),
        invoices=(
            # Not bought yet
            Invoice("2026-07", "2026-07-01", "0.00"),
            # July's figures, whole as consumption always is, 137.42; August's are to come, 0.00
            Invoice("2026-08", "2026-08-01", "137.42"),
            # August has been billed at 0.00, and its figures need a line of their own; September's are to come
            Invoice("2026-09", "2026-09-01", "0.00"),
        ),
    ),
    Row(
        what="usage",
        bills=ADVANCE,
        prorates=False,
        subscription=cloud("2026-07-01"),
        history=(
            bought("2026-07-01", 1),
            used("2026-07-01", "2026-07", "137.42"),
            used("2026-08-20", "2026-08", "151.08"),
            used("2026-09-01", "2026-09", "160.00"),
        ),
        invoices=(
            # July's figures are known ahead, as of a reserved amount
            Invoice("2026-07", "2026-07-01", "137.42"),
            # August's are not
            Invoice("2026-08", "2026-08-01", "0.00"),
            # September's are; August's came too late
            Invoice("2026-09", "2026-09-01", "160.00"),
        ),
    ),
    Row(
        what="usage",
        bills=ARREARS,
        prorates=True,
        subscription=cloud("2026-07-10"),
        history=(
            bought("2026-07-10", 1),
            used("2026-08-04", "2026-07", "137.42"),
            used("2026-09-03", "2026-08", "151.08"),
        ),
        invoices=(
            # July's figures, without regard to the 10th; August's line is there, but not July's
            Invoice("2026-07", "2026-08-05", "137.42"),
            # August's figures
            Invoice("2026-08", "2026-09-05", "151.08"),
        ),
    ),
    Row(
        what="usage",
        bills=ARREARS,
        prorates=False,
        subscription=cloud("2026-07-10"),
        history=(
            bought("2026-07-10", 1),
            used("2026-08-03", "2026-07", "137.42"),
            used("2026-08-04", "2026-07", "136.90"),
            used("2026-09-03", "2026-08", "151.08"),
        ),
        invoices=(
            # July's figures as last accepted
            Invoice("2026-07", "2026-08-05", "136.90"),
            # August's figures
            Invoice("2026-08", "2026-09-05", "151.08"),
        ),
    ),
)

BY_NAME = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


def key(line: Line) -> Key:
    return (line.role, line.effective, line.segment, line.period)


def test_there_are_twelve_and_each_follows_the_last() -> None:
    assert len({(row.what, row.bills, row.prorates) for row in ROWS}) == len(ROWS) == 12
    for row in ROWS:
        due = START
        for invoice in row.invoices:
            assert invoice.period == due
            end = AGREEMENT.period_end(due)
            assert (day(invoice.made) <= due) if row.bills == ADVANCE else (day(invoice.made) > end)
            due = end + timedelta(days=1)


@BY_NAME
def test_the_engine_reckons_the_invoice(row: Row) -> None:
    charged: set[tuple[Key, date]] = set()
    for invoice in row.invoices:
        amount = Decimal(0)
        for line in row.lines(invoice):
            # Days of earlier periods are caught up on only where the agreement prorates.
            since = START if row.prorates else invoice.period
            for period in periods([line], AGREEMENT, since, invoice.period):
                if (key(line), period) not in charged:
                    charged.add((key(line), period))
                    amount += billed(line, AGREEMENT, period, prorates=row.prorates).price
        assert amount == Decimal(invoice.amount), invoice


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


class Books:
    """One agreement in the sandbox's PSA, on which the lines are kept as they are known."""

    def __init__(self, desk: Desk, row: Row) -> None:
        self.desk, self.row = desk, row
        arrears = row.bills == ARREARS
        if arrears:
            desk.set("psa.arrears_types", str(desk.type))
        self.agreement = desk.new_agreement(
            start=START, prorates=row.prorates, next_invoice=day("2026-08-01") if arrears else START
        )
        self.path = f"/finance/agreements/{self.agreement}"
        self.posted: dict[Key, tuple[int, Line]] = {}
        self.closed: list[str] = []
        self.invoiced_through = START - timedelta(days=1)

    def keep(self, line: Line) -> None:
        """Posts the line; or moves its end, and its price if none of its days has been invoiced."""
        if key(line) not in self.posted:
            self._post(line)
            return
        id, before = self.posted[key(line)]
        if line.cancelled != before.cancelled and line.cancelled is not None:
            self.desk.patch(f"{self.path}/additions/{id}", ("replace", "cancelledDate", str(line.cancelled)))
        if line.effective > self.invoiced_through:
            self.desk.patch(f"{self.path}/additions/{id}", ("replace", "unitPrice", float(line.unit_price)))
        else:
            assert line.quantity == before.quantity
        self.posted[key(line)] = (id, line)

    def _post(self, line: Line) -> None:
        late = line.effective <= self.invoiced_through and not self.row.prorates
        body = {
            "product": {"id": self.desk.item},
            "billCustomer": "Billable",
            "quantity": line.quantity,
            "unitPrice": float(line.unit_price),  # a number of the wire, as short as it is written here
            "unitCost": float(line.unit_cost),
            "effectiveDate": str(line.effective),
            "cancelledDate": str(line.cancelled),
        }
        made = self.desk.post(f"{self.path}/additions", body, status=400 if late else 201)
        if late:
            assert "this period has already been invoiced" in made["message"]
            self.closed.append(f"{line.role} {line.effective}")
        else:
            self.posted[key(line)] = (made["id"], line)

    def invoice(self, period: date) -> str:
        id = self.desk.post(f"{self.path}/invoice", {}, status=200)
        self.invoiced_through = AGREEMENT.period_end(period)
        return str(self.desk.get(f"/finance/invoices/{id}")["total"])


@BY_NAME
def test_the_sandbox_makes_the_invoice(row: Row, desk: Desk) -> None:
    books = Books(desk, row)
    for invoice in row.invoices:
        desk.set("today", invoice.made)
        for line in row.lines(invoice):
            books.keep(line)
        assert books.invoice(invoice.period) == invoice.amount, invoice
    assert tuple(dict.fromkeys(books.closed)) == row.closed
