"""Histories of what carries amounts: consumption, whose accepted figures are on our lines, and one-time charges."""

from datetime import date

from msgspec.structs import replace

from engine.billing.calendar import eom
from engine.billing.evidence import PostedLine
from engine.billing.history import Cancellation, Purchase, QuantityChange, Usage
from engine.billing.told import Completed, Logged, Shown, Source, Told


def amounts_completed(shown: Shown, log: tuple[Logged, ...], posted: tuple[PostedLine, ...], as_of: date) -> Completed:
    """The history of a usage or one-time subscription as known on `as_of`."""
    read = _usage if shown.terms.kind == "usage" else _one_time
    completed = read(shown, log, posted, as_of)
    ended = completed.told[-1]
    if isinstance(ended.event, Cancellation) and ended.source == "inferred" and not posted:
        # Nothing stands of what has ended: a line made now would bill it on a guess, perhaps once retracted already.
        return replace(completed, told=(ended,))
    return completed


def _usage(shown: Shown, log: tuple[Logged, ...], posted: tuple[PostedLine, ...], as_of: date) -> Completed:
    told = [Told(event=Purchase(on=shown.terms.start, quantity=1), source="listing")]
    for line in posted:
        if line.period is not None and (line.unit_price or line.unit_cost):
            figures = Usage(on=as_of, period=line.period, price=line.unit_price, cost=line.unit_cost)
            told.append(Told(event=figures, source="posted"))
    if shown.ended:
        months = [eom(date.fromisoformat(f"{line.period}-01")) for line in posted if line.period is not None]
        # A live one would have had a line for each further month.
        told.append(_cancelled(log, min(max(months, default=as_of), as_of), "posted", as_of))
    return Completed(terms=shown.terms, told=tuple(told))


def _one_time(shown: Shown, log: tuple[Logged, ...], posted: tuple[PostedLine, ...], as_of: date) -> Completed:
    terms, quantity = shown.terms, shown.licences
    for line in posted:
        quantity = line.quantity
        terms = replace(terms, unit_price=line.unit_price, unit_cost=line.unit_cost)
    told = [Told(event=Purchase(on=shown.terms.start, quantity=quantity), source="posted" if posted else "listing")]
    if shown.ended:
        told.append(_cancelled(log, as_of, "inferred", as_of))
    elif quantity != shown.licences:
        why = f"the platform shows {shown.licences}"
        told.append(Told(event=QuantityChange(on=as_of, quantity=shown.licences), source="inferred", why=why))
    return Completed(terms=terms, told=tuple(told))


def _cancelled(log: tuple[Logged, ...], otherwise: date, source: Source, as_of: date) -> Told:
    logged = max((item.on for item in log if item.kind == "cancelled" and item.on <= as_of), default=None)
    if logged is not None:
        return Told(event=Cancellation(on=logged), source="log")
    why = "the platform shows it as ended; on which day is not known" if otherwise == as_of else ""
    return Told(event=Cancellation(on=otherwise), source="inferred" if why else source, why=why)
