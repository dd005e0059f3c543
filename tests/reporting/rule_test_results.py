"""Results of rule tests with something of everything, in their dict form."""

from typing import Any

Document = dict[str, Any]


def line(role: str, quantity: int, effective: str, cancelled: str | None, **other: str | None) -> Document:
    """A line of a made-up product."""
    return {
        "role": role,
        "product": "SUITE-BASIC",
        "quantity": quantity,
        "effective": effective,
        "cancelled": cancelled,
        "unit_price": "12.50",
        "unit_cost": "9.75",
        "period": None,
        **other,
    }


def day(as_of: str, at: int, expected: list[Document], computed: list[Document], error: str | None = None) -> Document:
    """One day of a case."""
    passed = error is None and expected == computed
    return {
        "as_of": as_of,
        "line": at,
        "passed": passed,
        "expected": expected,
        "computed": computed,
        "error": error,
    }


def case(name: str, at: int, *days: Document, why: str | None = None) -> Document:
    """One case of the file `rules/tests/quantity.yaml`."""
    passed = all(one["passed"] for one in days)
    return {
        "name": name,
        "why": why,
        "file": "rules/tests/quantity.yaml",
        "line": at,
        "passed": passed,
        "expectations": list(days),
    }


def results(*cases: Document, diagnostics: tuple[Document, ...] = ()) -> Document:
    """The results of some cases."""
    passed = sum(one["passed"] for one in cases)
    return {
        "passed": passed,
        "failed": len(cases) - passed,
        "cases": list(cases),
        "diagnostics": list(diagnostics),
    }


BASE = line("base", 8, "2026-02-10", "2026-05-31")
DELTA = line("delta", 3, "2026-05-12", "2026-05-31")
CARRIED = line("base", 11, "2026-06-01", "2027-02-09")
GOOD = case("an increase", 2, day("2026-05-12", 9, [BASE, DELTA, CARRIED], [BASE, DELTA, CARRIED]))
PASSED = results(GOOD, case("nothing before the purchase", 20, day("2026-02-09", 25, [], [])))
HOSTILE = "a \x1b[31mred\x1b[0m name\u202e, \u200bthat drives"
FAILED = results(
    GOOD,
    case(
        "an increase by three, in a month that has begun and of which much was said that a narrow terminal cannot show",
        12,
        day("2026-05-11", 20, [BASE], [BASE]),
        day(
            "2026-05-12",
            23,
            [BASE, line("delta", 3, "2026-05-01", "2026-05-31"), line("base", 11, "2026-06-01", None)],
            [BASE, DELTA, {**CARRIED, "unit_price": "1250.505"}],
        ),
        day(
            "2026-06-01", 28, [BASE, DELTA, CARRIED], [BASE, CARRIED, line("reversal", -11, "2026-06-17", "2026-06-30")]
        ),
        why="11 - 8 = 3 from 12 May to the month's end, or from its first day, whichever the agreement's rule says",
    ),
    case(
        "an upgrade",
        40,
        day(
            "2026-06-18",
            47,
            [BASE, line("base", 8, "2026-06-18", None, product="SUITE-PLUS")],
            [BASE, line("base", 8, "2026-06-18", None, product="SUITE-PLUS-SECOND-EDITION")],
        ),
    ),
    case(
        "consumption",
        60,
        day(
            "2026-04-10",
            67,
            [line("usage", 1, "2026-04-01", "2026-04-30", period="2026-03")],
            [line("usage", 1, "2026-04-01", "2026-04-30", period=month) for month in ("2026-03", "2026-04")],
        ),
    ),
    case(HOSTILE, 80, day("2026-04-10", 87, [BASE], [], f"it ends before its start; {HOSTILE}"), why=HOSTILE),
    diagnostics=(
        {
            "code": "event-kind",
            "text": "the event does not say what happened",
            "severity": "error",
            "hint": None,
            "place": {"file": "rules/tests/other.yaml", "line": 8, "column": 9},
            "subject": None,
            "customer": None,
        },
    ),
)
