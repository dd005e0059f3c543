"""Values of the engine as the PSA's JSON: bodies of a POST, operations of a PATCH."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from engine.psa.text import canonical

Kind = Literal["manufacturer", "company", "catalog_item", "addition"]
Json = object


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the PSA's JSON and how a value becomes it. `only_new`: it can be set on creation alone."""

    name: str
    convert: Callable[[object], Json]
    only_new: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The members of one kind of record by the model's field names, and those that a new one must have."""

    members: Mapping[str, Member]
    required: tuple[str, ...]


def new_body(kind: Kind, values: Mapping[str, object]) -> dict[str, Json]:
    """The members of a POST. What is None is left out. The mark is not part of it: see `writing`.

    Raises `ValueError` for a field that the kind does not have, a missing one, or a value that does not fit.
    """
    form = FORMS[kind]
    missing = [name for name in form.required if values.get(name) is None]
    if missing:
        raise ValueError(f"a new {kind.replace('_', ' ')} needs {', '.join(missing)}")
    given = {name: value for name, value in values.items() if value is not None}
    return {_member(kind, name).name: _converted(kind, name, value) for name, value in given.items()}


def changed_members(kind: Kind, changes: Mapping[str, object]) -> dict[str, Json]:
    """The members that a PATCH sets, None for those that it removes. Raises `ValueError` as `new_body` does."""
    members: dict[str, Json] = {}
    for name, value in changes.items():
        member = _member(kind, name)
        if member.only_new:
            raise ValueError(f"{name} of a {kind.replace('_', ' ')} can only be set when it is created")
        members[member.name] = None if value is None else _converted(kind, name, value)
    return members


def operations(members: Mapping[str, Json]) -> list[dict[str, Json]]:
    """A PATCH on bare names of the top level; references and lists are replaced whole, None removes."""
    return [
        {"op": "remove", "path": name} if value is None else {"op": "replace", "path": name, "value": value}
        for name, value in members.items()
    ]


def encode(body: Json) -> bytes:
    """The JSON text; decimals become numbers with all their digits."""
    return _ENCODER.encode(body)


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _member(kind: Kind, name: str) -> Member:
    try:
        return FORMS[kind].members[name]
    except KeyError:
        raise ValueError(f"a {kind.replace('_', ' ')} has no field {name} that can be written") from None


def _converted(kind: Kind, name: str, value: object) -> Json:
    try:
        return _member(kind, name).convert(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} of the {kind.replace('_', ' ')}: {error}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is needed, not {value!r}")
    return canonical(value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"a decimal number is needed, not {value!r}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value} is not a number")
    return number


def _day(value: object) -> str:
    if type(value) is not date:
        raise TypeError(f"a calendar day is needed, not {value!r}")
    return f"{value.isoformat()}T00:00:00Z"


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"yes or no is needed, not {value!r}")
    return value


def _id(value: object) -> dict[str, Json]:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an id is needed, not {value!r}")
    return {"id": value}


def reference(value: object) -> dict[str, Json]:
    """A reference by number, by name, or from anything with `id` and `name`, where the id goes first."""
    if isinstance(value, str) and canonical(value):
        return {"name": canonical(value)}
    if isinstance(value, int):
        return _id(value)
    if isinstance(value, Mapping):
        number, name = value.get("id"), value.get("name")
    else:
        number, name = getattr(value, "id", None), getattr(value, "name", None)
    if number is not None:
        return _id(number)
    if name is not None:
        return {"name": _text(name)}
    raise TypeError(f"an id or a name is needed, not {value!r}")


def _references(value: object) -> list[Json]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"a list of references is needed, not {value!r}")
    return [reference(one) for one in value]


FORMS: Mapping[Kind, Form] = {
    "manufacturer": Form({"name": Member("name", _text)}, ("name",)),
    "company": Form(
        {
            "identifier": Member("identifier", _text),
            "name": Member("name", _text),
            "address_line1": Member("addressLine1", _text),
            "city": Member("city", _text),
            "state": Member("state", _text),
            "zip": Member("zip", _text),
            "country": Member("country", reference),
            "types": Member("types", _references, only_new=True),
            "status": Member("status", reference),
            "site": Member("site", reference, only_new=True),
        },
        ("identifier", "name"),
    ),
    "catalog_item": Form(
        {
            "identifier": Member("identifier", _text),
            "description": Member("description", _text),
            "customer_description": Member("customerDescription", _text),
            "price": Member("price", _number),
            "cost": Member("cost", _number),
            "manufacturer_id": Member("manufacturer", _id),
            "manufacturer_part_number": Member("manufacturerPartNumber", _text),
            "product_class": Member("productClass", _text),
            "subcategory": Member("subcategory", reference),
            "type": Member("type", reference),
            "unit_of_measure": Member("unitOfMeasure", reference),
            "taxable": Member("taxableFlag", _flag),
        },
        ("identifier", "description", "customer_description", "subcategory", "type"),
    ),
    "addition": Form(
        {
            "product_id": Member("product", _id),
            "quantity": Member("quantity", _number),
            "less_included": Member("lessIncluded", _number),
            "unit_price": Member("unitPrice", _number),
            "unit_cost": Member("unitCost", _number),
            "effective": Member("effectiveDate", _day),
            "cancelled": Member("cancelledDate", _day),
            "bill_customer": Member("billCustomer", _text),
            "taxable": Member("taxableFlag", _flag),
            "description": Member("description", _text),
            "invoice_description": Member("invoiceDescription", _text),
        },
        ("product_id", "quantity", "unit_price", "unit_cost", "effective", "bill_customer"),
    ),
}
