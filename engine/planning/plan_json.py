"""The plan's dict form, in which it is saved and shown, its digest, and reading it back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

from engine.planning.plan import FORMAT_VERSION, Plan, Seal

_MONEY = frozenset({"quantity", "unit_price", "unit_cost", "price", "cost"})
_DATES = frozenset({"effective", "cancelled"})


class PlanUnreadable(ValueError):
    """A text that is not a saved plan of this format."""


class PlanRefused(PlanUnreadable):
    """A saved plan that is not to be carried out: of another format, or changed after it was made."""


def to_document(plan: Plan) -> dict[str, Any]:
    """The dict form: JSON values only; money as decimal text, dates as ISO text."""
    document: dict[str, Any] = msgspec.to_builtins(plan)
    return document


def to_json(plan: Plan) -> bytes:
    """The dict form as indented JSON with a newline at the end: what `plan --out` saves."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"


def digest_of(plan: Plan) -> str:
    """The SHA-256 of what the plan would do and of what it was made from: without its seal, and who made it."""
    return sha256(msgspec.json.encode(replace(plan, seal=None, made_by=""))).hexdigest()


def sealed(plan: Plan, target: str, made_at: datetime, valid_for: timedelta) -> Plan:
    """The plan with its digest, and with when and for which services it was made."""
    made_at = made_at.astimezone(UTC).replace(microsecond=0)
    seal = Seal(id="", digest=digest_of(plan), made_at=made_at, expires_at=made_at + valid_for, target=target)
    return replace(plan, seal=replace(seal, id=_id_of(plan, seal)))


def _id_of(plan: Plan, seal: Seal) -> str:
    named = [plan.made_by, seal.digest, seal.made_at, seal.expires_at, seal.target]
    return sha256(msgspec.json.encode(named)).hexdigest()[:16]


def _check_seal(plan: Plan) -> None:
    """Raises PlanRefused for a plan that is not as it was when it was sealed."""
    seal = plan.seal
    if seal is not None and (seal.digest != digest_of(plan) or seal.id != _id_of(plan, seal)):
        raise PlanRefused("it was changed after it was made: its content does not have the digest that it states")


def from_json(text: bytes) -> Plan:
    """Read a saved plan. Raises PlanUnreadable, which says what is wrong with it."""
    try:
        version = msgspec.json.decode(text, type=_Header).format_version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PlanUnreadable(f"this is not a saved plan: {error}") from error
    if version != FORMAT_VERSION:
        raise PlanRefused(f"its format version is {version}; this program reads version {FORMAT_VERSION}")
    try:
        document = msgspec.json.decode(text)
        for change in document["changes"]:
            change["fields"] = [typed_field(field) for field in change["fields"]]
        plan = msgspec.convert(document, Plan)
    except (msgspec.ValidationError, msgspec.DecodeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PlanUnreadable(f"this is not a saved plan: {error}") from error
    _check_seal(plan)
    return plan


class _Header(msgspec.Struct):
    format_version: int


def typed_field(field: dict[str, Any]) -> dict[str, Any]:
    """A field's dict form with its money and dates made from their text, by the field's name.

    Raises ValueError and TypeError for what is neither.
    """
    name = field["field"]

    def value(of: Any) -> Any:
        if of is None:
            return None
        if name in _MONEY:
            return _amount(of)
        if name in _DATES:
            return date.fromisoformat(of)
        if isinstance(of, list) and all(isinstance(one, str) for one in of):
            return tuple(of)
        if not isinstance(of, str | int):
            raise TypeError(f"{name} cannot be {of!r}")
        return of

    return {**field, "before": value(field["before"]), "after": value(field["after"])}


def _amount(text: Any) -> Decimal:
    amount = Decimal(text) if isinstance(text, str) else None
    if amount is None or not amount.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return amount
