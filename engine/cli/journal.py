"""`cwctl journal`: what was written to the PSA, and whether the record of it is as it was written."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.options import connection_option, format_option
from engine.cli.run_named import run_named

if TYPE_CHECKING:
    from engine.applying.chain import Chain

_HASH = re.compile(r"[0-9a-f]{64}")


@click.group()
def journal() -> None:
    """Show what was written to the PSA, and check the record of it.

    Every run of `apply` notes each write, before it is sent and after.

    \b
    Examples:
      cwctl journal verify
      cwctl journal show
    """


@journal.command()
@connection_option
@click.option("--contains", metavar="HASH", help="Demand that this head, as verify printed it before, is still in it.")
@format_option("json")
@click.pass_obj
def verify(directory: str | None, connection: str | None, contains: str | None, style: str) -> int:
    """Check that no record was changed, removed, moved or added by hand.

    Exits with 1 if the journal is not as it was written. Keep the head that it
    prints somewhere else: --contains tells later whether the end is missing.

    \b
    Examples:
      cwctl journal verify
      cwctl journal verify --format json
    """
    from engine.applying.journal_json import verified
    from engine.cli.output import complain, print_json, print_text, say

    head = None if contains is None else contains.strip().lower()
    if head is not None and _HASH.fullmatch(head) is None:
        raise Stop(f"{contains!r} is no hash: it has 64 digits out of 0-9 and a-f", hint="`journal verify` prints one.")
    path, chain = _read(directory, connection)
    document = verified(str(path), chain)
    if head is not None and head not in chain.hashes:
        missing = f"no record has the hash {contains}: the journal is another one, or its end is missing"
        document |= {"valid": False, "problem": document["problem"] or missing}
    if style == "json":
        print_json(document)
    elif document["valid"]:
        print_text(f"{path} is as it was written: {chain.number:,} records.\nHead {chain.head}\n")
        if chain.cut_off is not None:
            print_text("Its last line is cut off: a run was killed while it wrote it. The next run goes on below it.\n")
    if not chain.number and document["valid"]:
        say(f"Warning: {path} holds no record. If `apply` ran here before, its journal was emptied or moved.\n")
    if not document["valid"]:
        complain(
            f"{path}: {document['problem']}",
            "What stands before that line is as it was written. Compare the rest with a copy.",
        )
    return exits.OK if document["valid"] else exits.ERROR


@journal.command()
@connection_option
@click.option(
    "--run", metavar="RUN", help="Every write of this run, by its name or the beginning of it; `last` is the last one."
)
@click.option("--customer", metavar="ID", help="Only runs that wrote something of this customer, by platform id.")
@format_option("json")
@click.pass_obj
def show(directory: str | None, connection: str | None, run: str | None, customer: str | None, style: str) -> int:
    """Show the runs, or with --run every write of one.

    A write is shown with the values before and after it, a run with who and when.

    \b
    Examples:
      cwctl journal show
      cwctl journal show --run last
      cwctl journal show --run last --customer 410001 --format json
    """
    import sys

    from engine.applying.journal_json import run_document
    from engine.applying.runs import runs
    from engine.cli.output import colored, complain, print_json, print_text, width
    from engine.reporting.render import render_journal_text

    path, chain = _read(directory, connection)
    found = runs(chain.records)
    if run is not None:
        found = (run_named(found, run),)
    shown = [run_document(one, customer, run is not None) for one in found]
    if customer is not None and run is None:
        shown = [one for one in shown if one["writes"]]
    document = {"journal": str(path), "runs": shown}
    if style == "json":
        print_json(document)
    else:
        print_text(render_journal_text(document, width(sys.stdout), colored(sys.stdout)))
    if chain.broken is not None:
        complain(
            f"{path}: line {chain.broken.line}: {chain.broken.why}",
            "Nothing is shown from that line on. `cwctl journal verify` checks it again.",
        )
        return exits.ERROR
    return exits.OK


def _read(directory: str | None, connection: str | None) -> "tuple[Path, Chain]":
    """The connection's journal and what it holds. Raises Stop where there is none."""
    from engine.applying.journal import read
    from engine.cli.journaling import journal_path
    from engine.cli.workspace import connection_named, root_of

    root = root_of(directory)
    chosen = connection_named(root, connection)
    path = journal_path(chosen, root)
    try:
        return path, read(path)
    except FileNotFoundError:
        raise Stop(f"there is no journal {path}", hint="The first `cwctl apply` makes it.") from None
    except OSError as error:
        raise Stop(f"the journal {path} cannot be read: {error.strerror}") from error
