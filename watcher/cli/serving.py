"""The web app as this program puts it together: over the configured history, judged as `status`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from watcher.api.app import create_app
from watcher.api.server import Server, address, listen, require_tokens
from watcher.api.standing import Judge, Judged
from watcher.api.telemetry import ServiceFigures
from watcher.chain.health import State
from watcher.cli.session import open_history
from watcher.cli.verdicts import Memory, Verdict, verdicts
from watcher.service.health import ChainHealth
from watcher.service.run import Service, log_tick
from watcher.service.watch import Ticked

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.store import Store


def new_judge() -> Judge:
    """How `watcher status` has it, by one who remembers what was asked before."""
    memory: Memory = {}

    def judge(config: Config, store: Store, *, now: float) -> Sequence[Judged]:
        return [_judged(one) for one in verdicts(config, store, now=now, memory=memory)]

    return judge


def make_server(
    config: Config, *, host: str, port: int, service: ServiceFigures | None = None
) -> Server:
    """A server that listens already, and says so on stderr.

    Raises ConfigError where others could reach it without a token, InputError where it cannot
    listen, StoreError where there is no history.
    """
    require_tokens(config, host)
    # `time.time` is looked up at each call, so that a test can set the clock.
    app = create_app(
        config, partial(open_history, config), judge=new_judge(), now=time.time, service=service
    )
    listening = listen(host, port)
    typer.echo(f"serving {address(listening)}", err=True)
    return Server(app, listening)


def watch_and_serve(
    config: Config, store: Store, *, until: int | None, host: str, port: int, anvil: Path | None
) -> Service:
    """Run a service to its end, serving meanwhile; it is given back, ended. Raises as both do."""
    figures = ServiceFigures()

    def on_tick(ticked: Ticked) -> None:
        log_tick(ticked)
        chain_id = ticked.block.chain_id
        figures.ticked(
            chain_id, seconds=ticked.seconds, orphaned=ticked.orphaned, failing=ticked.failing
        )
        for health in service.health:
            _show(figures, health)

    service = Service(config, store, on_tick=on_tick, until=until, anvil=anvil)
    with make_server(config, host=host, port=port, service=figures).beside():
        asyncio.run(service.run())
    return service


def _show(figures: ServiceFigures, health: ChainHealth) -> None:
    figures.skipped(health.chain_id, health.skipped)
    for one in health.endpoints:
        figures.endpoint(health.chain_id, one.endpoint, ready=one.state is State.READY)


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
