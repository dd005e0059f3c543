"""`cwctl sandbox invoice`: makes the PSA's agreement invoices of a period, or takes them back."""

from typing import TYPE_CHECKING

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import format_option
from engine.cli.output import print_json, print_text
from engine.cli.sandbox_world import Month, opened

if TYPE_CHECKING:
    from engine.sandbox.psa.invoice_run import Invoice, InvoiceRun


@click.command()
@click.option("--period", type=Month(), required=True, help="The month in which the billing period begins.")
@click.option(
    "--agreement",
    "agreements",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="ID",
    help="Only this agreement of the PSA. May be repeated. Default: all.",
)
@click.option("--delete", is_flag=True, help="Take the invoices of that period back instead: it is due again.")
@format_option("json")
@click.pass_obj
def invoice(directory: str | None, period: str, agreements: tuple[int, ...], delete: bool, style: str) -> int:
    """Make the invoices of a billing period, on the sandbox's day.

    The day does not matter: an invoice may be made early, late, or again after it
    was deleted. It charges what the agreement's additions say then. An agreement
    whose next period is another one is skipped, with the reason.

    \b
    Examples:
      cwctl sandbox invoice --period 2026-07
      cwctl sandbox invoice --period 2026-07 --agreement 501
      cwctl sandbox invoice --period 2026-07 --agreement 501 --delete
    """
    with opened(directory) as sandbox:
        today = sandbox.today
        try:
            run = (sandbox.delete_invoice if delete else sandbox.invoice)(period, agreements or None)
        except ValueError as error:
            raise Stop(
                f"{error}; nothing was done", hint="Without --agreement, all agreements are invoiced."
            ) from error
    if style == "json":
        shown = {"today": today, "period": period, "deleted": delete}
        print_json({**shown, "total": run.total, "invoices": run.invoices, "skipped": run.skipped})
    else:
        print_text(_text(run, period, delete))
    return exits.OK


def _text(run: "InvoiceRun", period: str, delete: bool) -> str:
    done = "taken back" if delete else "made"
    count = "1 invoice" if len(run.invoices) == 1 else f"{len(run.invoices)} invoices"
    lines = [f"{count} {done} for the period that begins in {period}, {run.total:,} in all."]
    lines += [f"  {_of(one)}" for one in run.invoices]
    if run.skipped:
        lines.append("Skipped:")
        lines += [f"  {one.company}, {one.name} ({one.agreement}): {one.reason}" for one in run.skipped]
    return "\n".join(lines) + "\n"


def _of(one: "Invoice") -> str:
    count = "1 line" if len(one.lines) == 1 else f"{len(one.lines)} lines"
    who = f"{one.company}, {one.name} ({one.agreement})"
    return f"{one.number}  {who}: {one.first} to {one.last}, {count}, {one.total:,}; next invoice {one.next_invoice}"
