"""How a subscription ended: by the log, by our own lines, by its term, or seen today."""

from datetime import date, timedelta

from msgspec.structs import replace

from engine.billing.evidence import SegmentEvidence
from engine.billing.history import Cancellation
from engine.billing.model import CancellationRule, SubscriptionTerms
from engine.billing.told import Logged, Shown, Source, Told

_ONE_DAY = timedelta(days=1)


def ending(
    shown: Shown, log: tuple[Logged, ...], last: SegmentEvidence | None, as_of: date
) -> tuple[SubscriptionTerms, Told | None]:
    """The terms with the end that holds, and the cancellation, if there was one. `last` is the last posted segment."""
    terms = shown.terms
    if not shown.ended:
        return terms, None
    logged = max((item.on for item in log if item.kind == "cancelled" and item.on <= as_of), default=None)
    if logged is not None:
        return _cancelled(terms, logged, "log", rule=_settled(last, logged, as_of))
    if last is not None and last.reversed_on is not None:
        return _cancelled(terms, last.reversed_on, "posted", rule="cancellation_date")
    if last is not None and last.last is not None and last.last < as_of:
        return replace(terms, end=last.last, auto_renew=False), None
    if shown.expired and terms.end is not None and terms.end < as_of and (last is None or last.first <= terms.end):
        return replace(terms, auto_renew=False), None
    return _cancelled(terms, as_of, "inferred", "the platform shows it as ended; on which day is not known")


def _settled(last: SegmentEvidence | None, day: date, as_of: date) -> CancellationRule | None:
    """The rule under which its lines have ended: once they have, another choice of rules moves them no more."""
    if last is None:
        return None
    if last.reversed_on is not None:
        return "cancellation_date"
    over = last.last is not None and day <= last.last < as_of
    return "end_of_month" if over else None


def _cancelled(
    terms: SubscriptionTerms, day: date, source: Source, why: str = "", rule: CancellationRule | None = None
) -> tuple[SubscriptionTerms, Told | None]:
    """What is cancelled after the end that it shows must have renewed; the day after that end, it merely ran out."""
    if terms.end is not None and terms.end + _ONE_DAY == day:
        return replace(terms, auto_renew=False), None
    if terms.end is not None and terms.end < day:
        renews = bool(terms.term)
        terms = replace(terms, auto_renew=renews, end=terms.end if renews else None)
    else:
        terms = replace(terms, auto_renew=False)
    return terms, Told(event=Cancellation(on=day, rule=rule), source=source, why=why)
