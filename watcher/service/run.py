"""The service: one job a chain, a lease on the database, an end that loses nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.chain.endpoint import Endpoint
from watcher.chain.heads import Heads
from watcher.config.values import Config
from watcher.errors import BelowFinality, ReadError, StoreError
from watcher.service import lease
from watcher.service.deliver import Deliverer, delivering
from watcher.service.endpoints import keep_events
from watcher.service.exploits import Exploits, known_subjects
from watcher.service.health import ChainHealth
from watcher.service.prepare import Prepared, connect, prepare
from watcher.service.watch import Ticked
from watcher.service.watchdog import Lookout, looking_out
from watcher.service.writer import Writer
from watcher.simulate.node import ChainNode
from watcher.store import Store

LOG = structlog.get_logger(__name__)

RUN_SECONDS = 60.0
"""A job's own deadline. A longer catch-up goes on in the next run, which follows at once."""

OnTick = Callable[[Ticked], None]


class Service:
    """Runs until `stop`, a signal, the loss of the lease, or until block `until` is stored.

    `interrupted` tells afterwards whether Ctrl-C ended it.

    A chain that must not go on (BelowFinality) stops alone; the others are watched on, and `run`
    raises its error at the end.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        on_tick: OnTick | None = None,
        until: int | None = None,
        anvil: Path | None = None,
    ) -> None:
        """`anvil` is what forks for simulations, which have no witness without it."""
        self._config = config
        self._store = store
        self._on_tick = on_tick or log_tick
        self._until = until
        self._anvil = anvil
        self._exploits: dict[int, Exploits] = {}
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.interrupted = False
        self._scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._health = {chain.chain_id: ChainHealth(chain.chain_id) for chain in config.chains}
        self._busy: set[int] = set()
        self._again: set[int] = set()
        self._deliverer: Deliverer | None = None
        self._lookout: Lookout | None = None

    def stop(self) -> None:
        """Let the tick under way finish, then end."""
        self._stopping.set()

    def _interrupt(self) -> None:
        self.interrupted = True
        self.stop()

    @property
    def health(self) -> tuple[ChainHealth, ...]:
        """Each chain, in the configuration's order."""
        return tuple(self._health.values())

    @property
    def ready(self) -> bool:
        """Every chain is watched and was read by its last job."""
        return all(one.ready for one in self._health.values())

    async def run(self) -> None:
        """Raises StoreError when another instance watches into this database, and at the end
        whatever stopped the service or one of its chains."""
        async with AsyncExitStack() as stack:
            writer = stack.enter_context(Writer())
            await stack.enter_async_context(lease.holding_lease(self._store, writer))
            # Entered first, so that what the last ticks tell is sent before the end.
            self._deliverer = await stack.enter_async_context(
                delivering(self._config.receivers, self._store.outbox, writer)
            )
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
            self._lookout = await stack.enter_async_context(
                looking_out(
                    self._config.watchdog,
                    self._config.chains,
                    self._store,
                    writer,
                    lambda: self.health,
                    self._deliverer.wake,
                )
            )
            stack.enter_context(_settled())
            stack.enter_context(self._signals())
            stack.push_async_callback(_end, await self._search(watches, writer))
            self._schedule(watches, writer)
            self._scheduler.start()
            heads = [
                self._follow_heads(found.chain.chain_id, found.chain.websocket)
                for found in watches
                if found.chain.websocket is not None
            ]
            stack.push_async_callback(_end, heads)
            LOG.info(
                "watching",
                chains=len(watches),
                targets=sum(len(found.targets) for found in watches),
                pid=os.getpid(),
            )
            await self._stopping.wait()
            # AsyncIOScheduler's own shutdown cancels running jobs: drain them first.
            self._scheduler.pause()
            await asyncio.gather(*self._running)
            self._scheduler.shutdown(wait=False)
        if self._failure is not None:
            raise self._failure
        LOG.info("stopped")

    async def _search(self, watches: list[Prepared], writer: Writer) -> list[asyncio.Task[None]]:
        """Where the configuration asks for it, the search beside each chain's watch."""
        wanted, tasks = self._config.exploit, []
        if wanted is None:
            return []
        for found in watches:
            chain_id = found.chain.chain_id
            exploits = self._exploits[chain_id] = Exploits(
                wanted,
                store=self._store,
                writer=writer,
                node=ChainNode(found.client.w3.provider),
                anvil=self._anvil,
                known=await asyncio.to_thread(known_subjects, self._store, chain_id),
            )
            task = asyncio.create_task(exploits.follow(), name=f"exploits of eip155:{chain_id}")
            task.add_done_callback(self._search_ended)
            tasks.append(task)
        return tasks

    def _search_ended(self, task: asyncio.Task[None]) -> None:
        """It ends by being cancelled; a fault of its own ends the service, which says why."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self.stop()

    def _schedule(self, watches: list[Prepared], writer: Writer) -> None:
        for found in watches:
            self._scheduler.add_job(
                self._job,
                "interval",
                args=[found, writer],
                seconds=found.chain.poll_seconds,
                id=_job_id(found.chain.chain_id),
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.add_job(
            self._renew, "interval", args=[writer], seconds=lease.SECONDS / 3, id="lease"
        )
        self._scheduler.add_listener(self._count_skipped, EVENT_JOB_MAX_INSTANCES)

    def _count_skipped(self, event: JobSubmissionEvent) -> None:
        for chain_id, found in self._health.items():
            if event.job_id == _job_id(chain_id):
                self._note(chain_id, skipped=found.skipped + 1)

    def _follow_heads(self, chain_id: int, websocket: Endpoint) -> asyncio.Task[None]:
        """Run the chain's job whenever its node announces a head; polling stays the watchdog."""
        heads = Heads(
            websocket,
            on_head=lambda: self._wake(chain_id),
            on_change=lambda live: self._note(chain_id, heads=live),
        )
        return asyncio.create_task(heads.follow(), name=f"heads of eip155:{chain_id}")

    def _wake(self, chain_id: int) -> None:
        """Run the chain's job now; one that runs already is followed by another at once."""
        if self._stopping.is_set() or self._health[chain_id].stopped:
            return
        if chain_id in self._busy:
            self._again.add(chain_id)
            return
        self._note(chain_id, woken=self._health[chain_id].woken + 1)
        self._scheduler.modify_job(_job_id(chain_id), next_run_time=datetime.now(UTC))

    async def _job(self, found: Prepared, writer: Writer) -> None:
        task, chain_id = asyncio.current_task(), found.chain.chain_id
        if task is None or self._stopping.is_set():
            return
        self._running.add(task)
        self._busy.add(chain_id)
        try:
            try:
                await self._advance(found)
                self._note(chain_id, failing="")
            except ReadError as error:
                self._note(chain_id, failing=str(error))
                LOG.warning("chain not read", chain=chain_id, detail=str(error))
            finally:
                await keep_events(found.client, self._store, writer)
                self._note(chain_id, endpoints=found.client.health(), agreed=found.client.ready)
        except BelowFinality as error:
            self._stop_chain(chain_id, error)
        except Exception as error:  # noqa: BLE001 - handed to `run`, which raises it
            # What is no fault of the node would fail again for ever: end, and say why.
            self._failure = error
            self.stop()
        finally:
            self._running.discard(task)
            self._busy.discard(chain_id)
            if chain_id in self._again:
                self._again.discard(chain_id)
                self._wake(chain_id)

    def _stop_chain(self, chain_id: int, error: BelowFinality) -> None:
        """Nothing that is stored is touched; the other chains go on."""
        self._note(chain_id, stopped=str(error))
        LOG.critical("chain stopped", chain=chain_id, detail=str(error))
        self._scheduler.remove_job(_job_id(chain_id))
        self._failure = self._failure or error
        if all(one.stopped for one in self._health.values()):
            self.stop()

    def _note(self, chain_id: int, **changed: Any) -> None:
        self._health[chain_id] = replace(self._health[chain_id], **changed)

    async def _advance(self, found: Prepared) -> None:
        until = time.monotonic() + RUN_SECONDS
        async with aclosing(found.watch.advance()) as ticks:
            async for ticked in ticks:
                self._note(found.chain.chain_id, newest=ticked.block)
                self._tell_of(ticked)
                self._on_tick(ticked)
                if (exploits := self._exploits.get(found.chain.chain_id)) is not None:
                    exploits.noticed(ticked)
                if self._until is not None and ticked.block.number >= self._until:
                    self.stop()
                if self._stopping.is_set() or time.monotonic() > until:
                    return

    def _tell_of(self, ticked: Ticked) -> None:
        if self._deliverer is not None:
            self._deliverer.wake()
        if self._lookout is not None:
            self._lookout.ticked(ticked.block)

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


@contextmanager
def _settled() -> Iterator[None]:
    """What the start has made stays until the end: no collection walks through it again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _job_id(chain_id: int) -> str:
    return f"eip155:{chain_id}"


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def log_tick(ticked: Ticked) -> None:
    """What a service does with each block where nobody says otherwise."""
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
