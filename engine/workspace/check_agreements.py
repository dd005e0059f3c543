"""On which agreements a service is billed, and from which day on each of them."""

from collections.abc import Iterator
from datetime import date

from engine.diagnostics import Diagnostic
from engine.workspace.check_connections import bad_date, date_of
from engine.workspace.check_uniqueness import repeated
from engine.workspace.draft import Draft, agreement_of
from engine.workspace.nodes import Entry


def agreements_are_known(draft: Draft) -> Iterator[Diagnostic]:
    """A service is billed on agreements of its customer: those that it names, or else one that is clear."""
    first_wins = draft.customers[::-1]
    listed = {customer.text("customer"): _listed(customer) for customer in first_wins}
    fallback = {customer.text("customer"): agreement_of(customer) for customer in first_wins}
    for service in draft.services:
        customer = service.text("customer")
        if customer not in listed:
            continue
        ids = ", ".join(str(each) for each in listed[customer])
        named = _named(service)
        for entry, key in named:
            if entry.number_or_none(key) not in listed[customer]:
                text = f"agreement {entry.number_or_none(key)} is not listed with customer {customer}"
                hint = f"Listed are: {ids}." if ids else _LIST_HINT
                yield entry.problem("agreement-unlisted", key, text, hint)
        if not named and not ids:
            text = f"customer {customer} lists no agreement to bill this on"
            yield service.problem("agreement-missing", "customer", text, "List an agreement with the customer.")
        elif not named and fallback[customer] is None:
            text = f"customer {customer} has several agreements and none of them is the default"
            hint = f"Name one here ({ids}), or write `default: true` with one of the customer's."
            yield service.problem("agreement-undecided", "customer", text, hint)


def agreements_have_one_form(draft: Draft) -> Iterator[Diagnostic]:
    """A service names its agreement, or its agreements with the days of the moves; not both."""
    for service in draft.services:
        if service.has("agreement") and service.has("agreements"):
            text = "this service has both agreement and agreements"
            hint = f"Make agreement {service.text('agreement')} an entry of the list, or remove it."
            yield service.problem("agreement-both", "agreement", text, hint)


def agreements_come_once(draft: Draft) -> Iterator[Diagnostic]:
    """A service moves to an agreement once: its lines are found by the agreement, so it cannot return to one."""
    for service in draft.services:
        for entry, first in repeated(service.children("agreements"), lambda entry: entry.text("id"), "id"):
            text = f"this service is on agreement {entry.text('id')} already; see {first}"
            hint = "Keep one of the two entries. To bill it there again, make another agreement in the PSA."
            yield entry.problem("agreement-again", "id", text, hint)


def moves_have_days(draft: Draft) -> Iterator[Diagnostic]:
    """The first agreement is that of the beginning, every other one has the day of the move to it, in their order."""
    for service in draft.services:
        before: date | None = None
        for number, entry in enumerate(service.children("agreements")):
            if number == 0:
                if entry.has("from"):
                    text = "the first agreement holds from the beginning, so it has no day"
                    yield entry.problem("move-first", "from", text, _FIRST_HINT)
                continue
            if not entry.has("from"):
                text = f"the move to agreement {entry.text('id')} has no day"
                hint = "Add from: YYYY-MM-DD, the first day that is billed on this agreement."
                yield entry.problem("move-undated", None, text, hint)
                continue
            day = date_of(entry, "from")
            if day is None:
                yield bad_date(entry, "from")
            elif before is not None and day <= before:
                text = f"the move on {day} does not come after the one on {before}"
                hint = "Put the moves in the order of their days, each on a day of its own."
                yield entry.problem("move-order", "from", text, hint)
            before = day or before


def moves_come_after_the_beginning(draft: Draft) -> Iterator[Diagnostic]:
    """At least a day is billed before a move. Otherwise a year or a month is mistyped, or the move says nothing."""
    connection = draft.selected()
    for service in draft.services:
        moves = service.children("agreements")[1:]
        begins = [(service, "effective_date"), *([(connection, "manage_from")] if connection is not None else [])]
        days = [(day, entry.at(key)) for entry, key in begins if (day := date_of(entry, key)) is not None]
        for entry in moves if days else ():
            first, place = max(days)
            day = date_of(entry, "from")
            if day is not None and day <= first:
                text = f"nothing is billed before {first} (see {place}), so there is nothing to move on {day}"
                hint = "Write a later day; or leave out the agreements that are never billed, and this day with them."
                yield entry.problem("move-early", "from", text, hint)


_LIST_HINT = "List it under the customer's agreements, if it is the customer's."
_FIRST_HINT = (
    "Remove it. The first day that is billed at all is `effective_date`; a day here is that of a move from the "
    "agreement before."
)


def _listed(customer: Entry) -> list[int]:
    ids = (each.number_or_none("agreement") for each in customer.children("agreements"))
    return [id for id in ids if id is not None]


def _named(service: Entry) -> list[tuple[Entry, str]]:
    """Where a service names agreements: entries, and the key of the id in each."""
    single = [(service, "agreement")] if service.has("agreement") else []
    return [*single, *((entry, "id") for entry in service.children("agreements"))]
