"""The commands. Data goes to stdout; progress, logs and errors to stderr."""

from __future__ import annotations


def main() -> None:
    """Run one command and end the process with its exit code.

    0 ok, 2 usage, 3 a check failed, 4 upstream, 5 configuration, 130 interrupted.
    """
    from watcher.cli.app import app

    app(prog_name="watcher")
