"""The choices that hold on an agreement, each with the line of the file that decided it."""

from engine.planning.explanation_values import ExplainedRule
from engine.workspace.choices import AdditionChoices

_CHOICE = {
    "effective_date_positive_change": "quantity_increase",
    "effective_date_negative_change": "quantity_decrease",
    "service_cancellation": "cancellation",
    "price_change": "price_change",
    "in_place_days": "in_place_days",
    "late_change": "late_change",
}


def explained_rule(choices: AdditionChoices, key: str) -> ExplainedRule:
    """The choice that holds for a key of the files, with its place."""
    choice = str(getattr(choices, _CHOICE[key]))
    return ExplainedRule(rule=key, choice=choice, source=choices.decided_by.get(key))


def explained_rules(choices: AdditionChoices) -> tuple[ExplainedRule, ...]:
    """All choices, in the order of the files."""
    return tuple(explained_rule(choices, key) for key in _CHOICE)
