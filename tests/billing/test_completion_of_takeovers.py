"""Changes of the log from before the day on which our first line begins: some are in it, some bill from it."""

from engine.billing.calculus import lines
from engine.billing.completion import complete
from engine.billing.history import Event
from engine.billing.model import AgreementTerms, Rules
from tests.billing.completing import again, log, shown, standing
from tests.billing.examples import (
    BY_DAY,
    BY_MONTH,
    MONTHLY,
    agreement,
    as_text,
    cancel,
    day,
    purchase,
    quantity,
    subscription,
)
from tests.billing.strategies import Case

NEXT_MONTH = Rules(quantity_decrease="first_of_next_month")


def reckoned_again(
    *events: Event, rules: Rules = BY_DAY, of: AgreementTerms = MONTHLY, effective: str = "2026-03-01"
) -> list[str]:
    """The lines of a history, once it is certain that they are reckoned the same again."""
    case = Case(subscription(effective_date=effective), (purchase(), *events), of, rules)
    today = events[-1].on
    found = list(case.lines(today))
    assert again(case, shown(case, today), log(case, today), found, today) == found
    return [as_text(line) for line in found]


def test_an_increase_after_the_takeover_is_not_the_one_that_bills_from_it() -> None:
    yearly = agreement("2025-06-01", "annual")
    assert reckoned_again(quantity("2026-02-02", 12), quantity("2026-03-22", 14), of=yearly)[:3] == [
        "base 10 2026-03-01..2026-05-31",
        "delta 2 2026-03-01..2026-05-31",
        "delta 2 2026-03-22..2026-05-31",
    ]
    case = Case(
        subscription(effective_date="2026-03-01"),
        (purchase(), quantity("2026-02-02", 12), quantity("2026-03-22", 14)),
        yearly,
        BY_DAY,
    )
    before, today = list(case.lines(day("2026-03-01"))), day("2026-03-22")
    assert again(case, shown(case, today), log(case, today), before, today) == list(case.lines(today))


def test_an_increase_of_the_month_of_the_takeover_is_not_one_that_was_given_up_before() -> None:
    given_up = (quantity("2026-01-22", 12), quantity("2026-01-30", 10))
    assert reckoned_again(*given_up, quantity("2026-03-26", 12), rules=BY_MONTH) == [
        "base 10 2026-03-01..2026-03-31",
        "delta 2 2026-03-01..2026-03-31",
        "base 12 2026-04-01..2027-01-09",
    ]


def test_a_decrease_of_the_month_before_bills_from_the_takeover_and_a_later_one_from_the_month_after() -> None:
    changes = (quantity("2026-01-31", 12), quantity("2026-01-31", 11), quantity("2026-02-02", 10))
    assert reckoned_again(*changes, rules=NEXT_MONTH, effective="2026-02-02") == [
        "base 12 2026-02-02..2026-02-28",
        "delta -1 2026-02-02..2026-02-28",
        "base 11 2026-03-01..2026-03-31",
        "delta -1 2026-03-01..2026-03-31",
        "base 10 2026-04-01..2027-01-09",
    ]


def test_licences_taken_and_given_up_on_a_day_before_the_takeover_can_bill_until_its_month_is_over() -> None:
    assert reckoned_again(quantity("2026-02-01", 11), quantity("2026-02-01", 10), rules=NEXT_MONTH) == [
        "base 11 2026-03-01..2026-03-31",
        "delta -1 2026-03-01..2026-03-31",
        "base 10 2026-04-01..2027-01-09",
    ]


def test_an_increase_that_bills_from_a_takeover_after_the_cancellation_was_not_too_late() -> None:
    changes = (quantity("2026-02-01", 11), cancel("2026-02-01"))
    assert reckoned_again(*changes, effective="2026-02-02") == [
        "base 10 2026-02-02..2026-02-28",
        "delta 1 2026-02-02..2026-02-28",
        "reversal -11 2026-02-02..2026-02-28",
    ]


def test_an_increase_just_before_the_agreement_bills_from_its_start() -> None:
    late = agreement("2026-01-20", "annual")
    assert reckoned_again(quantity("2026-01-15", 12), rules=BY_MONTH, of=late, effective="2026-01-10") == [
        "base 10 2026-01-20..2027-01-09",
        "delta 2 2026-01-20..2027-01-09",
    ]


def test_licences_given_up_before_the_agreement_and_billed_from_its_start_leave_a_line_of_fewer_than_none() -> None:
    changes = (purchase(0), quantity("2026-01-15", 1), quantity("2026-01-15", 0))
    terms, late = subscription(), agreement("2026-01-20", "annual")
    case = Case(terms, changes, late, Rules(quantity_increase="first_of_month"))
    today = day("2026-01-15")
    found = list(case.lines(today))
    assert [as_text(line) for line in found] == ["base -1 2026-01-20..2027-01-09", "delta 1 2026-01-20..2027-01-09"]
    assert again(case, shown(case, today), None, found, today) == found


def test_a_choice_that_explains_every_line_is_kept_when_the_rules_have_changed() -> None:
    terms = subscription(effective_date="2026-03-01")
    case = Case(terms, (purchase(), quantity("2026-03-15", 12)), MONTHLY, BY_MONTH)
    today = day("2026-03-20")
    texts = [as_text(line) for line in case.lines(today)]
    found = complete(shown(case, today), log(case, today), standing(*texts), today)
    assert [as_text(line) for line in lines(found.terms, found.history, MONTHLY, BY_DAY, today)] == texts
