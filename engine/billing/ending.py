"""How a subscription ended: by the log, by our own lines, by its term, or seen today."""

from datetime import date, timedelta

from msgspec.structs import replace

from engine.billing.calendar import eom
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
    if logged is None:
        return _unlogged(shown, last, as_of)
    if shown.expired and terms.end is not None and terms.end + _ONE_DAY == logged:
        return replace(terms, auto_renew=False), None
    return _cancelled(terms, logged, last, "log", rule=_settled(terms, last, logged, as_of))


def _unlogged(shown: Shown, last: SegmentEvidence | None, as_of: date) -> tuple[SubscriptionTerms, Told | None]:
    """An end that the log does not tell: by the reversal, by lines that have ended, by the term, or as seen today."""
    terms = shown.terms
    if last is not None and last.reversed_on is not None:
        # What it takes back reaches to the end of the segment.
        cancellation = Cancellation(on=min(last.reversed_on, as_of), rule="cancellation_date")
        return replace(terms, end=last.last, auto_renew=False), Told(event=cancellation, source="posted")
    if last is not None and last.last is not None and last.last < as_of:
        return replace(terms, end=last.last, auto_renew=False), None
    if shown.expired and terms.end is not None and terms.end < as_of and (last is None or last.first <= terms.end):
        return replace(terms, auto_renew=False), None
    return _cancelled(terms, as_of, last, "inferred", "the platform shows it as ended; on which day is not known")


def upgraded_end(terms: SubscriptionTerms, known: SegmentEvidence | None) -> date | None:
    """The end of the term that a segment had when it was upgraded: a fixed one may have moved since, our line has not.

    `terms` are those that hold at last.
    """
    if terms.end is None or terms.auto_renew or known is None or known.last is None:
        return terms.end
    return known.last


def _settled(terms: SubscriptionTerms, last: SegmentEvidence | None, day: date, as_of: date) -> CancellationRule | None:
    """The rule under which its lines have ended: once they have, another choice of rules moves them no more.

    Without a reversal, what ended after the month of the cancellation had no licences to take back. What ended with
    its term, on a later day than the cancellation, tells of no rule.
    """
    if last is None:
        return None
    if last.reversed_on is not None:
        return "cancellation_date"
    if last.last == terms.end and last.last != day:
        return None
    over = last.last is not None and day <= last.last < as_of and last.last <= eom(day)
    return "end_of_month" if over else None


def _cancelled(
    terms: SubscriptionTerms,
    day: date,
    last: SegmentEvidence | None,
    source: Source,
    why: str = "",
    rule: CancellationRule | None = None,
) -> tuple[SubscriptionTerms, Told | None]:
    """A cancellation on a day, unless the term had run out before. Without log or line nobody knows that it had.

    It merely ran out on the day after the end that it shows, if our line was not cut to that month for a cancellation
    before; and where our line ended with that end. What is cancelled later than that must have renewed; so must what
    our line reached beyond. What renews has no end but its cancellation; so has what has no line yet.
    """
    end, posted = terms.end, last.last if last is not None else None
    if end is not None and end < day:
        cut = posted is not None and end < posted <= eom(day)
        guessed = last is None and source == "inferred"
        if end == posted or (end + _ONE_DAY == day and not cut and not guessed):
            return replace(terms, auto_renew=False), None
    # A cancelled subscription shows that it will not renew; without a line nobody knows that it would not have.
    unknown = last is None
    renews = terms.auto_renew or unknown or (end is not None and (end < day or (posted or end) > end))
    terms = replace(terms, end=None if renews else end, auto_renew=False)
    return terms, Told(event=Cancellation(on=day, rule=rule), source=source, why=why)
