"""Templates to text. Colour is the caller's decision; without it no escape sequence is written."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from engine import resources
from engine.reporting import formats
from engine.reporting.drift_view import drift_view
from engine.reporting.explanation_view import explanation_view
from engine.reporting.journal_view import journal_view
from engine.reporting.plan_view import held_row, plan_view, selection_text
from engine.reporting.report_view import report_view
from engine.reporting.rule_tests_view import rule_tests_view

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def render_plan_text(
    plan: dict[str, Any], width: int, color: bool, allowed: Collection[str] = (), file: str | None = None
) -> str:
    """A plan for a terminal of `width` columns. `allowed` are guards; `file` is where the plan is saved."""
    return _environment(width, color).get_template("plan.txt.j2").render(plan_view(plan, allowed, file))


def render_plan_summary(
    plan: dict[str, Any], width: int, color: bool, allowed: Collection[str] = (), file: str | None = None
) -> str:
    """What guards found of a plan, and the line that sums it up."""
    return _environment(width, color).get_template("summary.txt.j2").render(plan_view(plan, allowed, file))


def render_plan_markdown(plan: dict[str, Any]) -> str:
    """A plan as Markdown, with everything that comes from a service escaped."""
    return _environment(200, False).get_template("plan.md.j2").render(plan_view(plan))


def render_rollback_text(run: dict[str, Any], width: int) -> str:
    """What stands above the plan that takes a run back: which run it is, and by whom."""
    return _environment(width, False).get_template("rollback.txt.j2").render(run=run)


def render_rollback_markdown(run: dict[str, Any]) -> str:
    """The same as Markdown."""
    return _environment(10_000, False).get_template("rollback.md.j2").render(run=run)


def render_drift_text(drift: dict[str, Any], width: int, color: bool) -> str:
    """What of our lines was edited by hand, for a terminal of `width` columns."""
    view = {
        **drift_view(drift),
        "selection": selection_text(drift["selection"]),
        "held": [held_row(one) for one in drift["held"]],
    }
    return _environment(width, color).get_template("drift.txt.j2").render(view)


def render_explanation_text(explanation: dict[str, Any], width: int, color: bool) -> str:
    """An explanation of one subscription, for a terminal of `width` columns."""
    return _environment(width, color).get_template("explanation.txt.j2").render(explanation_view(explanation))


def render_report_text(
    report: dict[str, Any], width: int, color: bool, guards: Collection[str] = (), file: str | None = None
) -> str:
    """What became of a plan's changes. `guards` held some of them back; `file` is where the plan is saved."""
    return _environment(width, color).get_template("report.txt.j2").render(report_view(report, guards, file))


def render_journal_text(journal: dict[str, Any], width: int, color: bool) -> str:
    """The runs of a journal, for a terminal of `width` columns."""
    return _environment(width, color).get_template("journal.txt.j2").render(journal_view(journal))


def render_ping_text(ping: dict[str, Any], width: int, color: bool) -> str:
    """What `ping` found of both services."""
    return _environment(width, color).get_template("ping.txt.j2").render(ping=ping)


def render_diagnostics_text(diagnostics: list[dict[str, Any]], width: int, color: bool) -> str:
    """Problems as `file:line:column: severity: text [code]`, each with its hint."""
    return _environment(width, color).get_template("diagnostics.txt.j2").render(diagnostics=diagnostics)


def render_rule_tests_text(results: dict[str, Any], width: int, color: bool) -> str:
    """Which rule tests failed, what they expected beside what was computed, and how many passed."""
    view = rule_tests_view(results, width)
    return _environment(width, color).get_template("rule-tests.txt.j2").render(view)


class _OnOneLine(Template):
    """A template that gets every text on one line and without control characters, wherever it comes from."""

    def render(self, *given: Any, **named: Any) -> str:
        return super().render(formats.on_one_line(dict(*given, **named)))


def _environment(width: int, color: bool) -> Environment:
    # The output is text for a terminal, or Markdown with its own escaping: HTML escaping would spoil both.
    environment = Environment(
        loader=FileSystemLoader(resources.folder("templates")),
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.template_class = _OnOneLine
    environment.filters.update({name: partial(_painted, code if color else None) for name, code in _CODES.items()})
    own: dict[str, Callable[..., str]] = {
        "money": formats.money,
        "signed": formats.signed,
        "text": formats.plain_text,
        "md": formats.markdown,
        "md_code": formats.markdown_with_code,
        "counted": formats.counted,
        "fit": lambda text, taken=0: formats.cut(text, width - taken),
        "wrapped": lambda text, indent=0, begun=None: formats.wrapped(text, width, indent, begun),
    }
    environment.filters.update(own)
    environment.globals["kinds"] = formats.KINDS
    return environment


def _painted(code: str | None, text: str) -> str:
    return text if code is None else f"\x1b[{code}m{text}\x1b[0m"
