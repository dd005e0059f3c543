"""Invoices and figures of v1, and the CSV report of v3, agree with one another."""

import csv
import io
from datetime import date
from decimal import Decimal

from engine.sandbox.sandbox import Sandbox
from tests.sandbox.platform_calls import Caller


def test_my_invoices_filter_sort_and_page(platform: Caller) -> None:
    params = {"filter[billingStartDate:gte]": "2026-05-01", "sort[number]": "desc", "relations": "lines"}
    found = platform.v1("invoices/myinvoices", params)
    assert found["success"] is True
    numbers = [one["number"] for one in found["data"]["invoice"]]
    assert numbers == ["INV-2026-05-32", "INV-2026-05-30", "INV-2026-05-2", "INV-2026-05-1"]
    for invoice in found["data"]["invoice"]:
        assert sum((Decimal(line["total"]) for line in invoice["lines"]), Decimal(0)) == Decimal(invoice["total"])
        assert {line["cloudProviderId"] for line in invoice["lines"]} == {invoice["number"].rpartition("-")[2]}
    assert "lines" not in platform.v1("invoices/myinvoices", {"limit": 1})["data"]["invoice"][0]
    assert platform.v1("invoices/myinvoices", {"offset": 500})["data"]["invoice"] == []
    assert platform.v1("invoices/myinvoices", {"limit": "x"}, status=400)["success"] is False
    assert platform.v1("invoices/myinvoices", {"filter[number:like]": "x"}, status=400)["success"] is False


def test_a_customers_invoices(platform: Caller) -> None:
    found = platform.v1("invoices", {"customerId": 410002, "filter[billingStartDate]": "2026-05-01"})
    assert [one["number"] for one in found["data"]["invoice"]] == ["INV-2026-05-C410002"]
    assert platform.v1("invoices", status=400)["success"] is False


def test_the_figures_of_a_month_have_the_recorded_shape(platform: Caller) -> None:
    params = {"filter[date_range]": "m-05-2026", "filter[customer_id]": "410001", "filter[report_currency]": "USD"}
    report = platform.v1("reports/billing/azureplan", params)
    assert set(report) == {"success", "message", "currencyOption", "data"}
    (customer,) = report["data"]
    assert customer["entity"] == {
        "id": "410001",
        "type": "customer",
        "company": "Larkspur Dental Group (example)",
        "name": "Accounts payable",
    }
    premium, exchange, azure = customer["lines"]
    assert set(premium["entity"]) == {"id", "type", "cost_currency", "price_currency"}
    (product,) = premium["lines"]
    (sku,) = product["lines"]
    assert sku["data"] == {"price": "570.9951208000", "cost": "456.7960956000", "usage": "26.0000000000"}
    assert exchange["lines"][0]["entity"]["type"] == "product"
    assert len(azure["lines"]) == 3
    assert all("unit" in line["data"] for product in azure["lines"] for line in product["lines"])


def test_a_report_that_is_not_there(platform: Caller) -> None:
    assert platform.v1("reports/billing/none", {"filter[date_range]": "m-05-2026"}, status=404)["success"] is False
    assert platform.v1("reports/billing/azureplan", {"filter[date_range]": "May"}, status=400)["success"] is False
    empty = platform.v1("reports/billing/azureplan", {"filter[date_range]": "m-06-2026"})
    assert empty["data"] == [], "June is not over"


def test_a_month_has_figures_once_it_is_over(platform: Caller, sandbox: Sandbox) -> None:
    sandbox.advance(date(2026, 6, 30))
    assert platform.v1("reports/billing/aws", {"filter[date_range]": "m-06-2026"})["data"] == []
    sandbox.advance(date(2026, 7, 1))
    report = platform.v1("reports/billing/aws", {"filter[date_range]": "m-06-2026"})
    assert [customer["entity"]["id"] for customer in report["data"]] == ["410002", "410008"]


def test_the_csv_report_gives_the_same_figures(platform: Caller) -> None:
    url = f"/api/v3/accounts/{platform.account}/reports/5001/reportDataCsv"
    chosen = {"fixedDateRange": {"startDate": "2026-05-01T00:00:00Z", "endDate": "2026-05-31T00:00:00Z"}}
    body = {"reportId": "5001", "specs": {"dateRangeOption": {"selectedRange": chosen}}}
    reply = platform.http.post(url, json=body, headers={"Authorization": f"Bearer {platform.token}"}).json()
    rows = list(csv.DictReader(io.StringIO(reply["results"])))
    assert reply["resultCount"] == str(len(rows))
    premium = next(row for row in rows if row["Subscription ID"].startswith(f"{710001:08x}"))
    assert premium == {
        "Subscription ID": premium["Subscription ID"],
        "Seller Cost": "456.7960956000",
        "Customer Cost": "570.9951208000",
        "Usage Quantity": "26.0000000000",
        "Seat Count": "26",
        "Invoice Number": "INV-2026-05-30",
    }
