"""The web app as this program puts it together: over the configured history, judged as `status`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import typer

from watcher.api.app import create_app
from watcher.api.server import Server, address, listen, require_tokens
from watcher.api.standing import Judged
from watcher.cli.session import open_history
from watcher.cli.verdicts import Verdict, verdicts

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.store import Store


def judge(config: Config, store: Store, *, now: float) -> Sequence[Judged]:
    """How `watcher status` has it."""
    return [_judged(verdict) for verdict in verdicts(config, store, now=now)]


def make_server(config: Config, *, host: str, port: int) -> Server:
    """A server that listens already, and says so on stderr.

    Raises ConfigError where others could reach it without a token, InputError where it cannot
    listen, StoreError where there is no history.
    """
    require_tokens(config, host)
    # `time.time` is looked up at each call, so that a test can set the clock.
    app = create_app(config, partial(open_history, config), judge=judge, now=time.time)
    listening = listen(host, port)
    typer.echo(f"serving {address(listening)}", err=True)
    return Server(app, listening)


def _judged(verdict: Verdict) -> Judged:
    standing = verdict.standing
    return Judged(
        target_id=verdict.id,
        entry=verdict.entry,
        label=verdict.label,
        grade=verdict.grade,
        seen=verdict.seen.grade,
        why=verdict.finding.why,
        since=verdict.finding.since,
        measure=verdict.finding.measure,
        newest=verdict.newest,
        target=standing.target if standing else None,
        observation=standing.observation if standing else None,
    )
