"""The local world as it is played from its beginning: that it can be repeated, keeps to the clock
and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.background import Stop, run_devnet
from watcher.devnet.deploy import deploy_world
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.devnet.play import PlayedBlock, play
from watcher.devnet.scenes import SCENES
from watcher.devnet.world import World
from watcher.errors import Unavailable

pytestmark = pytest.mark.anvil


@pytest.mark.parametrize("blocks", [5, 40])
def test_equal_seeds_play_equal_blocks(toolchain: Toolchain, blocks: int) -> None:
    runs = [fresh_run(toolchain, blocks, seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert not {block.hash for block in runs[0]} & {block.hash for block in runs[2]}
    scenes = {block.scene for block in runs[0]}
    assert scenes >= {"calm", "one_side_emptied", "reorg"}
    assert blocks == 5 or scenes == {scene.name for scene in SCENES}
    numbers = [block.number for block in runs[0]]
    assert numbers == list(range(numbers[0], numbers[0] + blocks))
    (replaced,) = [block.replaced for block in runs[0] if block.replaced]
    assert 1 <= replaced <= 5
    for before, block in pairwise(runs[0]):
        assert block.timestamp - before.timestamp == (24 if block.replaced else 12)


def fresh_run(toolchain: Toolchain, blocks: int, seed: int) -> list[PlayedBlock]:
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        chain = LocalChain(anvil.url)
        world = deploy_world(chain, toolchain.artifacts)
        return list(play(world, chain, blocks=blocks, seed=seed))


class Watching:
    """Takes what run_devnet tells, and asks it to stop after some blocks."""

    def __init__(self, blocks: int) -> None:
        self.stop = Stop()
        self.url = ""
        self.seen: list[PlayedBlock] = []
        self.blocks = blocks

    def ready(self, world: World, url: str) -> None:
        assert world.entries.targets
        self.url = url

    def block(self, block: PlayedBlock) -> None:
        self.seen.append(block)
        if len(self.seen) == self.blocks:
            self.stop.set()


def test_a_devnet_plays_then_stays_calm_until_it_is_stopped(toolchain: Toolchain) -> None:
    watching = Watching(9)
    thread = threading.Thread(
        target=run_devnet,
        args=(toolchain,),
        kwargs={
            "port": 0,
            "blocks": 5,
            "seed": 1,
            "interval": 0.01,
            "on_ready": watching.ready,
            "on_block": watching.block,
            "stop": watching.stop,
        },
    )
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    numbers = [block.number for block in watching.seen]
    assert numbers == list(range(numbers[0], numbers[0] + 9))
    assert {block.scene for block in watching.seen[5:]} == {"calm"}
    with pytest.raises(Unavailable):
        LocalChain(watching.url)


DEVNET = """
import sys
from pathlib import Path
from watcher.devnet.artifacts import Artifacts, Toolchain, prepare
from watcher.devnet.background import run_devnet

ended = run_devnet(
    prepare(Path(sys.argv[1])), port=0, blocks=5, seed=1, interval=0.05,
    on_ready=lambda world, url: print(url, flush=True),
    on_block=lambda block: print(block.number, flush=True),
)
print(ended.name)
"""


def test_a_devnet_keeps_to_the_clock(toolchain: Toolchain) -> None:
    ages = []
    stop = Stop()

    def seen(block: PlayedBlock) -> None:
        ages.append(time.time() - block.timestamp)
        if len(ages) == 3:
            stop.set()

    run_devnet(
        toolchain,
        port=0,
        blocks=5,
        seed=1,
        interval=2.0,
        on_ready=lambda world, url: None,
        on_block=seen,
        stop=stop,
    )
    # Seconds, on a busy machine some more; a fixed genesis would be years away.
    assert all(-2 < age < 30 for age in ages)
    assert max(ages) - min(ages) < 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_devnet_and_its_anvil(toolchain: Toolchain, number: signal.Signals) -> None:
    cache = toolchain.anvil.parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", DEVNET, str(cache)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert process.stdout.readline().strip().isdigit()
        process.send_signal(number)
        rest = process.stdout.read().split()
        assert process.wait(30) == 0
    assert rest[-1] == number.name
    with pytest.raises(Unavailable):
        LocalChain(url)
