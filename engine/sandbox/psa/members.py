"""What a member of a record can hold, and what a resource is."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Type = Literal[
    "text", "number", "integer", "flag", "date", "choice", "reference", "references", "custom_fields", "object"
]
Area = Literal["companies", "agreements", "catalog", "invoicing", "setup"]

OLD = "2022.1"
NEW = "2025.1"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member: its type, whether a record must have it, its limits, and who may set it.

    `longest_old` is the limit of version 2022.1 where it differs; `since` and `until` are the versions that have it.
    `target` is the kind that a reference refers to; `read_only` members are accepted in a body and ignored.
    """

    type: Type
    required: bool = False
    longest: int | None = None
    longest_old: int | None = None
    choices: tuple[str, ...] = ()
    target: str = ""
    read_only: bool = False
    only_new: bool = False
    since: str = OLD
    until: str = NEW

    def known_in(self, version: str) -> bool:
        """Whether a version of the API has it."""
        return self.since <= version <= self.until

    def limit(self, version: str) -> int | None:
        """The longest text that a version takes."""
        return self.longest_old if self.longest_old is not None and version < NEW else self.longest


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of record and its endpoint. `name` is what the PSA calls it in messages; `verbs` what it lets be done."""

    kind: str
    name: str
    path: str
    area: Area
    members: Mapping[str, Member]
    verbs: frozenset[str] = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
    unique: str = ""
    since: str = OLD
    shown: tuple[str, ...] = ("name",)
    """The members that a reference to such a record shows beside its id."""


def text(longest: int | None = None, *, required: bool = False, longest_old: int | None = None) -> Member:
    """A text, with the most characters that it may have."""
    return Member(type="text", longest=longest, required=required, longest_old=longest_old)


def number(*, read_only: bool = False) -> Member:
    """A decimal number."""
    return Member(type="number", read_only=read_only)


def flag(*, since: str = OLD) -> Member:
    """Yes or no; a record without it says no."""
    return Member(type="flag", since=since)


def day(*, read_only: bool = False, until: str = NEW) -> Member:
    """A calendar date, carried as midnight UTC."""
    return Member(type="date", read_only=read_only, until=until)


def choice(*values: str, required: bool = False, read_only: bool = False, since: str = OLD) -> Member:
    """One of a few words."""
    return Member(type="choice", choices=values, required=required, read_only=read_only, since=since)


def reference(target: str, *, required: bool = False, since: str = OLD, read_only: bool = False) -> Member:
    """A reference to a record of another kind."""
    return Member(type="reference", target=target, required=required, since=since, read_only=read_only)


ID = Member(type="integer", read_only=True)
INFO = Member(type="object", read_only=True)
INFO_MEMBERS: Mapping[str, Member] = {
    "lastUpdated": Member(type="date"),
    "dateEntered": Member(type="date"),
    "updatedBy": text(),
    "enteredBy": text(),
}
CUSTOM_FIELDS = Member(type="custom_fields")
