"""`cwctl sandbox event`: lets something happen to a subscription, now or on a later day."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import Day, format_option
from engine.cli.output import print_json, print_text
from engine.cli.sandbox_world import Money, Month, Plan, opened

if TYPE_CHECKING:
    from engine.sandbox.event import Action

Command = TypeVar("Command", bound=Callable[..., Any])
_NEGATIVE = {"ignore_unknown_options": True}
"""So that -5 is taken for a number, and refused as one."""


class Subject(NamedTuple):
    """The subscription that something happens to, and the workspace whose sandbox has it."""

    directory: str | None
    subscription: int


class When(NamedTuple):
    """On which day (None: today), and how to print the result."""

    on: date | None
    style: str


@click.group()
@click.argument("subscription", type=click.IntRange(min=1))
@click.pass_context
def event(context: click.Context, subscription: int) -> None:
    """Let something happen to a subscription of the sandbox's platform.

    It happens on the sandbox's day, or with --on DATE when `sandbox advance` gets to that day.

    \b
    Examples:
      cwctl sandbox event 710001 seats 12
      cwctl sandbox event 710005 price 12.90 --on 2026-07-01
      cwctl sandbox event 710004 usage 2026-05 431.07 --cost 374.85
    """
    context.obj = Subject(context.obj, subscription)


def _when(command: Command) -> Command:
    """`--on` and `--format`."""
    on = click.option("--on", type=Day(), help="Later, when the clock gets to this day. Default: the sandbox's day.")
    return on(format_option("json")(command))


def _prices(command: Command) -> Command:
    """`--price` and `--cost`."""
    price = click.option("--price", type=Money(), help="The price per unit from then on.")
    return price(click.option("--cost", type=Money(), help="The cost per unit from then on.")(command))


@event.command(context_settings=_NEGATIVE)
@click.argument("number", type=click.IntRange(0, 1_000_000))
@_when
@click.pass_obj
def seats(subject: Subject, number: int, on: date | None, style: str) -> int:
    """Change its licences to this number.

    \b
    Example:
      cwctl sandbox event 710001 seats 12
    """
    return _happen(subject, When(on, style), "seats", quantity=number)


@event.command(context_settings=_NEGATIVE)
@click.argument("price", type=Money())
@click.option("--cost", type=Money(), help="The cost per unit from then on. Default: as it was.")
@_when
@click.pass_obj
def price(subject: Subject, price: Decimal, cost: Decimal | None, on: date | None, style: str) -> int:
    """Change its price per unit and billing cycle.

    The platform keeps no past price: its log has the day of the change, and no amount.

    \b
    Example:
      cwctl sandbox event 710005 price 12.90 --cost 10.32
    """
    return _happen(subject, When(on, style), "price", price=price, cost=cost)


@event.command()
@click.argument("plan", type=Plan())
@_prices
@_when
@click.pass_obj
def upgrade(
    subject: Subject,
    plan: tuple[str, str, str],
    price: Decimal | None,
    cost: Decimal | None,
    on: date | None,
    style: str,
) -> int:
    """Move all its licences to another plan.

    PLAN is written as PROVIDER/PRODUCT/PLAN.
    Without --price and --cost they are those that the plan is offered for.

    \b
    Example:
      cwctl sandbox event 710017 upgrade 30/Microsoft365-NCE/business-premium-p1y
    """
    return _happen(subject, When(on, style), "upgrade", offer=plan, price=price, cost=cost)


@event.command(context_settings=_NEGATIVE)
@click.argument("plan", type=Plan())
@click.argument("quantity", type=click.IntRange(1, 1_000_000))
@_prices
@_when
@click.pass_obj
def partial_upgrade(
    subject: Subject,
    plan: tuple[str, str, str],
    quantity: int,
    price: Decimal | None,
    cost: Decimal | None,
    on: date | None,
    style: str,
) -> int:
    """Move some of its licences to another plan.

    The subscription loses QUANTITY licences, and the customer buys a new one
    with as many, on the same day. It names the old one as its parent.

    \b
    Example:
      cwctl sandbox event 710006 partial-upgrade 30/Microsoft365-NCE/e3-no-teams-p1m 5
    """
    members = {"offer": plan, "quantity": quantity, "price": price, "cost": cost}
    return _happen(subject, When(on, style), "partial_upgrade", **members)


@event.command()
@_prices
@_when
@click.pass_obj
def renew(subject: Subject, price: Decimal | None, cost: Decimal | None, on: date | None, style: str) -> int:
    """Renew it for one term, also before the term is over.

    \b
    Example:
      cwctl sandbox event 710011 renew --price 15.40
    """
    return _happen(subject, When(on, style), "renew", price=price, cost=cost)


@event.command(context_settings=_NEGATIVE)
@click.argument("month", type=Month())
@click.argument("price", type=Money())
@click.option("--cost", type=Money(), help="The month's cost. Default: its price.")
@_when
@click.pass_obj
def usage(subject: Subject, month: str, price: Decimal, cost: Decimal | None, on: date | None, style: str) -> int:
    """Set its consumption of a month.

    These are the platform's figures, of a consumption subscription. Reports
    and invoices show them once the month is over; if it is, at once.

    \b
    Example:
      cwctl sandbox event 710004 usage 2026-05 431.07 --cost 374.85
    """
    return _happen(subject, When(on, style), "usage", month=month, price=price, cost=cost)


@event.command()
@click.argument("plan", type=Plan())
@click.argument("quantity", type=click.IntRange(1, 1_000_000))
@click.option("--customer", type=click.IntRange(min=1), required=True, help="Who buys it: a customer's platform id.")
@_prices
@_when
@click.pass_obj
def purchase(
    subject: Subject,
    plan: tuple[str, str, str],
    quantity: int,
    customer: int,
    price: Decimal | None,
    cost: Decimal | None,
    on: date | None,
    style: str,
) -> int:
    """Buy a new subscription, with this id.

    \b
    Example:
      cwctl sandbox event 720001 purchase 30/Microsoft365-NCE/e3-no-teams-p1m 5 --customer 410001
    """
    members = {"offer": plan, "quantity": quantity, "customer": customer, "price": price, "cost": cost}
    return _happen(subject, When(on, style), "purchase", **members)


@event.command()
@_prices
@_when
@click.pass_obj
def convert(subject: Subject, price: Decimal | None, cost: Decimal | None, on: date | None, style: str) -> int:
    """Turn a trial into a subscription.

    \b
    Example:
      cwctl sandbox event 710018 convert --price 21.96 --cost 17.57
    """
    return _happen(subject, When(on, style), "convert", price=price, cost=cost)


@event.command()
@click.argument("switch", type=click.Choice(["on", "off"]))
@_when
@click.pass_obj
def auto_renew(subject: Subject, switch: str, on: date | None, style: str) -> int:
    """Switch its renewal on or off.

    \b
    Example:
      cwctl sandbox event 710020 auto-renew off
    """
    return _happen(subject, When(on, style), "auto_renew", auto_renew=switch == "on")


@event.command()
@_when
@click.pass_obj
def cancel(subject: Subject, on: date | None, style: str) -> int:
    """Cancel it.

    \b
    Example:
      cwctl sandbox event 710027 cancel --on 2026-07-06
    """
    return _happen(subject, When(on, style), "cancel")


@event.command()
@_when
@click.pass_obj
def suspend(subject: Subject, on: date | None, style: str) -> int:
    """Suspend it.

    \b
    Example:
      cwctl sandbox event 710013 suspend
    """
    return _happen(subject, When(on, style), "suspend")


@event.command()
@_when
@click.pass_obj
def resume(subject: Subject, on: date | None, style: str) -> int:
    """Have a suspended one active again.

    \b
    Example:
      cwctl sandbox event 710016 resume
    """
    return _happen(subject, When(on, style), "resume")


def _happen(subject: Subject, when: When, action: "Action", **members: Any) -> int:
    from engine.sandbox.event import Event
    from engine.sandbox.possible import Impossible

    with opened(subject.directory) as sandbox:
        today = sandbox.today
        event = Event(on=when.on or today, action=action, subscription=subject.subscription, **members)
        try:
            outcomes = sandbox.happen(event)
        except Impossible as reason:
            raise Stop(str(reason), hint="Nothing has changed.") from reason
    happened = [outcome.said for outcome in outcomes]
    if when.style == "json":
        ids = [outcome.document["id"] for outcome in outcomes]
        told = {"today": today, "on": event.on, "action": action, "scripted": event.on > today}
        print_json({**told, "subscriptions": ids or [str(subject.subscription)], "happened": happened})
    elif happened:
        print_text("".join(f"{line}\n" for line in happened))
    else:
        what = action.replace("_", "-")
        print_text(f"Scripted for {event.on}: {what} of subscription {subject.subscription}.\n")
    return exits.OK
