"""The commands. Data goes to stdout; progress, logs and errors to stderr."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143


def main() -> None:
    """Run one command and end the process with its exit code.

    0 ok, 2 usage, 3 a check failed, 4 upstream, 5 configuration, 130 interrupted, 143 terminated.
    """
    _have_outputs()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from watcher.cli.app import app

        app(prog_name="watcher")
    except KeyboardInterrupt as interrupt:
        sys.exit(say_interrupted(interrupt))


def say_interrupted(interrupt: KeyboardInterrupt) -> int:
    """Say what is safe and how to go on; a command that knows more says it in the interrupt."""
    usual = "what was stored is stored whole; the same command starts again"
    print(f"interrupted: {str(interrupt) or usual}", file=sys.stderr)
    return INTERRUPTED


def _have_outputs() -> None:
    """A closed stdout or stderr (`watcher run >&-`) is None, which no library expects."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for good


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """End as after an error: Anvils are stopped and scratch folders removed on the way out."""
    sys.exit(TERMINATED)
