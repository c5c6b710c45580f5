"""The service: one job a chain, a lease on the database, an end that loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.config.values import Config
from watcher.errors import ReadError, StoreError
from watcher.service import lease
from watcher.service.endpoints import keep_events
from watcher.service.prepare import Prepared, connect, prepare
from watcher.service.watch import Ticked
from watcher.service.writer import Writer
from watcher.store import Store

LOG = structlog.get_logger(__name__)

RUN_SECONDS = 60.0
"""A job's own deadline. A longer catch-up goes on in the next run, which follows at once."""

OnTick = Callable[[Ticked], None]


class Service:
    """Runs until `stop`, a signal, the loss of the lease, or until block `until` is stored.

    `interrupted` tells afterwards whether Ctrl-C ended it.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        on_tick: OnTick | None = None,
        until: int | None = None,
    ) -> None:
        self._config = config
        self._store = store
        self._on_tick = on_tick or _log_tick
        self._until = until
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.interrupted = False

    def stop(self) -> None:
        """Let the tick under way finish, then end."""
        self._stopping.set()

    def _interrupt(self) -> None:
        self.interrupted = True
        self.stop()

    async def run(self) -> None:
        """Raises StoreError when another instance watches into this database."""
        async with AsyncExitStack() as stack:
            writer = stack.enter_context(Writer())
            await stack.enter_async_context(lease.holding_lease(self._store, writer))
            watches = [
                await prepare(
                    self._config,
                    chain,
                    await stack.enter_async_context(connect(chain)),
                    store=self._store,
                    writer=writer,
                )
                for chain in self._config.chains
            ]
            stack.enter_context(self._signals())
            scheduler = self._schedule(watches, writer)
            scheduler.start()
            LOG.info(
                "watching",
                chains=len(watches),
                targets=sum(len(found.targets) for found in watches),
                pid=os.getpid(),
            )
            await self._stopping.wait()
            # AsyncIOScheduler's own shutdown cancels running jobs: drain them first.
            scheduler.pause()
            await asyncio.gather(*self._running)
            scheduler.shutdown(wait=False)
        if self._failure is not None:
            raise self._failure
        LOG.info("stopped")

    def _schedule(self, watches: list[Prepared], writer: Writer) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for found in watches:
            scheduler.add_job(
                self._job,
                "interval",
                args=[found, writer],
                seconds=found.chain.poll_seconds,
                id=f"eip155:{found.chain.chain_id}",
                next_run_time=datetime.now(UTC),
            )
        scheduler.add_job(
            self._renew, "interval", args=[writer], seconds=lease.SECONDS / 3, id="lease"
        )
        return scheduler

    async def _job(self, found: Prepared, writer: Writer) -> None:
        task = asyncio.current_task()
        if task is None or self._stopping.is_set():
            return
        self._running.add(task)
        try:
            try:
                await self._advance(found)
            except ReadError as error:
                LOG.warning("chain not read", chain=found.chain.chain_id, detail=str(error))
            await keep_events(found.client, self._store, writer)
        except Exception as error:  # noqa: BLE001 - handed to `run`, which raises it
            # What is no fault of the node would fail again for ever: end, and say why.
            self._failure = error
            self.stop()
        finally:
            self._running.discard(task)

    async def _advance(self, found: Prepared) -> None:
        until = time.monotonic() + RUN_SECONDS
        async with aclosing(found.watch.advance()) as ticks:
            async for ticked in ticks:
                self._on_tick(ticked)
                if self._until is not None and ticked.block.number >= self._until:
                    self.stop()
                if self._stopping.is_set() or time.monotonic() > until:
                    return

    async def _renew(self, writer: Writer) -> None:
        if not await lease.renew_lease(self._store, writer):
            self._failure = StoreError("another instance took over this database: this one ends")
            self.stop()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


def _log_tick(ticked: Ticked) -> None:
    LOG.info(
        "block",
        chain=ticked.block.chain_id,
        number=ticked.block.number,
        hash=ticked.block.hash,
        orphaned=ticked.orphaned,
        changed=len(ticked.tick.observations),
        failing=ticked.failing,
        ms=round(1_000 * ticked.seconds, 1),
    )
