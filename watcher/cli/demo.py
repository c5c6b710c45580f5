"""The demonstration: real contracts on a local chain, watched while the scenes play.

It goes the way that a user goes: a watcher.toml is written and read, the targets are identified,
every block is read, measured and committed, and at the end what was stored is checked against the
chain and recomputed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from watcher.chain.anvil import run_anvil
from watcher.cli.demo_checks import Checks, check_demo
from watcher.config import Config, load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.devnet.deploy import deploy_world
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.devnet.play import PlayedBlock, play
from watcher.devnet.world import World
from watcher.errors import StoreError
from watcher.service.prepare import connect, prepare
from watcher.service.watch import Ticked
from watcher.service.writer import Writer
from watcher.state.target import Target
from watcher.store import Store, TargetStatus

DATABASE = "watcher.db"
CONFIGURATION = "watcher.toml"


@dataclass(frozen=True, slots=True)
class WatchedBlock:
    """A played block and what the watch made of it."""

    played: PlayedBlock
    ticks: tuple[Ticked, ...]


@dataclass(slots=True)
class Stopwatch:
    """Seconds by part of the work."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.monotonic() - started


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Everything that the demonstration found out."""

    config: Config
    blocks: tuple[WatchedBlock, ...]
    standings: tuple[TargetStatus, ...]
    checks: Checks
    stopwatch: Stopwatch


OnBlock = Callable[[WatchedBlock, tuple[Target, ...]], None]


async def demonstrate(
    toolchain: Toolchain,
    *,
    folder: Path,
    blocks: int,
    seed: int,
    on_block: OnBlock,
    scene: str | None = None,
) -> Demonstration:
    """Play `blocks` blocks, of `scene` alone where it is named, and watch each; configuration and
    database are left in `folder`.

    Raises StoreError when `folder` holds a database already.
    """
    if (folder / DATABASE).exists():
        raise StoreError(f"{folder / DATABASE} is there already: choose another folder for --keep")
    watch = Stopwatch()
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        chain = LocalChain(anvil.url)
        with watch.measure("deploy"):
            world = deploy_world(chain, toolchain.artifacts)
        config = _configure(world, url=anvil.url, folder=folder)
        with Store.create(config.database) as store:
            watched = []
            scenes = play(world, chain, blocks=blocks, seed=seed, scene=scene)
            played = _watched(config, store, scenes, watch)
            async with aclosing(played) as seen:
                async for block, targets in seen:
                    watched.append(block)
                    on_block(block, targets)
            with watch.measure("check"):
                checks = check_demo(store, chain, chosen=Random(seed))  # noqa: S311 - to repeat it
            return Demonstration(config, tuple(watched), store.statuses(), checks, watch)


def _configure(world: World, *, url: str, folder: Path) -> Config:
    file = folder / CONFIGURATION
    text = to_toml(world, endpoint_url=url, database_url=f"sqlite:///{DATABASE}")
    file.write_text(text, encoding="utf-8")
    return load_config(file, {})


async def _watched(
    config: Config,
    store: Store,
    scenes: Iterator[PlayedBlock],
    watch: Stopwatch,
) -> AsyncGenerator[tuple[WatchedBlock, tuple[Target, ...]]]:
    with Writer() as writer:
        async with connect(config.chains[0]) as client:
            prepared = await prepare(config, config.chains[0], client, store=store, writer=writer)
            while True:
                with watch.measure("play"):
                    played = next(scenes, None)
                if played is None:
                    return
                with watch.measure("watch"):
                    ticks = [ticked async for ticked in prepared.watch.advance()]
                yield WatchedBlock(played, tuple(ticks)), prepared.targets
