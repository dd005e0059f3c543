"""The reports of v3, as far as billing needs them: the list, and one report's data as CSV."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from engine.sandbox.asgi import Answer, json_answer
from engine.sandbox.calendar import add_months, first_of, last_of, month_of
from engine.sandbox.platform.billing_v1 import figures_of
from engine.sandbox.platform.settings import PlatformSettings
from engine.sandbox.platform.wire import Request, invalid, not_found
from engine.sandbox.store import Store, from_json

REPORT_ID = "5001"
MODULE = "V1_BILLING_REPORTS_MODULE"
COLUMNS = ("Subscription ID", "Seller Cost", "Customer Cost", "Usage Quantity", "Seat Count", "Invoice Number")


def listed(request: Request) -> Answer:
    """GET …/reports."""
    module = request.parameter("module") or "REPORTS_MODULE_UNSPECIFIED"
    shown = module in ("REPORTS_MODULE_UNSPECIFIED", MODULE)
    return json_answer(200, {"reports": [_report()] if shown else []})


def csv_data(request: Request, store: Store, settings: PlatformSettings, report_id: str) -> Answer:
    """POST …/reports/{id}/reportDataCsv: the figures of the months that the asked range touches."""
    if report_id != REPORT_ID:
        raise not_found(f"report {report_id}")
    months = _months(_asked_range(request), settings.today)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for month in months:
        for subscription, figures in figures_of(store, month):
            lines = figures["lines"]
            writer.writerow(
                (
                    subscription["subscriptionId"],
                    _sum(lines, "cost"),
                    _sum(lines, "price"),
                    _sum(lines, "usage"),
                    figures["seats"],
                    figures["invoice"],
                )
            )
            count += 1
    return json_answer(200, {"results": text.getvalue(), "resultCount": str(count)})


def _report() -> dict[str, Any]:
    columns = [{"id": str(n), "displayName": name} for n, name in enumerate(COLUMNS, 1)]
    return {
        "reportId": REPORT_ID,
        "reportModule": MODULE,
        "displayName": "Billing by subscription",
        "category": "BILLING_REPORTS",
        "specs": {"allColumns": columns},
    }


def _asked_range(request: Request) -> dict[str, Any]:
    try:
        body = from_json(request.body or b"{}")
        chosen = body.get("specs", {}).get("dateRangeOption", {}).get("selectedRange", {})
    except (msgspec.DecodeError, AttributeError):
        raise invalid("the body must be a report as JSON") from None
    return chosen if isinstance(chosen, dict) else {}


def _months(chosen: dict[str, Any], today: date) -> list[str]:
    """The months that a range touches, its last day included; without a range the last month."""
    fixed = chosen.get("fixedDateRange")
    if isinstance(fixed, dict):
        try:
            first = date.fromisoformat(str(fixed["startDate"])[:10])
            last = date.fromisoformat(str(fixed["endDate"])[:10])
        except (KeyError, ValueError):
            raise invalid("fixedDateRange needs startDate and endDate") from None
    else:
        first, last = _relative(str(chosen.get("relativeDateRange", "LAST_MONTH")), today)
    months = []
    day = first.replace(day=1)
    while day <= last:
        months.append(month_of(day))
        day = add_months(day, 1)
    return months


def _relative(name: str, today: date) -> tuple[date, date]:
    back = {"TODAY": 0, "MONTH_TO_DATE": 0, "LATEST_MONTH": 1, "LAST_MONTH": 1, "TWO_MONTHS_AGO": 2}.get(name)
    if back is None:
        raise invalid(f"relativeDateRange {name} is not offered here")
    month = month_of(add_months(today.replace(day=1), -back))
    return first_of(month), last_of(month)


def _sum(lines: list[dict[str, Any]], member: str) -> str:
    return str(sum((Decimal(line[member]) for line in lines), Decimal(0)))
