"""The command line as a whole, and how it ends."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from watcher import __version__
from watcher.cli import say_interrupted
from watcher.cli.commands import (
    alerting,
    analysis,
    borrowing,
    database,
    exploiting,
    filling,
    history,
    importing,
    leaving,
    notifying,
    proving,
    rebalancing,
    reporting,
    series,
    serving,
    setup,
    watching,
    world,
)
from watcher.cli.text import one_line
from watcher.errors import ConfigError, WatcherError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CONFIGURATION = 5


class Guarded(TyperGroup):
    """Ends a command that fails on purpose with one sentence and its exit code.

    Only a fault of the program itself leaves a traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            return self._invoke(ctx)
        except WatcherError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            _explain(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt as interrupt:
            # Typer itself would end without a word.
            raise typer.Exit(say_interrupted(interrupt)) from None
        except BrokenPipeError:
            # The reader of our output has gone (`watcher history | head`): that is no failure.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno not in FULL or error.filename is not None:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            print(f"watcher: the output cannot be written: {error.strerror}", file=sys.stderr)
            raise typer.Exit(CONFIGURATION) from None

    def _invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        finally:
            # Here a reader that has gone or a full disk can still be told of.
            sys.stdout.flush()


app = typer.Typer(
    name="watcher",
    cls=Guarded,
    help="Watch AMM pools and vaults: imbalance, slippage, exploitability, block by block.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    setup,
    watching,
    serving,
    filling,
    history,
    alerting,
    notifying,
    analysis,
    series,
    importing,
    rebalancing,
    borrowing,
    exploiting,
    proving,
    leaving,
    reporting,
    database,
    world,
)
for module in COMMANDS:
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options that every command has."""


def _explain(error: WatcherError) -> None:
    if isinstance(error, ConfigError):
        for problem in error.problems:
            print(one_line(f"{error.source}: {problem}"), file=sys.stderr)
    else:
        print(f"watcher: {one_line(str(error))}", file=sys.stderr)
