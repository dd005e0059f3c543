"""The end of a subscription's term, and what of a subscription cannot be reckoned with."""

from datetime import date, timedelta

from engine.billing.calendar import TermUnreadable, add_terms, terms_between
from engine.billing.model import AgreementTerms, InputError, SubscriptionTerms


def checked(subscription: SubscriptionTerms, agreement: AgreementTerms) -> None:
    """Raises InputError for a subscription that has no lines for a reason that a person must look at."""
    if subscription.kind == "usage":
        if agreement.billing != "monthly":
            raise InputError("consumption is billed by the month, its agreement by the year")
        return
    if not (subscription.unit_price.is_finite() and subscription.unit_cost.is_finite()):
        raise InputError("its price or cost is no amount")
    if subscription.kind == "one_time" or subscription.end is None:
        return
    if subscription.end < subscription.start:
        raise InputError(f"it ends on {subscription.end}, before its start on {subscription.start}")
    if subscription.auto_renew and not subscription.term:
        raise InputError("it renews by itself, but names no term to renew for")


def rolled_end(
    subscription: SubscriptionTerms, end: date | None, agreement: AgreementTerms, as_of: date, start: date
) -> date | None:
    """The last day of the term that ends on `end`; None is open-ended.

    A self-renewing term is rolled, counted from the first day after it, until it reaches the end of the billing period
    after the one that holds `as_of` (or `start`, if later), so that an invoice made in advance finds the line whole.
    Raises InputError for a term that is no duration.
    """
    if end is None or not subscription.auto_renew:
        return end
    following = agreement.period_end(max(as_of, start)) + timedelta(days=1)
    horizon = agreement.period_end(following)
    if end >= horizon:
        return end
    first_after, term = end + timedelta(days=1), subscription.term or ""
    try:
        count = terms_between(first_after, horizon, term)
        rolled = end
        while rolled < horizon:
            count += 1
            rolled = add_terms(first_after, term, count) - timedelta(days=1)
    except TermUnreadable as error:
        raise InputError(f"its term cannot be rolled: {error}") from error
    return rolled
