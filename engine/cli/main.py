"""The `cwctl` command: its verbs, loaded when they are used, and the last line of defence against tracebacks."""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO, TextIOWrapper

import click

from engine.cli import exits
from engine.cli.exits import Stop
from engine.cli.output import complain, say

_VERBS = {
    "validate": "Check the workspace's files, without any network.",
    "test": "Test the billing rules with worked cases.",
    "plan": "Show what would change in the PSA, in lines and in money.",
    "show": "Show a saved plan.",
    "apply": "Carry out a plan.",
    "rollback": "Plan how a run is taken back.",
    "journal": "Show what was written to the PSA, and check the record of it.",
    "drift": "List what was edited by hand of our lines in the PSA.",
    "explain": "Explain the lines and the bill of one subscription.",
    "ping": "Test a connection's credentials and rights.",
    "sandbox": "Run the embedded simulators of both services.",
    "schema": "Print a JSON Schema of the workspace's files.",
    "version": "Print the version.",
}


_GLOBAL = {"-C": "-C DIR validate", "-v": "-v plan", "--verbose": "--verbose plan"}


class _Verbs(click.Group):
    """A group whose verbs live in modules of their own, so that `--help` need not load them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command = getattr(import_module(f"engine.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], _VERBS, n=1)
            meant = f" Did you mean `{close[0]}`?" if close else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    help="The workspace's folder. Default: CWCTL_WORKSPACE, else the nearest folder above that holds one.",
)
@click.option(
    "-v",
    "--verbose",
    "verbosity",
    count=True,
    help="Show each request on stderr; -vv with its query, -vvv with the size and id of its reply. Never a secret.",
)
@click.pass_context
def cli(context: click.Context, directory: str | None, verbosity: int) -> None:
    """Keep ConnectWise PSA in step with a cloud platform.

    Mappings and rules are YAML in git. `plan` shows what would change in the PSA, `apply` does it.

    \b
    Examples:
      cwctl validate
      cwctl plan --out night.plan
      cwctl apply night.plan
    """
    context.obj = directory or os.environ.get("CWCTL_WORKSPACE") or None
    if verbosity:
        from engine.cli.verbose import requests_shown

        context.with_resource(requests_shown(verbosity))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: see `engine.cli.exits` for the codes."""
    # A run makes many values and next to no cycles, then ends: collecting often would only cost time.
    gc.set_threshold(200_000, 20, 20)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A character that the output's encoding lacks, in a customer's name say, must not end a run.
            stream.reconfigure(errors="replace")
    code = _flushed(run(arguments))
    # What is left to do needs no answer to Ctrl-C but to end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # … and a last search for cycles before the end would cost more than all the rest of it.
    gc.freeze()
    sys.exit(code)


def _open_closed_streams() -> None:
    """A stream that the caller closed leads nowhere: else the next file that is opened would take its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False, encoding="utf-8"))


def _flushed(code: int) -> int:
    """The exit code, once what was printed has got out; what cannot is dropped, or the interpreter would fail on it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            code = code or exits.ERROR
    return code


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Never raises."""
    try:
        code = cli.main(args=arguments, prog_name="cwctl", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        return _ended(error)
    except KeyboardInterrupt:
        return _ended(click.Abort())
    return code if isinstance(code, int) else exits.OK


def _ended(error: Exception) -> int:
    """The exit code of a command that was ended by an exception, with its message printed."""
    match error:
        case Stop():
            if error.message:
                complain(error.message, error.hint)
            return error.code
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            shown = StringIO()
            error.show(file=shown)
            say(shown.getvalue())
            if isinstance(error, click.NoSuchOption) and error.option_name in {"-C", "-v", "--verbose"}:
                say(f"    {error.option_name} stands before the command: `cwctl {_GLOBAL[error.option_name]}`.\n")
        case click.Abort():
            complain("interrupted; nothing further was done")
        case BrokenPipeError():
            pass  # The reader of our output is gone: so is the reason to write.
        case OSError():
            complain(f"{error.filename or 'the system'}: {error.strerror or error}")
        case _:
            _explain(error)
    return exits.ERROR


def _explain(error: Exception) -> None:
    """Errors that know how to say what happened; anything else is a fault of this program."""
    from engine.http.errors import ServiceError
    from engine.http.redaction import scrub
    from engine.http.secrets import SecretMissingError

    if isinstance(error, ServiceError | SecretMissingError):
        complain(str(error))
    elif os.environ.get("CWCTL_DEBUG"):
        raise error
    else:
        complain(
            f"this is a fault of cwctl itself: {type(error).__name__}: {scrub(str(error))}",
            "Please report it with the output of `cwctl version`; CWCTL_DEBUG=1 shows where it happened.",
        )


if __name__ == "__main__":
    main()
