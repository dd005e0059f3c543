"""`cwctl sandbox`: the embedded simulators, their clock and their world."""

from datetime import date, timedelta
from pathlib import Path

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import Day, format_option
from engine.cli.output import complain, print_json, print_text, say
from engine.cli.sandbox_event import event
from engine.cli.sandbox_invoice import invoice
from engine.cli.sandbox_world import opened

_KINDS = {"customers": "platform_customer", "subscriptions": "platform_subscription", "agreements": "agreement"}
"""What `reset` counts of a world: kinds of documents in the store."""


@click.group()
def sandbox() -> None:
    """Run the embedded simulators of both services.

    Their data lies in .cwctl/ of the workspace, so that what was applied stays. Their clock is their own.

    \b
    Examples:
      cwctl sandbox advance --days 30
      cwctl sandbox event 710001 seats 12
      cwctl sandbox invoice --period 2026-07
      cwctl sandbox reset
      cwctl sandbox serve --format json
    """


@sandbox.command()
@click.option("--psa-port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="0 takes a free one.")
@click.option(
    "--platform-port", type=click.IntRange(0, 65535), default=8421, show_default=True, help="0 takes a free one."
)
@format_option("json")
@click.pass_obj
def serve(directory: str | None, psa_port: int, platform_port: int, style: str) -> int:
    """Serve both simulators on loopback until interrupted.

    With --format json one line tells the addresses and credentials, and nothing else is printed.

    \b
    Examples:
      cwctl sandbox serve
      cwctl sandbox serve --psa-port 0 --platform-port 0 --format json
    """
    from engine.sandbox.serve import serve as run_servers

    def announce(told: dict[str, dict[str, str]]) -> None:
        if style == "json":
            import msgspec

            print_text(f"{msgspec.json.encode(told).decode()}\n")
            return
        for name, values in told.items():
            print_text(f"{name}\n" + "".join(f"  {key:<14}{value}\n" for key, value in values.items()))
        print_text("Serving until interrupted (Ctrl-C).\n")

    with opened(directory) as world:
        try:
            run_servers(world, psa_port, platform_port, announce)
        except OSError as error:
            hint = "Choose other ports with --psa-port and --platform-port, or 0 for free ones."
            raise Stop(f"the servers could not start: {error.strerror or error}", hint=hint) from error
    return exits.OK


@sandbox.command()
@click.option("--days", type=click.IntRange(1, 3660), help="How many days to go on.")
@click.option("--to", "until", type=Day(), help="The day to go on to.")
@format_option("json")
@click.pass_obj
def advance(directory: str | None, days: int | None, until: date | None, style: str) -> int:
    """Move the sandbox's clock on. What its script has planned up to that day happens.

    \b
    Examples:
      cwctl sandbox advance --days 1
      cwctl sandbox advance --to 2026-09-01
    """
    if (days is None) == (until is None):
        raise click.UsageError("Say how far: either --days N or --to DATE.")
    with opened(directory) as world:
        target = until if until is not None else world.today + timedelta(days=days or 0)
        if (target - world.today).days > 3660:
            raise Stop(f"{target} is more than ten years away from {world.today}", hint="Go on in smaller steps.")
        try:
            happened = world.advance(target)
        except ValueError as error:
            raise Stop(str(error), hint="The clock only goes forward; `cwctl sandbox reset` begins anew.") from error
        if style == "json":
            print_json({"today": world.today, "happened": happened})
        else:
            print_text("".join(f"  {line}\n" for line in happened) + f"The sandbox's day is {world.today}.\n")
    return exits.OK


@sandbox.command("set")
@click.argument("name")
@click.argument("value")
@format_option("json")
@click.pass_obj
def set_(directory: str | None, name: str, value: str, style: str) -> int:
    """Change how a simulated service behaves, until the next reset.

    docs/sandbox.md lists the settings. An unknown name is answered with those that there are.

    \b
    Examples:
      cwctl sandbox set platform.activity_log thin
      cwctl sandbox set psa.arrears_types 21,22
    """
    with opened(directory) as world:
        try:
            world.set(name, value)
        except ValueError as error:
            if name in world.setting_names():
                raise Stop(str(error), hint="Nothing has changed.") from error
            complain(f"there is no setting {name}", "Nothing has changed. There are:")
            say("".join(f"      {one}\n" for one in world.setting_names()))
            raise Stop from error
    if style == "json":
        print_json({"name": name, "value": value})
    else:
        print_text(f"{name} is {value} now.\n")
    return exits.OK


@sandbox.command()
@click.option("--customers", type=click.IntRange(1, 100_000), help="Make a world with this many customers.")
@click.option("--subscriptions", type=click.IntRange(1, 1_000_000), help="… and with this many subscriptions.")
@click.option(
    "--varied",
    is_flag=True,
    help="… with all kinds of agreements: monthly or yearly, prorating or not, invoiced in advance or in arrears.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same world.")
@click.option(
    "--workspace",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write a workspace that maps the made world into this new folder.",
)
@format_option("json")
@click.pass_obj
def reset(
    directory: str | None,
    customers: int | None,
    subscriptions: int | None,
    varied: bool,
    seed: int,
    folder: Path | None,
    style: str,
) -> int:
    """Make the example world anew, or a large made one. What was applied is gone.

    With --workspace the made world is kept in that folder, beside the mappings that fit it.

    \b
    Examples:
      cwctl sandbox reset
      cwctl sandbox reset --customers 100 --workspace /tmp/large
      cwctl sandbox reset --customers 16 --varied --workspace /tmp/varied
    """
    from engine.sandbox.bookkeeping import EVERY_KIND, MONTHLY
    from engine.sandbox.workspace_files import write_workspace

    made = customers is not None or subscriptions is not None
    if folder is not None and not made:
        raise click.UsageError("--workspace goes with --customers or --subscriptions: the example has its workspace.")
    if varied and not made:
        raise click.UsageError("--varied goes with --customers or --subscriptions: the example stays as it is.")
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            raise Stop(f"the folder {folder} is not empty; nothing was written", hint="Name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
    with opened(str(folder) if folder else directory) as world:
        world.reset(customers, subscriptions, seed, EVERY_KIND if varied else (MONTHLY,))
        if folder is not None:
            write_workspace(world.store, folder)
        counted = {name: world.store.count(kind) for name, kind in _KINDS.items()}
        today = world.today
    if style == "json":
        print_json({"today": today, **counted})
    else:
        counts = ", ".join(f"{number} {name}" for name, number in counted.items())
        print_text(f"A new world on {today}: {counts}.\n")
        if folder is not None:
            print_text(f"Its workspace is in {folder}: try `cwctl -C {folder} plan`.\n")
    return exits.OK


sandbox.add_command(event)
sandbox.add_command(invoice)
