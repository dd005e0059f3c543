"""Where the identity marks of additions are kept: the serial number, or a custom field found by its caption."""

from collections.abc import Mapping, Sequence

import msgspec

from engine.http.reply import decode
from engine.psa.api import Api
from engine.psa.conditions import equals, is_safe
from engine.psa.errors import SERVICE, MarkFieldMissing, unreadable
from engine.psa.models import Addition
from engine.psa.paths import CUSTOM_FIELDS, additions_path
from engine.psa.text import canonical
from engine.psa.wire import UserDefinedField, WireAddition, field_named
from engine.workspace.model import MarkKeeping

RawField = dict[str, msgspec.Raw]


class _RawAddition(msgspec.Struct, rename="camel"):
    custom_fields: list[RawField] | None = None


class MarkPlace:
    """Reads and writes marks where `keeping` says. Thread-safe: all it learns is the custom field's number."""

    def __init__(self, api: Api, keeping: MarkKeeping) -> None:
        if keeping.keep_in == "custom_field" and not canonical(keeping.caption):
            raise ValueError("marks are to be kept in a custom field, but its caption is missing")
        self._api = api
        self._caption = canonical(keeping.caption) if keeping.keep_in == "custom_field" else None
        self._number: int | None = None

    def __str__(self) -> str:
        return "serial number" if self._caption is None else f"custom field {self._caption!r}"

    def additions(self, found: Sequence[WireAddition], agreement_id: int) -> list[Addition]:
        """Wire records as values. Raises BadReply where one of them has no date in a date's place."""
        if self._caption is not None and self._number is None and found:
            field = field_named(found[0].custom_fields or (), self._caption)
            if field is not None and field.id is not None:
                self._number = field.id
        try:
            return [record.model(agreement_id, self._caption) for record in found]
        except msgspec.ValidationError as failure:
            raise unreadable(additions_path(agreement_id), failure) from None

    def new_members(self, text: str) -> dict[str, object]:
        """What a POST of an addition says to carry this mark."""
        if self._caption is None:
            return {"serialNumber": text}
        return {"customFields": [{"id": self.number(), "value": text}]}

    def changed_members(self, path: str, text: str | None) -> tuple[dict[str, object], dict[str, object]]:
        """What a PATCH of the addition at `path` sets, and what of it the reply must show.

        Custom fields can only be replaced together, so the others are read afresh and sent along as they are.
        """
        if self._caption is None:
            return {"serialNumber": text}, {"serialNumber": text}
        number = self.number()
        current = decode(self._api.get(path), _RawAddition).custom_fields or []
        own: Mapping[str, object] = {"id": number, "value": text}
        merged: list[object] = [{**field, "value": text} if _id(field) == number else field for field in current]
        if not any(_id(field) == number for field in current):
            merged.append(own)
        return {"customFields": merged}, {"customFields": [own]}

    def number(self) -> int:
        """The custom field's number in this PSA. Raises MarkFieldMissing where the caption fits none, or several."""
        if self._caption is None:
            raise ValueError("marks are kept in the serial number")
        if self._number is None:
            self._number = self._looked_up(self._caption)
        return self._number

    def check(self) -> str:
        """Where marks are kept, in words. Raises MarkFieldMissing where that place does not exist."""
        return str(self) if self._caption is None else f"{self} (number {self.number()})"

    def _looked_up(self, caption: str) -> int:
        conditions = equals("caption", caption) if is_safe(caption) else None
        wanted = caption.casefold()
        found = [
            field.id
            for field in self._api.sweep(CUSTOM_FIELDS, list[UserDefinedField], conditions=conditions)
            if canonical(field.caption).casefold() == wanted
        ]
        if len(found) == 1:
            return found[0]
        reason = "there is no custom field" if not found else f"there are {len(found)} custom fields"
        remedy = (
            "Create it as a text field of at least 50 characters under System > Setup Tables > Custom Fields > "
            "Additions, or keep the marks in the serial number (`mark` of the connection)."
            if not found
            else "Fields of other records may have the same caption: give that of the additions a caption of its own."
        )
        raise MarkFieldMissing(
            f"{reason} with the caption {caption!r} in which the marks of additions are to be kept",
            service=SERVICE,
            verb="GET",
            path=CUSTOM_FIELDS,
            hint=remedy,
        )


def _id(field: RawField) -> int | None:
    number = field.get("id")
    return None if number is None else msgspec.json.decode(number, type=int)
