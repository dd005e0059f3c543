"""A report's dict form arranged for reading: what was not done, once for each customer, and the way forward."""

from collections.abc import Collection
from itertools import groupby
from typing import Any

from engine.reporting.findings_view import let_through
from engine.reporting.formats import KINDS, counted

Document = dict[str, Any]


def report_view(report: Document, guards: Collection[str] = (), file: str | None = None) -> Document:
    """What the template shows of a report. `guards` held changes back; `file` is where the plan is saved."""
    left = [one for one in report["outcomes"] if one["status"] not in {"applied", "already"}]
    return {
        "report": report,
        "left": [_entry(list(same)) for _, same in groupby(sorted(left, key=_customer), _alike)],
        "nothing": _nothing(report["counts"]),
        "hint": _hint(report, guards, file) if left else "",
        "canary": _canary(report["canary"]),
    }


def _customer(one: Document) -> str:
    return one["customer"] or ""


def _alike(one: Document) -> tuple[object, ...]:
    """What failed is told change by change; the rest once, where the same is said of a customer's changes."""
    return (one["customer"], one["status"], one["message"], one["address"] if one["status"] == "failed" else "")


def _entry(same: list[Document]) -> Document:
    first = same[0]
    whose = f" of customer {first['customer']}" if first["customer"] else ""
    if len(same) == 1:
        return {**first, "what": f"{first['status']}: {KINDS[first['kind']]} ", "whose": whose}
    name = counted(len(same), "change")
    return {**first, "what": f"{first['status']}: ", "name": name, "whose": whose or " of the catalog"}


def _nothing(counts: dict[str, int]) -> str:
    """What became of changes of which none was applied: `2 held, 1 found done already`."""
    told = [f"{counts[one]:,} {one}" for one in ("failed", "stale", "held", "skipped") if counts.get(one)]
    found = [f"{counts['already']:,} found done already"] if counts.get("already") else []
    return ", ".join(told + found)


def _hint(report: Document, guards: Collection[str], file: str | None) -> str:
    left = "`cwctl plan` shows what is left."
    if not guards:
        return left
    if set(report["counts"]) <= {"held", "already"} and not report["stopped"]:
        return f"{left} If it is meant: {let_through(guards, file)}."
    names = " ".join(f"--allow {guard}" for guard in guards)
    return f"{left} If what guards hold back is meant, make a new plan and apply that with {names}."


def _canary(canary: Document | None) -> str:
    if canary is None:
        return ""
    went = "all of it went well" if canary["well"] else "not all of it went well"
    return f"Canary: customer {canary['customer']} went first, and {went}."
