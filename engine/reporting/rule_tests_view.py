"""Results of rule tests arranged for reading: what was expected beside what was computed, and where they differ."""

from decimal import Decimal
from textwrap import wrap
from typing import Any

from engine.reporting.formats import counted, money, plain_text, shown

Document = dict[str, Any]
Pair = tuple[Document | None, Document | None]

_COLUMNS = {
    "role": "role",
    "quantity": "qty",
    "effective": "begins",
    "cancelled": "ends",
    "unit_price": "price",
    "unit_cost": "cost",
    "period": "month",
    "product": "product",
}
_WEIGHTS = {"role": 3, "product": 2, "effective": 2, "period": 2}
"""How much a difference in a field speaks against two lines being meant for each other; 1 for the others."""

_ALONE = 3
"""… and how much it takes away from a comparison to leave a line without its like."""

_IF_TELLING = {"period", "product"}
"""Columns that are left out where all lines have the same there."""

_MONEY = {"unit_price", "unit_cost"}
_RIGHT = {"quantity", *_MONEY}
_MARGIN = " " * 6
_LABEL = len("computed  ")


def rule_tests_view(results: Document, width: int) -> Document:
    """What the template shows of results, on a terminal of `width` columns."""
    days = sum(len(case["expectations"]) for case in results["cases"])
    unfit = len({one["place"]["file"] for one in results["diagnostics"]})
    failed = [_case(case, width) for case in results["cases"] if not case["passed"]]
    return {
        "failed": failed,
        "legend": any(one["rows"] for case in failed for one in case["days"]),
        "summary": summary(results, days, unfit),
        "sound": not results["failed"] and not unfit,
    }


def summary(results: Document, days: int, unfit: int) -> str:
    """`72 cases passed, 88 days checked.`"""
    passed, failed = results["passed"], results["failed"]
    count = f"{counted(failed, 'case')} failed, {passed:,} passed" if failed else f"{counted(passed, 'case')} passed"
    files = f" {counted(unfit, 'file')} could not be used." if unfit else ""
    return f"{count}, {counted(days, 'day')} checked.{files}"


def paired(expected: list[Document], computed: list[Document]) -> list[Pair]:
    """Each line beside the one that it is most likely meant to be, both lists in their order; None where there is none.

    The classic alignment of two sequences: the way through both lists that costs least.
    """
    rows, columns = len(expected), len(computed)
    cost = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows, -1, -1):
        for column in range(columns, -1, -1):
            ways = []
            if row < rows:
                ways.append(cost[row + 1][column] + _ALONE)
            if column < columns:
                ways.append(cost[row][column + 1] + _ALONE)
            if row < rows and column < columns:
                ways.append(cost[row + 1][column + 1] + _distance(expected[row], computed[column]))
            cost[row][column] = min(ways, default=0)
    found: list[Pair] = []
    row = column = 0
    while row < rows or column < columns:
        here = cost[row][column]
        if row < rows and column < columns:
            one, other = expected[row], computed[column]
            if here == cost[row + 1][column + 1] + _distance(one, other):
                found.append((one, other))
                row, column = row + 1, column + 1
                continue
        if row < rows and here == cost[row + 1][column] + _ALONE:
            found.append((expected[row], None))
            row += 1
        else:
            found.append((None, computed[column]))
            column += 1
    return found


def _distance(one: Document, other: Document) -> int:
    return sum(_WEIGHTS.get(field, 1) for field in _differences((one, other)))


def _differences(pair: Pair) -> set[str]:
    """The fields in which the two lines of a pair are not equal: as amounts, where they are amounts."""
    one, other = pair
    if one is None or other is None:
        return set()
    return {field for field in _COLUMNS if _value(field, one) != _value(field, other)}


def _value(field: str, line: Document) -> object:
    return Decimal(line[field]) if field in _MONEY else line[field]


def _case(case: Document, width: int) -> Document:
    return {
        "name": plain_text(case["name"]),
        "why": plain_text(case["why"]) if case["why"] else None,
        "place": f"{plain_text(case['file'])}:{case['line']}",
        "days": [_day(one, case["file"], width) for one in case["expectations"] if not one["passed"]],
    }


def _day(day: Document, file: str, width: int) -> Document:
    pairs = [] if day["error"] else paired(day["expected"], day["computed"])
    said = f"it cannot be reckoned: {plain_text(day['error'])}" if day["error"] else _said(pairs)
    return {"text": f"as of {day['as_of']} ({plain_text(file)}:{day['line']}): {said}", "rows": _rows(pairs, width)}


def _said(pairs: list[Pair]) -> str:
    """`lines: 1 different, 2 missing`."""
    counts = {
        "different": sum(bool(_differences(pair)) for pair in pairs),
        "missing": sum(computed is None for _, computed in pairs),
        "surplus": sum(expected is None for expected, _ in pairs),
    }
    return "lines: " + ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)


