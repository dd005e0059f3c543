"""What can be wrong with the owners of fields, and with pinned values, that have the right shape."""

import re
from collections.abc import Iterator

from engine.diagnostics import Diagnostic
from engine.workspace.check_connections import bad_date, date_of
from engine.workspace.check_uniqueness import repeated
from engine.workspace.draft import Draft
from engine.workspace.nodes import Entry
from engine.workspace.owners import SWITCHES

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(\.([0-9]+))?")


def owners_are_narrowed(draft: Draft) -> Iterator[Diagnostic]:
    """A mapping may leave fields to the PSA, never take back what the rules for all leave to it."""
    rules = draft.billing.child("owners") if draft.billing is not None else None
    if rules is None:
        return
    given = {field for field in rules.node if rules.text(field) == "psa"}
    for service in draft.services:
        owners = service.child("owners")
        if owners is None:
            continue
        for field in given.intersection(owners.node):
            if owners.text(field) != "psa":
                text = f"{field} is the PSA's by the rules for all, so it cannot be cwctl's here; see {rules.at(field)}"
                hint = "Remove it here; or remove it there, and write `psa` for each service that needs it."
                yield owners.problem("owner-widened", field, text, hint)


def pins_have_values(draft: Draft) -> Iterator[Diagnostic]:
    """A pinned price is an amount that the PSA can hold; a pin lasts until a day that exists."""
    connection = draft.selected()
    places = 2
    if connection is not None and connection.has("price_decimals"):
        places = connection.number_or_none("price_decimals") or 0
    for _, pin in _pins(draft):
        if date_of(pin, "until") is None:
            yield bad_date(pin, "until")
        if pin.text("field") not in SWITCHES:
            continue
        amount = _AMOUNT.fullmatch(pin.text("value"))
        if amount is None:
            text = f"the value of a pinned {pin.text('field')} is an amount, not {pin.text('value')[:40]!r}"
            hint = 'Write digits with a point, not below 0. For example: "19.50"'
            yield pin.problem("pin-value", "value", text, hint)
        elif len(amount[3] or "") > places:
            text = f"{pin.text('value')} has more places than the PSA's prices ({places}), and a pin is never rounded"
            yield pin.problem("pin-value", "value", text, f"Write at most {places} places.")


def pins_come_once(draft: Draft) -> Iterator[Diagnostic]:
    """A field of a service has one pin."""
    for service in draft.services:
        for pin, first in repeated(service.children("pins"), lambda one: one.text("field"), "field"):
            text = f"{pin.text('field')} is pinned twice; first at {first}"
            yield pin.problem("pin-twice", "field", text, "Keep one of the two pins.")


def pins_are_not_for_nothing(draft: Draft) -> Iterator[Diagnostic]:
    """A field that is not kept in step cannot be pinned: the pin would never be written."""
    addition = draft.sync.child("agreement_addition") if draft.sync is not None else None
    everywhere = draft.billing.child("owners") if draft.billing is not None else None
    for service, pin in _pins(draft):
        field = pin.text("field")
        for owners in (service.child("owners"), everywhere):
            if owners is not None and owners.text(field) == "psa":
                text = f"{field} is pinned, but the PSA's to decide; see {owners.at(field)}"
                yield pin.problem("pin-owned", "field", text, "Remove the pin, or `psa` as the owner.")
                break
        switch, narrowed = SWITCHES.get(field, ""), service.child("sync")
        for rules in (narrowed, addition):
            if rules is not None and rules.node.get(switch) is False:
                text = (
                    f"{field} is pinned, but {switch} is switched off, so it is never written; see {rules.at(switch)}"
                )
                yield pin.problem("pin-owned", "field", text, "Remove the pin, or switch the rule on.")
                break


def _pins(draft: Draft) -> Iterator[tuple[Entry, Entry]]:
    """Every pin, with the service that it is for."""
    for service in draft.services:
        for pin in service.children("pins"):
            yield service, pin
