"""The local world as a chain of its own that others watch: `watcher devnet`."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from types import FrameType

from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy import deploy_world
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.devnet.places import MEAN_SECONDS
from watcher.devnet.play import PlayedBlock, play, stay_calm
from watcher.devnet.world import World

# A state takes 0.4 MB of Anvil's memory. Who was away for longer finds older states pruned.
KEPT_STATES = 500
# The world is set up in fewer blocks, a second apart each.
SET_UP_SECONDS = 100
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Asks a running devnet to end after the block that it is at; `signal` is what did, if any."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake up when asked to end; whether that is so."""
        return self._event.wait(seconds)


def run_devnet(
    toolchain: Toolchain,
    *,
    port: int,
    blocks: int,
    seed: int,
    interval: float,
    on_ready: Callable[[World, str], None],
    on_block: Callable[[PlayedBlock], None],
    stop: Stop | None = None,
) -> signal.Signals | None:
    """Deploy the world, play `blocks` blocks, then calm ones, `interval` seconds apart, until
    SIGINT, SIGTERM or `stop`; the signal that ended it.

    Block times go with the clock, at least a second apart, so that whoever watches sees young data.
    `on_ready` is told the world and the node's URL before the first block. Anvil has ended when
    this returns, or raises.
    """
    stop = stop or Stop()
    seconds = max(1, round(interval))
    options = local_options(
        port=port,
        kept_states=KEPT_STATES,
        genesis_timestamp=int(time.time()) - SET_UP_SECONDS - MEAN_SECONDS,
    )
    with _stopped_by_signals(stop), run_anvil(toolchain.anvil, options) as anvil:
        world = deploy_world(LocalChain(anvil.url, block_seconds=1), toolchain.artifacts)
        local_chain = LocalChain(anvil.url, block_seconds=seconds)
        local_chain.mine(seconds=max(1, int(time.time()) - local_chain.head().timestamp))
        on_ready(world, anvil.url)
        for block in _paced(_without_end(world, local_chain, blocks, seed), interval, stop):
            on_block(block)
    return stop.signal


def _without_end(
    world: World, local_chain: LocalChain, blocks: int, seed: int
) -> Iterator[PlayedBlock]:
    played = play(world, local_chain, blocks=blocks, seed=seed)
    return chain(played, stay_calm(world, local_chain, seed=seed))


def _paced(blocks: Iterator[PlayedBlock], interval: float, stop: Stop) -> Iterator[PlayedBlock]:
    due = time.monotonic() + interval
    while not stop.wait(max(0.0, due - time.monotonic())):
        yield next(blocks)
        # Kept to, not counted from now: block times would fall behind the clock.
        due += interval


@contextmanager
def _stopped_by_signals(stop: Stop) -> Iterator[None]:
    """Outside the main thread, where Python takes no signals, `stop` alone ends it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.signal = signal.Signals(number)
        stop.set()

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