def _rows(pairs: list[Pair], width: int) -> list[list[Document]]:
    """The pairs as rows of spans: beside each other, below each other in columns, or as sentences, as they fit."""
    lines = [line for pair in pairs for line in pair if line is not None]
    if not lines:
        return []
    fields = [field for field in _COLUMNS if field not in _IF_TELLING or len({line[field] for line in lines}) > 1]
    widths = {field: max([len(_COLUMNS[field]), *(len(_cell(field, line)) for line in lines)]) for field in fields}
    block = sum(widths.values()) + 2 * len(widths)
    if len(_MARGIN) + 2 * block + 2 <= width:
        rows = _beside(pairs, widths, block)
    elif len(_MARGIN) + _LABEL + block <= width:
        rows = _below(pairs, widths)
    else:
        rows = _sentences(pairs, fields, width)
    return [_trimmed(row) for row in rows]


def _trimmed(row: list[Document]) -> list[Document]:
    """The row without blanks at its end."""
    while not row[-1]["text"].strip():
        row = row[:-1]
    return [*row[:-1], {**row[-1], "text": row[-1]["text"].rstrip()}]


def _beside(pairs: list[Pair], widths: dict[str, int], block: int) -> list[list[Document]]:
    titles = [_span("".join(_padded(field, _COLUMNS[field], widths) for field in widths), "dim") for _ in range(2)]
    rows = [
        [_span(_MARGIN + "expected".ljust(block) + "  computed", "bold")],
        [_span(_MARGIN), titles[0], _span("  "), titles[1]],
    ]
    for pair in pairs:
        differing = _differences(pair)
        sides = [_cells(line, widths, differing, style) for line, style in zip(pair, ("green", "red"), strict=True)]
        rows.append([_mark(pair), *sides[0], _span("  "), *sides[1]])
    return rows


def _below(pairs: list[Pair], widths: dict[str, int]) -> list[list[Document]]:
    titles = "".join(_padded(field, _COLUMNS[field], widths) for field in widths)
    rows = [[_span(_MARGIN + " " * _LABEL + titles, "dim")]]
    for pair in pairs:
        for label, line, style in _told(pair):
            first = _mark(pair) if line is pair[0] or pair[0] is None else _span(_MARGIN)
            rows.append([first, _span(label.ljust(_LABEL)), *_cells(line, widths, _differences(pair), style)])
    return rows


def _sentences(pairs: list[Pair], fields: list[str], width: int) -> list[list[Document]]:
    rows = []
    for pair in pairs:
        differing = _differences(pair)
        for label, line, style in _told(pair):
            words = [f"{_COLUMNS[field]} {_starred(field, line, differing)}" for field in fields]
            first = _mark(pair) if line is pair[0] or pair[0] is None else _span(_MARGIN)
            room = max(width - len(_MARGIN) - 2, 20)
            for number, text in enumerate(wrap(f"{label}: {', '.join(words)}", room, break_on_hyphens=False)):
                begun = first if number == 0 else _span(_MARGIN + "  ")
                rows.append([begun, _span(text, style if differing else "")])
    return rows


def _told(pair: Pair) -> list[tuple[str, Document, str]]:
    """The lines of a pair to be told below each other, with whose they are: one where both are equal."""
    expected, computed = pair
    if expected is not None and computed is not None and not _differences(pair):
        return [("both", expected, "")]
    told = [("expected", expected, "green"), ("computed", computed, "red")]
    return [(label, line, style) for label, line, style in told if line is not None]


def _mark(pair: Pair) -> Document:
    """What is the matter with a pair, by a sign."""
    expected, computed = pair
    sign, style = "", ""
    if computed is None:
        sign, style = "-", "green"
    elif expected is None:
        sign, style = "+", "red"
    elif _differences(pair):
        sign, style = "~", "yellow"
    return _span(sign.rjust(len(_MARGIN) - 1) + " ", style)


def _cells(line: Document | None, widths: dict[str, int], differing: set[str], style: str) -> list[Document]:
    """A line's values in their columns; nothing but room where there is no line."""
    if line is None:
        return [_span(" " * (sum(widths.values()) + 2 * len(widths)))]
    return [
        _span(
            _padded(field, _cell(field, line), widths, "*" if field in differing else " "),
            _when(field, differing, style),
        )
        for field in widths
    ]


def _when(field: str, differing: set[str], style: str) -> str:
    return style if field in differing else ""


def _padded(field: str, text: str, widths: dict[str, int], star: str = " ") -> str:
    """The text in its column; a value that differs carries a star, so that colour is not needed to see it."""
    if field in _RIGHT:
        return f"{text.rjust(widths[field])}{star} "
    return f"{text}{star}".ljust(widths[field] + 2)


def _starred(field: str, line: Document, differing: set[str]) -> str:
    return f"{_cell(field, line)}{'*' if field in differing else ''}"


def _cell(field: str, line: Document) -> str:
    if field in _MONEY:
        return money(line[field])
    if field == "period":
        return line[field] or "-"
    return shown(field, line[field])


def _span(text: str, style: str = "") -> Document:
    return {"text": text, "style": style}
