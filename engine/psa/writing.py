"""What is written to the PSA: one record at a time, each reply compared with what was asked.

A POST is sent once. Where its outcome is unknown the error says so, and the caller reads again before deciding.
"""

from collections.abc import Mapping

from engine.http.errors import BadReply
from engine.http.reply import Reply, bad_reply, decode
from engine.psa import bodies
from engine.psa.api import Api
from engine.psa.bodies import Kind
from engine.psa.confirmation import differences
from engine.psa.errors import no_effect
from engine.psa.marks import MarkPlace
from engine.psa.models import Addition, CatalogItem, Company, Manufacturer
from engine.psa.paths import CATALOG, COMPANIES, MANUFACTURERS, additions_path
from engine.psa.wire import WireAddition, WireCatalogItem, WireCompany, WireManufacturer, WireRecord

Record = Company | CatalogItem | Manufacturer | Addition

_PATHS: Mapping[str, str] = {"manufacturer": MANUFACTURERS, "company": COMPANIES, "catalog_item": CATALOG}


class Writing:
    """Creates and changes records. Thread-safe, but one writer per agreement is the caller's duty."""

    def __init__(self, api: Api, mark_place: MarkPlace) -> None:
        self._api = api
        self._mark_place = mark_place

    def create(self, kind: Kind, values: Mapping[str, object], agreement_id: int | None = None) -> Record:
        """The new record. Raises `ValueError` for values that do not fit, ServiceError, NoEffect."""
        path = _path(kind, agreement_id)
        given, mark = _without_mark(kind, values)
        body = bodies.new_body(kind, given)
        if mark is not None:
            body.update(self._mark_place.new_members(mark))
        reply = self._api.send("POST", path, bodies.encode(body))
        return self._confirmed(kind, reply, body, agreement_id, created=True)

    def update(self, kind: Kind, number: int, changes: Mapping[str, object], agreement_id: int | None = None) -> Record:
        """The record after the change. Raises `ValueError` for changes that do not fit, ServiceError, NoEffect."""
        path = f"{_path(kind, agreement_id)}/{number}"
        if not changes:
            raise ValueError(f"no changes for {kind} {number}")
        given, mark = _without_mark(kind, changes)
        members = bodies.changed_members(kind, given)
        asked = dict(members)
        if "mark" in changes:
            written, shown = self._mark_place.changed_members(path, mark)
            members.update(written)
            asked.update(shown)
        # A repeated PATCH sets the same values again.
        reply = self._api.send("PATCH", path, bodies.encode(bodies.operations(members)), retry=True)
        return self._confirmed(kind, reply, asked, agreement_id, created=False)

    def _confirmed(
        self, kind: Kind, reply: Reply, asked: Mapping[str, object], agreement_id: int | None, *, created: bool
    ) -> Record:
        try:
            lacking = differences(asked, reply.content)
            if lacking:
                number = decode(reply, WireRecord).id
                raise no_effect(reply.verb, reply.path, reply.status, number, lacking, created=created)
            return self._record(kind, reply, agreement_id)
        except (ValueError, RecursionError) as failure:
            error = bad_reply(reply, failure)
            error.outcome_unknown = True
            raise error from None
        except BadReply as error:
            error.outcome_unknown = True
            raise

    def _record(self, kind: Kind, reply: Reply, agreement_id: int | None) -> Record:
        if kind == "manufacturer":
            return decode(reply, WireManufacturer).model()
        if kind == "company":
            return decode(reply, WireCompany).model()
        if kind == "catalog_item":
            return decode(reply, WireCatalogItem).model()
        found = decode(reply, WireAddition)
        return self._mark_place.additions([found], agreement_id or 0)[0]


def _path(kind: Kind, agreement_id: int | None) -> str:
    if kind == "addition":
        if agreement_id is None:
            raise ValueError("an addition is written under its agreement: the agreement's id is missing")
        return additions_path(agreement_id)
    return _PATHS[kind]


def _without_mark(kind: Kind, values: Mapping[str, object]) -> tuple[dict[str, object], str | None]:
    if "mark" not in values:
        return dict(values), None
    mark = values["mark"]
    if kind != "addition" or not (mark is None or isinstance(mark, str)):
        raise ValueError(f"only an addition has a mark, and it is a text: {mark!r} of a {kind} is not")
    return {name: value for name, value in values.items() if name != "mark"}, mark
