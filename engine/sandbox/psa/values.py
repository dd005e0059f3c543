"""Values of a body as the PSA keeps them, and what it says about a record that does not pass."""

import re
from contextlib import suppress
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from engine.sandbox.psa.custom_fields import replaced
from engine.sandbox.psa.errors import bad_request, conversion_failed, problem
from engine.sandbox.psa.members import Member, Resource
from engine.sandbox.psa.references import Problems, resolved
from engine.sandbox.psa.settings import PsaSettings
from engine.sandbox.store import Document, Store

_NEWLINES = re.compile(r"\r\n|\r|\n")
_UNSUPPORTED = re.compile(r"[\b\f]")
_MOST_DIGITS = 12
_YEARS = range(1753, 9000)  # the database's calendar begins in 1753
_MONEY = frozenset({"price", "cost", "unitPrice", "unitCost"})
_ADDRESS = ("addressLine1", "addressLine2", "city", "state", "zip", "country")
_REFERENCE_MEMBERS = frozenset({"id", "name", "identifier", "_info", "description", "serializedFlag", "currencyCode"})


def unknown_member(name: str, resource: Resource, body: bytes) -> Exception:
    """The refusal of a member that the model does not have."""
    last = name.rpartition(".")[2]
    at = max(body.find(f'"{last}"'.encode()), 0)
    line = body.count(b"\n", 0, at) + 1
    position = at - (body.rfind(b"\n", 0, at) + 1)
    shown = resource.name[0].upper() + resource.name[1:]
    return bad_request(
        f"Could not find member '{last}' on object of type '{shown}'. Path '{name}', line {line}, "
        f"position {position}.Check your accept header to make sure you are using the correct version."
    )


def kept_value(
    store: Store, settings: PsaSettings, resource: Resource, name: str, given: object, problems: Problems
) -> Any:
    """A member's value as it is kept; None if it is emptied. Raises ApiError where the type is wrong."""
    member = resource.members[name]
    if given is None:
        return None
    if member.type == "reference":
        return resolved(store, resource, name, member.target, given, problems)
    if member.type == "references":
        if not isinstance(given, list):
            raise conversion_failed(given, f"{member.target}Reference[]", name)
        return [resolved(store, resource, name, member.target, entry, problems) for entry in given]
    if member.type == "custom_fields":
        return replaced(store, resource.kind, resource.name, given)
    value = _plain(member, name, given)
    places = settings["psa.price_decimals"]
    if name in _MONEY and places != "none":
        return Decimal(value).quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)
    return value


def record_problems(resource: Resource, version: str, record: Document) -> Problems:
    """What speaks against a whole record: missing members, texts that are too long, a company without an address."""
    problems: Problems = []
    for name, member in resource.members.items():
        if not member.known_in(version):
            continue
        value = record.get(name)
        if member.required and (value is None or value == ""):
            problems.append(problem("MissingRequiredField", f"The {name} field is required.", resource.name, name))
        longest = member.limit(version)
        if longest is not None and isinstance(value, str) and len(value) > longest:
            text = f"The field {name} must be a string with a maximum length of {longest}."
            problems.append(problem("MaxLengthField", text, resource.name, name))
    if resource.kind == "company" and not any(record.get(name) for name in _ADDRESS):
        text = "At least one address field is required -- addressLine1, addressLine2, city, state, zip and/or country"
        problems.append(problem("MissingRequiredField", text, resource.name, "addressLine1"))
    return problems


def duplicate(store: Store, resource: Resource, record: Document) -> Problems:
    """The problem of a record whose identifier (a manufacturer's name) another record has."""
    value = record.get(resource.unique) if resource.unique else None
    if not isinstance(value, str):
        return []
    other = store.find(resource.kind, resource.unique, value)
    if other is None or other["id"] == record.get("id"):
        return []
    text = f"A {resource.name} with the {resource.unique} {value} already exists."
    return [problem("ObjectExists", text, resource.name, resource.unique)]


def check_members(resource: Resource, version: str, body: Document, raw: bytes) -> None:
    """Refuses members that the model does not have, in the body or in a reference of it. Raises ApiError."""
    for name, value in body.items():
        member = resource.members.get(name)
        if member is None or not member.known_in(version):
            raise unknown_member(name, resource, raw)
        if member.type == "reference" and isinstance(value, dict):
            for inner in value:
                if inner not in _REFERENCE_MEMBERS:
                    raise unknown_member(f"{name}.{inner}", resource, raw)


def _plain(member: Member, name: str, given: object) -> Any:
    if member.type == "object":
        return given
    if member.type == "text":
        return _text(name, given)
    if member.type in ("number", "integer"):
        return _number(name, given)
    if member.type == "flag":
        if not isinstance(given, bool):
            raise conversion_failed(given, "System.Boolean", name)
        return given
    if not isinstance(given, str):
        raise conversion_failed(given, "System.DateTime" if member.type == "date" else "System.String", name)
    if member.type == "choice":
        for word in member.choices:
            if word.lower() == given.lower():
                return word
        raise conversion_failed(given, name, name)
    return _instant(name, given)


def _text(name: str, given: object) -> str:
    if isinstance(given, dict | list | bool):
        raise conversion_failed(given, "System.String", name)
    return _UNSUPPORTED.sub("", _NEWLINES.sub(" ", str(given)))


def _number(name: str, given: object) -> Decimal | int:
    number: Decimal | int = Decimal("NaN")
    if isinstance(given, int | Decimal) and not isinstance(given, bool):
        number = given
    elif isinstance(given, str):
        with suppress(InvalidOperation):
            number = Decimal(given)
    if isinstance(number, Decimal) and (not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS):
        raise conversion_failed(given, "System.Nullable`1[System.Double]", name)
    if isinstance(number, int) and abs(number) >= 10**_MOST_DIGITS:
        raise conversion_failed("a number of that size", "System.Nullable`1[System.Double]", name)
    return number


def _instant(name: str, given: str) -> str:
    with suppress(ValueError):
        moment = datetime.fromisoformat(given)
        if moment.year in _YEARS:
            return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    raise conversion_failed(given, "System.Nullable`1[System.DateTime]", name)
